package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"posd/device/sale"
)

// deadline is how long a test waits for what must come, before it gives up.
const deadline = 40 * time.Second

// shop is a running posd with a fake terminal on loopback.
type shop struct {
	*box
	terminal *fakeTerminal
	running  *process
	keys     int
}

func newShop(t *testing.T, more string) *shop {
	t.Helper()
	s := closedShop(t, more)
	s.running = s.daemon()
	return s
}

// closedShop is a shop whose posd does not run yet.
func closedShop(t *testing.T, more string) *shop {
	t.Helper()
	t.Parallel()
	f := newFakeTerminal(t)
	b := newBox(t, fmt.Sprintf(`[shop]
ask_terminal_every = "200ms"
terminal_silent_for = "20s"
%s
[terminal]
line = "tcp:%s"
ack_wait = "1s"
probe_wait = "500ms"
answer_wait = "2s"
batch_wait = "2s"
cancel_wait = "1s"
end_wait = "100ms"
heartbeat = "10s"
`, more, f.l.Addr()))
	return &shop{box: b, terminal: f}
}

// restart stops posd as a power cut does, and starts it again.
func (s *shop) restart() {
	s.t.Helper()
	s.running.end(os.Kill)
	s.running = s.daemon()
}

// post asks the API for something that moves money, and returns status and body.
func (s *shop) post(path, body string) (int, []byte) {
	s.t.Helper()
	s.keys++
	req, err := http.NewRequest(http.MethodPost, "http://"+s.n+"/v1/"+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Idempotency-Key", fmt.Sprintf("K%d", s.keys))
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return res.StatusCode, text
}

// sell asks for a card sale.
func (s *shop) sell(cents int, more string) sale.Sale {
	s.t.Helper()
	code, body := s.post("sales", fmt.Sprintf(`{"amount":%d,"method":"card","replaces":"none"%s}`, cents, more))
	var made sale.Sale
	if err := json.Unmarshal(body, &made); err != nil || code != http.StatusCreated {
		s.t.Fatalf("sell: %d %s", code, body)
	}
	return made
}

// resolve is a person's word, after which the terminal is free for the next sale:
// starting a process takes longer than most of what is looked at in it.
func (s *shop) resolve(id sale.ID) {
	s.t.Helper()
	if code, text := s.post("sales/"+string(id)+"/resolve", `{"as":"paid","by":"Ana","reason":"it is on the terminal's paper"}`); code != http.StatusOK {
		s.t.Fatalf("resolve: %d %s", code, text)
	}
}

// paid sells and waits until it is paid.
func (s *shop) paid(cents int) sale.Sale {
	s.t.Helper()
	return s.until(s.sell(cents, "").ID, "paid", func(v sale.Sale) bool { return v.State == sale.Paid })
}

// show returns a sale as it stands.
func (s *shop) show(id sale.ID) (v sale.Sale) {
	s.t.Helper()
	res, err := http.Get("http://" + s.n + "/v1/sales/" + string(id))
	if err != nil {
		s.t.Fatal(err)
	}
	defer res.Body.Close()
	if err := json.NewDecoder(res.Body).Decode(&v); err != nil {
		s.t.Fatal(err)
	}
	return v
}

// until waits for a sale to become something.
func (s *shop) until(id sale.ID, what string, is func(sale.Sale) bool) sale.Sale {
	s.t.Helper()
	for end := time.Now().Add(deadline); ; time.Sleep(50 * time.Millisecond) {
		v := s.show(id)
		if is(v) {
			return v
		}
		if time.Now().After(end) {
			log, _ := os.ReadFile(s.dir + "/log")
			s.t.Fatalf("it is not %s: %s (%s), attention %q, incident %q, refunds %+v\nrequests: %v\n%s", what, v.State, v.Words, v.Attention, v.Incident, v.Refunds, s.terminal.seen, tail(log))
		}
	}
}

func tail(log []byte) []byte {
	lines := bytes.Split(log, []byte("\n"))
	return bytes.Join(lines[max(0, len(lines)-20):], []byte("\n"))
}

// person waits until a person is called, and fails if posd concludes by itself.
func (s *shop) person(id sale.ID, words ...string) sale.Sale {
	s.t.Helper()
	v := s.until(id, "before a person", func(v sale.Sale) bool { return v.State.Final() || v.Attention != "" })
	if v.State != sale.Unsure {
		s.t.Fatalf("it is %s (%s, %s), and a person should decide", v.State, v.Reason, v.Words)
	}
	for _, w := range words {
		if !strings.Contains(strings.ToLower(v.Attention), strings.ToLower(w)) {
			s.t.Errorf("%q is not said: %q", w, v.Attention)
		}
	}
	return v
}

// back asks for a void or a refund, which must be accepted.
func (s *shop) back(id sale.ID, how, body string) {
	s.t.Helper()
	if code, text := s.post("sales/"+string(id)+"/"+how, body); code/100 != 2 {
		s.t.Fatalf("%s: %d %s", how, code, text)
	}
}

// givenBack waits until the latest movement of a sale has ended.
func (s *shop) givenBack(id sale.ID, want sale.MovementState) sale.Sale {
	s.t.Helper()
	v := s.until(id, "given back", func(v sale.Sale) bool { n := len(v.Refunds); return n > 0 && v.Refunds[n-1].Final() })
	if m := v.Refunds[len(v.Refunds)-1]; m.State != want {
		s.t.Fatalf("the %s is %s (%s), want %s", m.Kind, m.State, m.Words, want)
	}
	return v
}

// TestAControlProves: what no terminal heard of is cancelled, with a control of
// this batch on this terminal.
func TestAControlProves(t *testing.T) {
	s := newShop(t, "")
	s.paid(100)
	s.terminal.then("T00", unheard)
	v := s.until(s.sell(2865, "").ID, "cancelled", func(v sale.Sale) bool { return v.State.Final() })
	if v.State != sale.Cancelled || v.Reason != sale.ReasonNotFound {
		t.Errorf("%s (%s)", v.State, v.Words)
	}
}

func TestAPartIsVoided(t *testing.T) {
	s := newShop(t, "")
	s.terminal.then("T00", coded("000002", func(r *fakeRecord) { r.amount = subs("500", "2365") }))
	v := s.until(s.sell(2865, "").ID, "declined", func(v sale.Sale) bool { return v.State.Final() })
	if v.State != sale.Declined || v.Reason != sale.ReasonPartial {
		t.Errorf("%s (%s), refunds %+v", v.State, v.Words, v.Refunds)
	}
}

func TestADuplicateIsNotNameless(t *testing.T) {
	for _, code := range []string{"100011", "103000"} {
		t.Run(code, func(t *testing.T) {
			s := newShop(t, "")
			first := s.paid(2865)
			s.terminal.then("T00", unheard)
			v := s.sell(700, "")
			s.until(v.ID, "cancelled", func(v sale.Sale) bool { return v.State == sale.Cancelled })
			s.terminal.then("T00", func(c *fakeConn, _ string, _ []string) {
				c.f.mu.Lock()
				r := c.f.memory[first.Attempts[0].Ref].t01(code, "DUP TRANSACTION", c.f.serial)
				c.f.mu.Unlock()
				c.reply(r...)
			})
			v = s.until(s.sell(2865, "").ID, "ended", func(v sale.Sale) bool { return v.State.Final() || v.Attention != "" })
			if v.State != sale.Declined || v.Reason != sale.ReasonDuplicateOf {
				t.Errorf("%s (%s) %s", v.State, v.Reason, v.Words)
			}
		})
	}
}

func TestAWishAnsweredByEOTAloneIsAsked(t *testing.T) {
	s := newShop(t, "")
	s.paid(100)
	s.terminal.then("T00", func(c *fakeConn, _ string, _ []string) { c.ack() })
	s.terminal.then("A14", func(c *fakeConn, _ string, _ []string) { c.eot() })
	v := s.sell(2865, "")
	s.until(v.ID, "at the terminal", func(sale.Sale) bool { return s.terminal.count("T00") == 2 })
	s.back(v.ID, "cancel", "")
	got := s.until(v.ID, "cancelled", func(v sale.Sale) bool { return v.State.Final() })
	if got.State != sale.Cancelled || s.terminal.count("A14") != 1 {
		t.Errorf("%s (%s)", got.State, got.Words)
	}
}
