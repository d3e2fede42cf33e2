package display

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"posd/device/sale"
)

// What the displays that draw codes are sent, for every screen and language.
func TestBytesForEveryScreenOfDisplaysThatDrawCodes(t *testing.T) {
	for _, driver := range []string{"dmd70", "bonrix", "mertech"} {
		var b strings.Builder
		for _, lang := range sale.Languages {
			d, err := New(testConfig(driver, "", lang))
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(&b, "%s\n", lang)
			for _, s := range scenes() {
				p := Picture{Screen: s.screen}
				if s.screen.Kind == sale.ScreenCode {
					p.Left = 119 * time.Second
				}
				fmt.Fprintf(&b, "  %-26s %s\n", s.name, visible(wireOf(d, p)))
			}
		}
		golden(t, driver+".golden", b.String())
	}
}

// wireOf returns what a driver sends for a picture to a glass that shows nothing.
func wireOf(d Driver, p Picture) []byte {
	switch d := d.(type) {
	case *nextion:
		first, _ := d.leaf(p).commands(nil)
		return []byte(strings.Join(first, NextionEnd) + NextionEnd)
	case *linedisplay:
		return d.update(nil, d.poleLines(p.Screen))
	case *dmd70:
		return d.update(&dmFace{}, d.face(p))
	case *bonrix:
		return []byte(d.line(p))
	case *mertech:
		return []byte(d.command(p))
	}
	panic("unknown driver")
}

// The whole cost of a code, beside the least it can be by the makers' formats.
func TestCodesCostNoMoreBytesThanTheyMust(t *testing.T) {
	for _, c := range []struct {
		driver string
		amount sale.Amount
		method sale.Method
		most   [2]int // for 34 and 60 characters
		code   func(d Driver, p Picture) int
	}{
		{"dmd70", 12345, sale.WeChat, [2]int{63, 89}, func(d Driver, p Picture) int { return len(d.(*dmd70).symbol(p.Code)) }},
		{"bonrix", 12345, sale.UnionPay, [2]int{74, 100}, func(d Driver, p Picture) int { return len(wireOf(d, p)) }},
		{"mertech", 12345, sale.WeChat, [2]int{42, 68}, func(d Driver, p Picture) int { return len(wireOf(d, p)) }},
	} {
		d, err := New(testConfig(c.driver, "", sale.English))
		if err != nil {
			t.Fatal(err)
		}
		for i, code := range []string{code34, code60} {
			p := Picture{Screen: sale.Screen{Kind: sale.ScreenCode, Amount: c.amount, Currency: "CAD", Method: c.method, Code: code}}
			if n := c.code(d, p); n > c.most[i] {
				t.Errorf("%s, %d characters: %d bytes, at most %d", c.driver, len(code), n, c.most[i])
			}
		}
	}
}

func TestBonrixFieldsHoldNoSeparators(t *testing.T) {
	d, _ := New(testConfig("bonrix", "", sale.English))
	b := d.(*bonrix)
	got := b.line(Picture{Screen: sale.Screen{Kind: sale.ScreenItems, Amount: 100, Items: []sale.Item{{Name: "a***b\n**c", Amount: 100}}}})
	if got != "DisplayItemScreen**a*b *c****1.00**1**1.00\n" {
		t.Errorf("%q", got)
	}
	if got := b.words("WelcomeScreen", "*a*", "*", ""); got != "WelcomeScreen** *a* ** * **\n" {
		t.Errorf("stars at the edges: %q", got)
	}
	for _, code := range []string{"https://x/**y", "https://x/\ny", "*x", "x*", " x", "x ", "caf\u00e9"} {
		if err := d.(fitter).Fits(code); err == nil {
			t.Errorf("%q would break the line", code)
		}
	}
}

func TestConfigNamesEveryFaultAtOnce(t *testing.T) {
	c := Config{Driver: "vfd", Dialect: "klingon", Columns: 40, Language: "tlh", Charset: "ebcdic", ShopName: "A shop with far too long a name",
		AnswerWait: time.Hour, BootWait: time.Hour, CodeSide: 5, CodeMax: 5, PixelUM: 5}
	errs := c.Validate()
	var keys []string
	for _, e := range errs {
		key, rest, ok := strings.Cut(e.Error(), " = ")
		if !ok || !strings.Contains(rest, ": ") {
			t.Errorf("%v names no key, value and remedy", e)
		}
		keys = append(keys, key)
	}
	want := "name driver columns language charset brightness shop_name answer_wait boot_wait code_side code_max pixel_um"
	if got := strings.Join(keys, " "); got != want {
		t.Errorf("faults of %s\nwant      %s", got, want)
	}
	c = Defaults()
	if errs := c.Validate(); len(errs) > 0 {
		t.Errorf("the defaults are wrong: %v", errs)
	}
	c.Driver, c.Dialect = "linedisplay", "klingon"
	if _, err := New(c); err == nil || !strings.Contains(err.Error(), "klingon") {
		t.Errorf("New: %v", err)
	}
	c.Dialect, c.Charset = "escpos", UTF8
	if len(c.Validate()) != 1 {
		t.Errorf("a pole with UTF-8: %v", c.Validate())
	}
}

// A glass counts modules by the table of bytes; the table is the encoder's.
func TestRoomIsReckonedAsTheEncoderFillsIt(t *testing.T) {
	for v, n := range capacity {
		if v > 12 && v < 39 {
			continue // none of these fits on a display; the last one is the limit
		}
		for _, n := range []int{n, n + 1} {
			code := strings.Repeat("a", n)
			m, err := Matrix(code)
			if n > capacity[39] {
				if err == nil || modules(code) != 0 {
					t.Errorf("%d bytes are more than the largest symbol holds", n)
				}
				continue
			}
			if err != nil || len(m) != modules(code) {
				t.Errorf("version %d, %d bytes: %d modules, reckoned %d, %v", v+1, n, len(m), modules(code), err)
			}
		}
	}
	// Digits pack tighter: never more modules than reckoned.
	for n := 1; n < 300; n += 7 {
		code := strings.Repeat("8", n)
		if m, err := Matrix(code); err != nil || len(m) > modules(code) {
			t.Errorf("%d digits: %d modules, reckoned %d, %v", n, len(m), modules(code), err)
		}
	}
}

func TestAnswersAreTakenByLengthWhereTheyHaveOne(t *testing.T) {
	for _, c := range []struct {
		name, in string
		kinds    string
	}{
		{"a number that looks like the terminator", "\x71\xFF\xFF\xFF\x7F\xFF\xFF\xFF\x01\xFF\xFF\xFF", "\x71\x01"},
		{"touch, page, coordinates", "\x65\x00\x02\x01\xFF\xFF\xFF\x66\x01\xFF\xFF\xFF\x67\x00\x7A\x00\x1E\x01\xFF\xFF\xFF", "\x65\x66\x67"},
		{"start-up and ready", "\x00\x00\x00\xFF\xFF\xFF\x88\xFF\xFF\xFF", "\x00\x88"},
		{"the tail of something torn", "\xFF\xFF\x01\xFF\xFF\xFF", "\x01"},
		{"noise that begins like a number", "\x71\x00\xFF\xFF\xFF\x01\xFF\xFF\xFF", "\x71\x01"},
	} {
		var s nxScanner
		s.feed([]byte(c.in))
		var kinds []byte
		for a, ok := s.next(); ok; a, ok = s.next() {
			kinds = append(kinds, a.kind)
		}
		if string(kinds) != c.kinds {
			t.Errorf("%s: % X, want % X", c.name, kinds, c.kinds)
		}
	}
	var s nxScanner
	for range 100 {
		s.feed(make([]byte, 100))
		if _, ok := s.next(); ok || len(s.buf) > nxMost {
			t.Fatalf("noise without an end is kept: %d bytes", len(s.buf))
		}
	}
	s.feed([]byte(NextionEnd + "\x01" + NextionEnd))
	s.next()
	if a, ok := s.next(); !ok || a.kind != nxDone {
		t.Errorf("after the noise: %+v, %v", a, ok)
	}
}

func TestLettersThatADeviceLacks(t *testing.T) {
	for _, c := range []struct {
		set      Charset
		in, want string
	}{
		{ASCII, "Crème brûlée, Œuf, Noël", "Creme brulee, OEuf, Noel"},
		{CP1252, "Crème", "Cr\xE8me"},
		{ASCII, "Cafe\u0301 ø Š ß €", "Cafe o S ss EUR"},
		{CP1252, "Cre\u0300me ø Š ß €", "Cr\xE8me \xF8 \x8A \xDF \x80"},
		{latin1, "Louÿs", "Louys"}, // FF would end a Nextion command
		{latin1, "Œuf 茶 – ‘x’ ø €", "OEuf ? - 'x' \xF8 EUR"},
		{CP1252, "Œuf 茶 – ‘x’", "\x8Cuf ? \x96 \x91x\x92"},
		{UTF8, "茶 Crème", "茶 Crème"},
		{UTF8, "a\xFF\xFF\xFFb", "a?b"},
	} {
		if got := string(c.set.encode(c.in)); got != c.want {
			t.Errorf("%q in %s: %q, want %q", c.in, c.set, got, c.want)
		}
	}
}

func TestTextCannotBeginAnAEDEXCommand(t *testing.T) {
	d, _ := New(testConfig("linedisplay", "aedex", sale.English))
	l := d.(*linedisplay)
	got := string(l.update(nil, l.poleLines(sale.Screen{Kind: sale.ScreenItems, Message: "!#1 and then a long !#2 text"})))
	if strings.Count(got, "!") != 1 || !strings.HasPrefix(got, "!#9.#1 AND") {
		t.Errorf("%q", got)
	}
}

func TestBrightnessInSteps(t *testing.T) {
	for percent, want := range map[int]string{1: "a", 25: "a", 26: "b", 50: "b", 75: "c", 76: "d", 100: "d"} {
		if got := brightness(percent, "abcd"); got != want {
			t.Errorf("%d percent is step %s, want %s", percent, got, want)
		}
	}
}
