package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"syscall"
	"text/tabwriter"
	"unicode"
	"unsafe"

	"github.com/spf13/cobra"

	"posd/device/sale"
	"posd/display"
	"posd/sync/iotpay"
)

// orderView is what an order command prints, as JSON or for people.
type orderView struct {
	No       string              `json:"no"`
	Channel  sale.Channel        `json:"channelId,omitempty"`
	Asked    sale.Amount         `json:"amount,omitempty"`
	Currency string              `json:"currency,omitempty"`
	Result   sale.GatewayResult  `json:"result"`
	Verified bool                `json:"verified"`
	Words    string              `json:"words,omitempty"`
	Trouble  sale.Trouble        `json:"trouble,omitempty"`
	Warnings []string            `json:"warnings,omitempty"` // where the documents disagree about what was asked
	Code     string              `json:"code,omitempty"`     // the text of the QR
	Placed   *iotpay.Placed      `json:"placed,omitempty"`
	State    *iotpay.OrderState  `json:"state,omitempty"`
	Refund   *iotpay.RefundState `json:"refund,omitempty"`
}

// hear notes what the gateway's last answer proves.
func (v *orderView) hear(a sale.GatewayAnswer) {
	v.Result, v.Verified, v.Words, v.Trouble = a.Result, a.Verified, a.Words, a.Trouble
	if a.Code != "" {
		v.Code = a.Code
	}
}

// tellsOfRefund reports whether a signed answer says how a refund stands.
func tellsOfRefund(a sale.GatewayAnswer) bool {
	return a.Verified && (a.Result == sale.GatewayOK || a.Result == sale.GatewayPending || a.Result == sale.GatewayFailed)
}

// unasked says of a debit whose order was not asked after that it proves nothing.
func (v *orderView) unasked() {
	if v.Result == sale.GatewayOK {
		v.Words = "the order is placed; whether it is paid was not asked"
	}
	v.Result = sale.GatewayLost
}

// end is how the command ends; hint says what to do while that is not known.
func (v *orderView) end(hint string) error {
	unsure := func(words string) error {
		return &ended{exitUnsure, fmt.Errorf("%s: %s", words, hint)}
	}
	switch {
	case v.Result == sale.GatewayNotSent:
		return &ended{exitRefused, errors.New("nothing was sent, or nobody was reached")}
	case v.Result == sale.GatewayOK && v.State != nil:
		switch s := v.State.Status; {
		case s.Paid():
			return nil
		case s.Closed():
			return &ended{code: exitCancelled}
		}
		return unsure("not paid yet; ask again")
	case v.Result == sale.GatewayOK:
		return nil
	case v.Result == sale.GatewayPending:
		return unsure("the refund is accepted and not done yet; ask what became of it")
	case v.Result == sale.GatewayFailed:
		return &ended{code: exitDeclined}
	case v.Result == sale.GatewayNotFound && v.Verified, v.Result == sale.GatewayFail && v.Verified && v.Trouble == sale.TroubleNone:
		return &ended{code: exitDeclined}
	case v.Result == sale.GatewayExists:
		return unsure("this number was used before; ask what became of it")
	}
	return unsure("what became of it is not known; ask")
}

// show prints the view as the flags say.
func (d *desk) show(cmd *cobra.Command, v orderView, draw bool) error {
	if d.json {
		return encodeTo(cmd.OutOrStdout(), v)
	}
	return v.print(cmd.OutOrStdout(), draw)
}

// print writes the view for people. The gateway's texts are kept to one line each:
// nothing in them may move the cursor.
func (v orderView) print(out io.Writer, draw bool) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	line := func(name, text string) {
		if text != "" {
			fmt.Fprintf(w, "%s\t%s\n", name, onOneLine(text))
		}
	}
	if p := v.Placed; p != nil {
		line("order", v.No)
		line("gateway's number", p.PayOrderID)
		line("amount", fmt.Sprintf("%s %s by %s", v.Asked, v.Currency, v.Channel))
		line("code", v.Code)
		line("pay at", p.Redirect())
		if p.PayURL != "" && p.PayURL != p.Redirect() {
			line("form", fmt.Sprintf("%d characters of HTML that a browser must submit: -json prints them", len(p.PayURL)))
		}
		line("app", p.App())
		line("trade number", p.RetParams.TradeNo)
		line("prepay id", p.PrepayID)
		line("extra", p.Extra)
	}
	if s := v.State; s != nil {
		line("order", s.MchOrderNo)
		line("gateway's number", s.PayOrderID)
		line("wallet's number", s.ChannelOrderNo)
		line("amount", strings.TrimSpace(fmt.Sprintf("%s %s by %s", s.Amount, s.Currency, s.Channel)))
		line("status", statusWords(s.Status))
		if !s.PaidAt.IsZero() {
			line("paid", clock(s.PaidAt))
		}
		line("subject", s.Subject)
		line("param2", s.Param2)
	}
	if r := v.Refund; r != nil {
		line("refund", v.No)
		line("gateway's number", r.RefundID)
		line("of", r.PayOrderID)
		if r.Amount != 0 {
			line("amount", strings.TrimSpace(r.Amount.String()+" "+r.Currency))
		}
		line("status", refundWords(v.Result))
	}
	if v.Placed == nil && v.State == nil && v.Refund == nil {
		line("number", v.No)
	}
	if v.Result != sale.GatewayOK && v.Refund == nil {
		line("result", resultWords(v))
	}
	line("words", v.Words)
	if v.Trouble != sale.TroubleNone {
		line("remedy", iotpay.Advice(v.Trouble))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	colours := terminalWidth(out) > 0
	if v.Code == "" || v.Placed == nil || !draw && !colours {
		return nil
	}
	m, err := display.Matrix(v.Code)
	if err != nil {
		return err
	}
	if wide, has := len(m)+2*display.QuietZone, terminalWidth(out); colours && has < wide {
		fmt.Fprintf(out, "(the code needs %d columns, this terminal has %d)\n", wide, has)
		return nil
	}
	return drawCode(out, m, colours)
}

// statusWords say an order's status.
func statusWords(s sale.OrderStatus) string {
	words := map[sale.OrderStatus]string{
		sale.StatusCreated: "not paid", sale.StatusPaying: "being paid: the customer types the password",
		sale.StatusPaid: "paid", sale.StatusPaidNotified: "paid",
		sale.StatusClosedSystem: "closed by the gateway", sale.StatusClosedByBuyer: "closed by the customer",
	}
	if w, ok := words[s]; ok {
		return fmt.Sprintf("%s (%d)", w, s)
	}
	return "a status that posd does not know"
}

// refundWords say how a refund stands.
func refundWords(r sale.GatewayResult) string {
	switch r {
	case sale.GatewayPending:
		return "accepted, not given back yet"
	case sale.GatewayFailed:
		return "failed: nothing was given back"
	}
	return "given back"
}

// resultWords say what an answer that is no success proves.
func resultWords(v orderView) string {
	signed := ", with a right signature"
	if !v.Verified {
		signed = ", but not signed: that proves nothing"
	}
	switch v.Result {
	case sale.GatewayFail:
		return "refused" + signed
	case sale.GatewayNotFound:
		return "the gateway knows no such number" + signed
	case sale.GatewayExists:
		return "this number was used before" + signed
	case sale.GatewayUnclear:
		return "answered with words that do not say whether it was done"
	case sale.GatewayNotSent:
		return "not sent"
	case sale.GatewayUnverified:
		return "answered, but the answer proves nothing"
	}
	return "no answer that says what became of it"
}

// onOneLine keeps a text from elsewhere to one line, with what is not printable written out.
func onOneLine(s string) string {
	var b strings.Builder
	for _, r := range s {
		if unicode.IsPrint(r) {
			b.WriteRune(r)
		} else {
			b.WriteString(strings.Trim(strconv.QuoteRuneToASCII(r), "'"))
		}
	}
	return b.String()
}

// drawCode draws a QR with half blocks, two rows of it per line. What is light is
// drawn, as terminals are mostly dark; with colours, on any terminal.
func drawCode(out io.Writer, m [][]bool, colours bool) error {
	light := func(x, y int) bool {
		x, y = x-display.QuietZone, y-display.QuietZone
		return y < 0 || y >= len(m) || x < 0 || x >= len(m) || !m[y][x]
	}
	side := len(m) + 2*display.QuietZone
	w := bufio.NewWriter(out)
	for y := 0; y < side; y += 2 {
		if colours {
			w.WriteString("\x1b[97;40m") // white on black
		}
		for x := range side {
			switch upper, lower := light(x, y), y+1 >= side || light(x, y+1); {
			case upper && lower:
				w.WriteRune('█')
			case upper:
				w.WriteRune('▀')
			case lower:
				w.WriteRune('▄')
			default:
				w.WriteByte(' ')
			}
		}
		if colours {
			w.WriteString("\x1b[0m")
		}
		w.WriteByte('\n')
	}
	return w.Flush()
}

// terminalWidth returns the columns of a terminal; 0 if out is none.
func terminalWidth(out io.Writer) int {
	f, ok := out.(*os.File)
	if !ok {
		return 0
	}
	var size struct{ rows, columns, x, y uint16 }
	if _, _, errno := syscall.Syscall(syscall.SYS_IOCTL, f.Fd(), syscall.TIOCGWINSZ, uintptr(unsafe.Pointer(&size))); errno != 0 {
		return 0
	}
	if size.columns == 0 {
		return 80 // a terminal that does not say
	}
	return int(size.columns)
}
