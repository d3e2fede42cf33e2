package api

import (
	"net"
	"net/http"
	"sync"
	"time"

	"posd/device/sale"
)

// shares keeps one client from taking every place that all have together: of each
// kind it may hold half. Clients of the network also get so many requests a second.
type shares struct {
	mu   sync.Mutex
	held map[string]int
	rate map[string]bucket
}

// bucket fills by itself, and each request takes one.
type bucket struct {
	left float64
	at   time.Time
}

// How many requests a client of the network may make: at once, after a pause,
// and each second. A page asks a dozen things when it opens.
const (
	lanBurst     = 120
	lanPerSecond = 30
	maxClients   = 1024 // of which the rate is remembered
)

// client names who asks, for limits: by token, or by address.
func client(a sale.Actor, r *http.Request) string {
	if name := a.String(); name != "" {
		return name
	}
	host, _, _ := net.SplitHostPort(r.RemoteAddr)
	return host
}

// take takes a place of a kind for a client, unless it has most of them.
func (s *shares) take(kind, client string, most int) (give func(), ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.held == nil {
		s.held = map[string]int{}
	}
	key := kind + " " + client
	if s.held[key] >= most {
		return nil, false
	}
	s.held[key]++
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.held[key]--; s.held[key] == 0 {
			delete(s.held, key)
		}
	}, true
}

// tooFast reports whether a client asks faster than it may.
func (s *shares) tooFast(client string, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.rate == nil || len(s.rate) >= maxClients {
		s.rate = map[string]bucket{} // whoever changes addresses gains a burst
	}
	b, known := s.rate[client]
	if !known {
		b = bucket{lanBurst, now}
	}
	b.left = min(lanBurst, b.left+max(0, now.Sub(b.at).Seconds())*lanPerSecond)
	b.at = now
	fast := b.left < 1
	if !fast {
		b.left--
	}
	s.rate[client] = b
	return fast
}
