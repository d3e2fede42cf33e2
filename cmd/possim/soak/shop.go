package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"posd/cmd/possim/caller"
	"posd/cmd/possim/loopback"
	"posd/display/displaysim"
	"posd/pax/paxsim"
	"posd/printer/printersim"
	"posd/sync/iotpay/iotpaysim"
)

// The account that exists at the simulated gateway. The key opens nothing else.
const (
	merchantID  = "10000701"
	merchantKey = "key-of-a-shop-that-does-not-exist"
)

// startLimit ends the wait for a posd that does not come up.
const startLimit = time.Minute

// shop is a posd and its far sides, which never stop.
type shop struct {
	posd, dir, listen string
	api               *caller.Client

	terminal *paxsim.Terminal
	display  *displaysim.Device
	printer  *printersim.Printer
	gateway  *iotpaysim.Gateway

	mu      sync.Mutex
	process *exec.Cmd // nil while posd is not running
	starts  int
}

// openShop starts the far sides and posd. The far sides stay until ctx ends.
func openShop(ctx context.Context, posd, dir string) (*shop, error) {
	s := &shop{posd: posd, dir: dir,
		terminal: paxsim.New(paxsim.Options{Think: 20 * time.Millisecond}),
		printer:  printersim.New(printersim.Options{Matrix: displaysim.Matrix, ProcessID: true}),
		gateway:  iotpaysim.New(iotpaysim.Options{MchID: merchantID, Key: merchantKey, JobNo: "soak", Strict: true}),
	}
	var err error
	if s.display, err = displaysim.New("nextion", "", displaysim.Options{}); err != nil {
		return nil, err
	}
	var at [4]string
	for i, serve := range []func(context.Context, net.Listener) error{s.terminal.Serve, s.display.Serve, s.printer.Serve, s.gateway.Serve} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		at[i] = l.Addr().String()
		go serve(ctx, l)
	}
	if s.listen, err = loopback.Addr(); err != nil {
		return nil, err
	}
	s.api = caller.New(s.listen)
	key := filepath.Join(dir, "iotpay-key")
	if err := os.WriteFile(key, []byte(merchantKey+"\n"), 0o600); err != nil {
		return nil, err
	}
	config := fmt.Sprintf(`[shop]
name = "Shop that never closes"
result_shown_for = "1s"
code_shown_for = "10s"
keep_for = "1s"
ask_terminal_every = "500ms"
backoff_max = "5s"
[store]
dir = %[1]q
[api]
listen = %[2]q
socket = %[3]q
[daemon]
lock_dir = %[4]q
[terminal]
line = "tcp:%[5]s"
answer_wait = "10s"
batch_wait = "10s"
[gateway]
base_url = "http://%[6]s/v1/"
mch_id = %[7]q
job_no = "soak"
key_file = %[8]q
first_report = "trusted"
[[display]]
line = "tcp:%[9]s"
driver = "nextion"
[printer]
line = "tcp:%[10]s"
`, filepath.Join(dir, "data"), s.listen, filepath.Join(dir, "posd.sock"), dir, at[0], at[3], merchantID, key, at[1], at[2])
	if err := os.WriteFile(filepath.Join(dir, "posd.toml"), []byte(config), 0o600); err != nil {
		return nil, err
	}
	return s, s.start(ctx)
}

// start runs posd and waits until it answers.
func (s *shop) start(ctx context.Context) error {
	log, err := os.OpenFile(filepath.Join(s.dir, "posd.log"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	p := exec.Command(s.posd, "run", "-config", filepath.Join(s.dir, "posd.toml"))
	p.Stdout, p.Stderr = log, log
	if err := p.Start(); err != nil {
		return err
	}
	s.mu.Lock()
	s.process, s.starts = p, s.starts+1
	s.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	return until(ctx, "posd to answer", func() error { return s.api.Call(ctx, http.MethodGet, "/healthz", "", nil, nil) })
}

// stop ends posd by a signal and waits until it has gone.
func (s *shop) stop(by syscall.Signal) {
	s.mu.Lock()
	p := s.process
	s.process = nil
	s.mu.Unlock()
	if p != nil {
		p.Process.Signal(by)
		p.Wait()
	}
}

func (s *shop) kill() { s.stop(syscall.SIGKILL) }

// running returns posd's process id and which start of it this is; 0: it is not running.
func (s *shop) running() (pid, start int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.process == nil {
		return 0, s.starts
	}
	return s.process.Process.Pid, s.starts
}

// keepStacks ends posd in a way that makes it say what each goroutine waits for, leaves
// its log in the folder and returns the log's path.
func (s *shop) keepStacks(out string) string {
	s.stop(syscall.SIGQUIT)
	text, err := os.ReadFile(filepath.Join(s.dir, "posd.log"))
	path := filepath.Join(out, "posd.log")
	if err == nil {
		err = os.WriteFile(path, text, 0o600)
	}
	if err != nil {
		return err.Error()
	}
	return path
}

// until looks again and again until look is satisfied or ctx ends; the error says what
// was waited for, and what was seen last.
func until(ctx context.Context, what string, look func() error) error {
	for {
		err := look()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waited for %s: %w; seen last: %w", what, context.Cause(ctx), err)
		case <-time.After(50 * time.Millisecond):
		}
	}
}
