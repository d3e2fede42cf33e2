package store

// #cgo LDFLAGS: -Wl,--unresolved-symbols=ignore-in-object-files
// extern int posd_gather(const char *name, const char *base);
// #include <stdlib.h>
import "C"

import (
	"fmt"
	"sync"
	"unsafe"
)

// gatherings are the layers that were made, by the name of the one below.
var gatherings struct {
	sync.Mutex
	names map[string]string
}

// gathering returns the name of a file layer over base that writes a commit's frames
// in one piece, and tells a disk that does not read from damage (gather.c); an empty base
// is SQLite's usual layer.
func gathering(base string) (string, error) {
	g := &gatherings
	g.Lock()
	defer g.Unlock()
	if name := g.names[base]; name != "" {
		return name, nil
	}
	name := "posd"
	if base != "" {
		name += "-over-" + base
	}
	kept := C.CString(name) // SQLite keeps it
	var below *C.char
	if base != "" {
		below = C.CString(base)
		defer C.free(unsafe.Pointer(below))
	}
	if C.posd_gather(kept, below) != 0 {
		return "", fmt.Errorf("SQLite does not take a file layer over %q", base)
	}
	if g.names == nil {
		g.names = map[string]string{}
	}
	g.names[base] = name
	return name, nil
}
