//go:build !(linux && amd64)

package main

import (
	"errors"
	"syscall"
)

// calls is empty where no process can be followed.
var calls = map[uint64]call{}

var errNoTracer = errors.New("crash points are found by ptrace, which possim knows on linux/amd64 only")

func (t *tracer) follow(int) error {
	t.refused = errNoTracer
	close(t.armed)
	return t.refused
}

func (t *tracer) attributes(*syscall.SysProcAttr) {}
