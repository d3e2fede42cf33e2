package printer

import (
	"bytes"
	"fmt"
	"image"
	"strings"
	"testing"

	"posd/device/sale"
)

// fortyLines is the common receipt that sizes are compared on: forty lines on
// 80 mm paper with a code and a cut.
func fortyLines() []Line {
	c := Defaults()
	c.Shop = Shop{
		Name: "MAPLE STREET GROCERY", Address: []string{"1280 Maple Street, Unit 4", "Vancouver BC  V6B 2W9", "Tel 604-555-0123"},
		TaxNumber: "123456789 RT0001", ReturnPolicy: "Returns within 30 days with this receipt.", Footer: []string{"Thank you for shopping with us!"},
	}
	s := sale.Sale{
		ID: "01KAK3V7Q2M8R4T6W9XBCDEFGH", Reference: "B-1042", Amount: 2865, Tip: 430, Currency: "CAD", Method: sale.Card,
		State: sale.Paid, ApprovedAmount: 3295,
		Card: &sale.CardInfo{Type: "INTERAC", Number: "XXXXXXXXXXXX1166", Entry: sale.EntryChip, Account: "chequing", Label: "Interac",
			AID: "A0000002771010", TVR: "8000008000", TSI: "6800", CVM: "pin", AuthCode: "042135", HostCode: "00", HostText: "APPROVED",
			Reference: "632500000042", Batch: "012", Invoice: "000042", Transaction: "0042", TerminalID: "66012345", TerminalTime: "20261121140342"},
	}
	return c.Layout().Lines(sale.Receipt{Sale: s, Copy: sale.CustomerCopy})
}

func encoderFor(t testing.TB, profile string) *encoder {
	c := Defaults()
	c.Profile = profile
	if faults := c.Validate(); len(faults) > 0 {
		t.Fatal(faults)
	}
	return newEncoder(c)
}

func TestReceiptIsAsShortAsThePrinterAllows(t *testing.T) {
	lines := fortyLines()
	if n := strings.Count(Defaults().Layout().text(lines), "\n"); n < 40 {
		t.Fatalf("the common receipt has %d lines", n)
	}
	for profile, most := range map[string]int{"epson-tm-m30": 1100, "generic-80": 1836} {
		got := encoderFor(t, profile).receipt(nil, lines)
		t.Logf("%s: %d bytes", profile, len(got))
		if len(got) > most {
			t.Errorf("%s: %d bytes, at most %d", profile, len(got), most)
		}
	}
	// A logo that the printer keeps takes the place of its name only.
	e := encoderFor(t, "epson-tm-m30")
	e.kept = "AB"
	if got := e.receipt(nil, append([]Line{{Kind: KindLogo, logo: newPicture(576, 216)}}, lines...)); len(got) > 1100 {
		t.Errorf("with a kept logo %d bytes, at most 1100", len(got))
	}
}

// TestSmallReceiptIsNoLongerThanByHand is the receipt other libraries are
// measured with: a title in double size, two items, a bold total, a code of 58
// characters, a cut and the drawer. Written by hand it takes 283 bytes.
func TestSmallReceiptIsNoLongerThanByHand(t *testing.T) {
	lines := []Line{
		{Text: "MAPLE STREET", Style: Wide | Tall, Align: Centre},
		{Text: "Coffee", Right: "3.50"}, {Text: "Croissant", Right: "4.25"},
		{Text: "TOTAL", Right: "7.75", Style: Bold},
		{Kind: KindQR, Text: "https://example.org/r/01KAK3V7Q2M8R4T6W9XBCDEFGH?a=7.75&c=", Align: Centre}, {Kind: KindCut},
	}
	if n := len(lines[4].Text); n != 58 {
		t.Fatalf("the code has %d characters", n)
	}
	for profile, most := range map[string]int{"epson-tm-m30": 220, "generic-58": 283} {
		if n := len(encoderFor(t, profile).receipt(nil, lines)) + 5; n > most {
			t.Errorf("%s: %d bytes, at most %d", profile, n, most)
		}
	}
}

func TestEncodingAllocatesNothing(t *testing.T) {
	lines := fortyLines()
	for _, profile := range []string{"epson-tm-m30", "generic-80"} {
		e := encoderFor(t, profile)
		buf := e.receipt(nil, lines)
		if n := testing.AllocsPerRun(100, func() { buf = e.receipt(buf[:0], lines) }); n != 0 {
			t.Errorf("%s: %v allocations", profile, n)
		}
	}
}

func TestNoStyleIsSentTwice(t *testing.T) {
	lines := []Line{{Text: "a", Style: Bold}, {Text: "b", Style: Bold}, {Text: "c", Style: Bold | Tall, Align: Centre}, {}, {Text: "d", Style: Bold | Tall, Align: Centre}, {Text: "e"}}
	got := encoderFor(t, "generic-80").receipt(nil, lines)
	want := "\x1b@\x1c.\x1bR\x00\x1bt\x10" + "\x1bE\x01a\nb\n" + "\x1d!\x01\x1ba\x01c\n\nd\n" + "\x1bE\x00\x1d!\x00\x1ba\x00e\n"
	if string(got) != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestCodeAndCutAreAsTheManualSays(t *testing.T) {
	got := encoderFor(t, "generic-80").receipt(nil, []Line{{Kind: KindQR, Text: "ABC", Align: Centre}, {Kind: KindCut}})
	want := "\x1b@\x1c.\x1bR\x00\x1bt\x10\x1ba\x01" +
		"\x1d(k\x04\x001A2\x00" + "\x1d(k\x03\x001C\x06" + "\x1d(k\x03\x001E1" + "\x1d(k\x06\x001P0ABC" + "\x1d(k\x03\x001Q0" +
		"\n\x1dVB\x00"
	if string(got) != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestAccentsAreTheTablesOwn(t *testing.T) {
	line := "Reçu à l'été: œuf, 5 €, ÉÀÇ, naïve – “oui”, Łódź ñ"
	for encoding, want := range map[string]string{
		"cp1252": "Re\xe7u \xe0 l'\xe9t\xe9: \x9cuf, 5 \x80, \xc9\xc0\xc7, na\xefve \x96 \x93oui\x94, L\xf3dz \xf1",
		"cp858":  "Re\x87u \x85 l'\x82t\x82: oeuf, 5 \xd5, \x90\xb7\x80, na\x8bve - \"oui\", L\xa2dz \xa4",
		"cp437":  "Re\x87u \x85 l'\x82t\x82: oeuf, 5 EUR, \x90A\x80, na\x8bve - \"oui\", L\xa2dz \xa4",
		"cp863":  "Re\x87u \x85 l'\x82t\x82: oeuf, 5 EUR, \x90\x8e\x80, na\x8bve - \"oui\", L\xa2dz n",
	} {
		c := Defaults()
		c.Encoding = encoding
		e := newEncoder(c)
		if got := string(e.text(nil, e.set.fold(line))); got != want {
			t.Errorf("%s:\ngot  %q\nwant %q", encoding, got, want)
		}
	}
}

func TestChineseGoesByWhatThePrinterHas(t *testing.T) {
	// The first line is in GB2312, the second only in GB18030, the third in the code table.
	lines := []Line{{Text: "中"}, {Text: "臺"}, {Text: "é"}}
	for hanzi, want := range map[string]string{
		"gb18030": "\x1c&\xd6\xd0\x1c.\n" + "\x1c&\xc5_\x1c.\n" + "\xe9\n",
		"gb2312":  "\x1c&\xd6\xd0\x1c.\n" + "\x1dv0\x00H\x00\x22\x00",
		"none":    "\x1dv0\x00H\x00\x22\x00",
	} {
		c := Defaults()
		c.Hanzi = hanzi
		e := newEncoder(c)
		got := string(e.receipt(nil, lines))[len(e.begin(nil)):]
		if !strings.HasPrefix(got, want) || strings.Contains(got, "?\n") {
			t.Errorf("%s: got %.60q, want %q", hanzi, got, want)
		}
	}
}

func TestNoLetterBecomesAQuestionMark(t *testing.T) {
	for name := range charmaps {
		set := newCharset(name)
		for r := rune(0xA1); r < 0x180; r++ {
			if r == 0xAD {
				continue
			}
			if got := set.fold(string(r)); strings.Contains(got, "?") && r != '¿' {
				t.Errorf("%s: %q became %q", name, r, got)
			}
		}
	}
}

func TestTextCannotCarryCommands(t *testing.T) {
	for _, s := range []string{"a\x1b@b", "a\x10\x04\x01b", "a\x1dV\x00b", "\x00\x7f\u0085\u009b"} {
		c := Defaults()
		p := c.Layout().page(sale.English)
		p.text(0, Left, s)
		got := newEncoder(c).receipt(nil, p.lines)
		for _, b := range got[len(newEncoder(c).begin(nil)):] {
			if b < 0x20 && b != LF || b == 0x7F || b >= 0x80 && b < 0xA0 {
				t.Errorf("%q sends %q", s, got)
			}
		}
	}
}

func TestRowsHoldNothingObeyedAtOnce(t *testing.T) {
	pic := newPicture(576, 40)
	for i := range pic.rows {
		pic.rows[i] = []byte{DLE, EOT, 1, DLE, ENQ, DLE, DC4, DLE}[i%8]
	}
	pic.defuse()
	for _, bad := range [][]byte{{DLE, EOT}, {DLE, ENQ}, {DLE, DC4}} {
		if bytes.Contains(pic.rows, bad) {
			t.Errorf("the picture holds % X", bad)
		}
	}
}

func TestSlicesAreAtMost255Rows(t *testing.T) {
	got := appendRaster(nil, newPicture(16, 600))
	for _, h := range []int{255, 255, 90} {
		if want := []byte{GS, 'v', '0', 0, 2, 0, byte(h), 0}; !bytes.HasPrefix(got, want) {
			t.Fatalf("got % X, want % X", got[:8], want)
		}
		got = got[8+2*h:]
	}
	if len(got) != 0 {
		t.Errorf("%d bytes too many", len(got))
	}
}

func BenchmarkEncode(b *testing.B) {
	lines := fortyLines()
	for _, profile := range []string{"epson-tm-m30", "generic-80"} {
		b.Run(profile, func(b *testing.B) {
			e := encoderFor(b, profile)
			buf := e.receipt(nil, lines)
			b.ReportAllocs()
			for b.Loop() {
				buf = e.receipt(buf[:0], lines)
			}
			b.ReportMetric(float64(len(buf)), "bytes")
			for _, baud := range []int{9600, 19200, 115200} {
				b.ReportMetric(float64(len(buf))*10/float64(baud)*1000, fmt.Sprintf("ms-at-%d", baud))
			}
		})
	}
}

// BenchmarkLogo is the common receipt under a logo as wide as the paper, sent
// with it and kept by the printer.
func BenchmarkLogo(b *testing.B) {
	img := image.NewGray(image.Rect(0, 0, 576, 216))
	logo := newLogo(img, 576)
	key, _ := keptKeys(logo)
	lines := append([]Line{{Kind: KindLogo, logo: logo}}, fortyLines()...)
	for name, kept := range map[string]string{"sent": "", "kept": key} {
		b.Run(name, func(b *testing.B) {
			e := encoderFor(b, "epson-tm-m30")
			e.kept = kept
			buf := e.receipt(nil, lines)
			b.ReportAllocs()
			for b.Loop() {
				buf = e.receipt(buf[:0], lines)
			}
			b.ReportMetric(float64(len(buf)), "bytes")
			for _, baud := range []int{9600, 19200, 115200} {
				b.ReportMetric(float64(len(buf))*10/float64(baud)*1000, fmt.Sprintf("ms-at-%d", baud))
			}
		})
	}
}
