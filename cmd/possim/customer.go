package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"posd/display/displaysim"
)

// customer stands at the counter. It knows what a customer knows: what is on
// the glass.
type customer struct {
	glass   func() []byte // the display as a PNG
	control string        // of the gateway: where a wallet's scan goes
}

// readCode looks at the display and returns the text of the QR on it.
func (c customer) readCode() (string, error) { return displaysim.ReadCode(c.glass()) }

// scan is what the wallet does with a code; the password is typed with it when
// pay is true.
func (c customer) scan(ctx context.Context, code string, pay bool) error {
	form := url.Values{"code": {code}}
	if pay {
		form.Set("pay", "1")
	}
	return post(ctx, c.control+"/scan", form)
}

// post sends a form to a control address.
func post(ctx context.Context, to string, form url.Values) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, to, strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	words, _ := io.ReadAll(io.LimitReader(res.Body, 1<<10))
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", to, strings.TrimSpace(string(words)))
	}
	return nil
}

// shop pays every code that appears on the display, as a customer does who
// takes think to find the telephone and as long again to type the password.
// say tells what the customer does.
func (c customer) shop(ctx context.Context, changed <-chan struct{}, think time.Duration, say func(string)) {
	paid := "" // the code dealt with last
	for {
		code, err := c.readCode()
		switch {
		case errors.Is(err, displaysim.ErrNoCode) || code == paid:
		case err != nil:
			say("cannot read the display: " + err.Error())
		default:
			paid = code
			c.pay(ctx, code, think, say)
			continue
		}
		select {
		case <-ctx.Done():
			return
		case <-changed:
		}
	}
}

// pay scans a code and types the password, if it is still there by then.
func (c customer) pay(ctx context.Context, code string, think time.Duration, say func(string)) {
	say("sees the code " + code)
	if !pause(ctx, think) {
		return
	}
	if now, err := c.readCode(); err != nil || now != code {
		say("was too slow: the code is gone")
		return
	}
	if err := c.scan(ctx, code, false); err != nil {
		say("the wallet refuses: " + err.Error())
		return
	}
	say("has scanned it and types the password")
	if !pause(ctx, think) {
		return
	}
	if err := c.scan(ctx, code, true); err != nil {
		say("the wallet refuses: " + err.Error())
		return
	}
	say("has paid")
}

// pause waits; false if ctx ended first.
func pause(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}
