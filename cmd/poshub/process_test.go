package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"posd/cmd/possim/loopback"
	"posd/sync/fleet"
)

// TestMain lets this binary be the hub of a schedule, to be killed.
func TestMain(m *testing.M) {
	if os.Getenv("POSHUB_AS_ITSELF") != "" {
		main()
		return
	}
	code := m.Run()
	os.RemoveAll(natsDir)
	os.Exit(code)
}

var natsDir string // where nats-server was built, if it was

var natsServer = sync.OnceValues(func() (string, error) {
	var err error
	if natsDir, err = os.MkdirTemp("", "nats-server"); err != nil {
		return "", err
	}
	file := filepath.Join(natsDir, "nats-server")
	out, err := exec.Command("go", "build", "-o", file, "github.com/nats-io/nats-server/v2").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("build nats-server: %w: %s", err, out)
	}
	return file, nil
})

// process is a program that a schedule starts and kills.
type process struct {
	t    testing.TB
	name string
	args []string
	env  []string
	log  string
	cmd  *exec.Cmd
}

func (p *process) start() {
	p.t.Helper()
	log, err := os.OpenFile(p.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		p.t.Fatal(err)
	}
	defer log.Close()
	p.cmd = exec.Command(p.name, p.args...)
	p.cmd.Env, p.cmd.Stdout, p.cmd.Stderr = append(os.Environ(), p.env...), log, log
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := p.cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
}

func (p *process) kill() {
	if p.cmd != nil {
		p.cmd.Process.Kill()
		p.cmd.Wait()
		p.cmd = nil
	}
}

// freeAddrs returns addresses that nobody listens at.
func freeAddrs(t testing.TB, n int) (out []string) {
	t.Helper()
	for range n {
		addr, err := loopback.Addr()
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, addr)
	}
	return out
}

// initStream makes the stream, as `poshub init` does, once the server is there.
func initStream(t testing.TB, c Config) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		nc, err := dial(c, quiet)
		if err == nil {
			_, _, err = fleet.InitStream(t.Context(), nc, c.plan())
			nc.Close()
		}
		if err == nil {
			return
		}
		if time.Now().After(end) {
			t.Fatal(err)
		}
	}
}
