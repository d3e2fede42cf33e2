package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"posd/device/sale"
)

// registerFrame is a request as a register sends it, made without the driver's code.
func registerFrame(fields ...string) string {
	body := strings.Join(fields, "\x1c") + "\x03"
	sum := byte(0)
	for i := range len(body) {
		sum ^= body[i]
	}
	return "\x02" + body + string([]byte{sum})
}

// askAsRegister sends a frame and returns the answer's fields; acknowledged
// says whether it tells posd that it has it.
func askAsRegister(t *testing.T, addr, frame string, acknowledged bool) []string {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(deadline))
	io.WriteString(c, frame)
	in := bufio.NewReader(c)
	if b, err := in.ReadByte(); err != nil || b != 0x06 {
		t.Fatalf("got %x, %v where ACK was due", b, err)
	}
	body, err := in.ReadString(0x03)
	if err != nil {
		t.Fatalf("got %q, %v where an answer was due", body, err)
	}
	in.ReadByte() // check byte
	if acknowledged {
		io.WriteString(c, "\x06")
		if b, err := in.ReadByte(); err != nil || b != 0x04 {
			t.Errorf("got %x, %v where EOT was due", b, err)
		}
	}
	return strings.Split(strings.Trim(body, "\x02\x03"), "\x1c")
}

func TestChromiumsPolicyNamesWhatItAllows(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "configs", "chromium", "posd.json"))
	if err != nil {
		t.Fatal(err)
	}
	var policy map[string][]string
	if err := json.Unmarshal(text, &policy); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"LocalNetworkAllowedForUrls", "LoopbackNetworkAllowedForUrls"} {
		if len(policy[name]) != 1 {
			t.Errorf("%s is %q", name, policy[name])
		}
	}
}

// tells reads the journal's events from the first one until one holds all the words.
func (s *shop) tells(words ...string) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), deadline)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.n+"/v1/events", nil)
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("Last-Event-ID", "0")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer res.Body.Close()
	for lines := bufio.NewScanner(res.Body); lines.Scan(); {
		if !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(lines.Text(), w) }) {
			return
		}
	}
	s.t.Errorf("no event with %q", words)
}

func TestARegisterSellsThroughPosdAsThroughATerminal(t *testing.T) {
	addr := freeAddr(t)
	s := newShop(t, fmt.Sprintf("[poslink]\nlisten = %q\nby = \"till 7\"", addr))
	if got := askAsRegister(t, addr, registerFrame("A00", "1.35"), true); got[3] != "000000" {
		t.Errorf("A00: %q", got)
	}
	coffee := registerFrame("T00", "1.35", "01", "350", "", "1", "", "", "", "", "")
	sold := func(acknowledged bool, charges int) {
		t.Helper()
		got := askAsRegister(t, addr, coffee, acknowledged)
		if got[3] != "000000" || got[4] != "OK" || !strings.HasPrefix(got[7], "350\x1f0\x1f") {
			t.Fatalf("sale: %q", got)
		}
		if n := len(s.terminal.money()); n != charges {
			t.Errorf("%d charges at the terminal, want %d", n, charges)
		}
	}
	sold(true, 1)
	sold(true, 2)  // two equal coffees under one reference
	sold(false, 3) // the register dies before it says that it has the answer
	s.restart()
	sold(true, 3) // and asks again after a power cut: the same sale
	sold(true, 4)

	s.tells(`"kind":"sale.intended"`, `"actor":"poslink till 7"`)
	res, err := http.Get("http://" + s.n + "/v1/sales?foreign=1")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var found []sale.Sale
	if err := json.NewDecoder(res.Body).Decode(&found); err != nil || len(found) != 4 || found[0].Reference != "" {
		t.Errorf("by the register's reference: %v, %+v", err, found)
	}

	void := registerFrame("T00", "1.35", "16", "", "", "9\x1f\x1f\x1f4", "", "", "", "", "")
	if got := askAsRegister(t, addr, void, true); got[3] != "000000" {
		t.Errorf("void: %q", got)
	}
}

func TestOdooPaysThroughPosdAsThroughItsProxy(t *testing.T) {
	addr := freeAddr(t)
	s := newShop(t, fmt.Sprintf("[hw_proxy]\nlisten = %q\norigins = [\"https://shop.example\"]", addr))
	ask := func(name, params string) (result json.RawMessage) {
		t.Helper()
		req, err := http.NewRequest(http.MethodPost, "http://"+addr+"/hw_proxy/"+name, strings.NewReader(`{"jsonrpc":"2.0","method":"call","id":1,"params":`+params+`}`))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Origin", "https://shop.example")
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		var out struct{ Result json.RawMessage }
		if err := json.NewDecoder(res.Body).Decode(&out); err != nil || out.Result == nil {
			t.Fatalf("%s: %d, %v", name, res.StatusCode, err)
		}
		return out.Result
	}
	const pay = `{"payment_info":"{\"amount\":19.99,\"currency_iso\":\"CAD\",\"currency_decimals\":2,\"payment_mode\":\"card\",\"payment_id\":\"c12\",\"order_id\":\"O1\"}"}`
	started := ask("payment_terminal_transaction_start", pay)
	for end := time.Now().Add(deadline); len(s.terminal.money()) == 0 && time.Now().Before(end); {
		time.Sleep(10 * time.Millisecond)
	}
	s.restart() // the page starts again what it lost sight of
	if again := ask("payment_terminal_transaction_start", pay); string(again) != string(started) {
		t.Errorf("another transaction: %s, was %s", again, started)
	}
	for end := time.Now().Add(deadline); ; time.Sleep(50 * time.Millisecond) {
		if strings.Contains(string(ask("status_json", "{}")), `"success":true`) {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("never paid: %s", ask("status_json", "{}"))
		}
	}
	s.tells(`"kind":"sale.intended"`, `"actor":"hw_proxy register"`)
	if m := s.terminal.money(); len(m) != 1 || m[0]["amount"] != "1999" {
		t.Errorf("charged %v, want 19.99 once", m)
	}
}
