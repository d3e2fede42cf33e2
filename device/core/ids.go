package core

import (
	"crypto/sha256"
	"encoding/binary"
	"time"
)

func (c *Machine) newID() string { return c.makers.ID(c.in.Wall, c.draw(16)) }

// newRef makes an ECR reference: 48 bits of time and 32 random, as 16
// characters of Crockford base32. Never a counter: after a restored database
// one would find an old approval.
func (c *Machine) newRef() string {
	var b [10]byte
	ms := uint64(c.in.Wall.UnixMilli())
	for i := range 6 {
		b[i] = byte(ms >> (40 - 8*i))
	}
	copy(b[6:], c.draw(4))
	var out [16]byte
	var acc uint64
	bits, k := 0, 0
	for _, x := range b {
		acc, bits = acc<<8|uint64(x), bits+8
		for bits >= 5 {
			bits -= 5
			out[k] = crockford[acc>>bits&31]
			k++
		}
	}
	return string(out[:])
}

const crockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// draw returns n random bytes that follow from the event's entropy.
func (c *Machine) draw(n int) []byte {
	c.draws++
	var b [len(c.in.Entropy) + 4]byte
	copy(b[:], c.in.Entropy[:])
	binary.BigEndian.PutUint32(b[len(c.in.Entropy):], c.draws)
	sum := sha256.Sum256(b[:])
	return sum[:n]
}

// jitter returns a random time in [0, d), never under a tenth of d: full
// jitter spreads, a zero would hammer.
func (c *Machine) jitter(d time.Duration) time.Duration {
	f := float64(binary.BigEndian.Uint32(c.draw(4))) / (1 << 32)
	return max(time.Duration(f*float64(d)), d/10)
}
