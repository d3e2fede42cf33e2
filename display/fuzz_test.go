package display

import (
	"bytes"
	"testing"

	"posd/device/sale"
)

func FuzzNextionAnswers(f *testing.F) {
	for _, s := range []string{
		"\x01\xFF\xFF\xFF", "\x00\x00\x00\xFF\xFF\xFF\x88\xFF\xFF\xFF", "\x1A\xFF\xFF\xFF\x01\xFF\xFF\xFF",
		"\x71\xFF\xFF\xFF\xFF\xFF\xFF\xFF", "\x65\x00\x01\x01\xFF\xFF\xFF", "\x70abc\xFF\xFF\xFF", "\x66\x01\xFF\xFF\xFF",
		"comok 1,30601-0,NX4827T043_011R,163,61488,D264B8204F0E1828,16777216\xFF\xFF\xFF", "\xA5\x00\x7F\x01\xFF\xFF\xFF", "\xFF\xFF\x24\xFF\xFF\xFF",
	} {
		f.Add([]byte(s), 3)
	}
	f.Fuzz(func(t *testing.T, b []byte, cut int) {
		read := func(parts ...[]byte) (all []nxAnswer) {
			var s nxScanner
			for _, p := range parts {
				s.feed(p)
				for a, ok := s.next(); ok; a, ok = s.next() {
					if len(all) > len(b) {
						t.Fatal("more messages than bytes")
					}
					all = append(all, a)
					comok(a)
				}
				if len(s.buf) > nxMost {
					t.Fatalf("%d bytes are held", len(s.buf))
				}
			}
			return all
		}
		whole := read(b)
		if len(b) == 0 || len(b) > nxMost {
			return
		}
		cut = max(0, min(cut, len(b)))
		parts := read(b[:cut], b[cut:])
		if len(whole) != len(parts) {
			t.Fatalf("in one piece %d messages, in two %d: % X", len(whole), len(parts), b)
		}
		for i := range whole {
			if whole[i].kind != parts[i].kind || !bytes.Equal(whole[i].body, parts[i].body) {
				t.Fatalf("message %d differs when it comes in pieces: % X", i, b)
			}
		}
	})
}

func FuzzDMAnswers(f *testing.F) {
	f.Add([]byte("\x57\x20DM-D70\x1F\x00"))
	f.Add([]byte("\x00\x57\x20\x30\x1FDM-D70\x1F\x00x"))
	f.Add([]byte("\x57\x20"))
	f.Fuzz(func(t *testing.T, b []byte) {
		text, ok := dmAnswer(b)
		if !ok && text != "" {
			t.Fatalf("text %q without an answer", text)
		}
		if text != plain(text) {
			t.Fatalf("control characters in %q", text)
		}
	})
}

func FuzzBonrixAnswers(f *testing.F) {
	f.Add([]byte("812\r\nexit\r\n"))
	f.Add([]byte("rst:0x1 (POWERON_RESET)\r\nexit\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if kb, ok := bonrixAnswer(b); ok && kb == "" {
			t.Fatal("an answer without a number")
		}
	})
}

func FuzzDSP800Answers(f *testing.F) {
	f.Add([]byte{dspACK})
	f.Add([]byte{0xA5, dspNAK, 0x00})
	f.Fuzz(func(t *testing.T, b []byte) {
		v := dsp800Verdict(b)
		if v != 0 && !bytes.Contains(b, []byte{v}) {
			t.Fatalf("%02X was never said", v)
		}
	})
}

// Whatever a till or a shop's application sends, a line is 20 columns and holds
// no control character.
func FuzzTextFromOutside(f *testing.F) {
	f.Add("Jasmine dumplings, twelve", int64(123456))
	f.Add("\x1b@茶茶茶茶茶茶茶茶茶茶茶茶", int64(1))
	f.Add("ŒŒŒŒŒŒŒŒŒŒŒŒŒŒŒŒŒŒŒŒ !#!#", int64(99))
	poles := map[string]*linedisplay{}
	for _, name := range Dialects() {
		d, err := New(testConfig("linedisplay", name, "fr"))
		if err != nil {
			f.Fatal(err)
		}
		poles[name] = d.(*linedisplay)
	}
	f.Fuzz(func(t *testing.T, s string, amount int64) {
		p := scenes()[2].screen
		p.Items[len(p.Items)-1].Name, p.Message = s, s
		p.Amount = sale.Amount(1 + uint64(amount)%uint64(sale.MaxAmount))
		for name, d := range poles {
			if d.dialect.digits {
				continue
			}
			for _, items := range []bool{true, false} {
				if !items {
					p.Items = nil
				}
				for _, l := range d.poleLines(p) {
					if len(l) != poleColumns || bytes.ContainsFunc([]byte(l), func(r rune) bool { return r < ' ' }) {
						t.Fatalf("%s: %q", name, l)
					}
					if name == "aedex" && bytes.ContainsRune([]byte(l), '!') {
						t.Fatalf("a command in %q", l)
					}
				}
			}
		}
	})
}
