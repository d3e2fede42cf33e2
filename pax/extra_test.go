package pax

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"posd/device/sale"
)

// goldens is the -update flag, which the tests of the outer package define.
func goldens() bool { return flag.Lookup("update").Value.String() == "true" }

// said is a T01 or T03 in its parts.
type said struct {
	command, host, amount, account, more string
	kind                                 string // transaction type; empty is a sale
}

func (s said) answer(t testing.TB, c ExtraConfig) sale.CardAnswer {
	t.Helper()
	kind := "01"
	if s.kind != "" {
		kind = s.kind
	}
	fields := []string{"0", s.command, "1.58", "000000", "OK", s.host, kind, s.amount, s.account, "12|REF00001|20210120164033|724172"}
	if s.command == "T01" {
		fields = append(fields, "", "", "")
	}
	fields = append(fields, s.more)
	for i, f := range fields {
		fields[i] = strings.ReplaceAll(f, "|", string(US))
	}
	r, err := parseReply(body(t, AppendFrame(nil, fields...)))
	if err != nil {
		t.Fatal(err)
	}
	var zone *time.Location
	if c.TimeZone != "" {
		if zone, err = c.zone(); err != nil {
			t.Fatal(err)
		}
	}
	return reader{extra: c, zone: zone, now: time.Date(2021, 1, 20, 19, 40, 20, 570_000_000, time.UTC), id: sale.Identity{Serial: "0123456789"}}.payment(r)
}

// TestExtraOfEveryKindOfCard holds the gateway's extra of each case against a golden file.
func TestExtraOfEveryKindOfCard(t *testing.T) {
	const host = "000|APPROVED|01046Z|000001000061|61|8"
	bank := Defaults().Extra
	bank.BankTerminalNumber = "40880013"
	letters := bank
	letters.CardTypes = map[string]string{"17": "DB", "03": "AX"}
	letters.AccountTypes = map[string]string{"C": "1"}
	pacific, complete := bank, bank
	pacific.TimeZone = "America/Vancouver"
	complete.Codes = map[string]string{"sale": "00", "complete": "04"}
	french := bank
	french.Language = "F"
	for _, tc := range []struct {
		name string
		cfg  ExtraConfig
		said
	}{
		{"tap-mastercard", sampleConfig(), said{"T01", host, "2865", "1166|2|1022||||02||||0", "ARQC=3D36ACBD44BE512B|TVR=0000008000|AID=A0000000041010|TSI=0000|APPLAB=MASTERCARD|APPPN=MASTERCARD|CID=80|CVM=7|USERLANGUAGESTATUS=1", ""}},
		{"chip-visa", bank, said{"T01", host, "2865", "0119|4|1228||||01||||0", "TC=77A1B2C3D4E5F601|TVR=0080008000|AID=A0000000031010|TSI=f800|APPLAB=VISA CREDIT|CID=40|CVM=4|SN=5555555555", ""}},
		{"chip-visa-declined-offline-cryptogram", bank, said{"T01", host, "2865", "0119|4|1228||||01", "AC=77A1B2C3D4E5F601|CID=00", ""}},
		{"swipe-amex", bank, said{"T01", host, "2865", "371449635398431|1|0727||||03|SMITH/JANE", "", ""}},
		{"manual-visa", bank, said{"T01", host, "2865", "4111111111111111|0|1230||||01", "", ""}},
		{"chip-interac-account", bank, said{"T03", "00|APPROVED|123456|000001000063|63|8", "2865", "4321|4|2812||||17||||0||C", "TC=1122334455667788|TVR=0080008000|AID=A0000002771010|TSI=F800|APPLAB=INTERAC|CID=40|CVM=2|PINSTATUSNUM=1|EDCTYPE=Debit", ""}},
		{"chip-interac-configured-letters", letters, said{"T03", host, "2865", "4321|4|2812||||17||||0||C", "APPLAB=INTERAC", ""}},
		{"swipe-amex-configured-letters", letters, said{"T01", host, "2865", "1005|5|0727||||03", "", ""}},
		{"tap-french-card", bank, said{"T01", host, "2865", "1166|2|1022||||02", "USERLANGUAGESTATUS=2", ""}},
		{"tap-french-shop", french, said{"T01", host, "2865", "1166|2|1022||||02", "", ""}},
		{"surcharge", bank, said{"T01", host, "2965|0|0|0|100", "1166|2|1022||||02", "", ""}},
		{"cashback", bank, said{"T03", host, "3865|0|0|1000", "4321|4|2812||||17", "", ""}},
		{"cashback-approved-differs", bank, said{"T03", host, "3365|0|0|1000||||||||500", "4321|4|2812||||17", "", ""}},
		{"issuer-code-and-print-line", bank, said{"T01", "000|APPROVED|01046Z|||8|||||000001000061|00", "2865", "1166|2|1022||||02", "PRINTLINE1=Thank You & come <again>", ""}},
		{"blank-expiry-and-short-retrieval", bank, said{"T01", "000|APPROVED|01046Z||61|8", "2865", "1166|2|||||02", "", ""}},
		{"time-stamp-in-another-zone", pacific, said{"T01", host, "2865", "1166|2|1022||||02", "", ""}},
		{"completion", complete, said{"T01", host, "2865", "0119|4|1228||||01", "APPLAB=VISA CREDIT", "04"}},
		{"surcharge-not-applied", bank, said{"T01", host, "2865|0|0|0|0", "1166|2|1022||||02", "", ""}},
		{"tap-interac", bank, said{"T03", host, "2865", "8765|2|2711||||17", "TC=8877665544332211|TVR=0000000000|AID=A0000002771010|TSI=0000|APPLAB=INTERAC|CID=40|CVM=7", ""}},
		{"card-type-unknown", bank, said{"T01", host, "2865", "1166|2|1022||||99", "", ""}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			a := tc.answer(t, tc.cfg)
			if a.Verdict != sale.VerdictApproved || a.ExtraErr != "" {
				t.Fatalf("got %+v", a)
			}
			got := a.Extra.Reveal() + "\n"
			if !json.Valid([]byte(got)) {
				t.Errorf("no JSON: %s", got)
			}
			file := filepath.Join("..", "testdata", "pax", "extra", tc.name+".json")
			if goldens() {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("got  %swant %s", got, want)
			}
			if (a.Card.Composed == "cvmResults") != tc.cfg.ComposeCVM {
				t.Errorf("composed %q", a.Card.Composed)
			}
		})
	}
}

// TestExtraDropsInOrder lets the text grow byte by byte.
func TestExtraDropsInOrder(t *testing.T) {
	missing := func(s string) []string {
		var out []string
		for _, k := range extraDrops {
			if !strings.Contains(s, `"`+k+`":`) {
				out = append(out, k)
			}
		}
		return out
	}
	tooLong := false
	for n := range 400 {
		values := map[string]string{}
		for _, k := range extraKeys {
			values[k] = "0123456789"
		}
		values["receiptDisp"] = strings.Repeat("é", n)
		s, err := encodeExtra(values)
		if err != nil {
			tooLong = true
			continue
		}
		if tooLong || len(s) > MaxExtra {
			t.Fatalf("%d bytes", len(s))
		}
		gone := missing(s.Reveal())
		if strings.Join(gone, " ") != strings.Join(extraDrops[:len(gone)], " ") {
			t.Fatalf("without %v", gone)
		}
		if len(gone) > 0 {
			// The last one dropped would not have fitted.
			last := extraDrops[len(gone)-1]
			if len(s)+len(`,"":""`)+len(last)+10 <= MaxExtra {
				t.Fatalf("%s was dropped with %d bytes used", last, len(s))
			}
		}
	}
	if !tooLong {
		t.Error("a text of any length fits")
	}
}

func TestExtraIsNotEscapedForHTML(t *testing.T) {
	s, err := encodeExtra(map[string]string{"receiptDisp": "A&B <C> \"é\" \\"})
	if want := `{"receiptDisp":"A&B <C> \"é\" \\"}`; err != nil || s.Reveal() != want {
		t.Errorf("got %s, want %s, %v", s.Reveal(), want, err)
	}
}

func FuzzExtra(f *testing.F) {
	f.Add("000|APPROVED|01046Z|000001000061|61|8", "2865", "1166|2|1022||||02", "AID=A0|CVM=7")
	f.Add("0||||||||||00", "1", "4111111111111111|0|1230||||01|X", "PRINTLINE1=<&>\"\\|TVR=xx")
	f.Fuzz(func(t *testing.T, host, amount, account, more string) {
		if strings.ContainsAny(host+amount+account+more, "\x02\x03\x1c") {
			return
		}
		c := sampleConfig()
		a := said{"T01", host, amount, account, more, ""}.answer(t, c)
		if a.Verdict != sale.VerdictApproved || a.ExtraErr != "" {
			return
		}
		extra := a.Extra.Reveal()
		if len(extra) > MaxExtra || !json.Valid([]byte(extra)) || !utf8.ValidString(extra) {
			t.Fatalf("%d bytes: %s", len(extra), extra)
		}
		var v map[string]string
		if err := json.Unmarshal([]byte(extra), &v); err != nil {
			t.Fatal(err)
		}
		if n := v["cardNum"]; n != "" && (len(n) != 16 || n[:12] != "XXXXXXXXXXXX") {
			t.Fatalf("number %q", n)
		}
		for k, s := range v {
			if s == "" {
				t.Fatalf("%s is empty", k)
			}
		}
	})
}

func FuzzTranscript(f *testing.F) {
	f.Add("# x\n> 02 03 03 # 1s\n< 06\n= greet: true # 2s\n")
	f.Fuzz(func(t *testing.T, s string) {
		lines, err := ParseTranscript(strings.NewReader(s))
		for _, l := range lines {
			if (l.Kind == Sent || l.Kind == Received) && len(l.Bytes) == 0 {
				t.Fatal("no bytes")
			}
		}
		_ = err
	})
}

// TestTheKeyNamesTheCryptogram: real terminals send CID=00 beside the ARQC or TC
// of what was approved.
func TestTheKeyNamesTheCryptogram(t *testing.T) {
	for more, want := range map[string]string{
		"ARQC=3D36ACBD44BE512B|CID=00": "ARQC: 3D36ACBD44BE512B", "TC=3D36ACBD44BE512B|CID=00": "TC: 3D36ACBD44BE512B",
		"TC=3D36ACBD44BE512B|CID=80": "TC: 3D36ACBD44BE512B", "AC=3D36ACBD44BE512B|CID=00": "AAC: 3D36ACBD44BE512B",
		"AC=3D36ACBD44BE512B|CID=80": "ARQC: 3D36ACBD44BE512B", "AC=3D36ACBD44BE512B": "TC: 3D36ACBD44BE512B",
	} {
		a := said{"T01", "000|APPROVED|01046Z", "2865", "1166|2", more, ""}.answer(t, sampleConfig())
		if a.Card.Cryptogram != want || !strings.Contains(a.Extra.Reveal(), `"emvTC":"`+want+`"`) {
			t.Errorf("%s: %q in %s", more, a.Card.Cryptogram, a.Extra.Reveal())
		}
	}
}

// TestALongHostTextIsShortened, at a word, and nothing else is left out for it.
func TestALongHostTextIsShortened(t *testing.T) {
	text := strings.Repeat("APPROVED BY YOUR BANK WITH MANY WORDS ", 4)
	more := "TC=3D36ACBD44BE512B|TVR=0000008000|TSI=F800|AID=A0000000031010|APPLAB=VISA CREDIT|USERLANGUAGESTATUS=1"
	c := Defaults().Extra
	c.TerminalNumber, c.BankTerminalNumber = strings.Repeat("9", 12), "40880013"
	a := said{"T01", "000|" + text + "|01046Z|000001000061|61|8|||||000001000061", "2865", "1166|2|1022||||02", more, ""}.answer(t, c)
	var v map[string]string
	if err := json.Unmarshal([]byte(a.Extra.Reveal()), &v); err != nil || a.ExtraErr != "" {
		t.Fatal(err, a.ExtraErr)
	}
	if v["receiptDisp"] != "000 APPROVED BY YOUR BANK WITH MANY" || v["timeStamp"] == "" || v["expireDate"] == "" {
		t.Errorf("got %s", a.Extra.Reveal())
	}
	values := map[string]string{}
	for _, k := range extraKeys {
		values[k] = "0123456789"
	}
	values["emvLabel"] = strings.Repeat("L", 300)
	if _, err := encodeExtra(values); err == nil || !strings.Contains(err.Error(), "the longest value is emvLabel with 300 bytes") {
		t.Errorf("got %v", err)
	}
}
