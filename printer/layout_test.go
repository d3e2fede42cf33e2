package printer_test

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"posd/device/sale"
	"posd/printer"
)

const golden = "../testdata/printer"

// checkGolden compares got with a file, or writes it with -update.
func checkGolden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join(golden, name)
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs (-update writes it anew)\ngot:\n%s\nwant:\n%s", path, got, want)
	}
}

func TestReceiptsAreAsTheGoldens(t *testing.T) {
	for name, r := range samples() {
		for profile, columns := range map[string]string{"generic-80": "48", "epson-tm-t88": "42", "generic-58": "32"} {
			for _, lang := range sale.Languages {
				c := testConfig()
				c.Profile, c.Language = profile, lang
				checkGolden(t, filepath.Join(string(lang), columns, name+".txt"), c.Layout().Text(r))
			}
		}
	}
}

// TestBytesAreAsTheGoldens keeps what is sent, a line of the file to a line feed.
func TestBytesAreAsTheGoldens(t *testing.T) {
	for _, profile := range []string{"generic-80", "generic-58", "epson-tm-m30", "epson-tm-t88iii"} {
		for _, name := range []string{"card-approved", "wallet-paid"} {
			cfg := testConfig()
			cfg.Profile = profile
			var b strings.Builder
			for sent := range strings.SplitAfterSeq(string(cfg.Encode(samples()[name])), "\n") {
				if len(sent) > 400 {
					sent = fmt.Sprintf("%s... %d bytes, sha256 %x", sent[:40], len(sent), sha256.Sum256([]byte(sent)))
				}
				b.WriteString(strconv.QuoteToASCII(sent) + "\n")
			}
			checkGolden(t, filepath.Join("bytes", profile, name+".txt"), b.String())
		}
	}
}

func TestNoLineIsWiderThanThePaper(t *testing.T) {
	for name, r := range samples() {
		for _, columns := range []int{24, 32, 42, 48} {
			for _, lang := range sale.Languages {
				c := testConfig()
				c.Columns, c.Language, c.SecondLanguage = columns, lang, sale.French
				for _, l := range c.Layout().Lines(r) {
					w := printer.Width(l.Text) + printer.Width(l.Right)
					if l.Text != "" && l.Right != "" {
						w++
					}
					if l.Style&printer.Wide != 0 {
						w *= 2
					}
					if w > columns && l.Kind == printer.KindText {
						t.Errorf("%s %s %d: %q %q takes %d columns", name, lang, columns, l.Text, l.Right, w)
					}
				}
			}
		}
	}
}

func TestEveryWordIsThereInEveryLanguage(t *testing.T) {
	for _, lang := range sale.Languages {
		all := printer.AllWords()[string(lang)]
		if len(all) == 0 {
			t.Fatalf("no words in %s", lang)
		}
		for i, word := range all {
			if strings.TrimSpace(*word) == "" {
				t.Errorf("%s: word %d is empty", lang, i)
			}
		}
	}
}

func TestCardNumbersShowFourDigitsAtMost(t *testing.T) {
	for field, want := range map[string]string{
		"XXXXXXXXXXXX1166":    "************1166",
		"************1166":    "************1166",
		"541333******1166":    "************1166",
		"1166":                "****1166",
		"4111111111111111":    "****",
		"XXXXXXXXXXX11166":    "****",
		"411111111111XXXX":    "****",
		"4111 1111 1111 1111": "****",
		"":                    "",
	} {
		if got := printer.MaskCard(field); got != want {
			t.Errorf("MaskCard(%q) = %q, want %q", field, got, want)
		}
	}
}

func TestNoFieldOfTheTerminalCanCarryACardNumber(t *testing.T) {
	s := cardSale()
	s.Card.Number, s.Card.HostText, s.Card.Label = "4111111111111111", "CARD 4111111111111111 OK", "4111111111111111"
	s.Card.AuthCode, s.Card.Invoice, s.Card.Batch = "4111111111111111", "4111111111111111", "4111111111111111"
	own := *s.Card
	s.Refunds = []sale.Movement{{ID: "7ZK3V7Q2M8R4T6W8", Kind: sale.Void, State: sale.MovementDone, Card: &own}}
	for _, copy := range []sale.Copy{sale.CustomerCopy, sale.MerchantCopy} {
		for _, movement := range []string{"", "7ZK3V7Q2M8R4T6W8"} {
			if text := testConfig().Layout().Text(sale.Receipt{Sale: s, Movement: movement, Copy: copy}); strings.Contains(text, "411111") {
				t.Errorf("the %s copy shows the card number:\n%s", copy, text)
			}
		}
	}
}
