package fronttest

import (
	"context"
	"errors"
	"sync"

	"posd/device/journaltest"
	"posd/device/sale"
)

// mortal is a journal whose process may be killed: at a commit, before or behind it, or at once.
// What was stored stays.
type mortal struct {
	*journaltest.Memory
	mu     sync.Mutex
	left   int  // commits until the last; 0 for no end
	behind bool // the last one is stored
	gone   bool
	dead   chan struct{} // closed at the end
	buried chan struct{} // closed when nobody can hear of it any more
}

var errKilled = errors.New("killed")

func (m *mortal) Commit(ctx context.Context, rows []sale.Row) ([]int64, error) {
	m.mu.Lock()
	last := !m.gone && m.left == 1
	m.left = max(m.left-1, 0)
	if !m.gone && (!last || m.behind) {
		seqs, err := m.Memory.Commit(ctx, rows)
		if !last {
			m.mu.Unlock()
			return seqs, err
		}
	}
	m.end()
	m.mu.Unlock()
	<-m.buried
	return nil, errKilled
}

func (m *mortal) end() {
	if !m.gone {
		m.gone = true
		close(m.dead)
	}
}

func (m *mortal) die() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.end()
}

func (m *mortal) bury() {
	m.mu.Lock()
	defer m.mu.Unlock()
	select {
	case <-m.buried:
	default:
		close(m.buried)
	}
}

func (m *mortal) over() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.gone
}

func (m *mortal) arm(left int, behind bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.left, m.behind = left, behind
}

func (m *mortal) spare() { m.arm(0, false) }
