package main

import (
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"posd/device/sale"
)

// TestAStopLetsTheSaleAtTheTerminalReachItsAnswer stops posd while the customer
// holds the card to the terminal: the sale gets its answer, a new one is refused,
// and only then posd ends.
func TestAStopLetsTheSaleAtTheTerminalReachItsAnswer(t *testing.T) {
	s := newShop(t, "")
	asked, release := make(chan struct{}), make(chan struct{})
	s.terminal.then("T00", func(c *fakeConn, cmd string, f []string) {
		c.ack()
		close(asked)
		<-release
		usual(c, cmd, f)
	})
	made := s.sell(2865, "")
	<-asked
	s.running.Process.Signal(syscall.SIGTERM)
	for refused := false; !refused; time.Sleep(10 * time.Millisecond) {
		code, body := s.post("sales", `{"amount":100,"method":"card","replaces":"none"}`)
		refused = code == 503 && strings.Contains(string(body), "is stopping")
		if !refused && code != 409 { // before the signal has arrived the till is busy
			t.Fatalf("a new sale while stopping: %d %s", code, body)
		}
	}
	select {
	case <-s.running.ended:
		t.Error("posd ended in the middle of the sale")
	default:
	}
	close(release)
	<-s.running.ended
	if code := s.running.ProcessState.ExitCode(); code != 0 {
		log, _ := os.ReadFile(s.dir + "/log")
		t.Errorf("exit %d\n%s", code, log)
	}
	s.running = s.daemon()
	if v := s.show(made.ID); v.State != sale.Paid {
		t.Errorf("after the start it is %s (%s)", v.State, v.Words)
	}
}

// TestAStopWaitsForASaleNotForEver ends in the middle when the terminal says nothing.
func TestAStopWaitsForASaleNotForEver(t *testing.T) {
	s := newShop(t, "")
	text, err := os.ReadFile(s.config)
	if err != nil {
		t.Fatal(err)
	}
	s.running.end(os.Kill)
	if err := os.WriteFile(s.config, []byte(strings.Replace(string(text), "[daemon]", "[daemon]\nstop_wait = \"300ms\"", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	s.running = s.daemon()
	asked := make(chan struct{})
	s.terminal.then("T00", func(c *fakeConn, _ string, _ []string) {
		c.ack()
		close(asked)
		select {} // for as long as the test lasts
	})
	s.sell(2865, "")
	<-asked
	s.running.end(syscall.SIGTERM)
	log, _ := os.ReadFile(s.dir + "/log")
	if !strings.Contains(string(log), "in the middle of a sale") {
		t.Errorf("nothing said of it:\n%s", log)
	}
}

// TestTheUnitGivesAStopItsTime holds systemd's limit above posd's own.
func TestTheUnitGivesAStopItsTime(t *testing.T) {
	text, err := os.ReadFile("../../systemd/posd.service")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "TimeoutStopSec=")
	line, _, _ := strings.Cut(rest, "\n")
	limit, err := time.ParseDuration(line)
	if want := defaults().Daemon.StopWait + 2*stopLimit; err != nil || limit < want {
		t.Errorf("TimeoutStopSec=%s, %v: posd may take %s", line, err, want)
	}
}
