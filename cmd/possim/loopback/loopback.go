// Package loopback finds an address for a program that will listen at it more than once:
// one that is killed and started again.
package loopback

import (
	"fmt"
	"math/rand/v2"
	"net"
	"sync/atomic"
)

// The ports lie below those that Linux gives to outgoing connections (from 32768, see
// ip(7), ip_local_port_range). A port of that range that a program has let go of may be
// the near end of somebody's connection by the time it is started again.
const (
	first = 10_000
	many  = 20_000
)

// last is the port that was tried last; it begins anywhere, for there are other
// processes that look for theirs.
var last atomic.Uint32

func init() { last.Store(rand.Uint32N(many)) }

// Addr returns host:port on 127.0.0.1 at which nobody listens, another one each time.
func Addr() (string, error) {
	var failed error
	for range 100 {
		addr := fmt.Sprintf("127.0.0.1:%d", first+last.Add(1)%many)
		l, err := net.Listen("tcp", addr)
		if err == nil {
			return addr, l.Close()
		}
		failed = err
	}
	return "", failed
}
