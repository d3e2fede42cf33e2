package display

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"posd/device/sale"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares got with a file of testdata/display.
func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("..", "testdata", "display", name)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got == string(want) {
		return
	}
	g, w := strings.Split(got, "\n"), strings.Split(string(want), "\n")
	for i := range max(len(g), len(w)) {
		if i >= len(g) || i >= len(w) || g[i] != w[i] {
			t.Fatalf("%s, line %d:\n got %q\nwant %q\n(run with -update and read the difference)", file, i+1, at(g, i), at(w, i))
		}
	}
}

func at(lines []string, i int) string {
	if i < len(lines) {
		return lines[i]
	}
	return "(nothing)"
}

const code34 = "weixin://wxpay/bizpayurl?pr=AbCdEf"
const code60 = "https://qr.alipayplus.com/281002040000000000000000123456abcd"

// scene is one screen with a name, for golden files.
type scene struct {
	name   string
	screen sale.Screen
}

// scenes are every screen as a till would show it.
func scenes() []scene {
	money := func(s sale.Screen) sale.Screen {
		s.Amount, s.Currency = 123456, "CAD"
		return s
	}
	all := []scene{
		{"welcome", sale.Screen{Kind: sale.ScreenWelcome}},
		{"welcome with a message", sale.Screen{Kind: sale.ScreenWelcome, Message: "Summer hours: closed on Mondays"}},
		{"items", money(sale.Screen{Kind: sale.ScreenItems, Items: []sale.Item{{Name: "Tea", Amount: 350}, {Name: "Jasmine dumplings, twelve", Amount: 123106}}})},
		{"items, only a message", sale.Screen{Kind: sale.ScreenItems, Message: "Please choose how to pay"}},
		{"items, message and total", money(sale.Screen{Kind: sale.ScreenItems, Message: "Table 12"})},
	}
	all = append(all, scene{"choose", money(sale.Screen{Kind: sale.ScreenChoose})})
	for _, k := range []sale.ScreenKind{sale.ScreenCard, sale.ScreenReturn, sale.ScreenReturned, sale.ScreenHeld, sale.ScreenProcessing} {
		all = append(all, scene{string(k), money(sale.Screen{Kind: k, Method: sale.Card})})
	}
	for _, m := range []sale.Method{sale.WeChat, sale.Alipay, sale.UnionPay} {
		all = append(all, scene{"code " + string(m), money(sale.Screen{Kind: sale.ScreenCode, Method: m, Code: code34})})
	}
	all = append(all, scene{"code of Alipay+", money(sale.Screen{Kind: sale.ScreenCode, Method: sale.Alipay, Brand: sale.AlipayPlus, Code: code60})})
	for _, k := range []sale.ScreenKind{sale.ScreenPassword, sale.ScreenPaid, sale.ScreenDeclined, sale.ScreenCancelled, sale.ScreenAskCashier} {
		s := money(sale.Screen{Kind: k, Method: sale.WeChat})
		if k == sale.ScreenPassword {
			s.Code = code34
		}
		all = append(all, scene{string(k), s})
	}
	all = append(all,
		scene{"thanks", sale.Screen{Kind: sale.ScreenThanks, Sale: "S1"}},
		scene{"choose, the largest amount", sale.Screen{Kind: sale.ScreenChoose, Amount: sale.MaxAmount, Currency: "CAD"}},
		scene{"returned, largest amount", sale.Screen{Kind: sale.ScreenReturned, Amount: sale.MaxAmount, Currency: "CAD"}},
		scene{"paid, the largest amount", sale.Screen{Kind: sale.ScreenPaid, Amount: sale.MaxAmount, Currency: "CAD"}},
		scene{"items, the largest amount", sale.Screen{Kind: sale.ScreenItems, Amount: sale.MaxAmount, Currency: "CAD", Items: []sale.Item{{Name: "Gold", Amount: sale.MaxAmount}}}},
		scene{"offline", sale.Screen{Kind: sale.ScreenOffline}})
	return all
}

func TestEveryScreenHasWordsInEveryLanguage(t *testing.T) {
	for _, lang := range sale.Languages {
		for _, k := range sale.ScreenKinds {
			if k == sale.ScreenItems {
				continue // the bill itself
			}
			if w := said[lang][k]; w.top+w.bottom == "" {
				t.Errorf("%s says nothing in %s", k, lang)
			}
		}
		for _, m := range []sale.Method{sale.WeChat, sale.Alipay, sale.UnionPay, brand} {
			if scanWith[lang][m] == "" || scanShort[lang][m] == "" || len(scanShort[lang][m]) > 13 {
				t.Errorf("a %s code in %s: %q, %q", m, lang, scanWith[lang][m], scanShort[lang][m])
			}
		}
	}
}

func TestWordsFitTwentyColumns(t *testing.T) {
	var b strings.Builder
	for _, lang := range sale.Languages {
		v := voice{lang: lang, shop: "Chez Léon & 茶"}
		fmt.Fprintf(&b, "%s\n", lang)
		for _, s := range scenes() {
			top, bottom := v.lines(s.screen)
			for _, l := range []string{top, bottom} {
				if columns(l) > poleColumns {
					t.Errorf("%s in %s: %q has %d columns", s.name, lang, l, columns(l))
				}
			}
			pad := func(l string) string { return l + strings.Repeat(" ", poleColumns-columns(l)) }
			fmt.Fprintf(&b, "  %-26s |%s|%s|\n", s.name, pad(top), pad(bottom))
		}
	}
	golden(t, "words.golden", b.String())
}

func TestCardsLanguageWinsWhereTheDeviceCanWriteIt(t *testing.T) {
	s := sale.Screen{Kind: sale.ScreenPaid, Amount: 123456, Currency: "CAD"}
	for _, c := range []struct {
		driver       string
		own, of      sale.Language
		first, money string
	}{
		{"linedisplay", sale.English, sale.French, "  APPROUVE - MERCI  ", "1 234,56 CAD"},
		{"linedisplay", sale.French, sale.ChineseSimplified, "APPROVED - THANK YOU", "CAD 1,234.56"},
		{"linedisplay", sale.French, "", "  APPROUVE - MERCI  ", "1 234,56 CAD"},
		{"linedisplay", sale.French, "tlh", "  APPROUVE - MERCI  ", "1 234,56 CAD"},
		{"nextion", sale.French, sale.ChineseTraditional, "付款成功，謝謝", "CAD 1,234.56"},
	} {
		d, err := New(testConfig(c.driver, "escpos", c.own))
		if err != nil {
			t.Fatal(err)
		}
		s.Language = c.of
		got := string(wireOf(d, Picture{Screen: s}))
		if !strings.Contains(got, c.first) || !strings.Contains(got, c.money) {
			t.Errorf("a %s of %s, card of %q: %q", c.driver, c.own, c.of, got)
		}
	}
}

// Only names and messages from outside may ever be shortened.
func TestNoWordIsCut(t *testing.T) {
	for lang, kinds := range said {
		for k, w := range kinds {
			if columns(w.top) > poleColumns || columns(w.bottom) > poleColumns {
				t.Errorf("%s in %s does not fit: %q %q", k, lang, w.top, w.bottom)
			}
		}
	}
	for lang, l := range scanWith {
		for m, w := range l {
			if columns(w) > poleColumns {
				t.Errorf("%s in %s does not fit: %q", m, lang, w)
			}
		}
	}
}

func TestMoneyIsWrittenAsTheCustomerWrites(t *testing.T) {
	for _, c := range []struct {
		a    sale.Amount
		cur  string
		lang sale.Language
		want string
	}{
		{5, "CAD", sale.English, "CAD 0.05"},
		{2865, "CAD", sale.English, "CAD 28.65"},
		{123456, "CAD", sale.English, "CAD 1,234.56"},
		{123456, "CAD", sale.French, "1 234,56 CAD"},
		{99999, "USD", sale.ChineseSimplified, "USD 999.99"},
		{100000, "", sale.English, "1,000.00"},
		{-123456, "CAD", sale.English, "CAD -1,234.56"},
		{sale.MaxAmount, "CAD", sale.French, "9 999 999,99 CAD"},
	} {
		if got := Money(c.a, c.cur, c.lang); got != c.want {
			t.Errorf("Money(%d, %q, %s) = %q, want %q", c.a, c.cur, c.lang, got, c.want)
		}
	}
}

func TestTextFromOutsideHoldsNoCommands(t *testing.T) {
	v := voice{lang: sale.English, shop: "Shop"}
	top, bottom := v.lines(sale.Screen{Kind: sale.ScreenItems, Amount: 100, Items: []sale.Item{{Name: "\x1b@a\x00\x0c b\r\n\xff\xff\xffc", Amount: 100}}})
	if top+bottom != "@a b c          1.00"+"Total           1.00" {
		t.Errorf("%q %q", top, bottom)
	}
}

func testConfig(driver, dialect string, lang sale.Language) Config {
	c := Defaults()
	c.Driver, c.Dialect, c.Language, c.ShopName = driver, dialect, lang, "Chez Léon"
	return c
}

func TestNextionCommandsForEveryScreen(t *testing.T) {
	var b strings.Builder
	for _, lang := range sale.Languages {
		d, err := New(testConfig("nextion", "", lang))
		if err != nil {
			t.Fatal(err)
		}
		n := d.(*nextion)
		for _, s := range scenes() {
			left := time.Duration(0)
			if s.screen.Kind == sale.ScreenCode {
				left = 119 * time.Second
			}
			first, trim := n.leaf(Picture{Screen: s.screen, Left: left}).commands(nil)
			fmt.Fprintf(&b, "%s, %s\n", lang, s.name)
			for _, c := range first {
				fmt.Fprintf(&b, "  %s\n", c)
			}
			for _, c := range trim {
				fmt.Fprintf(&b, "    then %s\n", c)
			}
		}
	}
	golden(t, "nextion.golden", b.String())
}

// visible writes control bytes by name or number.
func visible(b []byte) string {
	var s strings.Builder
	names := map[byte]string{0x1B: "ESC", 0x1F: "US", 0x0D: "CR", 0x0A: "LF", 0x0C: "FF", 0x0B: "HOME", 0x10: "DLE", 0x04: "EOT", 0x01: "SOH", 0x17: "ETB"}
	for _, x := range b {
		switch n, ok := names[x]; {
		case ok:
			s.WriteString("<" + n + ">")
		case x < ' ' || x >= 0x7F:
			fmt.Fprintf(&s, "<%02X>", x)
		default:
			s.WriteByte(x)
		}
	}
	return s.String()
}

func TestPoleBytesForEveryScreen(t *testing.T) {
	for _, dialect := range Dialects() {
		var b strings.Builder
		for _, set := range []struct {
			lang    sale.Language
			charset Charset
		}{{sale.English, ASCII}, {sale.French, ASCII}, {sale.French, CP1252}, {sale.ChineseSimplified, ASCII}, {sale.ChineseTraditional, ASCII}} {
			c := testConfig("linedisplay", dialect, set.lang)
			c.Charset = set.charset
			d, err := New(c)
			if err != nil {
				t.Fatal(err)
			}
			l := d.(*linedisplay)
			fmt.Fprintf(&b, "%s in %s\n  %-26s %s\n", set.lang, set.charset, "greeting", visible(l.greeting()))
			for _, s := range scenes() {
				fmt.Fprintf(&b, "  %-26s %s\n", s.name, visible(l.update(nil, l.poleLines(s.screen))))
			}
		}
		golden(t, "linedisplay_"+dialect+".golden", b.String())
	}
}

func TestPoleIsSentOnlyLinesThatChanged(t *testing.T) {
	for dialect, want := range map[string][2]int{"escpos": {22, 41}, "cd5220": {24, 48}} {
		d, _ := New(testConfig("linedisplay", dialect, sale.English))
		l := d.(*linedisplay)
		a := l.poleLines(sale.Screen{Kind: sale.ScreenCard, Amount: 100, Currency: "CAD"})
		b := l.poleLines(sale.Screen{Kind: sale.ScreenCard, Amount: 200, Currency: "CAD"})
		if got := l.update(&a, b); len(got) != want[0] {
			t.Errorf("%s: another amount costs %d bytes, want %d: %s", dialect, len(got), want[0], visible(got))
		}
		if got := l.update(nil, b); len(got) != want[1] {
			t.Errorf("%s: both lines cost %d bytes, want %d", dialect, len(got), want[1])
		}
		if got := l.update(&b, b); got != nil {
			t.Errorf("%s: nothing changed and %q is sent", dialect, got)
		}
	}
}

// The maker's table: 102 and 128 bytes for page, code, amount and status.
func TestNextionCodeCostsNoMoreBytesThanItMust(t *testing.T) {
	d, _ := New(testConfig("nextion", "", sale.English))
	n := d.(*nextion)
	for code, most := range map[string]int{code34: 102, code60: 128} {
		for _, m := range []sale.Method{sale.WeChat, sale.Alipay, sale.UnionPay, sale.Scan} {
			first, _ := n.leaf(Picture{Screen: sale.Screen{Kind: sale.ScreenCode, Amount: 1234, Currency: "CAD", Method: m, Code: code}}).commands(nil)
			bytes := len(strings.Join(first, NextionEnd) + NextionEnd)
			if bytes > most || !strings.HasPrefix(first[1], "qr0.txt=") || len(first) != 4 {
				t.Errorf("%s, %d characters: %d bytes, at most %d: %q", m, len(code), bytes, most, first)
			}
		}
	}
}
