package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"posd/device/api"
	"posd/device/sale"
)

// stub stands for the daemon: each request gets the next answer of its path,
// the last one again and again.
type stub struct {
	*httptest.Server
	mu      sync.Mutex
	answers map[string][]reply // by "METHOD path"
	seen    []seen
}

type reply struct {
	status int
	body   any
	hangUp bool // close the connection without an answer
}

type seen struct{ what, key, body string }

func newStub(t *testing.T, answers map[string][]reply) *stub {
	s := &stub{answers: answers}
	s.Server = httptest.NewServer(http.HandlerFunc(s.serve))
	t.Cleanup(s.Close)
	return s
}

func (s *stub) serve(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	s.mu.Lock()
	what := r.Method + " " + r.URL.Path
	s.seen = append(s.seen, seen{what, r.Header.Get("Idempotency-Key"), string(body)})
	list := s.answers[what]
	if len(list) == 0 {
		s.mu.Unlock()
		w.WriteHeader(http.StatusTeapot)
		return
	}
	a := list[0]
	if len(list) > 1 {
		s.answers[what] = list[1:]
	}
	s.mu.Unlock()
	if a.hangUp {
		panic(http.ErrAbortHandler)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(a.status)
	json.NewEncoder(w).Encode(a.body)
}

func (s *stub) requests() []seen {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.seen
}

// posd runs one command line against the stub.
func (s *stub) posd(args ...string) (code int, out, errs string) {
	return command(append(args, "-url", s.URL)...)
}

func command(args ...string) (code int, out, errs string) {
	var stdout, stderr bytes.Buffer
	code = execute(context.Background(), args, &stdout, &stderr)
	return code, stdout.String(), stderr.String()
}

func as(state sale.State, more ...func(*sale.Sale)) sale.Sale {
	s := sale.Sale{
		ID: "01J0000000000000000000SALE", Amount: 2865, Currency: "CAD", Method: sale.Card, State: state,
		Printed: sale.PrintNone, Reported: sale.ReportNotNeeded, Attempts: []sale.Attempt{}, Refunds: []sale.Movement{},
	}
	for _, change := range more {
		change(&s)
	}
	return s
}

func givenUp(s *sale.Sale) { s.GivenUp = true }
func due(s *sale.Sale)     { s.ApprovedAmount, s.Due = 2000, 865 }

func problem(status int, kind, detail string) reply {
	return reply{status: status, body: api.Problem{Type: kind, Status: status, Detail: detail, Sale: "01J00000000000000000OTHER0"}}
}

const sales, theSale = "/v1/sales", "/v1/sales/01J0000000000000000000SALE"

func TestASaleEndsWithTheCodeOfItsState(t *testing.T) {
	for name, c := range map[string]struct {
		first, then sale.Sale
		wait        bool
		code        int
	}{
		"paid at once":           {first: as(sale.Paid), code: 0},
		"paid":                   {first: as(sale.Waiting), then: as(sale.Paid), wait: true, code: 0},
		"declined":               {first: as(sale.Waiting), then: as(sale.Declined), wait: true, code: 2},
		"cancelled":              {first: as(sale.Waiting), then: as(sale.Cancelled), wait: true, code: 3},
		"given up":               {first: as(sale.Waiting), then: as(sale.Unsure, givenUp), wait: true, code: 3},
		"partly paid":            {first: as(sale.Waiting), then: as(sale.Paid, due), wait: true, code: 5},
		"still waiting":          {first: as(sale.Waiting), code: 4},
		"unsure when it is left": {first: as(sale.Unsure), code: 4},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStub(t, map[string][]reply{
				"POST " + sales:  {{status: 201, body: c.first}},
				"GET " + theSale: {{status: 200, body: c.then}},
			})
			args := []string{"sale", "28.65", "-method", "card", "-json"}
			if c.wait {
				args = append(args, "-wait")
			}
			code, out, errs := s.posd(args...)
			if code != c.code {
				t.Fatalf("exit %d, want %d\n%s%s", code, c.code, out, errs)
			}
			var shown sale.Sale
			if err := json.Unmarshal([]byte(out), &shown); err != nil || shown.ID != c.first.ID {
				t.Fatalf("stdout is not the sale: %v\n%s", err, out)
			}
			first := s.requests()[0]
			if first.body != `{"amount":2865,"method":"card"}` {
				t.Errorf("sent %s", first.body)
			}
			if len(first.key) != 26 || !strings.Contains(errs, "key "+first.key) {
				t.Errorf("the key %q was not printed: %s", first.key, errs)
			}
		})
	}
}

func TestFlagsTakeOneOrTwoDashes(t *testing.T) {
	for _, args := range [][]string{
		{"-method", "wechat", "-reference", "A-1", "-replaces", "none", "-key", "k"},
		{"--method", "wechat", "--reference", "A-1", "--replaces", "none", "--key", "k"},
		{"-method=wechat", "--reference=A-1", "-replaces=none", "-key=k"},
	} {
		s := newStub(t, map[string][]reply{"POST " + sales: {{status: 200, body: as(sale.Paid)}}})
		code, _, errs := s.posd(append([]string{"sale", "2865c"}, args...)...)
		if code != 0 {
			t.Fatalf("%q: exit %d: %s", args, code, errs)
		}
		if got := s.requests()[0]; got.key != "k" || got.body != `{"amount":2865,"method":"wechat","reference":"A-1","replaces":"none"}` {
			t.Errorf("%q: sent %+v", args, got)
		}
	}
}

func TestBadCommandLinesSendNothing(t *testing.T) {
	for _, c := range []struct{ line, words string }{
		{"sale 28,65 -method card", "28.65 or 2865c"},
		{"sale 28 -method card", "28.65 or 2865c"},
		{"sale -5.00 -method card", "-5.00"},
		{"sale 0.00 -method card", "above zero"},
		{"sale 28.65 -method gold", "card, wechat, alipay"},
		{"sale 28.65", "unknown method"},
		{"sale -method card", "AMOUNT is missing"},
		{"sale 28.65 -metod card", "unknown flag -metod"},
		{"sale 28.65 -method card -code 1", "-code"},
		{"refund X", "needs -by NAME"},
		{"refund X -by Ana -amount 1", "28.65 or 2865c"},
		{"void X", "needs -by NAME"},
		{"void X -by Ana -amount 1.00", "unknown flag"},
		{"resolve X -as unsure -reason r -by Ana", "paid, declined or cancelled"},
		{"resolve X -as paid", "needs -by NAME (your NAME) and -reason"},
		{"retry", "name one report, or -all"},
		{"retry X -all", "name one report, or -all"},
		{"sell 28.65", "no command"},
		{"sales -limit many", "is not a whole number"},
	} {
		s := newStub(t, nil)
		code, _, errs := s.posd(strings.Fields(c.line)...)
		if code != exitRefused || !strings.Contains(errs, c.words) {
			t.Errorf("%s: exit %d, want 1 and %q:\n%s", c.line, code, c.words, errs)
		}
		if n := len(s.requests()); n > 0 {
			t.Errorf("%s: %d requests were sent", c.line, n)
		}
	}
}

func TestARefusalIsOneSentenceAndExit1(t *testing.T) {
	for _, c := range []struct {
		answer reply
		words  string
	}{
		{problem(409, "till-busy", "Another sale is under way."), "Another sale is under way."},
		{problem(409, "same-bill", "This bill may have been paid already."), "-replaces none"},
		{problem(409, "same-bill", "This bill may have been paid already."), "-replaces 01J00000000000000000OTHER0"},
		{problem(422, "key-reused", "The key belongs to another request."), "The key belongs"},
		{problem(503, "unavailable", "No card terminal."), "No card terminal."},
		{problem(415, "not-json", "Not JSON."), "Not JSON."},
	} {
		s := newStub(t, map[string][]reply{"POST " + sales: {c.answer}})
		code, out, errs := s.posd("sale", "28.65", "-method", "card")
		if code != exitRefused || !strings.Contains(errs, c.words) || out != "" {
			t.Errorf("%+v: exit %d\n%s%s", c.answer, code, out, errs)
		}
		if n := len(s.requests()); n != 1 {
			t.Errorf("%+v: sent %d times", c.answer, n)
		}
	}
}

func TestNotReachableWithNothingSentIsExit1(t *testing.T) {
	s := newStub(t, nil)
	s.Close()
	code, _, errs := s.posd("sale", "28.65", "-method", "card")
	if code != exitRefused || !strings.Contains(errs, "is it running") {
		t.Fatalf("exit %d: %s", code, errs)
	}
}

// quick is a client that repeats for a moment only.
func quick(at string) *client {
	c := newClient("http://localhost", target{"tcp", strings.TrimPrefix(at, "http://")})
	c.repeatFor, c.pause = 200*time.Millisecond, 10*time.Millisecond
	return c
}

func endOf(err error) int {
	if err == nil {
		return 0
	}
	return err.(*ended).code
}

func TestALostAnswerIsRepeatedUnderTheSameKey(t *testing.T) {
	s := newStub(t, map[string][]reply{"POST " + sales: {
		{hangUp: true}, problem(500, "internal", "?"), problem(503, "starting", "?"), {status: 200, body: as(sale.Paid)},
	}})
	a, err := quick(s.URL).post(t.Context(), sales, "the-key", api.SaleRequest{Amount: 1})
	if err != nil || a.status != 200 {
		t.Fatalf("%+v, %v", a, err)
	}
	got := s.requests()
	if len(got) != 4 {
		t.Fatalf("sent %d times", len(got))
	}
	for _, r := range got {
		if r != got[0] || r.key != "the-key" {
			t.Errorf("a repeated request differs: %+v", r)
		}
	}
}

func TestAnAnswerThatStaysLostIsExit4(t *testing.T) {
	for name, answers := range map[string][]reply{
		"hung up":                {{hangUp: true}},
		"failed":                 {problem(500, "internal", "?")},
		"late":                   {problem(504, "late", "?")},
		"hung up, then starting": {{hangUp: true}, problem(503, "starting", "?")},
		"hung up, then no disk":  {{hangUp: true}, problem(503, "unavailable", "?")},
	} {
		s := newStub(t, map[string][]reply{"POST " + sales: answers})
		_, err := quick(s.URL).post(t.Context(), sales, "the-key", api.SaleRequest{})
		if endOf(err) != exitUnsure || !strings.Contains(err.Error(), "-key the-key") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestADaemonThatDiesAfterItWasAskedIsExit4(t *testing.T) {
	s := newStub(t, nil)
	s.Config.Handler = http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		go s.Close()
		panic(http.ErrAbortHandler)
	})
	_, err := quick(s.URL).post(t.Context(), sales, "k", api.SaleRequest{})
	if endOf(err) != exitUnsure {
		t.Fatal(err)
	}
}

func TestADaemonThatOnlyStartsDidNothing(t *testing.T) {
	s := newStub(t, map[string][]reply{"POST " + sales: {problem(503, "starting", "posd is starting")}})
	_, err := quick(s.URL).post(t.Context(), sales, "k", api.SaleRequest{})
	if endOf(err) != exitRefused || len(s.requests()) < 2 {
		t.Fatalf("%v after %d requests", err, len(s.requests()))
	}
}

func TestAMovementEndsWithTheCodeOfItsState(t *testing.T) {
	with := func(state sale.MovementState) sale.Sale {
		return as(sale.Paid, func(s *sale.Sale) {
			s.Refunds = []sale.Movement{{ID: "R1", Kind: sale.Refund, Amount: 500, State: state, By: "Ana"}}
		})
	}
	for state, want := range map[sale.MovementState]int{sale.MovementDone: 0, sale.MovementRefused: 2, sale.MovementKept: 3, sale.MovementUnsure: 4} {
		first := with(sale.MovementWaiting)
		s := newStub(t, map[string][]reply{
			"POST " + theSale + "/refund": {{status: 201, body: api.GivenBack{Movement: first.Refunds[0], Sale: first}}},
			"GET " + theSale:              {{status: 200, body: with(state)}},
		})
		code, out, errs := s.posd("refund", "01J0000000000000000000SALE", "-amount", "5.00", "-by", "Ana")
		if code != want || !strings.Contains(out, string(state)) {
			t.Errorf("%s: exit %d, want %d\n%s%s", state, code, want, out, errs)
		}
		if got := s.requests()[0].body; got != `{"amount":500,"by":"Ana"}` {
			t.Errorf("sent %s", got)
		}
	}
}

func TestOtherCommandsAskWhatTheySay(t *testing.T) {
	paid := as(sale.Paid, func(s *sale.Sale) { s.Card = &sale.CardInfo{Type: "VISA", Number: "XXXXXXXXXXXX1166"} })
	for _, c := range []struct {
		line, request string
		answer        any
		code          int
		shows         string
	}{
		{"cancel 01J0000000000000000000SALE", "POST " + theSale + "/cancel", as(sale.Unsure, givenUp), 3, "given up"},
		{"cancel 01J0000000000000000000SALE", "POST " + theSale + "/cancel", as(sale.Waiting), 4, "waiting"},
		{"resolve 01J0000000000000000000SALE -as declined -reason slip -by Ana", "POST " + theSale + "/resolve", as(sale.Declined), 0, "declined"},
		{"show 01J0000000000000000000SALE", "GET " + theSale, paid, 0, "VISA XXXXXXXXXXXX1166"},
		{"sales -state paid -date 2026-11-21", "GET " + sales, []sale.Sale{paid}, 0, "28.65"},
		{"print 01J0000000000000000000SALE", "POST " + theSale + "/print", sale.Job{ID: "J"}, 0, "queue"},
		{"queue", "GET /v1/queue", api.Queue{Link: "down", Words: "no network", Reports: []sale.Report{{No: "REP1"}}}, 0, "REP1"},
		{"retry REP1", "POST /v1/queue/REP1/retry", api.Retried{Requeued: 1}, 0, "1 back"},
		{"retry -all", "POST /v1/queue/all/retry", api.Retried{Requeued: 7}, 0, "7 back"},
		{"check", "GET /v1/devices", []api.Device{{Name: "terminal", OK: true, Words: "ready"}}, 0, "ready"},
		{"check", "GET /v1/devices", []api.Device{{Name: "terminal", OK: true}, {Name: "printer", Words: "paper out"}}, 1, "paper out"},
		{"devices", "GET /v1/devices", []api.Device{{Name: "terminal", Words: "no answer"}}, 0, "no answer"},
	} {
		s := newStub(t, map[string][]reply{c.request: {{status: 200, body: c.answer}}})
		code, out, errs := s.posd(strings.Fields(c.line)...)
		if code != c.code || !strings.Contains(out, c.shows) {
			t.Errorf("%s: exit %d, want %d and %q\n%s%s", c.line, code, c.code, c.shows, out, errs)
		}
	}
}

func TestAReceiptIsShownOrWritten(t *testing.T) {
	s := newStub(t, nil)
	s.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, r.URL.Query().Get("format"))
	})
	if code, out, _ := s.posd("receipt", "X"); code != 0 || out != "text" {
		t.Errorf("exit %d, %q", code, out)
	}
	file := filepath.Join(t.TempDir(), "r.png")
	if code, _, errs := s.posd("receipt", "X", "-png", file); code != 0 {
		t.Errorf("exit %d: %s", code, errs)
	}
	if b, _ := os.ReadFile(file); string(b) != "png" {
		t.Errorf("the file holds %q", b)
	}
}

func TestTheSocketIsTriedBeforeTheAddress(t *testing.T) {
	dir := t.TempDir()
	socket := filepath.Join(dir, "posd.sock")
	config := filepath.Join(dir, "posd.toml")
	tcp := newStub(t, map[string][]reply{"GET /v1/queue": {{status: 200, body: api.Queue{Words: "by tcp"}}}})
	os.WriteFile(config, []byte("[api]\nsocket = \""+socket+"\"\nlisten = \""+strings.TrimPrefix(tcp.URL, "http://")+"\"\n"), 0o600)
	if code, out, errs := command("queue", "-config", config); code != 0 || !strings.Contains(out, "by tcp") {
		t.Errorf("without a socket: exit %d\n%s%s", code, out, errs)
	}
	unix := &stub{answers: map[string][]reply{"GET /v1/queue": {{status: 200, body: api.Queue{Words: "by socket"}}}}}
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	unix.Server = &httptest.Server{Listener: l, Config: &http.Server{Handler: http.HandlerFunc(unix.serve)}}
	unix.Start()
	defer unix.Close()
	for _, args := range [][]string{{"queue", "-config", config}, {"queue", "-url", "unix:" + socket}} {
		if code, out, errs := command(args...); code != 0 || !strings.Contains(out, "by socket") {
			t.Errorf("%q: exit %d\n%s%s", args, code, out, errs)
		}
	}
}
