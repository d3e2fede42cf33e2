package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"posd/cmd/possim/loopback"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

func serveOnce(t *testing.T, h http.HandlerFunc) string {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	return srv.Listener.Addr().String()
}

// heard is an output that a test waits on.
type heard struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (h *heard) Write(p []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.text.Write(p)
}

func (h *heard) String() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.text.String()
}

// startSingle runs one simulator until the test ends, and returns its control address.
func startSingle(t *testing.T, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var out heard
	done := make(chan error, 1)
	go func() { done <- execute(ctx, append(args, "-control", "127.0.0.1:0"), &out) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("possim %s ended with %v", strings.Join(args, " "), err)
		}
	})
	var control string
	if err := until(ctx, 10*time.Second, "the control address", func(context.Context) (bool, string, error) {
		_, err := fmt.Sscanf(lineWith(out.String(), "control: "), "control: http://%s", &control)
		return err == nil, out.String(), nil
	}); err != nil {
		t.Fatal(err)
	}
	return "http://" + strings.TrimSuffix(control, "/state")
}

func get(t *testing.T, url string) string {
	t.Helper()
	res, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s, %v, %s", url, res.Status, err, b)
	}
	return string(b)
}

// The terminal on a pseudo-terminal, as another program sees it: A00 is
// acknowledged and answered; with a fault it is not.
func TestTerminalAloneOnAPseudoTerminal(t *testing.T) {
	path := filepath.Join(t.TempDir(), "terminal")
	control := startSingle(t, "pax", "-pty", path, "-fault", "nak-once=A", "-think", "10ms")
	if got := get(t, control+"/state"); !strings.Contains(got, "nak-once") {
		t.Errorf("the fault is not set: %s", got)
	}
	f, err := os.OpenFile(path, os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	const a00 = "\x02A00\x1c1.64\x03\x43"
	exchange(t, f, []byte(a00), []byte("\x15"))
	exchange(t, f, []byte(a00), []byte("\x06\x020\x1cA01\x1c"))

	if err := post(t.Context(), control+"/unplug", nil); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Errorf("the line is there after it was unplugged: %v", err)
	}
	if err := post(t.Context(), control+"/plug", nil); err != nil {
		t.Fatal(err)
	}
	again, err := os.OpenFile(path, os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	exchange(t, again, []byte(a00), []byte("\x06\x020\x1cA01\x1c"))
}

// A14 has ports of its own, over TCP and over HTTP, that take nothing else.
func TestTerminalAloneTakesCancelsBeside(t *testing.T) {
	var addr [3]string
	for i := range addr {
		var err error
		if addr[i], err = loopback.Addr(); err != nil {
			t.Fatal(err)
		}
	}
	startSingle(t, "pax", "-listen", addr[0], "-cancel-listen", addr[1], "-cancel-http", addr[2], "-think", "1h")
	const t00, a14 = "\x02T00\x1c1.43\x1c01\x1c100\x1c\x1cREF002\x03\x00", "\x02A14\x1c1.43\x03\x43"
	for _, cancel := range []func(){
		func() {
			beside, err := net.Dial("tcp", addr[1])
			if err != nil {
				t.Fatal(err)
			}
			defer beside.Close()
			exchange(t, beside, []byte(a14), []byte("\x06\x020\x1cA15\x1c"))
		},
		func() {
			if got := get(t, "http://"+addr[2]+"/?"+base64.StdEncoding.EncodeToString([]byte(a14))); !strings.Contains(got, "A15") {
				t.Errorf("over HTTP: %q", got)
			}
		},
	} {
		sale, err := net.Dial("tcp", addr[0])
		if err != nil {
			t.Fatal(err)
		}
		exchange(t, sale, []byte(t00), []byte("\x06"))
		cancel()
		exchange(t, sale, nil, []byte("\x020\x1cT01\x1c1.58\x1c100002\x1cABORTED"))
		sale.Close()
	}
}

func TestPrinterAloneOnTCP(t *testing.T) {
	addr, err := loopback.Addr()
	if err != nil {
		t.Fatal(err)
	}
	control := startSingle(t, "printer", "-listen", addr)
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(c, "\x1b@Bonjour\n\n\x1dV\x00\x1d(H\x06\x0000A001"); err != nil {
		t.Fatal(err)
	}
	// It says that all before was printed, with the number that it was asked under.
	said := make([]byte, 7)
	if err := c.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(c, said); err != nil || string(said) != "7\"A001\x00" {
		t.Errorf("it answers %q, %v", said, err)
	}
	c.Close()
	if err := until(t.Context(), 10*time.Second, "the receipt", func(context.Context) (bool, string, error) {
		got := get(t, control+"/receipts")
		return strings.Contains(got, "Bonjour"), got, nil
	}); err != nil {
		t.Error(err)
	}
}

func TestDisplayAloneShowsItsGlass(t *testing.T) {
	control := startSingle(t, "display", "-driver", "linedisplay", "-dialect", "cd5220", "-pty", filepath.Join(t.TempDir(), "pole"))
	if got := get(t, control+"/screen.png"); !strings.HasPrefix(got, "\x89PNG") {
		t.Errorf("the glass is no PNG: %.20q", got)
	}
}

func TestGatewayAloneLeavesOrdersUnpaid(t *testing.T) {
	control := startSingle(t, "gateway", "-listen", "127.0.0.1:0", "-mch-id", "1", "-key", "k", "-fault", "slow=1ms")
	if got := get(t, control+"/state"); !strings.Contains(got, `"orders": []`) || !strings.Contains(got, "slow=1ms") {
		t.Errorf("got %s", got)
	}
	if err := post(t.Context(), control+"/scan", map[string][]string{"code": {"nothing"}}); err == nil {
		t.Error("a code that nobody made was scanned")
	}
}

func TestWrongCommandLinesAreRefusedInWords(t *testing.T) {
	for _, c := range []struct{ args, mention string }{
		{"pax", "-listen"},
		{"pax -pty /x -fault no-such", "no-such"},
		{"pax -pty /x -card no-such", "no-such"},
		{"pax -pty /x -cancel no-such", "ack-eot"},
		{"pax -pty /x -voided no-such", "marked"},
		{"pax -pty /x -stored no-such", "numbered"},
		{"gateway -listen 127.0.0.1:0", "-mch-id"},
		{"gateway -mch-id 1 -key k", "-listen"},
		{"display -driver no-such -pty /x", "no-such"},
		{"printer -dots 7 -listen 127.0.0.1:0", "7"},
		{"printer -listen nonsense", "nonsense"},
		{"-script no-such", "no-such"},
		{"-script all -posd /no/such/posd", "/no/such/posd"},
		{"-no-such", "no-such"},
		{"no-such", "no-such"},
	} {
		err := execute(t.Context(), strings.Fields(c.args), io.Discard)
		if err == nil || !strings.Contains(err.Error(), c.mention) {
			t.Errorf("possim %s: %v, want words about %q", c.args, err, c.mention)
		}
	}
}

func TestFaultsAndScriptsAreListed(t *testing.T) {
	for _, c := range []struct{ args, mention string }{
		{"pax -faults", "lose-answer"},
		{"pax -amounts", "*.02  partial=500"},
		{"pax -card list", "visa-chip"},
		{"gateway -faults", "away"},
		{"display -faults", "power-cycle"},
		{"printer --faults", "paper-out"},
		{"-scripts", "offline"},
	} {
		if out := play(t, strings.Fields(c.args)...); !strings.Contains(out, c.mention) {
			t.Errorf("possim %s lacks %q:\n%s", c.args, c.mention, out)
		}
	}
}

func TestOneDashIsEnough(t *testing.T) {
	for _, c := range []struct{ in, out string }{
		{"-script all", "--script all"},
		{"--script=all -log", "--script=all --log"},
		{"pax -pty=/x -h", "pax --pty=/x -h"},
		{"-state -- -script", "--state -- -script"},
		{"-nonsense", "-nonsense"},
	} {
		if got := strings.Join(twoDashes(rootCommand(), strings.Fields(c.in)), " "); got != c.out {
			t.Errorf("%q became %q, want %q", c.in, got, c.out)
		}
	}
}

func TestScriptsHaveNamesOfTheirOwn(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range scripts() {
		whole := s.run != nil && s.think > 0 || s.name == "crashpoints" || s.name == "chain" // which make their counters themselves
		if s.name == "" || s.summary == "" || !whole || seen[s.name] {
			t.Errorf("script %+v", s)
		}
		seen[s.name] = true
	}
}

func TestScenesCoverWhatTheCounterDoes(t *testing.T) {
	ends := map[string]int{}
	for _, sc := range scenes() {
		ends[sc.method+" "+sc.want.state]++
	}
	for _, want := range []string{"card paid", "card declined", "card cancelled", "wechat paid", "alipay paid", "unionpay paid", "wechat cancelled"} {
		if ends[want] == 0 {
			t.Errorf("no scene ends %s", want)
		}
	}
}

func TestWaitingNamesWhatItWaitedFor(t *testing.T) {
	err := until(t.Context(), 30*time.Millisecond, "the tide", func(context.Context) (bool, string, error) { return false, "ebb", nil })
	if err == nil || !strings.Contains(err.Error(), "the tide") || !strings.Contains(err.Error(), "ebb") {
		t.Errorf("got %v", err)
	}
}
