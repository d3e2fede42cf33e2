package iotpaysim

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// TestSimulatorSignsByItself holds the simulator's own signature against the
// hand-computed ones that the client is held against.
func TestSimulatorSignsByItself(t *testing.T) {
	text, err := os.ReadFile("../../../testdata/iotpay/sign-vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var vectors []struct{ Claim, JSON, Key, Sign string }
	if err := json.Unmarshal(text, &vectors); err != nil {
		t.Fatal(err)
	}
	checked := 0
	for _, v := range vectors {
		dec := json.NewDecoder(strings.NewReader(v.JSON))
		dec.UseNumber()
		var fields map[string]any
		if err := dec.Decode(&fields); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(v.Claim, "own order kept") {
			continue // the simulator writes its objects itself, in order of name
		}
		checked++
		if got := signature(fields, v.Key, false); got != v.Sign {
			t.Errorf("%s: %s, want %s", v.Claim, got, v.Sign)
		}
	}
	if checked < 12 {
		t.Errorf("%d vectors checked", checked)
	}
}

const key = "0123456789abcdef"

// shopper asks a gateway as any program would, with a signature of its own.
type shopper struct {
	t          *testing.T
	base, addr string
}

func open(t *testing.T, o Options) (*Gateway, shopper) {
	t.Helper()
	o.MchID, o.Key = "10000701", key
	g := New(o)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	var serving sync.WaitGroup
	serving.Go(func() {
		if err := g.Serve(ctx, ln); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(func() { stop(); serving.Wait() })
	return g, shopper{t, "http://" + ln.Addr().String() + "/v1/", ln.Addr().String()}
}

func (s shopper) ask(endpoint string, fields map[string]any) map[string]any {
	s.t.Helper()
	fields["mchId"] = "10000701"
	fields["sign"] = signature(fields, key, false)
	resp, err := http.PostForm(s.base+endpoint, url.Values{"params": {string(encode(fields))}})
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	var a map[string]any
	if err := json.NewDecoder(resp.Body).Decode(&a); err != nil {
		s.t.Fatal(err)
	}
	return a
}

func (s shopper) order(no, channel string, amount int, more ...string) map[string]any {
	f := map[string]any{"mchOrderNo": no, "jobNo": "till1", "channelId": channel, "currency": "CAD", "amount": amount, "clientIp": "10.0.0.1",
		"notifyUrl": "http://localhost", "subject": "s", "body": "b"}
	for i := 0; i < len(more); i += 2 {
		f[more[i]] = more[i+1]
	}
	return s.ask("create_order", f)
}

func (s shopper) status(no string) string {
	return fmt.Sprint(s.ask("query_order", map[string]any{"mchOrderNo": no})["status"])
}

func TestMicropayDebitsAtOnceOrWaitsForThePassword(t *testing.T) {
	g, s := open(t, Options{PasswordAbove: 5000})
	code := []string{"codeType", "barcode", "identityCode", "134567890123456789"}
	if a := s.order("SMALL", "WX_MICROPAY", 5000, code...); a["resCode"] != "SUCCESS" || s.status("SMALL") != "2" {
		t.Errorf("small: %v, status %s", a, s.status("SMALL"))
	}
	if a := s.order("LARGE", "WX_MICROPAY", 5001, code...); a["resCode"] != "SUCCESS" || s.status("LARGE") != "1" {
		t.Errorf("large: %v, status %s", a, s.status("LARGE"))
	}
	if err := g.Pay("LARGE"); err != nil || s.status("LARGE") != "2" {
		t.Errorf("password: %v, status %s", err, s.status("LARGE"))
	}
	for no, code := range map[string]string{"EMPTY": "134567890123450000", "ALIPAY": "284567890123456789", "LETTERS": "13456789012345678X"} {
		if a := s.order(no, "WX_MICROPAY", 100, "codeType", "barcode", "identityCode", code); a["resCode"] != "FAIL" || s.status(no) != "4" {
			t.Errorf("%s: %v, status %s: a refused debit is a closed order", no, a["retMsg"], s.status(no))
		}
	}
}

func TestOrderStaysUnpaidUntilTheControlSaysSo(t *testing.T) {
	g, s := open(t, Options{})
	control := httptest.NewServer(g.Control())
	defer control.Close()
	post := func(path string, want int) {
		t.Helper()
		resp, err := http.Post(control.URL+path, "", nil)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		if body, _ := io.ReadAll(resp.Body); resp.StatusCode != want {
			t.Errorf("%s: %d %s, want %d", path, resp.StatusCode, body, want)
		}
	}
	code := s.order("A", "ALIPAY_QR", 100)["qr_code"].(string)
	for _, step := range []struct {
		path   string
		answer int
		status string
	}{
		{"/scan?code=weixin://other", 409, "0"},
		{"/scan?code=" + url.QueryEscape(code), 200, "1"},
		{"/pay?order=A", 200, "2"},
		{"/pay?order=A", 409, "2"},
		{"/close?order=A&status=9", 409, "2"},
		{"/close?order=B&status=9", 409, "2"},
	} {
		post(step.path, step.answer)
		if got := s.status("A"); got != step.status {
			t.Errorf("after %s the status is %s, want %s", step.path, got, step.status)
		}
	}
	s.order("C", "ALIPAY_QR", 100)
	post("/close?order=C&status=5", 409)
	post("/close?order=C&status=9", 200)
	post("/pay?order=C", 409)
	post("/fault?set=wrong-amount", 200)
	if a := s.ask("query_order", map[string]any{"mchOrderNo": "A"}); fmt.Sprint(a["amount"]) != "101" {
		t.Errorf("wrong-amount: %v", a["amount"])
	}
	post("/fault?set=nonsense", 409)
	post("/fault?clear=", 200)

	resp, err := http.Get(control.URL + "/state")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var state State
	if err := json.NewDecoder(resp.Body).Decode(&state); err != nil {
		t.Fatal(err)
	}
	if len(state.Orders) != 2 || state.Orders[0].Status != 2 || state.Requests["create_order"] != 2 || len(state.Faults) != 0 {
		t.Errorf("state: %+v", state)
	}
}

func TestFaultsAreSetInEveryWay(t *testing.T) {
	g := New(Options{})
	control := g.Control()
	for _, tt := range []struct {
		target, body string
		status       int
		set          string
	}{
		{"/fault?set=throttle=5", "", 200, "throttle=5"},
		{"/fault?clear=throttle", "", 200, ""},
		{"/fault", `{"set":"slow=1s@query_order"}`, 200, "slow=1s@query_order"},
		{"/fault", "away", 200, "slow=1s@query_order away"},
		{"/fault", "", 409, "slow=1s@query_order away"}, // nothing said is nothing cleared
		{"/fault", `{"clear":"slow"}`, 200, "away"},
		{"/fault", `{"clear":`, 409, "away"},
		{"/fault?clear=", "", 200, ""},
	} {
		w := httptest.NewRecorder()
		control.ServeHTTP(w, httptest.NewRequest("POST", tt.target, strings.NewReader(tt.body)))
		if got := strings.Join(g.State().Faults, " "); w.Code != tt.status || got != tt.set {
			t.Errorf("%s %s: %d, set are %q; want %d %q", tt.target, tt.body, w.Code, got, tt.status, tt.set)
		}
	}
}

func TestScanMayPayAtOnce(t *testing.T) {
	g, s := open(t, Options{ScanPays: true})
	if err := g.Scan(s.order("A", "UPI_QR", 100)["qr_code"].(string), false); err != nil || s.status("A") != "2" {
		t.Errorf("%v, status %s", err, s.status("A"))
	}
}

func TestAwayTurnsOldAndNewConnectionsAway(t *testing.T) {
	g, s := open(t, Options{})
	s.order("A", "ALIPAY_QR", 100) // leaves a connection open
	if err := g.SetFault("away"); err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		resp, err := http.PostForm(s.base+"query_order", url.Values{"params": {"{}"}})
		if err == nil {
			resp.Body.Close()
			t.Fatal("the gateway answered while away")
		}
		if refused := errors.Is(err, syscall.ECONNREFUSED); refused != (i > 0) { // the first finds the old connection
			t.Errorf("call %d: %v, refused %v", i, err, refused)
		}
	}
	for range 3 { // away and back, again and again
		g.ClearFault("away")
		deadline := time.Now().Add(10 * time.Second)
		for { // the port opens when the gateway's own goroutine gets to it
			if conn, err := net.Dial("tcp", s.addr); err == nil {
				conn.Close()
				break
			} else if time.Now().After(deadline) {
				t.Fatal(err)
			}
			runtime.Gosched()
		}
		if s.status("A") != "0" {
			t.Error("the gateway forgot the order while away")
		}
		if err := g.SetFault("away"); err != nil {
			t.Fatal(err)
		}
	}
}

func TestUnionPayCodeHasTheLengthOfTheRealOnes(t *testing.T) {
	_, s := open(t, Options{})
	if code := s.order("A", "UPI_QR", 100)["qr_code"].(string); len(code) != 62 {
		t.Errorf("%q has %d characters, want 62", code, len(code))
	}
}

func TestEveryFaultHasWordsAndCanBeSet(t *testing.T) {
	args := map[string]string{"slow": "1ms", "cut-at": "3", "throttle": "0", "fail": "no", "fail-after-commit": "no", "clock-skew": "1h", "late-notification": "1s", "new-member": "pairs", "poison": "500/100"}
	g := New(Options{})
	for _, f := range Faults() {
		text := f.Name
		if arg := args[f.Name]; arg != "" {
			text += "=" + arg
		}
		if err := g.SetFault(text); err != nil || f.About == "" {
			t.Errorf("%s: %v", text, err)
		}
	}
	for _, text := range []string{"poison=405", "poison=429/200", "poison=nonsense", "poison=cut/x", "new-member=x"} { // those that are right add up
		if err := g.SetFault(text); (err == nil) != (text == "poison=405" || text == "poison=429/200") {
			t.Errorf("%s: %v", text, err)
		}
	}
	if n := len(g.State().Faults); n != len(Faults())+2 {
		t.Errorf("%d faults are set, want %d", n, len(Faults()))
	}
}
