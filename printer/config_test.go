package printer_test

import (
	"strings"
	"testing"
	"time"

	"posd/printer"
)

func TestDefaultsAreValid(t *testing.T) {
	if faults := printer.Defaults().Validate(); len(faults) > 0 {
		t.Error(faults)
	}
	for _, p := range printer.Profiles {
		c := printer.Defaults()
		c.Profile = p.Name
		if faults := c.Validate(); len(faults) > 0 {
			t.Errorf("%s: %v", p.Name, faults)
		}
	}
}

func TestEveryFaultIsNamedAtOnce(t *testing.T) {
	c := printer.Config{
		Profile: "epsom", Columns: 12, Dots: 5, CodeTable: 300, Encoding: "utf-9", Hanzi: "big5", QR: "maybe", QRModule: 99, Language: "de",
		SecondLanguage: "it", WalletLanguage: "xx", Piece: 1, Pause: -1, WriteLimit: time.Nanosecond, AnswerLimit: 2 * time.Hour,
		PrintLimit: -1, ResumeLimit: -1, ProbeEvery: time.Millisecond, Drawer: "pin7",
	}
	faults := c.Validate()
	for _, key := range []string{
		"profile", "columns", "dots", "code_table", "encoding", "hanzi", "qr =", "qr_module", "language", "second_language", "wallet_language",
		"piece", "pause", "write_limit", "answer_limit", "print_limit", "resume_limit", "probe_every", "drawer",
	} {
		found := false
		for _, f := range faults {
			found = found || strings.HasPrefix(f.Error(), key)
		}
		if !found {
			t.Errorf("nothing is said of %s", key)
		}
	}
}

func TestTooManyColumnsAreRefused(t *testing.T) {
	c := printer.Defaults()
	c.Dots, c.Columns = 384, 48
	if faults := c.Validate(); len(faults) != 1 || !strings.Contains(faults[0].Error(), "do not fit") {
		t.Error(faults)
	}
}
