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
	for _, code := range []string{"https://x/**y", "https://x/\ny"} {
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
