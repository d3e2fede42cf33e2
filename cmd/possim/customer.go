package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"posd/display/displaysim"
)

// customer stands at the counter. It knows what a customer knows: what is on
// the glass.
type customer struct {
	glass   func() []byte // the display as a PNG
	control string        // of the gateway: where a wallet's scan goes
	seen    *picture
}

// picture is what was on the glass when the customer last looked. Looking again
// at the same picture costs nothing.
type picture struct {
	mu   sync.Mutex
	png  []byte
	code string
	err  error
}

// readCode looks at the display and returns the text of the QR on it.
func (c customer) readCode() (string, error) {
	now := c.glass()
	c.seen.mu.Lock()
	defer c.seen.mu.Unlock()
	if c.seen.png == nil || !bytes.Equal(now, c.seen.png) {
		c.seen.png = now
		c.seen.code, c.seen.err = displaysim.ReadCode(now)
	}
	return c.seen.code, c.seen.err
}

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
		return errors.New(strings.TrimSpace(string(words)))
	}
	return nil
}

// shopper is a customer with a telephone who acts alone: pays every code that
// appears on the display, unless told to leave that to a person.
type shopper struct {
	customer
	think time.Duration // to find the telephone, and as long again to type the password
	say   func(string)

	mu   sync.Mutex
	idle bool   // a person plays the customer
	last string // the code seen last, which stays in the telephone
}

// shop looks at the display whenever it changes, until ctx ends.
func (s *shopper) shop(ctx context.Context, changed <-chan struct{}) {
	for {
		code, err := s.readCode()
		switch {
		case err == nil && s.sees(code):
			s.pay(ctx, code)
			continue
		case err != nil && !errors.Is(err, displaysim.ErrNoCode):
			s.say("cannot read the display: " + err.Error())
		}
		select {
		case <-ctx.Done():
			return
		case <-changed:
		}
	}
}

// sees remembers a code and reports whether it is a new one, to be paid.
func (s *shopper) sees(code string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	isNew := code != s.last
	s.last = code
	return isNew && !s.idle
}

// pay scans a code and types the password, if it is still there by then.
func (s *shopper) pay(ctx context.Context, code string) {
	s.say("sees the code " + code)
	if !pause(ctx, s.think) {
		return
	}
	if now, err := s.readCode(); err != nil || now != code {
		s.say("was too slow: the code is gone")
		return
	}
	if err := s.scan(ctx, code, false); err != nil {
		s.say("finds that " + err.Error())
		return
	}
	s.say("has scanned it and types the password")
	if !pause(ctx, s.think) {
		return
	}
	if err := s.scan(ctx, code, true); err != nil {
		s.say("finds that " + err.Error())
		return
	}
	s.say("has paid")
}

// leave lets a person play the customer, or not.
func (s *shopper) leave(idle bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.idle = idle
}

// shopperState is what the control address shows of the shopper.
type shopperState struct {
	Alone bool   `json:"alone"` // pays every code without being told to
	Code  string `json:"code"`  // seen last
}

func (s *shopper) state() shopperState {
	s.mu.Lock()
	defer s.mu.Unlock()
	return shopperState{!s.idle, s.last}
}

// payLast pays the code seen last, whether it still is on the display or not.
func (s *shopper) payLast(ctx context.Context) error {
	code, err := s.lastCode()
	if err != nil {
		return err
	}
	return s.scan(ctx, code, true)
}

func (s *shopper) lastCode() (string, error) {
	code := s.state().Code
	if code == "" {
		return "", errors.New("the customer has seen no code yet")
	}
	return code, nil
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
