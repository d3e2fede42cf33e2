package pax

import (
	"strings"
	"testing"
)

func TestWhatTheTerminalSaysOfItsBatch(t *testing.T) {
	reply := func(fields ...string) Reply {
		r, err := parseReply([]byte(strings.Join(fields, "\x1c")))
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	for _, c := range []struct {
		code, text, total, want string
	}{
		{"000000", "OK", "1", "1"},
		{"000000", "OK", "0012", "12"},
		{"100023", "NOT FOUND", "", "0"},
		{"100023", "MULTIPLE RECORDS", "", ""},
		{"000000", "OK", "", ""},
		{"000000", "OK", "many", ""},
		{"100026", "COMMAND NOT SUPPORTED", "3", ""},
	} {
		got, err := recordCount(reply("0", "R03", "1.43", c.code, c.text, c.total, "1"))
		if got != c.want || (err == nil) != (c.want != "") {
			t.Errorf("%s %s %q: %q, %v, want %q", c.code, c.text, c.total, got, err, c.want)
		}
	}
	if got := sumsOf(reply("0", "R01", "1.43", "000000", "OK", "00", "3=4050&0=0", "20261127120000", "1=2")); got != "3=4050&0=0 1=2" {
		t.Errorf("sums %q", got)
	}
}
