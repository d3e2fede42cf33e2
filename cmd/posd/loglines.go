package main

import (
	"fmt"
	"io"
	"sync/atomic"
	"time"
)

const (
	// logQueue is how many lines wait for whoever reads the log.
	logQueue = 1024
	// logFlush is how long the end of posd waits for them to be read.
	logFlush = time.Second
)

// logLines is the way of the log's lines to a file or a pipe. A pipe that nobody reads,
// or a disk that hangs, holds the writing goroutine here and no sale: what finds
// the queue full is dropped, counted, and said once there is room again.
type logLines struct {
	w       io.Writer
	lines   chan []byte
	dropped atomic.Int64
	written chan struct{} // closed when the last line was
}

func newLogLines(w io.Writer) *logLines {
	l := &logLines{w: w, lines: make(chan []byte, logQueue), written: make(chan struct{})}
	go l.write()
	return l
}

// Write queues one line. It never waits and never fails.
func (l *logLines) Write(line []byte) (int, error) {
	select {
	case l.lines <- append([]byte(nil), line...):
	default:
		l.dropped.Add(1)
	}
	return len(line), nil
}

func (l *logLines) write() {
	defer close(l.written)
	said := int64(0)
	for line := range l.lines {
		if _, err := l.w.Write(line); err != nil { // whoever read it has gone, or the disk is full
			l.dropped.Add(1)
			continue
		}
		if n := l.dropped.Load(); n != said {
			fmt.Fprintf(l.w, "level=WARN msg=\"log lines were lost, for they were not read in time\" lines=%d\n", n-said)
			said = n
		}
	}
}

// Dropped returns how many lines were lost.
func (l *logLines) Dropped() int64 { return l.dropped.Load() }

// Close waits a moment for the queued lines to be written. Nothing may be
// written afterwards.
func (l *logLines) Close() {
	close(l.lines)
	select {
	case <-l.written:
	case <-time.After(logFlush):
	}
}
