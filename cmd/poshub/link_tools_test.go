//go:build tools

package main

import (
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// link is what lies between counters and server: it cuts at random bytes, is slow,
// and loses what the server says while the server goes on hearing.
type link struct {
	to      string
	l       net.Listener
	mu      sync.Mutex
	conns   map[net.Conn]bool
	deaf    bool // what the server says is lost
	slow    bool
	cutNext atomic.Int64 // after so many bytes in either direction everything is cut; 0: never
}

func newLink(t *testing.T, to string) *link {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	k := &link{to: to, l: l, conns: map[net.Conn]bool{}}
	t.Cleanup(func() { l.Close(); k.cut() })
	go k.run()
	return k
}

func (k *link) run() {
	for {
		near, err := k.l.Accept()
		if err != nil {
			return
		}
		far, err := net.Dial("tcp", k.to)
		if err != nil {
			near.Close()
			continue
		}
		k.mu.Lock()
		k.conns[near], k.conns[far] = true, true
		k.mu.Unlock()
		go k.carry(far, near, false)
		go k.carry(near, far, true)
	}
}

func (k *link) carry(to, from net.Conn, answers bool) {
	defer func() {
		to.Close()
		from.Close()
		k.mu.Lock()
		delete(k.conns, from)
		k.mu.Unlock()
	}()
	buf := make([]byte, 4096)
	for {
		n, err := from.Read(buf)
		if err != nil {
			return
		}
		k.mu.Lock()
		deaf, slow := k.deaf, k.slow
		k.mu.Unlock()
		if slow {
			time.Sleep(20 * time.Millisecond) // a wire's own time, nothing is waited for
		}
		if answers && deaf {
			continue
		}
		if left := k.cutNext.Load(); left > 0 {
			if left = k.cutNext.Add(-int64(n)); left <= 0 {
				to.Write(buf[:max(0, min(n, n+int(left)))])
				k.cutNext.Store(0)
				k.cut()
				return
			}
		}
		if _, err := to.Write(buf[:n]); err != nil {
			return
		}
	}
}

func (k *link) cut() {
	k.mu.Lock()
	defer k.mu.Unlock()
	for c := range k.conns {
		c.Close()
	}
}

func (k *link) be(deaf, slow bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.deaf, k.slow = deaf, slow
}
