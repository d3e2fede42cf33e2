package main

import (
	"bytes"
	"crypto/rand"
	"time"

	"github.com/oklog/ulid/v2"
)

// newID makes a ULID of a time and at least 10 random bytes.
func newID(t time.Time, entropy []byte) string {
	ms := uint64(max(t.UnixMilli(), 0)) // a box without a clock starts in 1970, perhaps west of Greenwich
	return ulid.MustNew(ms, bytes.NewReader(entropy)).String()
}

// newKey makes an Idempotency-Key.
func newKey() string {
	var entropy [10]byte
	rand.Read(entropy[:])
	return newID(time.Now(), entropy[:])
}
