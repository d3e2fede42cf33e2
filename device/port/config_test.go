package port

import (
	"strings"
	"testing"
	"time"
)

func TestDefaultsAreValid(t *testing.T) {
	if faults := Defaults().Validate(); faults != nil {
		t.Fatal(faults)
	}
}

func TestEveryFaultIsNamedAtOnce(t *testing.T) {
	c := Config{Line: "ttyUSB0", Baud: 1, DataBits: 9, Parity: "both", StopBits: 3, Flow: "dsr", DTR: "up", RTS: "up", ConnectTimeout: time.Hour}
	faults := c.Validate()
	for i, key := range []string{"line", "baud", "data_bits", "stop_bits", "parity", "flow", "dtr", "rts", "connect_timeout"} {
		if i >= len(faults) || !strings.HasPrefix(faults[i].Error(), key+": ") {
			t.Fatalf("fault %d should name %s: %v", i, key, faults)
		}
	}
}

func TestAddresses(t *testing.T) {
	for line, ok := range map[string]bool{
		"": true, "/dev/posd-terminal": true, "tcp:192.168.1.40:10009": true, "tcp:[fe80::1]:9100": true,
		"COM3": false, "tcp:192.168.1.40": false, "tcp::10009": false, "tcp:till:0": false, "tcp:till:70000": false,
	} {
		c := Defaults()
		c.Line = line
		if got := c.Validate() == nil; got != ok {
			t.Errorf("%q: valid %v, want %v", line, got, ok)
		}
	}
}
