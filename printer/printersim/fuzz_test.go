package printersim

import "testing"

// FuzzNothingStopsThePrinter feeds the machine whatever comes: it takes every
// byte, and ends.
func FuzzNothingStopsThePrinter(f *testing.F) {
	for _, seed := range []string{
		"\x1b@text\n\x1dV\x42\x00", "\x1d(k\x03\x001Q0", "\x1dv0\x00\x01\x00\x02\x00\xff\xff", "\x1d8L\x0b\x00\x00\x000p0\x01\x011\x08\x00\x01\x00\xff",
		"\x1d(L\x0c\x000C0AB\x01\x08\x00\x01\x001\xff\x1d(L\x06\x000EAB\x02\x02\x1d(L\x04\x000@KC\x06", "\x1cq\x01\x01\x00\x01\x00\x80\x80\x80\x80\x80\x80\x80\x80\x1cp\x01\x03",
		"\x1b*\x21\x01\x00\xff\xff\xff", "\x1dk\x49\x03{Bx", "\x1bD\x05\x0a\x00\ta",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		m := machine{opt: Options{Dots: 576, Hanzi: true, Tables: epsonTables}, answer: func([]byte) {}, paper: func() byte { return 0 }}
		m.reset()
		for len(b) > 0 {
			tok, n := scan(b)
			if n == 0 {
				return // the beginning of a command: the printer waits for its end
			}
			m.do(tok)
			b = b[n:]
		}
		m.sheet.text(48)
		if m.sheet.height() < 20_000 {
			m.sheet.draw(576)
		}
	})
}
