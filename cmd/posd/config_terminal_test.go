package main

import (
	"strings"
	"testing"
	"time"
)

func TestCancelsGoToTheTerminalsOtherPort(t *testing.T) {
	for _, tc := range []struct {
		line  string
		port  int
		other string // line for cancels
		fault string
		again time.Duration
	}{
		{"tcp:192.168.1.40:10009", 0, "", "", 0},
		{"tcp:192.168.1.40:10009", 10010, "tcp:192.168.1.40:10010", "", 0},
		{"tcp:[fe80::1]:10009", 10010, "tcp:[fe80::1]:10010", "", 0},
		{"tcp:192.168.1.40:10009", 10009, "tcp:192.168.1.40:10009", "port of the line itself", 0},
		{"http://192.168.1.40:10009", 0, "", "", 3 * time.Second},
		{"http://192.168.1.40:10009", 10011, "", "", 3 * time.Second},
		{"http://192.168.1.40:10009/", 10009, "", "port of the line itself", 3 * time.Second},
		{"/dev/posd-terminal", 0, "", "", 3 * time.Second},
		{"/dev/posd-terminal", 10010, "", "no ports", 3 * time.Second},
	} {
		var c Terminal
		c.setDefaults()
		c.Line, c.CancelPort = tc.line, tc.port
		l, ok := c.cancelLine()
		if l.Line != tc.other || ok != (tc.other != "") {
			t.Errorf("%s, %d: cancels go over %q", tc.line, tc.port, l.Line)
		}
		faults := c.cancelFaults()
		if (len(faults) == 0) != (tc.fault == "") || len(faults) > 0 && !strings.Contains(faults[0].Error(), tc.fault) {
			t.Errorf("%s, %d: %v", tc.line, tc.port, faults)
		}
		if got := c.driver().AckAgain; got != tc.again {
			t.Errorf("%s: an ACK is repeated after %s", tc.line, got)
		}
	}
}

func TestWhoDrivesTheTerminalIsSaidAndJudged(t *testing.T) {
	const account = "[gateway]\nmch_id = \"1\"\njob_no = \"1\"\n"
	for _, tc := range []struct{ text, fault string }{
		{"[terminal]\nline = \"/dev/posd-terminal\"\n" + account, ""},
		{"[terminal]\ndriver = \"iotpay\"\n" + account, ""},
		{"[terminal]\ndriver = \"iotpay\"\n", "needs [gateway]"},
		{"[terminal]\ndriver = \"iotpay\"\nline = \"/dev/posd-terminal\"\n" + account, "leave the line out"},
		{"[terminal]\ndriver = \"ingenico\"\nline = \"/dev/posd-terminal\"\n", `write "pax"`},
		{"[terminal]\n" + account, "line is empty"},
	} {
		_, err := parse("posd.toml", []byte(tc.text))
		if (err == nil) != (tc.fault == "") || err != nil && !strings.Contains(err.Error(), tc.fault) {
			t.Errorf("%q: %v, want %q", tc.text, err, tc.fault)
		}
	}
}
