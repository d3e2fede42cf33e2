package iotpaysim

import (
	"fmt"
	"strings"
	"time"
)

// Scan is the customer scanning the text of a QR. The wallet then asks for the
// password, or pays at once if the gateway was started so or pay is set.
func (g *Gateway) Scan(code string, pay bool) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, o := range g.orders {
		if o.Code == "" || o.Code != code {
			continue
		}
		if o.Status != 0 && o.Status != 1 {
			return fmt.Errorf("order %s has status %d: the code is used up", o.MchOrderNo, o.Status)
		}
		o.Status = 1
		if pay || g.opts.ScanPays {
			g.pay(o)
		}
		return nil
	}
	return fmt.Errorf("no order has the code %q", code)
}

// Pay is the customer typing the password: the money is taken. No is either of
// the order's numbers.
func (g *Gateway) Pay(no string) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	o := g.find(no)
	switch {
	case o == nil:
		return fmt.Errorf("there is no order %q", no)
	case o.paid():
		return fmt.Errorf("order %s is paid already", o.MchOrderNo)
	case o.closed():
		return fmt.Errorf("order %s is closed", o.MchOrderNo)
	}
	g.pay(o)
	return nil
}

func (g *Gateway) pay(o *order) {
	o.Status, o.PaidAt = 2, time.Now().UTC()
	g.notify(o)
}

// CloseOrder ends an unpaid order: status 4 by the system, 9 by the customer.
func (g *Gateway) CloseOrder(no string, status int) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	o := g.find(no)
	switch {
	case o == nil:
		return fmt.Errorf("there is no order %q", no)
	case status != 4 && status != 9:
		return fmt.Errorf("status %d does not close an order: 4 or 9", status)
	case o.paid():
		return fmt.Errorf("order %s is paid", o.MchOrderNo)
	}
	o.Status = status
	return nil
}

// debit takes the money of a micropay order at once, or leaves it waiting for
// the password. It returns why the wallet refuses, if it does.
func (g *Gateway) debit(o *order) string {
	code := o.request["identityCode"]
	if o.request["codeType"] != "barcode" {
		return "codeType must be barcode"
	}
	if strings.Trim(code, "0123456789") != "" || !strings.HasPrefix(walletOf(code), strings.TrimSuffix(o.Channel, "_MICROPAY")) {
		return "identityCode is not a code of this wallet"
	}
	if strings.HasSuffix(code, "0000") { // the way to ask for an empty wallet
		return "balance not enough"
	}
	o.Status = 1
	if g.opts.PasswordAbove == 0 || o.Amount <= g.opts.PasswordAbove {
		g.pay(o)
	}
	return ""
}

// walletOf tells whose code it is by how it begins.
func walletOf(code string) string {
	switch {
	case code >= "10" && code < "16":
		return "WX"
	case code >= "25" && code < "31":
		return "ALIPAY"
	case strings.HasPrefix(code, "62"):
		return "UPI"
	}
	return ""
}
