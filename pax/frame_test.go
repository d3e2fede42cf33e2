package pax

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// transcript reads a file of testdata/pax.
func transcript(t testing.TB, file string) []Line {
	t.Helper()
	f, err := os.Open(filepath.Join("..", "testdata", "pax", file))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines, err := ParseTranscript(f)
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return lines
}

// frames returns the frames of a file under the remark above each.
func frames(t testing.TB, file string) map[string][]byte {
	t.Helper()
	out, title := map[string][]byte{}, ""
	for _, l := range transcript(t, file) {
		switch l.Kind {
		case Remark:
			title, _, _ = strings.Cut(l.Text, " ")
			if file != "constructed.txt" {
				title = l.Text
			}
		case Sent, Received:
			out[title] = l.Bytes
		}
	}
	return out
}

func TestEveryRecordedFrameIsWhole(t *testing.T) {
	for _, file := range []string{"observed.txt", "constructed.txt", "lrc.txt"} {
		all := frames(t, file)
		if len(all) < 10 {
			t.Errorf("%s has %d frames only", file, len(all))
		}
		for title, f := range all {
			var s Scanner
			tok, rest := s.Next(f)
			if tok.Kind != TokenFrame || len(rest) != 0 || s.Pending() {
				t.Errorf("%s: %s: token %v, %d bytes left", file, title, tok.Kind, len(rest))
				continue
			}
			if again := AppendFrame(nil, strings.Split(string(tok.Body), string(FS))...); !bytes.Equal(again, f) {
				t.Errorf("%s: %s: built anew it is % X", file, title, again)
			}
		}
	}
}

// TestScannerTakesAnyCut feeds all the frames, with control bytes and noise
// between them, in pieces of every size.
func TestScannerTakesAnyCut(t *testing.T) {
	var stream []byte
	var want []string
	for _, file := range []string{"observed.txt", "constructed.txt", "lrc.txt"} {
		for _, l := range transcript(t, file) {
			if l.Kind == Remark {
				continue
			}
			stream = append(stream, 0x00, 'x', 0xFF, ACK)
			stream = append(stream, l.Bytes...)
			stream = append(stream, EOT, 0x00)
			want = append(want, "\x06", string(l.Bytes[1:len(l.Bytes)-2]), "\x04")
		}
	}
	for size := 1; size < 600; size++ {
		var s Scanner
		var got []string
		for in := stream; len(in) > 0; {
			piece := in[:min(size, len(in))]
			in = in[len(piece):]
			for {
				var tok Token
				tok, piece = s.Next(piece)
				if tok.Kind == TokenNone {
					break
				}
				got = append(got, string(tok.Body)+strings.Trim(string(tok.Control), "\x00"))
			}
		}
		if strings.Join(got, "|") != strings.Join(want, "|") {
			t.Fatalf("in pieces of %d: %d tokens, want %d", size, len(got), len(want))
		}
	}
}

func TestScannerRefusesWhatIsDamaged(t *testing.T) {
	good := AppendFrame(nil, "0", "T01", "1.58", "000000", "OK")
	bad := bytes.Clone(good)
	bad[5] ^= 1
	for _, tc := range []struct {
		name string
		in   []byte
		want []TokenKind
	}{
		{"one bit turned", bad, []TokenKind{TokenDamaged}},
		{"then a good one", append(bytes.Clone(bad), good...), []TokenKind{TokenDamaged, TokenFrame}},
		{"broken off and begun anew", append(bytes.Clone(good[:7]), good...), []TokenKind{TokenFrame}},
		{"no end", append([]byte{STX}, bytes.Repeat([]byte{'x'}, MaxFrame+2)...), []TokenKind{TokenDamaged}},
		{"tail only", good[3:], nil},
	} {
		var s Scanner
		var got []TokenKind
		for in := tc.in; ; {
			var tok Token
			if tok, in = s.Next(in); tok.Kind == TokenNone {
				break
			}
			got = append(got, tok.Kind)
		}
		if len(got) != len(tc.want) {
			t.Errorf("%s: tokens %v, want %v", tc.name, got, tc.want)
			continue
		}
		for i := range got {
			if got[i] != tc.want[i] {
				t.Errorf("%s: tokens %v, want %v", tc.name, got, tc.want)
			}
		}
	}
}

func FuzzScanner(f *testing.F) {
	for _, file := range []string{"observed.txt", "constructed.txt", "lrc.txt"} {
		for _, l := range transcript(f, file) {
			if l.Kind != Remark {
				f.Add(l.Bytes)
			}
		}
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		var whole, bytewise Scanner
		var a, b []string
		for rest := in; ; {
			var tok Token
			if tok, rest = whole.Next(rest); tok.Kind == TokenNone {
				break
			}
			if tok.Kind == TokenFrame && !bytes.Contains(in, append(append([]byte{}, tok.Body...), ETX, LRC(append(append([]byte{}, tok.Body...), ETX)))) {
				t.Fatalf("a frame that was not there: %q", tok.Body)
			}
			a = append(a, string(rune('0'+tok.Kind))+string(tok.Body)+string(tok.Control))
		}
		for i := range in {
			if tok, _ := bytewise.Next(in[i : i+1]); tok.Kind != TokenNone {
				b = append(b, string(rune('0'+tok.Kind))+string(tok.Body)+string(tok.Control))
			}
		}
		if strings.Join(a, "|") != strings.Join(b, "|") {
			t.Fatalf("cut differently: %q and %q", a, b)
		}
	})
}
