package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/creack/pty"

	"posd/device/api"
	"posd/device/port"
	"posd/device/sale"
	"posd/sync/iotpay/iotpaysim"
)

const aCode = "134567890123456789"

// reader is a scanner on a pseudo-terminal: write is what it reads.
type reader struct {
	*scanner
	device *os.File
	link   string
	log    logged
}

// logged is a log that can be read while it is written.
type logged struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// plug lets the scanner's path lead to a new pseudo-terminal.
func (r *reader) plug(t *testing.T) {
	t.Helper()
	device, near, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	near.Close()
	os.Remove(r.link)
	if err := os.Symlink(near.Name(), r.link); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { device.Close() })
	r.device = device
}

func newReader(t *testing.T, change func(*Scanner)) *reader {
	t.Helper()
	r := &reader{link: filepath.Join(t.TempDir(), "scanner")}
	r.plug(t)
	var c Scanner
	c.setDefaults()
	c.Line, c.LockDir, c.Silence = r.link, t.TempDir(), 0
	if change != nil {
		change(&c)
	}
	r.scanner = newScanner(port.New(c.LineConfig.Config), c, slog.New(slog.NewTextHandler(&r.log, &slog.HandlerOptions{Level: slog.LevelDebug})))
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- r.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("it ended with %v", err)
		}
		if strings.Contains(r.log.String(), aCode) {
			t.Errorf("a code was logged:\n%s", r.log.String())
		}
	})
	r.until(t, func() bool { ok, _ := r.state(); return ok })
	return r
}

// until waits for something that another goroutine brings about.
func (r *reader) until(t *testing.T, so func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !so(); {
		if time.Now().After(end) {
			t.Fatalf("it does not happen\n%s", r.log.String())
		}
		time.Sleep(time.Millisecond)
	}
}

// scan reads text while somebody waits. What is scanned before anyone waits is
// dropped, so it is read again until it is answered.
func (r *reader) scan(t *testing.T, text string) (string, error) {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), 10*time.Second)
	defer stop()
	type result struct {
		code string
		err  error
	}
	got := make(chan result, 1)
	go func() {
		code, err := r.Scan(ctx)
		got <- result{code.Reveal(), err}
	}()
	for {
		if _, err := r.device.WriteString(text); err != nil {
			t.Fatal(err)
		}
		select {
		case res := <-got:
			return res.code, res.err
		case <-time.After(300 * time.Millisecond):
		}
	}
}

func TestAScanIsHandedOnHoweverItEnds(t *testing.T) {
	for name, end := range map[string]string{"CR": "\r", "LF": "\n", "CR LF": "\r\n"} {
		t.Run(name, func(t *testing.T) {
			r := newReader(t, nil)
			if code, err := r.scan(t, aCode+end); err != nil || code != aCode {
				t.Errorf("%q, %v", code, err)
			}
		})
	}
	t.Run("silence", func(t *testing.T) {
		r := newReader(t, func(c *Scanner) { c.Silence = 50 * time.Millisecond })
		if code, err := r.scan(t, aCode); err != nil || code != aCode {
			t.Errorf("%q, %v", code, err)
		}
	})
}

func TestWhatIsNoCodeIsSaidToBeNone(t *testing.T) {
	r := newReader(t, nil)
	for name, text := range map[string]string{"too long": strings.Repeat("1", 129), "far too long": strings.Repeat("1", 3000), "no text": "12\x80\xff34"} {
		if code, err := r.scan(t, text+"\r"); !errors.Is(err, api.ErrNoCode) || code != "" {
			t.Errorf("%s: %q, %v", name, code, err)
		}
	}
	if code, err := r.scan(t, aCode+"\r"); err != nil || code != aCode {
		t.Errorf("the next one: %q, %v", code, err)
	}
}

func TestACodeThatNobodyWaitedForIsDropped(t *testing.T) {
	r := newReader(t, nil)
	r.device.WriteString(aCode + "\r\n")
	r.until(t, func() bool { return strings.Contains(r.log.String(), "nobody waited") })
	ctx, stop := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer stop()
	if code, err := r.Scan(ctx); !errors.Is(err, context.DeadlineExceeded) || code != "" {
		t.Errorf("the code of an earlier customer: %v", err)
	}
	if code, err := r.scan(t, "2845678901234567\r"); err != nil || code != "2845678901234567" {
		t.Errorf("the next one: %q, %v", code, err)
	}
}

func TestAScannerMayBeUnpluggedAndComeBack(t *testing.T) {
	r := newReader(t, nil)
	r.device.WriteString("28456") // half a code is none
	r.device.Close()
	r.until(t, func() bool { ok, _ := r.state(); return !ok })
	if _, err := r.Scan(t.Context()); !errors.Is(err, api.ErrNoScanner) {
		t.Errorf("while it is away: %v", err)
	}
	if strings.Contains(r.log.String(), "nobody waited") {
		t.Error("half a code was taken for one")
	}
	r.plug(t)
	r.until(t, func() bool { ok, _ := r.state(); return ok })
	if code, err := r.scan(t, aCode+"\r"); err != nil || code != aCode {
		t.Errorf("once it is back: %q, %v", code, err)
	}
}

func TestASaleByTheCountersOwnScanner(t *testing.T) {
	gateway := iotpaysim.New(iotpaysim.Options{MchID: "10000701", Key: merchantKey})
	srv := httptest.NewServer(gateway.Handler())
	defer srv.Close()
	r := &reader{link: filepath.Join(t.TempDir(), "scanner")}
	r.plug(t)
	key := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(key, []byte(merchantKey), 0o600); err != nil {
		t.Fatal(err)
	}
	b := newBox(t, fmt.Sprintf("log_level = \"debug\"\n[gateway]\nmch_id = \"10000701\"\njob_no = \"1\"\nkey_file = %q\nbase_url = %q\n[scanner]\nline = %q\n", key, srv.URL+"/v1/", r.link))
	b.daemon()
	type end struct {
		code      int
		out, errs string
	}
	ended := make(chan end, 1)
	go func() {
		code, out, errs := b.run("sale", "28.65", "-method", "scan", "-wait", "-json")
		ended <- end{code, out, errs}
	}()
	var e end
	for scanned := false; !scanned; {
		r.device.WriteString(aCode + "\r\n") // dropped unless the sale waits
		select {
		case e = <-ended:
			scanned = true
		case <-time.After(300 * time.Millisecond):
		}
	}
	var s sale.Sale
	if err := json.Unmarshal([]byte(e.out), &s); err != nil || e.code != exitDone || s.State != sale.Paid || s.ChannelID != sale.WXMicropay {
		t.Fatalf("exit %d, %v\n%s%s", e.code, err, e.out, e.errs)
	}
	if n := gateway.State().Requests["create_order"]; n != 1 {
		t.Errorf("%d orders", n)
	}
	if code, out, errs := b.run("check"); !strings.Contains(out, "scanner") {
		t.Errorf("check: exit %d\n%s%s", code, out, errs)
	}
	// Neither the journal nor the log may hold the code.
	err := filepath.WalkDir(b.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		text, err := os.ReadFile(path)
		if bytes.Contains(text, []byte(aCode)) {
			t.Errorf("%s holds the customer's code", path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestAScanWithoutACodeLeavesTheDaemonTimeToWait(t *testing.T) {
	s := newStub(t, map[string][]reply{"POST " + sales: {{status: 201, body: as(sale.Paid)}}})
	code, _, errs := s.posd("sale", "28.65", "-method", "scan")
	if got := s.requests()[0].body; code != exitDone || got != `{"amount":2865,"method":"scan"}` {
		t.Errorf("exit %d, sent %s\n%s", code, got, errs)
	}
	if limit := time.Minute + 15*time.Second; scanLimit <= limit {
		t.Errorf("the command gives up after %s, the daemon only after %s", scanLimit, limit)
	}
	code, _, errs = s.posd("sale", "28.65", "-method", "card", "-code", aCode)
	if code != exitRefused || !strings.Contains(errs, "-method scan") {
		t.Errorf("a code for a card: exit %d: %s", code, errs)
	}
}
