package printer

import (
	"bytes"
	"testing"
)

// said takes a stream apart.
func said(stream []byte) []signal {
	var d demux
	var out []signal
	for _, b := range stream {
		if s, ok := d.feed(b); ok {
			out = append(out, s)
		}
	}
	return out
}

func TestEveryByteAloneMeansOneThing(t *testing.T) {
	for i := range 256 {
		b := byte(i)
		got := said([]byte{b})
		var want signalKind
		switch {
		case b == XON || b == XOFF:
			want = sigFlow
		case b&0x93 == 0x12:
			want = sigRealTime
		case b&0x90 == 0:
			want = sigAnswer
		}
		switch {
		case want == 0 && len(got) != 0:
			t.Errorf("%02X alone gave %+v", b, got)
		case want != 0 && (len(got) != 1 || got[0].kind != want || got[0].b != b):
			t.Errorf("%02X alone gave %+v, want kind %d", b, got, want)
		}
	}
}

// A Star's report is one report, whatever its bytes look like, and an answer
// before and behind it is heard.
func TestStarsReportIsNoAnswer(t *testing.T) {
	d := demux{star: true}
	var got []signal
	for _, b := range []byte("\x23\x06\x28\x00\x00\x0C\x00\x00\x00\x03") {
		if s, ok := d.feed(b); ok {
			got = append(got, s)
		}
	}
	if len(got) != 2 || got[0].kind != sigStar || len(got[0].text) != 9 || got[1].kind != sigAnswer || got[1].b != 3 {
		t.Errorf("%+v", got)
	}
	var s Status
	s.star(got[0].text)
	if !s.CoverOpen || !s.Offline || !s.PaperOut || !s.PaperLow || s.Cutter || s.Hot || s.Fault {
		t.Errorf("%+v", s)
	}
}

func TestMixedStreamsComeApart(t *testing.T) {
	block := [4]byte{0x14, 0, 0, 0x0F}
	for name, c := range map[string]struct {
		stream string
		want   []signal
	}{
		"a report":                      {"\x14\x00\x00\x0f", []signal{{kind: sigReport, block: block}}},
		"flow control inside a report":  {"\x14\x13\x00\x11\x00\x0f", []signal{{kind: sigFlow, b: XOFF}, {kind: sigFlow, b: XON}, {kind: sigReport, block: block}}},
		"an answer inside a report":     {"\x14\x00\x12\x00\x0f", []signal{{kind: sigRealTime, b: 0x12}, {kind: sigReport, block: block}}},
		"a report between two answers":  {"\x16\x14\x00\x00\x0f\x12", []signal{{kind: sigRealTime, b: 0x16}, {kind: sigReport, block: block}, {kind: sigRealTime, b: 0x12}}},
		"a report that begins anew":     {"\x14\x00\x14\x00\x00\x0f", []signal{{kind: sigReport, block: block}}},
		"GS r after a report":           {"\x14\x00\x00\x0f\x00", []signal{{kind: sigReport, block: block}, {kind: sigAnswer}}},
		"a text":                        {"_EPSON\x00", []signal{{kind: sigText, text: "_EPSON"}}},
		"flow control inside a text":    {"_EP\x13SON\x00", []signal{{kind: sigFlow, b: XOFF}, {kind: sigText, text: "_EPSON"}}},
		"GS ( H with its number":        {"7\"0042\x00\x00", []signal{{kind: sigText, text: "7\"0042"}, {kind: sigAnswer}}},
		"noise, then an answer":         {"\xff\x80\x90\x12", []signal{{kind: sigRealTime, b: 0x12}}},
		"a text that a report cuts off": {"_EP\x14\x00\x00\x0f", []signal{{kind: sigReport, block: block}}},
	} {
		got := said([]byte(c.stream))
		if len(got) != len(c.want) {
			t.Errorf("%s: got %+v", name, got)
			continue
		}
		for i := range got {
			if got[i] != c.want[i] {
				t.Errorf("%s: signal %d is %+v, want %+v", name, i, got[i], c.want[i])
			}
		}
	}
}

func FuzzDemux(f *testing.F) {
	for _, s := range []string{"\x14\x00\x00\x0f", "_EPSON\x00\x12\x16", "7\"0042\x00", "\x13\x11\x00", "\x14\x12\x00\x00\x0f"} {
		f.Add([]byte(s), 3)
	}
	f.Fuzz(func(t *testing.T, stream []byte, at int) {
		// What is said never holds more than was heard, and flow control, which a
		// printer may put anywhere, changes nothing else.
		plain := said(stream)
		if at < 0 || at > len(stream) {
			return
		}
		var without []signal
		for _, s := range said(append(append(bytes.Clone(stream[:at]), XOFF), stream[at:]...)) {
			if s.kind != sigFlow {
				without = append(without, s)
			}
		}
		var same []signal
		for _, s := range plain {
			if s.kind != sigFlow {
				same = append(same, s)
			}
			if s.kind == sigReport && (s.block[0]&0x93 != 0x10 || s.block[1]&0x90 != 0 || s.block[2]&0x90 != 0 || s.block[3]&0x90 != 0) {
				t.Errorf("a report of % X", s.block)
			}
			if len(s.text) > maxText {
				t.Errorf("a text of %d bytes", len(s.text))
			}
		}
		if len(same) != len(without) {
			t.Fatalf("XOFF at %d of % X changes %d signals to %d", at, stream, len(same), len(without))
		}
		for i := range same {
			if same[i] != without[i] {
				t.Errorf("XOFF at %d of % X changes %+v to %+v", at, stream, same[i], without[i])
			}
		}
	})
}

func TestStatusWordsForEveryAnswer(t *testing.T) {
	for i := range 256 {
		b := byte(i)
		if b&0x93 != 0x12 {
			continue
		}
		bit := func(n int) bool { return b>>n&1 != 0 }
		for n, want := range map[int]bool{
			1: bit(3),
			2: bit(2) || bit(5) || bit(6),
			3: bit(2) || bit(3) || bit(5) || bit(6),
			4: bit(5) || bit(6),
		} {
			var s Status
			s.realTime(n, b)
			if got := s.trouble() != ""; got != want {
				t.Errorf("DLE EOT %d answered %02X: trouble %q, want %v", n, b, s.trouble(), want)
			}
			if n == 4 && s.PaperLow != (b&0x0C != 0) {
				t.Errorf("DLE EOT 4 answered %02X: paper low %v", b, s.PaperLow)
			}
		}
	}
	for i := range 256 {
		b := byte(i)
		var s Status
		s.report([4]byte{0x10 | b&0x6C, 0, 0, 0})
		if want := b&0x28 != 0; (s.trouble() != "") != want {
			t.Errorf("report with first byte %02X: %q", 0x10|b&0x6C, s.trouble())
		}
		s = Status{}
		s.report([4]byte{0x10, b & 0x6F, 0, 0})
		if want := b&0x6C != 0; (s.trouble() != "") != want {
			t.Errorf("report with second byte %02X: %q", b&0x6F, s.trouble())
		}
		s = Status{}
		s.report([4]byte{0x10, 0, b & 0x6F, 0})
		if s.PaperOut != (b&0x0C != 0) || s.PaperLow != (b&0x03 != 0) {
			t.Errorf("report with third byte %02X: %+v", b&0x6F, s)
		}
	}
}
