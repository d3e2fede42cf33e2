package loopback_test

import (
	"net"
	"os"
	"strconv"
	"strings"
	"testing"

	"posd/cmd/possim/loopback"
)

// No address comes twice, each can be listened at, and none is one that the system
// gives to an outgoing connection.
func TestAddressesAreNobodysAndStayFree(t *testing.T) {
	text, err := os.ReadFile("/proc/sys/net/ipv4/ip_local_port_range")
	if err != nil {
		t.Fatal(err)
	}
	lowest, err := strconv.Atoi(strings.Fields(string(text))[0])
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for range 50 {
		addr, err := loopback.Addr()
		if err != nil {
			t.Fatal(err)
		}
		if seen[addr] {
			t.Errorf("%s twice", addr)
		}
		seen[addr] = true
		l, err := net.Listen("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		if port := l.Addr().(*net.TCPAddr).Port; port >= lowest {
			t.Errorf("port %d is given to outgoing connections, which are from %d", port, lowest)
		}
	}
}
