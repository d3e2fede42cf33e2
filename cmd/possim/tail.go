package main

import (
	"bytes"
	"io"
	"strings"
	"sync"
)

// Bounds of what is kept of another process's words.
const (
	tailLines = 40
	tailWidth = 600
)

// tail keeps the last lines written to it, and passes everything on to next.
type tail struct {
	mu    sync.Mutex
	next  io.Writer
	lines []string
	part  []byte // of a line not yet ended
}

// newTail returns an empty tail; next may be nil.
func newTail(next io.Writer) *tail { return &tail{next: next} }

// Write takes any piece of the text; it never fails, so that the process that
// writes is never stopped by its log.
func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.next != nil {
		t.next.Write(p)
	}
	for rest := p; len(rest) > 0; {
		head, after, ended := bytes.Cut(rest, []byte("\n"))
		if room := tailWidth - len(t.part); room > 0 {
			t.part = append(t.part, head[:min(room, len(head))]...)
		}
		if ended {
			t.lines = append(t.lines, string(t.part))
			t.part = t.part[:0]
			if extra := len(t.lines) - tailLines; extra > 0 {
				t.lines = append(t.lines[:0], t.lines[extra:]...)
			}
		}
		rest = after
	}
	return len(p), nil
}

// String returns the lines kept, each indented by two blanks.
func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	lines := t.lines
	if len(t.part) > 0 {
		lines = append(lines[:len(lines):len(lines)], string(t.part))
	}
	if len(lines) == 0 {
		return "  (it said nothing)"
	}
	return "  " + strings.Join(lines, "\n  ")
}
