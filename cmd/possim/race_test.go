//go:build race

package main

// Programs built by the tests are built as the tests are.
func init() { buildFlags = append(buildFlags, "-race") }
