package main

import (
	"runtime/debug"
	"sync"
)

// startHeap is how much a start may take before garbage is collected in the midst of it. A
// counter's takes a fifth of it; what a journal of years takes at once has no such bound.
const startHeap = 32 << 20

// collectLater leaves garbage alone until over is called: most of what a start makes stays,
// and looking through it again and again is a tenth of the time until the first answer. over
// gives back what did not stay.
func collectLater() (over func()) {
	percent, limit := debug.SetGCPercent(-1), debug.SetMemoryLimit(-1)
	debug.SetMemoryLimit(min(limit, startHeap))
	return sync.OnceFunc(func() {
		debug.SetMemoryLimit(limit)
		debug.SetGCPercent(percent)
		debug.FreeOSMemory()
	})
}
