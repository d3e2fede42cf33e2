package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
)

// gate is a pipe that takes nothing until it is opened.
type gate struct {
	open  chan struct{}
	lines strings.Builder
}

func (g *gate) Write(b []byte) (int, error) {
	<-g.open
	return g.lines.Write(b)
}

func TestLinesThatAreNotReadAreDroppedAndCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &gate{open: make(chan struct{})}
		l := newLogLines(g)
		for i := range logQueue + 11 {
			fmt.Fprintf(l, "line %d\n", i)
			synctest.Wait() // the first is with the writer
		}
		if got := l.Dropped(); got != 10 {
			t.Errorf("%d dropped, want 10", got)
		}
		close(g.open)
		l.Close()
		said := g.lines.String()
		if !strings.HasPrefix(said, "line 0\nlevel=WARN") || !strings.Contains(said, "lines=10\n") || !strings.Contains(said, fmt.Sprintf("line %d\n", logQueue)) {
			t.Errorf("written: %.200q", said)
		}
	})
}

func TestALogThatHangsDoesNotHoldTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &gate{open: make(chan struct{})}
		l := newLogLines(g)
		fmt.Fprintln(l, "a line")
		l.Close()
		close(g.open)
	})
}

// TestNobodyReadsTheLog: a pipe that is full, and one whose reader has gone, hold no sale.
func TestNobodyReadsTheLog(t *testing.T) {
	for name, harm := range map[string]func(t *testing.T, r, w *os.File){
		"the pipe is full": func(t *testing.T, _, w *os.File) {
			raw, err := w.SyscallConn()
			if err != nil {
				t.Fatal(err)
			}
			raw.Control(func(fd uintptr) {
				syscall.SetNonblock(int(fd), true)
				for {
					if _, err := syscall.Write(int(fd), make([]byte, 512)); err != nil {
						break
					}
				}
				syscall.SetNonblock(int(fd), false)
			})
		},
		"its reader has gone": func(_ *testing.T, r, _ *os.File) { r.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			b := newBox(t, noTerminal)
			r, w, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			defer w.Close()
			d, notify := b.start(b.listenForNotify(), w)
			defer notify.Close()
			if said := next(t, notify); said != "READY=1" {
				t.Fatalf("not ready: %q", said)
			}
			b.sell()
			harm(t, r, w)
			for range 3 {
				b.sell()
			}
			d.Process.Signal(syscall.SIGHUP)
			d.Process.Signal(syscall.SIGPIPE)
			id := b.sell()
			if name == "its reader has gone" {
				res, err := http.Get("http://" + b.n + "/metrics")
				if err != nil {
					t.Fatal(err)
				}
				text, _ := io.ReadAll(res.Body)
				res.Body.Close()
				if !strings.Contains(string(text), "posd_log_lines_dropped_total ") || strings.Contains(string(text), "posd_log_lines_dropped_total 0\n") {
					t.Errorf("no dropped line is counted:\n%s", text)
				}
			}
			if d.end(syscall.SIGTERM); d.ProcessState.ExitCode() != 0 {
				t.Errorf("ended with %v", d.ProcessState)
			}
			b.daemon()
			b.says(0, []string{"show", string(id)}, "cancelled")
		})
	}
}
