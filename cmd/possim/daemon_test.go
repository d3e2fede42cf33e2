package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"posd/cmd/possim/caller"
	"strings"
	"syscall"
	"testing"
	"time"
)

// playDaemon is what this test's own program does when it is started as a daemon.
func playDaemon(role string) {
	terminated := make(chan os.Signal, 1)
	signal.Notify(terminated, syscall.SIGTERM)
	fmt.Println("the daemon says hello as", role)
	switch role {
	case "dies":
		fmt.Fprintln(os.Stderr, "the disk is on fire")
		os.Exit(3)
	case "obeys":
		<-terminated
		os.Exit(0)
	case "writes":
		if os.Getenv("POSSIM_TEST_AT_ONCE") == "" {
			<-terminated
		}
		writeLines(os.Getenv("POSSIM_TEST_FILE"))
		os.Exit(0)
	case "grumbles":
		<-terminated
		fmt.Println("not happy")
		os.Exit(7)
	}
}

// writeLines writes nine lines into a file, and all the while something into
// the file "beside" next to it.
func writeLines(path string) {
	go func() {
		for {
			os.WriteFile(filepath.Join(filepath.Dir(path), "beside"), []byte("x"), 0o600)
			time.Sleep(time.Millisecond)
		}
	}()
	f, err := os.Create(path)
	if err != nil {
		os.Exit(8)
	}
	for i := range 9 {
		fmt.Fprintf(f, "line %d\n", i+1)
	}
}

func startRole(t *testing.T, role string) *daemon {
	t.Helper()
	t.Setenv("POSSIM_TEST_DAEMON", role)
	d, err := startDaemon(os.Args[0], nil, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Kill)
	return d
}

// hello waits until the daemon has begun.
func (d *daemon) hello(t *testing.T) {
	t.Helper()
	if err := until(t.Context(), 10*time.Second, "hello", func(context.Context) (bool, string, error) {
		return strings.Contains(d.said.String(), "hello"), d.said.String(), nil
	}); err != nil {
		t.Fatal(err)
	}
}

func TestDaemonThatDiesIsQuoted(t *testing.T) {
	d := startRole(t, "dies")
	err := d.ready(t.Context(), newClient("127.0.0.1:1"), time.Minute)
	if err == nil || !strings.Contains(err.Error(), "exit status 3") || !strings.Contains(err.Error(), "the disk is on fire") {
		t.Errorf("got %v", err)
	}
	if d.expected() {
		t.Error("its death passes for one that was asked for")
	}
}

func TestDaemonThatIsNeverReadyIsNotWaitedForForEver(t *testing.T) {
	d := startRole(t, "obeys")
	err := d.ready(t.Context(), newClient("127.0.0.1:1"), 50*time.Millisecond)
	if err == nil || !strings.Contains(err.Error(), "waited 50ms for posd to be ready") {
		t.Errorf("got %v", err)
	}
}

func TestDaemonStops(t *testing.T) {
	d := startRole(t, "obeys")
	d.hello(t)
	if err := d.Stop(); err != nil || !d.Gone() || !d.expected() {
		t.Errorf("stop: %v, gone %v, expected %v", err, d.Gone(), d.expected())
	}
	if err := d.Stop(); err != nil {
		t.Errorf("stopping it again: %v", err)
	}
}

func TestDaemonThatFailsToStopWellIsQuoted(t *testing.T) {
	d := startRole(t, "grumbles")
	d.hello(t)
	if err := d.Stop(); err == nil || !strings.Contains(err.Error(), "exit status 7") || !strings.Contains(err.Error(), "not happy") {
		t.Errorf("got %v", err)
	}
}

func TestTailKeepsTheLastLinesAndNoMore(t *testing.T) {
	said := newTail(nil)
	if got := said.String(); got != "  (it said nothing)" {
		t.Errorf("of nothing: %q", got)
	}
	for i := range 1000 {
		fmt.Fprintf(said, "line %d %s\nhalf", i, strings.Repeat("x", 2*tailWidth))
		fmt.Fprint(said, " a line\n")
	}
	fmt.Fprint(said, "unfinished")
	got := strings.Split(said.String(), "\n")
	if len(got) != tailLines+1 || got[tailLines] != "  unfinished" || got[tailLines-1] != "  half a line" {
		t.Errorf("%d lines, the last %q and %q", len(got), got[len(got)-2], got[len(got)-1])
	}
	for _, l := range got {
		if len(l) > tailWidth+2 {
			t.Errorf("a line of %d bytes was kept", len(l))
		}
	}
}

func TestPosdIsFound(t *testing.T) {
	dir := t.TempDir()
	if _, err := findPosd(t.Context(), filepath.Join(dir, "none"), dir, os.Stdout); err == nil {
		t.Error("a path that is not there was taken")
	}
	if _, err := findPosd(t.Context(), dir, dir, os.Stdout); err == nil {
		t.Error("a folder was taken for a program")
	}
	if got, err := findPosd(t.Context(), os.Args[0], dir, os.Stdout); err != nil || got != os.Args[0] {
		t.Errorf("the one given: %q, %v", got, err)
	}
	root, err := moduleRoot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(root, "cmd", "possim", "daemon_test.go")); err != nil {
		t.Errorf("%s is not the module: %v", root, err)
	}
	t.Chdir(dir)
	if _, err := moduleRoot(t.Context()); err == nil {
		t.Error("a module was found where there is none")
	}
}

func TestProblemIsReadAsOne(t *testing.T) {
	addr := serveOnce(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(http.StatusConflict)
		fmt.Fprint(w, `{"type":"till-busy","title":"Busy","status":409,"detail":"another sale is under way"}`)
	})
	_, err := newClient(addr).sell(t.Context(), "k", sellBody{Amount: 1, Method: "card"})
	p, ok := err.(*caller.Problem)
	if !ok || p.Status != 409 || p.Type != "till-busy" || !strings.Contains(err.Error(), "another sale is under way") {
		t.Errorf("got %v", err)
	}
}
