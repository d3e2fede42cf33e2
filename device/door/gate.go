package door

import "sync"

// Gate counts who is inside: requests of a server that ends its connections without
// waiting for what serves them.
type Gate struct {
	mu     sync.Mutex
	shut   bool
	inside sync.WaitGroup
}

// Enter reports whether a request may begin; Leave is its end.
func (g *Gate) Enter() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.shut {
		g.inside.Add(1)
	}
	return !g.shut
}

// Leave is the end of a request that entered.
func (g *Gate) Leave() { g.inside.Done() }

// Shut lets nobody in any more, and returns once nobody is inside.
func (g *Gate) Shut() {
	g.mu.Lock()
	g.shut = true
	g.mu.Unlock()
	g.inside.Wait()
}
