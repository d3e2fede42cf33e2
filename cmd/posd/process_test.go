package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"posd/cmd/possim/loopback"
	"posd/device/sale"
)

var programDir string // empty until program was called

// program builds posd once for all tests of the whole process.
var program = sync.OnceValues(func() (path string, err error) {
	if programDir, err = os.MkdirTemp("", "posd-test"); err != nil {
		return "", err
	}
	path = filepath.Join(programDir, "posd")
	out, err := exec.Command("go", "build", "-o", path, ".").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%w\n%s", err, out)
	}
	return path, nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	if programDir != "" {
		os.RemoveAll(programDir)
	}
	os.Exit(code)
}

// box is a counter without devices: its configuration and state in a folder.
type box struct {
	t                       *testing.T
	program, dir, config, n string
}

func newBox(t *testing.T, more string) *box {
	t.Helper()
	path, err := program()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	b := &box{t: t, program: path, dir: dir, config: filepath.Join(dir, "posd.toml")}
	b.write(more)
	return b
}

// freeAddr returns an address on which nobody listens.
func freeAddr(t testing.TB) string {
	t.Helper()
	addr, err := loopback.Addr()
	if err != nil {
		t.Fatal(err)
	}
	return addr
}

// write makes the configuration, with a free port.
func (b *box) write(more string) {
	b.n = freeAddr(b.t)
	text := fmt.Sprintf("[store]\ndir = %q\n[api]\nlisten = %q\nsocket = %q\n[daemon]\nlock_dir = %q\n%s",
		filepath.Join(b.dir, "state"), b.n, filepath.Join(b.dir, "sock"), b.dir, more)
	if err := os.WriteFile(b.config, []byte(text), 0o600); err != nil {
		b.t.Fatal(err)
	}
}

// run runs posd to its end.
func (b *box) run(args ...string) (code int, out, errs string) {
	b.t.Helper()
	cmd := exec.Command(b.program, append(args, "-config", b.config)...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	if _, ok := err.(*exec.ExitError); err != nil && !ok {
		b.t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()
}

// process is a running posd.
type process struct {
	*exec.Cmd
	ended chan struct{} // closed when it has ended
}

// end signals the daemon and waits for its end.
func (d *process) end(s os.Signal) {
	d.Process.Signal(s)
	<-d.ended
}

// daemon starts posd and returns once it has told systemd that it is ready.
func (b *box) daemon() *process {
	b.t.Helper()
	d, notify := b.supervised()
	defer notify.Close()
	if said := next(b.t, notify); said != "READY=1" {
		text, _ := os.ReadFile(filepath.Join(b.dir, "log"))
		b.t.Fatalf("not ready: %q\n%s", said, text)
	}
	return d
}

// next returns the next word of posd to systemd, empty once posd has ended.
func next(t *testing.T, notify *net.UnixConn) string {
	t.Helper()
	buf := make([]byte, 1024)
	n, err := notify.Read(buf)
	if err != nil && !errors.Is(err, net.ErrClosed) {
		t.Fatal(err)
	}
	return string(buf[:n])
}

// listenForNotify makes the socket that posd tells systemd on.
func (b *box) listenForNotify() *net.UnixConn {
	b.t.Helper()
	os.Remove(filepath.Join(b.dir, "notify"))
	notify, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: filepath.Join(b.dir, "notify"), Net: "unixgram"})
	if err != nil {
		b.t.Fatal(err)
	}
	return notify
}

// supervised starts posd with env added, as systemd does.
func (b *box) supervised(env ...string) (*process, *net.UnixConn) {
	b.t.Helper()
	notify := b.listenForNotify()
	log, err := os.OpenFile(filepath.Join(b.dir, "log"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		b.t.Fatal(err)
	}
	defer log.Close()
	return b.start(notify, log, env...)
}

// start starts posd, which logs to a file.
func (b *box) start(notify *net.UnixConn, log *os.File, env ...string) (*process, *net.UnixConn) {
	b.t.Helper()
	cmd := exec.CommandContext(context.Background(), b.program, "run", "-config", b.config)
	cmd.Stderr = log
	cmd.Env = append(append(os.Environ(), "NOTIFY_SOCKET="+filepath.Join(b.dir, "notify")), env...)
	if err := cmd.Start(); err != nil {
		b.t.Fatal(err)
	}
	d := &process{cmd, make(chan struct{})}
	b.t.Cleanup(func() { d.end(os.Kill) })
	go func() {
		cmd.Wait() // how it ended is in its ProcessState
		close(d.ended)
		notify.Close()
	}()
	return d, notify
}

func TestTheWholeProcessWithoutDevices(t *testing.T) {
	b := newBox(t, "[terminal]\nline = \"/nowhere/terminal\"\n")
	daemon := b.daemon()

	if code, out, errs := b.run("check"); code != exitRefused || !strings.Contains(out, "NOT OK  terminal") || !strings.Contains(out, "/nowhere/terminal") {
		t.Errorf("check: exit %d\n%s%s", code, out, errs)
	}
	code, out, errs := b.run("sale", "28.65", "-method", "card", "-wait", "-json", "-key", "K1")
	var s sale.Sale
	if err := json.Unmarshal([]byte(out), &s); err != nil || code != exitCancelled || s.State != sale.Cancelled || s.Reason != sale.ReasonNotSent {
		t.Fatalf("a sale on a terminal that is not there: exit %d, %v\n%s%s", code, err, out, errs)
	}
	var again sale.Sale
	if code, out, errs = b.run("sale", "28.65", "-method", "card", "-json", "-key", "K1"); code != exitCancelled || json.Unmarshal([]byte(out), &again) != nil || again.ID != s.ID {
		t.Errorf("the same key again: exit %d\n%s%s", code, out, errs)
	}
	if code, out, errs = b.run("sale", "1.00", "-method", "card", "-key", "K1"); code != exitRefused {
		t.Errorf("another sale under the key: exit %d\n%s%s", code, out, errs)
	}
	if code, out, errs = b.run("sale", "1.00", "-method", "wechat"); code != exitRefused || !strings.Contains(errs, "gateway") {
		t.Errorf("a wallet without a gateway: exit %d\n%s%s", code, out, errs)
	}
	if code, out, errs = b.run("sales"); code != 0 || strings.Count(out, string(s.ID)) != 1 {
		t.Errorf("sales: exit %d\n%s%s", code, out, errs)
	}

	if code, _, errs = b.run("run"); code != exitRefused || !strings.Contains(errs, "in use by another posd") || strings.Count(strings.TrimSpace(errs), "\n") > 0 {
		t.Errorf("a second daemon: exit %d\n%s", code, errs)
	}
	if info, err := os.Stat(filepath.Join(b.dir, "sock")); err != nil || info.Mode().Perm() != 0o660 {
		t.Errorf("socket: %v, %v", info, err)
	}
	picture := filepath.Join(b.dir, "receipt.png")
	if code, out, errs = b.run("receipt", string(s.ID), "-png", picture); code != 0 {
		t.Errorf("receipt -png: exit %d\n%s%s", code, out, errs)
	} else if text, err := os.ReadFile(picture); err != nil || http.DetectContentType(text) != "image/png" {
		t.Errorf("receipt -png wrote %.20q, %v", text, err)
	}
	res, err := http.Get("http://" + b.n + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if text, _ := io.ReadAll(res.Body); !bytes.Contains(text, []byte(`posd_sales_total{method="card",state="cancelled"} 1`)) {
		t.Errorf("metrics:\n%s", text)
	}
	if text, err := os.ReadFile(fmt.Sprintf("/proc/%d/limits", daemon.Process.Pid)); err == nil && !strings.Contains(string(text), "Max core file size        0                    0") {
		t.Errorf("core dumps are possible:\n%s", text)
	}

	// A killed daemon leaves its socket and its locks; the next one does not mind.
	daemon.end(os.Kill)
	second := b.daemon()
	if code, out, errs = b.run("show", string(s.ID)); code != 0 || !strings.Contains(out, "cancelled") {
		t.Errorf("after a kill: exit %d\n%s%s", code, out, errs)
	}
	if second.end(syscall.SIGTERM); second.ProcessState.ExitCode() != 0 {
		text, _ := os.ReadFile(filepath.Join(b.dir, "log"))
		t.Errorf("SIGTERM: %v\n%s", second.ProcessState, text)
	}
	if code, _, errs = b.run("sale", "1.00", "-method", "card"); code != exitRefused || !strings.Contains(errs, "is it running") {
		t.Errorf("without a daemon: exit %d: %s", code, errs)
	}
}

func TestTheWatchdogIsFedAndTheEndAnnounced(t *testing.T) {
	b := newBox(t, "")
	d, notify := b.supervised("WATCHDOG_USEC=400000", "WATCHDOG_PID=")
	defer notify.Close()
	for _, want := range []string{"READY=1", "WATCHDOG=1", "WATCHDOG=1"} {
		if said := next(t, notify); said != want {
			t.Fatalf("%q, want %q", said, want)
		}
	}
	d.Process.Signal(syscall.SIGTERM)
	for said := ""; said != "STOPPING=1"; {
		if said = next(t, notify); said == "" {
			t.Fatal("posd ended without a word")
		}
	}
	<-d.ended
}

func TestNotificationsArriveAtTheirOwnAddressAndMustBeSigned(t *testing.T) {
	addr := freeAddr(t)
	key := filepath.Join(t.TempDir(), "key")
	os.WriteFile(key, []byte("a key\n"), 0o600)
	b := newBox(t, fmt.Sprintf("[gateway]\nbase_url = \"http://127.0.0.1:1/\"\nmch_id = \"1\"\njob_no = \"1\"\nkey_file = %q\nnotify_listen = %q\nnotify_url = \"https://shop.example/iotpay\"\n", key, addr))
	b.daemon()
	for what, want := range map[string]int{"POST /iotpay": 403, "GET /iotpay": 405, "POST /": 404, "POST /v1/sales": 404} {
		method, path, _ := strings.Cut(what, " ")
		req, err := http.NewRequest(method, "http://"+addr+path, strings.NewReader(`{"mchId":"1","mchOrderNo":"X","status":"2","sign":"00"}`))
		if err != nil {
			t.Fatal(err)
		}
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != want {
			t.Errorf("%s: %d, want %d", what, res.StatusCode, want)
		}
	}
}

func TestWhatIsWrongAtTheStartIsOneSentence(t *testing.T) {
	const gateway = "[gateway]\nmch_id = \"1\"\njob_no = \"1\"\n"
	for name, c := range map[string]struct {
		more    string
		prepare func(b *box)
		words   []string
	}{
		"unknown key":      {more: "[shop]\nnmae = \"x\"\n", words: []string{":9:", "nmae", "did you mean name"}},
		"no merchant key":  {more: gateway, words: []string{"merchant key is missing", "key_file", keyCredential}},
		"key file missing": {more: gateway + "key_file = \"/nowhere/key\"\n", words: []string{"/nowhere/key", "key_file"}},
		"not a database": {prepare: func(b *box) {
			os.Mkdir(filepath.Join(b.dir, "state"), 0o700)
			os.WriteFile(filepath.Join(b.dir, "state", "posd.db"), []byte("a shopping list, not a database"), 0o600)
		}, words: []string{"posd.db", "not a database", "restore a backup"}},
		"address taken": {prepare: func(b *box) {
			l, err := net.Listen("tcp", b.n)
			if err != nil {
				b.t.Fatal(err)
			}
			b.t.Cleanup(func() { l.Close() })
		}, words: []string{"another program", "listen in [api]"}},
		"a file in the socket's place": {prepare: func(b *box) {
			os.WriteFile(filepath.Join(b.dir, "sock"), nil, 0o600)
		}, words: []string{"sock", "in the way"}},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBox(t, c.more)
			if c.prepare != nil {
				c.prepare(b)
			}
			code, _, errs := b.run("run")
			said := ""
			for line := range strings.Lines(errs) {
				if strings.HasPrefix(line, "posd: ") {
					said += line
				}
			}
			if code != exitRefused || strings.Count(said, "\n") != 1 {
				t.Fatalf("exit %d:\n%s", code, errs)
			}
			for _, w := range c.words {
				if !strings.Contains(said, w) {
					t.Errorf("%q is not said: %s", w, said)
				}
			}
		})
	}
}
