package device

import "sync"

// hub spreads messages to whoever listens. A listener that does not keep up is
// cut off and begins again with a snapshot: nothing piles up for it.
type hub struct {
	mu     sync.Mutex
	subs   map[*Subscription]struct{}
	closed bool
}

// Subscription receives the till's messages.
type Subscription struct {
	hub *hub
	ch  chan Message
}

func newHub() *hub { return &hub{subs: map[*Subscription]struct{}{}} }

// Subscribe returns a new subscription; close it when done.
func (t *Till) Subscribe() *Subscription {
	s := &Subscription{hub: t.hub, ch: make(chan Message, 256)}
	t.hub.mu.Lock()
	defer t.hub.mu.Unlock()
	if t.hub.closed {
		close(s.ch)
		return s
	}
	t.hub.subs[s] = struct{}{}
	return s
}

// C returns the messages; it is closed when the till stops or the reader was too slow.
func (s *Subscription) C() <-chan Message { return s.ch }

// Close ends the subscription.
func (s *Subscription) Close() {
	s.hub.mu.Lock()
	defer s.hub.mu.Unlock()
	s.hub.drop(s)
}

func (h *hub) drop(s *Subscription) {
	if _, ok := h.subs[s]; ok {
		delete(h.subs, s)
		close(s.ch)
	}
}

func (h *hub) tell(m Message) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for s := range h.subs {
		select {
		case s.ch <- m:
		default:
			h.drop(s)
		}
	}
}

func (h *hub) close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed = true
	for s := range h.subs {
		h.drop(s)
	}
}
