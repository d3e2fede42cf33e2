package printersim

import (
	"bytes"
	"context"
	"encoding/json"
	"image/png"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// plugged runs a printer with a host's end of its cable.
func plugged(t *testing.T, opt Options, f func(t *testing.T, p *Printer, host net.Conn)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		p := New(opt)
		host, cable := net.Pipe()
		ended := make(chan struct{})
		go func() { p.ServeConn(ctx, cable); close(ended) }()
		f(t, p, host)
		host.Close()
		<-ended
		cancel()
	})
}

// heard returns everything the printer says until it is quiet.
func heard(host net.Conn) []byte {
	host.SetReadDeadline(time.Now().Add(time.Second))
	b, _ := io.ReadAll(host)
	return b
}

func TestTextComesBackAsItWasSent(t *testing.T) {
	for name, c := range map[string]struct{ sent, want string }{
		"plain":           {"a\nb\n", "a\nb\n"},
		"accents in 1252": {"\x1bt\x10\xe9t\xe9 \x80\n", "été €\n"},
		"accents in 858":  {"\x1bt\x13\x82 \xd5\n", "é €\n"},
		"centred":         {"\x1ba\x01abcd\n", strings.Repeat(" ", 22) + "abcd\n"},
		"flush right":     {"\x1ba\x02abcd\n", strings.Repeat(" ", 44) + "abcd\n"},
		"a default tab":   {"a\tb\n", "a       b\n"},
		"own tabs":        {"\x1bD\x05\x0a\x00a\t\tb\n", "a         b\n"},
		"a position":      {"a\x1b$\x3c\x00b\n", "a    b\n"},
		"a wide rule":     {"\x1d!\x70------\x1d!\x00\n", strings.Repeat("-", 48) + "\n"},
		"double width":    {"\x1d!\x10ab\x1d!\x00\n", "ab\n"},
		"too long a line": {strings.Repeat("x", 50) + "\n", strings.Repeat("x", 48) + "\nxx\n"},
		"chinese":         {"\x1c&\xd6\xd0\xce\xc4\x1c.\xe9\n", "中文Θ\n"},
		"feeding":         {"a\x1bd\x02b\n", "a\n\nb\n"},
	} {
		plugged(t, Options{Hanzi: true}, func(t *testing.T, p *Printer, host net.Conn) {
			host.Write([]byte(c.sent))
			synctest.Wait()
			if got := p.Unfinished(); got != c.want {
				t.Errorf("%s: got %q, want %q", name, got, c.want)
			}
			if odd := p.Unknown(); len(odd) > 0 {
				t.Errorf("%s: not understood: %q", name, odd)
			}
		})
	}
}

func TestChineseMarketPrinterSwallowsAccents(t *testing.T) {
	plugged(t, Options{Chinese: true}, func(t *testing.T, p *Printer, host net.Conn) {
		host.Write([]byte("\x1b@\x1bt\x10\xe9\xe9\n\x1b@\x1c.\x1bt\x10\xe9\xe9\n"))
		synctest.Wait()
		lines := strings.Split(p.Unfinished(), "\n")
		if lines[0] == "éé" || lines[1] != "éé" {
			t.Errorf("got %q", lines)
		}
	})
}

func TestUnknownBytesAreNamed(t *testing.T) {
	plugged(t, Options{}, func(t *testing.T, p *Printer, host net.Conn) {
		host.Write([]byte("\x1b\x99a\x01b\n\x1d(k\x03\x00199"))
		synctest.Wait()
		if got := p.Unknown(); !slices.Equal(got, []string{"1B 99", "01", "GS ( k 31 39 39"}) {
			t.Errorf("%q", got)
		}
	})
}

func TestDefectsOfOtherProgramsAreSeen(t *testing.T) {
	for sent, want := range map[string]string{
		"abc\x1dVB\x00":  "cut in the middle of a line",
		"abc\n\x1dV\x00": "cut without a feed: the last lines are above the blade",
		"\x1dv0\x00\x01\x00\x00\x01" + strings.Repeat("\x00", 256): "GS v 0 of 256 rows: many printers lose what is above 255",
	} {
		plugged(t, Options{}, func(t *testing.T, p *Printer, host net.Conn) {
			host.Write([]byte(sent))
			synctest.Wait()
			if got := p.Unknown(); !slices.Contains(got, want) {
				t.Errorf("%q: %q", sent, got)
			}
		})
	}
}

func TestQuestionsAreAnsweredAsInTheManual(t *testing.T) {
	const all = "\x10\x04\x01\x10\x04\x02\x10\x04\x03\x10\x04\x04"
	for fault, want := range map[string]string{
		"":             "\x16\x12\x12\x12",
		"cover":        "\x1e\x16\x12\x12",
		"paper-out":    "\x1e\x32\x12\x7e",
		"near-end":     "\x16\x12\x12\x1e",
		"cutter":       "\x1e\x52\x1a\x12",
		"hot":          "\x1e\x52\x52\x12",
		"error":        "\x1e\x52\x32\x12",
		"offline":      "\x1e\x12\x12\x12",
		"silent-clone": "",
		"lies-healthy": "\x12\x12\x12\x12",
	} {
		plugged(t, Options{}, func(t *testing.T, p *Printer, host net.Conn) {
			if fault != "" {
				p.SetFault(fault)
			}
			go host.Write([]byte(all))
			if got := heard(host); string(got) != want {
				t.Errorf("%s: % X, want % X", fault, got, want)
			}
		})
	}
}

func TestReportsComeOnceAndOnChange(t *testing.T) {
	plugged(t, Options{}, func(t *testing.T, p *Printer, host net.Conn) {
		go host.Write([]byte("\x1da\xff"))
		if got := heard(host); string(got) != "\x14\x00\x00\x0f" {
			t.Errorf("at enabling % X", got)
		}
		go p.SetFault("cover")
		if got := heard(host); string(got) != "\x3c\x00\x00\x0f" {
			t.Errorf("cover open % X", got)
		}
		go p.SetFault("cover")
		if got := heard(host); len(got) != 0 {
			t.Errorf("nothing changed: % X", got)
		}
		go p.ClearFault("")
		if got := heard(host); string(got) != "\x14\x00\x00\x0f" {
			t.Errorf("closed % X", got)
		}
	})
}

func TestAnswersInSequenceWaitForThePaper(t *testing.T) {
	plugged(t, Options{ProcessID: true}, func(t *testing.T, p *Printer, host net.Conn) {
		p.SetFault("paper-out=2")
		go host.Write([]byte("a\nb\nc\n\x1dr\x01\x1d(H\x06\x0000abcd"))
		if got := heard(host); len(got) != 0 {
			t.Errorf("answered % X without paper", got)
		}
		if got := p.Unfinished(); got != "a\nb\n" {
			t.Errorf("printed %q", got)
		}
		go p.ClearFault("paper-out")
		if got := heard(host); string(got) != "\x00\x37\x22abcd\x00" {
			t.Errorf("then % X", got)
		}
		if got := p.Unfinished(); got != "a\nb\nc\n" {
			t.Errorf("printed %q", got)
		}
	})
}

func TestFullBufferSaysStop(t *testing.T) {
	plugged(t, Options{XonXoff: true, Buffer: 512}, func(t *testing.T, p *Printer, host net.Conn) {
		p.SetFault("cover")
		go host.Write(bytes.Repeat([]byte("x"), 600))
		if got := heard(host); string(got) != "\x13" {
			t.Errorf("% X", got)
		}
		if d := p.State().Dropped; d != 600-512 {
			t.Errorf("%d bytes dropped", d)
		}
		go p.ClearFault("")
		if got := heard(host); string(got) != "\x11" {
			t.Errorf("then % X", got)
		}
	})
}

func TestPowerCutLosesWhatIsNotOnPaper(t *testing.T) {
	plugged(t, Options{}, func(t *testing.T, p *Printer, host net.Conn) {
		p.SetFault("dies-mid=1")
		host.Write([]byte("a\nb\nc\n"))
		synctest.Wait()
		if _, err := host.Read(make([]byte, 1)); err != io.EOF && err != io.ErrClosedPipe {
			t.Errorf("the line is still there: %v", err)
		}
		p.ClearFault("dies-mid")
		if got := p.Unfinished(); got != "a\n" {
			t.Errorf("on paper %q", got)
		}
	})
}

func TestCutsMakeReceipts(t *testing.T) {
	plugged(t, Options{}, func(t *testing.T, p *Printer, host net.Conn) {
		host.Write([]byte("one\n\x1dVB\x00two\n\x1bd\x06three\n"))
		synctest.Wait()
		got := p.Receipts()
		if len(got) != 2 || !strings.HasPrefix(got[0], "one\n") || !strings.HasPrefix(got[1], "two\n") || p.Unfinished() != "three\n" {
			t.Errorf("%q and %q", got, p.Unfinished())
		}
	})
}

func TestControlShowsAndSets(t *testing.T) {
	plugged(t, Options{}, func(t *testing.T, p *Printer, host net.Conn) {
		host.Write([]byte("one\n\x1dVB\x00"))
		synctest.Wait()
		ask := func(method, target, body string) (int, string) {
			w := httptest.NewRecorder()
			p.Control().ServeHTTP(w, httptest.NewRequest(method, target, strings.NewReader(body)))
			return w.Code, w.Body.String()
		}
		if code, body := ask("GET", "/receipts", ""); code != 200 || !strings.HasPrefix(body, "one\n") || !strings.Contains(body, "~~~") {
			t.Errorf("receipts: %d %q", code, body)
		}
		code, body := ask("GET", "/receipt.png?n=1", "")
		if _, err := png.Decode(strings.NewReader(body)); code != 200 || err != nil {
			t.Errorf("picture: %d %v", code, err)
		}
		if code, _ := ask("GET", "/receipt.png?n=2", ""); code != http.StatusNotFound {
			t.Errorf("a receipt that is not there: %d", code)
		}
		for _, set := range []struct {
			target, body string
			code         int
		}{
			{"/fault?set=cover", "", 200}, {"/fault", `{"set":"paper-out=3"}`, 200}, {"/fault", `{"set":"fire"}`, 400},
			{"/fault", `{}`, 400}, {"/fault?set=slow%3Dfast", "", 400}, {"/fault?set=cover%3D1x", "", 400},
		} {
			if code, body := ask("POST", set.target, set.body); code != set.code {
				t.Errorf("%s %s: %d %s", set.target, set.body, code, body)
			}
		}
		_, body = ask("GET", "/state", "")
		var st State
		if err := json.Unmarshal([]byte(body), &st); err != nil || st.Online || !slices.Equal(st.Faults, []string{"paper-out=3", "cover"}) {
			t.Errorf("%v %+v", err, st)
		}
		ask("POST", "/fault", `{"clear":""}`)
		if st := p.State(); !st.Online || len(st.Faults) != 0 {
			t.Errorf("%+v", st)
		}
	})
}

func TestEveryFaultIsKnown(t *testing.T) {
	p := New(Options{})
	for _, f := range Faults() {
		if err := p.SetFault(f.Name); err != nil || f.About == "" {
			t.Errorf("%s: %v", f.Name, err)
		}
		p.ClearFault(f.Name)
	}
	if st := p.State(); len(st.Faults) != 0 || !st.Online {
		t.Errorf("%+v", st)
	}
}

func FuzzPrinter(f *testing.F) {
	for _, s := range []string{"\x1b@\x1c.\x1bR\x00\x1bt\x10abc\n\x1dVB\x00", "\x1d(k\x04\x001A2\x00", "\x1dv0\x00\x01\x00\x01\x00\xff", "\x10\x04\x01", "\x1d(L\x0c\x000p0\x01\x011\x08\x00\x01\x00\xff\x00", "\x1b*!\x01\x00abc", "\x1dkI\x03{Bx"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, stream []byte) {
		p := New(Options{Chinese: len(stream)%2 == 0})
		p.machine.answer = func([]byte) {}
		p.pending = append(p.pending, stream...)
		for p.step() {
		}
		p.machine.tear()
		p.collect()
		p.Receipts()
		// A picture as high as the paper is long is drawn only when it is not too long.
		if height := p.sheets[0].height(); height < 20_000 {
			p.Image(1)
		}
	})
}

func TestPicturesAreKeptWithoutPower(t *testing.T) {
	const logo = "\x1d(L\x0d\x000C0AB\x01\x10\x00\x01\x001\xf0\x0f" // sixteen dots by one
	const print = "\x1d(L\x06\x000EAB\x01\x02"                      // twice as high
	const old = "\x1cq\x01\x02\x00\x01\x00" + "\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80"
	plugged(t, Options{}, func(t *testing.T, p *Printer, host net.Conn) {
		host.Write([]byte("\x1d(L\x04\x000@KC"))
		if got := heard(host); len(got) != 0 {
			t.Errorf("without a picture it says % X", got)
		}
		host.Write([]byte(logo + old + "\x1b@" + print + "\x1cp\x01\x03" + "\x1d(L\x04\x000@KC"))
		if got := heard(host); string(got) != "7r@AB\x00" {
			t.Errorf("its keys are %q", got)
		}
		host.Write([]byte("\x06"))
		synctest.Wait()
		if got, want := p.Unfinished(), "[picture 16x2]\n[picture 32x16]\n"; got != want {
			t.Errorf("printed %q, want %q", got, want)
		}
		if s := p.State(); s.Kept != 2 || s.Writes != 2 || len(s.Unknown) != 0 {
			t.Errorf("%+v", s)
		}
		host.Write([]byte("\x1d(L\x04\x000BAB" + print + "\x1cp\x02\x00\x06"))
		synctest.Wait()
		if s := p.State(); s.Kept != 1 || len(s.Unknown) != 2 {
			t.Errorf("%+v", s)
		}
	})
}

func TestLongListsOfKeysComeInBlocks(t *testing.T) {
	plugged(t, Options{}, func(t *testing.T, p *Printer, host net.Conn) {
		for i := range 85 {
			host.Write([]byte("\x1d(L\x0c\x000C0" + string([]byte{'A' + byte(i/26), 'A' + byte(i%26)}) + "\x01\x08\x00\x01\x001\xff"))
		}
		host.Write([]byte("\x1d(L\x04\x000@KC"))
		var lengths []int
		for {
			got := heard(host)
			if len(got) == 0 {
				break
			}
			lengths = append(lengths, len(got))
			host.Write([]byte{6})
		}
		if !slices.Equal(lengths, []int{84, 84, 14}) {
			t.Errorf("blocks of %v bytes", lengths)
		}
	})
}
