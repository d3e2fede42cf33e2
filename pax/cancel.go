package pax

import (
	"errors"
	"fmt"
)

// phase is where the money transaction on the line stands, as far as A14 minds.
type phase uint8

const (
	idle  phase = iota
	ahead       // a transaction is being prepared: nothing of it was sent
	sent        // its frame is out, not acknowledged
	open        // acknowledged: the customer may be asked
)

var errNothingRunning = errors.New("no card transaction is running on the terminal")

func (l *line) begin() { l.setPhase(ahead) }

func (l *line) end() { l.setPhase(idle) }

func (l *line) setPhase(p phase) {
	l.writing.Lock()
	defer l.writing.Unlock()
	l.phase = p
	if p == idle || p == ahead {
		l.wish, l.asked = false, false
	}
}

// opened notes that the terminal took the transaction, and sends A14 if it was
// wished before.
func (l *line) opened() error {
	l.writing.Lock()
	defer l.writing.Unlock()
	l.phase = open
	if !l.wish {
		return nil
	}
	return l.cancel()
}

// abort wishes the running transaction cancelled: at once if the terminal has
// it, else as soon as it has.
func (l *line) abort() error {
	l.writing.Lock()
	defer l.writing.Unlock()
	if l.phase == idle {
		return errNothingRunning
	}
	l.wish = true
	if l.phase != open || l.asked {
		return nil
	}
	return l.cancel()
}

func (l *line) cancel() error {
	l.asked = true
	if _, err := l.write(requestCancel(l.cfg.Version)); err != nil {
		return fmt.Errorf("send the cancel wish to the terminal: %w", err)
	}
	return nil
}

// wished reports whether a cancel is wanted before anything was sent.
func (l *line) wished() bool {
	l.writing.Lock()
	defer l.writing.Unlock()
	return l.wish
}

// cancelAnswered takes an answer to A14 if one is due.
func (l *line) cancelAnswered() bool {
	l.writing.Lock()
	defer l.writing.Unlock()
	was := l.asked
	l.asked = false
	return was
}
