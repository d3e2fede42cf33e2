package main

import (
	"bytes"
	"context"
	"encoding/hex"
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
	"syscall"
	"time"

	"posd/cmd/possim/loopback"
	"posd/display/displaysim"
	"posd/pax/paxsim"
	"posd/printer/printersim"
	"posd/sync/iotpay/iotpaysim"
)

// counter is a daemon with its lines, and what is at their far ends.
type counter struct {
	clock   *clock
	dir     string
	listen  string
	command func() *exec.Cmd
	process *exec.Cmd
	gateway *iotpaysim.Gateway
	gate    *gate

	terminal, display, printer, server string // the lines' names, and the gateway's address

	t00, t01 []byte // the frames of the latest sale

	data                string // posd's state folder
	oldBill, day, after string // of a sale long past, its day and itself
}

const (
	merchantID  = "10000701"
	merchantKey = "key-of-a-shop-that-does-not-exist"
)

// newPosd is a counter with posd. Its daemon is not started.
func newPosd(ctx context.Context, path, dir string) (*counter, error) {
	return newPosdOn(ctx, path, dir, filepath.Join(dir, "data"))
}

// newPosdOn is newPosd with a journal in data.
func newPosdOn(ctx context.Context, path, dir, data string) (*counter, error) {
	data, err := filepath.Abs(data)
	if err != nil {
		return nil, err
	}
	c := &counter{clock: newClock(), dir: dir, data: data, oldBill: "years-600"}
	term := paxsim.New(paxsim.Options{Think: time.Microsecond, Pause: time.Microsecond, AckWait: time.Second})
	panel, err := displaysim.New("nextion", "", displaysim.Options{})
	if err != nil {
		return nil, err
	}
	paper := printersim.New(printersim.Options{Matrix: displaysim.Matrix, ProcessID: true})
	c.gateway = iotpaysim.New(iotpaysim.Options{MchID: merchantID, Key: merchantKey, JobNo: "measure", Strict: true})
	c.gate = &gate{next: c.gateway.Handler()}
	if err := c.lay(ctx, term.ServeConn, panel.ServeConn, paper.ServeConn, c.gate); err != nil {
		return nil, err
	}
	file := filepath.Join(dir, "posd.toml")
	if err := errors.Join(
		os.WriteFile(filepath.Join(dir, "iotpay-key"), []byte(merchantKey+"\n"), 0o600),
		os.WriteFile(file, []byte(c.config()), 0o600),
	); err != nil {
		return nil, err
	}
	c.command = func() *exec.Cmd { return exec.Command(path, "run", "-config", file) }
	return c, nil
}

func (c *counter) config() string {
	return fmt.Sprintf(`[shop]
name = "Counter that is measured"
result_shown_for = "1s"
[store]
dir = %[1]q
[api]
listen = %[2]q
socket = %[3]q
[daemon]
lock_dir = %[4]q
log_level = "warn"
[terminal]
line = %[5]q
[gateway]
base_url = "http://%[6]s/v1/"
mch_id = %[7]q
job_no = "measure"
key_file = %[8]q
first_report = "trusted"
workers = %[11]d
[[display]]
line = %[9]q
driver = "nextion"
[printer]
line = %[10]q
`, c.data, c.listen, filepath.Join(c.dir, "posd.sock"), c.dir, c.terminal, c.server, merchantID, filepath.Join(c.dir, "iotpay-key"), c.display, c.printer, drainWorkers)
}

// newLeast is a counter with the least daemon, whose terminal answers as that of posd did.
func newLeast(ctx context.Context, path, dir string, like *counter) (*counter, error) {
	path, err := leastAt(path)
	if err != nil {
		return nil, err
	}
	c := &counter{clock: newClock(), dir: dir}
	sold, approved := like.t00, like.t01 // posd goes on selling
	answer := func(_ context.Context, line io.ReadWriteCloser) error {
		var got []byte
		answered := false
		buf := make([]byte, 1024)
		for {
			n, err := line.Read(buf)
			if err != nil {
				return err
			}
			got = append(got, buf[:n]...)
			switch {
			case answered && bytes.IndexByte(got, 6) >= 0:
				got, answered = got[:0], false
				line.Write([]byte{4})
			case bytes.Contains(got, sold):
				got, answered = got[:0], true
				line.Write([]byte{6})
				line.Write(approved)
			}
		}
	}
	nothing := func(_ context.Context, line io.ReadWriteCloser) error {
		_, err := io.Copy(io.Discard, line)
		return err
	}
	if err := c.lay(ctx, answer, nothing, nothing, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		io.WriteString(w, strings.Repeat(" ", 400))
	})); err != nil {
		return nil, err
	}
	c.command = func() *exec.Cmd {
		return exec.Command(path, "-listen", c.listen, "-dir", dir, "-gateway", "http://"+c.server, "-terminal", c.terminal,
			"-display", c.display, "-printer", c.printer, "-t00", hex.EncodeToString(sold))
	}
	return c, nil
}

// leastAt finds the least daemon: the program given, or the one beside this.
func leastAt(path string) (string, error) {
	if path == "" {
		self, err := os.Executable()
		if err != nil {
			return "", err
		}
		path = filepath.Join(filepath.Dir(self), "least")
	}
	if _, err := os.Stat(path); err != nil {
		return "", fmt.Errorf("find the least daemon: %w: make it by go build -trimpath -ldflags '-s -w' -o %s ./cmd/possim/measure/least, or say where it is by -least", err, path)
	}
	return filepath.Abs(path)
}

type serves func(context.Context, io.ReadWriteCloser) error

// lay makes the lines and puts something at the far end of each.
func (c *counter) lay(ctx context.Context, terminal, display, printer serves, gateway http.Handler) error {
	for _, l := range []struct {
		name  *string
		serve serves
		in    func([]byte)
		out   func([]byte)
	}{
		{&c.terminal, terminal, c.frame(), c.answer},
		{&c.display, display, seen(c.clock, "glass", "://"), nil},
		{&c.printer, printer, func(b []byte) {
			if len(b) > 16 { // and no question after its status
				c.clock.mark("paper")
			}
		}, nil},
	} {
		far, name, err := serialLine()
		if err != nil {
			return err
		}
		*l.name = name
		go l.serve(ctx, &tap{far, l.in, l.out})
	}
	on, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	c.server = on.Addr().String()
	go http.Serve(tapped{on, seen(c.clock, "asked", "create_order"), func([]byte) { c.clock.mark("told") }}, gateway)
	c.listen, err = loopback.Addr()
	return err
}

// frame notes when the frame of a sale began to arrive, and keeps it.
func (c *counter) frame() func([]byte) {
	var got []byte
	return func(b []byte) {
		got = append(got, b...)
		start := bytes.Index(got, []byte("\x02T00"))
		if start < 0 {
			got = got[max(0, len(got)-4):]
			return
		}
		c.clock.mark("frame")
		if end := bytes.IndexByte(got[start:], 3); end > 0 && len(got) > start+end+1 {
			c.t00, got = bytes.Clone(got[start:start+end+2]), nil
		}
	}
}

// answer notes when the terminal's last word of a sale leaves, and keeps it.
func (c *counter) answer(b []byte) {
	if name := bytes.Index(b, []byte("\x1cT01")); name >= 0 {
		c.clock.mark("answer")
		c.t01 = bytes.Clone(b[bytes.LastIndexByte(b[:name], 2):])
	}
}

// start starts the daemon and returns how long it took until it answered.
func (c *counter) start() (time.Duration, error) {
	c.process = c.command()
	var words bytes.Buffer
	c.process.Stdout, c.process.Stderr = &words, &words
	// A daemon that outlived its measurement would open the lines of the next one: their
	// names are given again.
	c.process.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	begun := time.Now()
	if err := c.process.Start(); err != nil {
		return 0, err
	}
	for time.Since(begun) < 2*patience {
		res, err := http.Get("http://" + c.listen + "/healthz")
		if err == nil {
			res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return time.Since(begun), nil
			}
		}
		time.Sleep(200 * time.Microsecond)
	}
	c.kill()
	return 0, fmt.Errorf("%s did not answer: %s", c.process.Path, words.String())
}

// kill ends the daemon as a power cut would.
func (c *counter) kill() {
	if c.process != nil && c.process.Process != nil {
		c.process.Process.Kill()
		c.process.Wait()
	}
}

// post sends a request and returns when it was sent, and the sale.
func (c *counter) post(path, body, key string) (at time.Time, id string, err error) {
	req, err := http.NewRequest(http.MethodPost, "http://"+c.listen+path, strings.NewReader(body))
	if err != nil {
		return at, "", err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Idempotency-Key", key)
	at = time.Now()
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return at, "", err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode >= 300 {
		return at, "", fmt.Errorf("%s: %s %s %v", path, res.Status, text, err)
	}
	var got struct{ ID, MchOrderNo string }
	err = json.Unmarshal(text, &got)
	return at, got.ID, err
}
