package paxsim

import (
	"bytes"
	"context"
	"encoding/base64"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"posd/pax"
)

// observed returns the request frames of other makers' clients.
func observed(t *testing.T) [][]byte {
	t.Helper()
	f, err := os.Open(filepath.Join("..", "..", "testdata", "pax", "observed.txt"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines, err := pax.ParseTranscript(f)
	if err != nil {
		t.Fatal(err)
	}
	var out [][]byte
	for _, l := range lines {
		if l.Kind == pax.Sent {
			out = append(out, l.Bytes)
		}
	}
	return out
}

// client speaks to a terminal byte by byte.
type client struct {
	*testing.T
	net.Conn
	scan pax.Scanner
	rest []byte
}

// on runs f in a bubble against a terminal.
func on(t *testing.T, o Options, f func(c *client, sim *Terminal)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		sim := New(o)
		near, far := net.Pipe()
		done := make(chan error)
		go func() { done <- sim.ServeConn(t.Context(), far) }()
		f(&client{T: t, Conn: near}, sim)
		near.Close()
		if err := <-done; err != nil {
			t.Errorf("serve: %v", err)
		}
		time.Sleep(time.Hour) // transactions under way end
	})
}

// token returns the next token within d, or none.
func (c *client) token(d time.Duration) pax.Token {
	c.SetReadDeadline(time.Now().Add(d))
	for {
		var tok pax.Token
		if tok, c.rest = c.scan.Next(c.rest); tok.Kind != pax.TokenNone {
			return tok
		}
		buf := make([]byte, 2048)
		n, err := c.Read(buf)
		if err != nil {
			return pax.Token{}
		}
		c.rest = buf[:n]
	}
}

func (c *client) control(want byte) {
	c.Helper()
	if tok := c.token(time.Minute); tok.Kind != pax.TokenControl || tok.Control != want {
		c.Errorf("got %v %q, want %#x", tok.Kind, tok.Body, want)
	}
}

// ask sends a request and returns the fields of its response.
func (c *client) ask(fields ...string) []string {
	c.Helper()
	c.Write(pax.AppendFrame(nil, fields...))
	c.control(pax.ACK)
	return c.answer()
}

func (c *client) answer() []string {
	c.Helper()
	tok := c.token(time.Minute)
	if tok.Kind != pax.TokenFrame {
		c.Fatalf("no response: %v %#x", tok.Kind, tok.Control)
	}
	body := string(tok.Body)
	c.Write([]byte{pax.ACK})
	c.control(pax.EOT)
	return strings.Split(body, fs)
}

func sale(ref, cents string) []string { return []string{"T00", "1.43", "01", cents, "", ref} }

func TestOtherMakersRequestsAreAnswered(t *testing.T) {
	for _, f := range observed(t) {
		on(t, Options{}, func(c *client, sim *Terminal) {
			c.Write(f)
			c.control(pax.ACK)
			got := c.answer()
			command := string(f[1:4])
			if want := responseOf(command); got[1] != want || len(got) < 5 {
				c.Errorf("%s is answered by %q", command, got)
			}
			if command[0] == 'T' && got[3] != "000000" && !strings.Contains(string(f), "HREF") {
				c.Errorf("%q is answered by %q", f, got[:5])
			}
		})
	}
}

func TestAckAloneThenResponseInOnePiece(t *testing.T) {
	on(t, Options{}, func(c *client, sim *Terminal) {
		c.Write(pax.AppendFrame(nil, "A00", "1.43"))
		buf := make([]byte, 2048)
		n, _ := c.Read(buf)
		if n != 1 || buf[0] != pax.ACK {
			c.Errorf("first piece % X", buf[:n])
		}
		start := time.Now()
		n, _ = c.Read(buf)
		if time.Since(start) < 50*time.Millisecond || buf[0] != pax.STX || buf[n-2] != pax.ETX {
			c.Errorf("second piece after %s: % X", time.Since(start), buf[:n])
		}
	})
}

func TestAnythingClosesAConversation(t *testing.T) {
	for name, closing := range map[string]string{"two letters": "36", "NULs": "\x00", "EOT": "\x04", "the next request": string(pax.AppendFrame(nil, "A16", "1.43"))} {
		t.Run(name, func(t *testing.T) {
			on(t, Options{}, func(c *client, sim *Terminal) {
				c.Write(pax.AppendFrame(nil, "A00", "1.43"))
				c.control(pax.ACK)
				c.token(time.Minute)
				c.Write([]byte(closing))
				c.control(pax.EOT)
				if name == "the next request" {
					c.control(pax.ACK)
					if got := c.answer(); got[1] != "A17" {
						c.Errorf("got %q", got)
					}
				} else if tok := c.token(20 * time.Second); tok.Kind != pax.TokenNone {
					c.Errorf("the terminal goes on with % X", tok.Body)
				}
			})
		})
	}
}

func TestSilenceRepeatsTheResponseThreeTimes(t *testing.T) {
	on(t, Options{}, func(c *client, sim *Terminal) {
		c.Write(pax.AppendFrame(nil, sale("R1", "100")...))
		c.control(pax.ACK)
		var first string
		for n := range 3 {
			tok := c.token(time.Minute)
			if tok.Kind != pax.TokenFrame || n > 0 && string(tok.Body) != first {
				c.Errorf("copy %d: %q", n, tok.Body)
			}
			first = string(tok.Body)
		}
		c.control(pax.EOT)
		if sim.State().Approvals["R1"] != 1 {
			c.Error("the approval did not stand")
		}
	})
}

func TestBusyTerminalDoesNotAcknowledge(t *testing.T) {
	on(t, Options{Think: time.Minute}, func(c *client, sim *Terminal) {
		c.Write(pax.AppendFrame(nil, sale("R1", "100")...))
		c.control(pax.ACK)
		c.Write(pax.AppendFrame(nil, "A00", "1.43"))
		if tok := c.token(5 * time.Second); tok.Kind != pax.TokenNone {
			c.Errorf("got %v", tok)
		}
		c.Write(pax.AppendFrame(nil, "A14", "1.43"))
		c.control(pax.ACK)
		if got := c.answer(); got[1] != "A15" {
			c.Errorf("got %q", got)
		}
		if got := c.answer(); got[1] != "T01" || got[3] != "100002" || len(got) != 16 {
			c.Errorf("got %q", got)
		}
	})
}

func TestSaleGoesOnWithoutTheOtherSide(t *testing.T) {
	on(t, Options{Think: time.Minute}, func(c *client, sim *Terminal) {
		c.Write(pax.AppendFrame(nil, sale("R1", "100")...))
		c.control(pax.ACK)
		c.Close()
		time.Sleep(2 * time.Minute)
		if sim.State().Approvals["R1"] != 1 {
			c.Error("the sale was forgotten")
		}
	})
}

func TestBatchMemory(t *testing.T) {
	on(t, Options{Duplicates: true, SettleAfter: time.Hour, TapLimit: 10_000}, func(c *client, sim *Terminal) {
		got := c.ask(sale("R1", "100")...)
		if got[3] != "000000" || !strings.HasPrefix(got[9], "1"+us+"R1"+us) {
			c.Errorf("sale: %q", got)
		}
		if got := c.ask(sale("R2", "100")...); got[3] != "100011" || !strings.Contains(got[9], "R1") {
			c.Errorf("duplicate: %q", got)
		}
		if got := c.ask("T00", "1.43", "01", "100", us+us+us+us+us+"1", "R2"); got[3] != "000000" {
			c.Errorf("duplicate override: %q", got)
		}
		if got := c.ask("R02", "1.43", "00", "", "", "", "", "", "R2"); got[3] != "000000" || !strings.Contains(got[13], "R2") {
			c.Errorf("look-up: %q", got)
		}
		if got := c.ask(sale("R3", "20000")...); !strings.HasPrefix(got[8], "1166"+us+"4") || !strings.Contains(got[13], "CVM=2") {
			c.Errorf("above the tap limit: %q", got)
		}
		if got := c.ask("T00", "1.43", "16", "", "", "V1"+us+us+us+"1"); got[3] != "000000" || got[6] != "16" {
			c.Errorf("void: %q", got)
		}
		if got := c.ask("T00", "1.43", "16", "", "", "V2"+us+us+us+"1"); got[3] != "100021" {
			c.Errorf("second void: %q", got)
		}
		if got := c.ask("T00", "1.43", "03", "500", "", "P1"); got[3] != "000000" {
			c.Errorf("pre-authorisation: %q", got)
		}
		if got := c.ask("T00", "1.43", "04", "450", "", "P2"+us+us+us+"5"); got[3] != "000000" || got[6] != "04" {
			c.Errorf("completion: %q", got)
		}
		time.Sleep(time.Hour)
		if got := c.ask("R02", "1.43", "00", "", "", "", "", "", "R2"); got[3] != "100023" || got[4] != "NOT FOUND" {
			c.Errorf("after the terminal settled by itself: %q", got)
		}
		if got := c.ask(sale("R4", "100")...); !strings.HasPrefix(got[9], "1"+us) {
			c.Errorf("numbers do not start anew: %q", got)
		}
		got = c.ask("B00", "1.43", "20210120235900")
		if got[3] != "000000" || got[6] != "1=0=0=0=0=0=0" || got[7] != "100=0=0=0=0=0=0" {
			c.Errorf("batch close: %q", got)
		}
	})
}

func TestAmountsChoose(t *testing.T) {
	want := map[string]string{"01": "000100", "02": "000002", "03": "100001", "04": "100002", "05": "000001", "06": "100009", "07": "000000", "08": "000000", "09": "000000", "10": "100011"}
	for digits := range Amounts() {
		on(t, Options{ByAmount: true}, func(c *client, sim *Terminal) {
			if got := c.ask(sale("R"+digits, "20"+digits)...); got[3] != want[digits] {
				c.Errorf("20%s: %q", digits, got[:5])
			}
		})
	}
}

func TestEveryFaultCanBeSetAndCleared(t *testing.T) {
	values := map[string]string{"partial": "=5", "tip": "=5", "cashback": "=5", "surcharge": "=5", "code": "=100009", "code-after-card": "=100001", "unplug-at": "=out:3", "lose-answer": "=1s,x3", "late-answer": "=1s,T00", "decline": "=always",
		"tip-beside": "=5", "first-verdict": "=100002", "odd-approval": "=no-ref"}
	sim := New(Options{})
	for _, f := range Faults() {
		if f.About == "" {
			t.Errorf("%s says nothing of itself", f.Name)
		}
		if err := sim.SetFault(f.Name + values[f.Name]); err != nil {
			t.Error(err)
		}
	}
	if n := len(sim.State().Faults); n != len(Faults()) {
		t.Errorf("%d faults are set", n)
	}
	sim.ClearFault("decline")
	sim.ClearFault("")
	if n := len(sim.State().Faults); n != 0 {
		t.Errorf("%d faults are left", n)
	}
	for _, bad := range []string{"", "nonsense", "partial", "partial=x", "code=1", "unplug-at=3", "lose-answer=soon", "decline=5", "lose-ack=x0"} {
		if err := sim.SetFault(bad); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}

func TestControlAddress(t *testing.T) {
	sim := New(Options{Think: time.Millisecond, Pause: time.Millisecond})
	srv := httptest.NewServer(sim.Control())
	defer srv.Close()
	do := func(method, path, body string) (int, string) {
		req, err := http.NewRequestWithContext(t.Context(), method, srv.URL+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		b, _ := io.ReadAll(resp.Body)
		return resp.StatusCode, string(b)
	}
	overHTTP := httptest.NewServer(sim.HTTP())
	defer overHTTP.Close()
	query := base64.StdEncoding.EncodeToString(pax.AppendFrame(nil, sale("R1", "100")...))
	resp, err := http.Get(overHTTP.URL + "/?" + query)
	if err != nil {
		t.Fatal(err)
	}
	answer, _ := io.ReadAll(resp.Body)
	resp.Body.Close()
	if !bytes.Contains(answer, []byte("T01")) || resp.Header.Get("Access-Control-Allow-Origin") != "*" {
		t.Errorf("over HTTP: %q", answer)
	}
	for _, tc := range []struct {
		method, path, body string
		code               int
		has                string
	}{
		{"GET", "/state", "", 200, `"R1": 1`},
		{"GET", "/state", "", 200, `XXXXXXXXXXXX1166`},
		{"GET", "/faults", "", 200, `lose-answer`},
		{"POST", "/fault", "decline=always", 200, `"decline"`},
		{"POST", "/fault", "nonsense", 400, `unknown fault`},
		{"DELETE", "/fault?name=decline", "", 200, `"faults": []`},
		{"POST", "/card", "visa-chip", 200, `"serial"`},
		{"POST", "/card", "gold", 400, `mastercard-tap`},
		{"POST", "/swap", "777", 200, `"777"`},
		{"POST", "/language", "2", 200, `"serial"`},
		{"POST", "/cancel", "", 200, `"serial"`},
		{"POST", "/upload", "refuse", 200, `"serial"`},
		{"POST", "/settle", "", 200, `"records": []`},
	} {
		if code, got := do(tc.method, tc.path, tc.body); code != tc.code || !strings.Contains(got, tc.has) {
			t.Errorf("%s %s: %d %s", tc.method, tc.path, code, got)
		}
	}
}

func TestServeEndsWithItsContext(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- New(Options{}).Serve(ctx, l) }()
	conn, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
}
