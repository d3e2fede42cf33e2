package displaysim

import (
	"bytes"
	"context"
	"encoding/json"
	"image/color"
	"io"
	"net"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

const end = "\xFF\xFF\xFF"

// talk feeds bytes to a device's inside and returns its answers.
func talk(m machine, s string) string {
	var all []byte
	for i := range len(s) {
		answer, _ := m.take(s[i])
		all = append(all, answer...)
	}
	return string(all)
}

func TestNextionAnswersAsTheManualSays(t *testing.T) {
	for _, c := range []struct{ name, say, want string }{
		{"silent about success by default", "page 1" + end, ""},
		{"failures are said by default", "page 9" + end, "\x03" + end},
		{"everything is said under bkcmd 3", "bkcmd=3" + end + "page pay" + end, "\x01" + end + "\x01" + end},
		{"successes only under bkcmd 1", "bkcmd=1" + end + "page 9" + end, "\x01" + end},
		{"nothing under bkcmd 0, but an unknown word", "bkcmd=0" + end + "page 9" + end + "dance" + end, "\x00" + end},
		{"unknown component in an assignment", `nosuch.txt="x"` + end, "\x1A" + end},
		{"unknown component elsewhere", "ref nosuch" + end + "vis nosuch,1" + end, "\x02" + end + "\x02" + end},
		{"unknown attribute", "t0.nosuch=1" + end, "\x1A" + end},
		{"too few parameters", "fill 1,2,3" + end, "\x1E" + end},
		{"a bad escape", `t0.txt="a\x"` + end, "\x20" + end},
		{"no such picture", "pic 1,1,7" + end, "\x04" + end},
		{"a bad baud rate", "bauds=9601" + end, "\x11" + end},
		{"the page", "page result" + end + "sendme" + end, "\x66\x02" + end},
		{"a text", `t0.txt="say \"a\\b\""` + end + "get t0.txt" + end, "\x70say \"a\\b\"" + end},
		{"a number", "dim=42" + end + "get dim" + end, "\x71\x2A\x00\x00\x00" + end},
		{"raw bytes", "printh 23 02" + end, "\x23\x02"},
		{"a restart", "rest" + end, "\x00\x00\x00" + end + "\x88" + end},
		{"who are you", "connect" + end, "comok 1,30601-0,NX4827T043_011R,163,61488,D264B8204F0E1828,16777216" + end},
		{"a command longer than the buffer", strings.Repeat("x", 1025) + end, "\x24" + end},
		{"a single FF is no end", "page\xFF 1" + end, "\x00" + end},
	} {
		m := &nextion{project: shopProject}
		m.powerOn()
		if got := talk(m, c.say); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestNextionKeepsWhatTheManualKeeps(t *testing.T) {
	m := &nextion{project: shopProject}
	m.powerOn()
	talk(m, "page 1"+end+`qr0.txt="`+strings.Repeat("q", 300)+`"`+end+`t0.txt="a"`+end+`t0.txt+="b"`+end)
	if got := len(m.set["qr0.txt"]); got != 190 {
		t.Errorf("beyond txt_maxl the text is cut: %d characters", got)
	}
	if m.set["t0.txt"] != "ab" {
		t.Errorf("appended: %q", m.set["t0.txt"])
	}
	talk(m, "page 1"+end)
	if len(m.set) != 0 {
		t.Errorf("a page brings the designed values back: %v", m.set)
	}
	talk(m, "fill 0,0,10,10,63488"+end)
	if got := m.paint().RGBAAt(5, 5); got != (color.RGBA{255, 0, 0, 255}) {
		t.Errorf("a filled corner is %v", got)
	}
	talk(m, "dim=50"+end)
	if got := m.paint().RGBAAt(5, 5); got.R != 127 {
		t.Errorf("dimmed to one half it is %v", got)
	}
	talk(m, "sleep=1"+end)
	if got := m.paint().RGBAAt(300, 100); got != (color.RGBA{0, 0, 0, 255}) {
		t.Errorf("asleep it is %v", got)
	}
}

// poleLines returns what a pole shows after bytes, without blanks at the ends.
func poleLines(t *testing.T, dialect, say string) (PoleState, string) {
	t.Helper()
	p := &pole{speak: tongues[dialect], dialect: dialect}
	p.powerOn()
	answer := talk(p, say)
	return p.state().(PoleState), answer
}

func TestPolesReadTheirMakersCommands(t *testing.T) {
	for _, c := range []struct{ name, dialect, say, top, bottom string }{
		{"forty characters paint both lines", "escpos", "\x0C" + strings.Repeat("A", 20) + strings.Repeat("B", 20), strings.Repeat("A", 20), strings.Repeat("B", 20)},
		{"and wrap", "escpos", "\x0C" + strings.Repeat("A", 40) + "C", "C" + strings.Repeat("A", 19), strings.Repeat("A", 20)},
		{"a position", "escpos", "\x1F$\x05\x02x", "", "    x"},
		{"the bottom line", "escpos", "\x1FBlow", "", "low"},
		{"the line end", "escpos", "\x1F\x0Dx", strings.Repeat(" ", 19) + "x", ""},
		{"vertical scroll", "escpos", "\x1F\x02" + strings.Repeat("A", 20) + strings.Repeat("B", 20) + "C", strings.Repeat("B", 20), "C"},
		{"clear the line", "escpos", "up\x1FBlow\x18", "up", ""},
		{"a printer is addressed", "escpos", "\x1B=\x01no\x1B=\x02yes", "yes", ""},
		{"Windows-1252", "escpos", "\x1Bt\x10\xC9", "É", ""},
		{"an unknown table shows boxes", "escpos", "\xC9", "□", ""},
		{"an unknown command shows a box", "escpos", "\x1Bz", "□", ""},
		{"whole lines", "cd5220", "\x1BQAup\r\x1BQBlow\r", "up", "low"},
		{"a shorter line blanks the rest", "cd5220", "\x1BQAlonger\r\x1BQAup\r", "up", ""},
		{"the cursor is deaf in string mode", "cd5220", "\x1BQAup\r\x1Bl\x01\x02", "up", ""},
		{"and hears again after a mode", "cd5220", "\x1BQAup\r\x1B\x11\x1Bl\x03\x02x", "up", "  x"},
		{"positions count on", "utc", "\x11\x10\x14low\x10\x02up", "  up", "low"},
		{"power-on scrolls", "utc", "\x10\x27xC", strings.Repeat(" ", 19) + "x", "C"},
		{"reset", "utc", "abc\x1F", "", ""},
		{"enhanced needs its switch", "utc", "\x1Bd\x1BuAup\r\x1BuBlow\r", "up", "low"},
		{"both lines at once", "utce", "\x1BuI" + strings.Repeat("A", 20) + "low\r", strings.Repeat("A", 20), "low"},
		{"and back to standard", "utce", "\x1B\x1E\r\x11\x10\x00x", "x", ""},
		{"letters command", "aedex", "!#1up\r!#2low\r", "up", "low"},
		{"a single ! is text", "aedex", "hi!x", "hi!x", ""},
		{"a command in a text cuts it off", "aedex", "!#1a!#2low\r", "□", "low"},
		{"frames", "dsp800", "\x04\x01P\x45\x17low\x04\x01P\x31\x17up", "up", "low"},
		{"clearing", "dsp800", "abc\x04\x01C\x31\x58\x17", "", ""},
	} {
		s, _ := poleLines(t, c.dialect, c.say)
		if strings.TrimRight(s.Lines[0], " ") != c.top || strings.TrimRight(s.Lines[1], " ") != c.bottom {
			t.Errorf("%s, %s: %q", c.dialect, c.name, s.Lines)
		}
	}
}

func TestOnlyTheDSP800Answers(t *testing.T) {
	if _, a := poleLines(t, "dsp800", "\x04\x01P1\x17text\x04\x01P1x\x04\x01C1X\x17"); a != "\x06\x15\x06" {
		t.Errorf("answers % X", a)
	}
	for _, d := range Dialects() {
		if d == "dsp800" || d == "led8" {
			continue
		}
		if _, a := poleLines(t, d, "\x1B@\x0C\x1BQAhello\r!#1x\r\x10\x14y"); a != "" {
			t.Errorf("%s answers % X", d, a)
		}
	}
}

func TestPuckAndBoxShowOnlyWhatIsWhole(t *testing.T) {
	m := &mertech{}
	m.powerOn()
	talk(m, "\x02\xF2\x02\x00\x05hello\x02\xF2\x04")
	if m.code != "" || len(m.unknown) == 0 {
		t.Errorf("a torn frame shows %q, %v", m.code, m.unknown)
	}
	talk(m, "\x02\xF2\x02\x00\x05hello\x02\xF2\x03")
	if m.code != "hello" {
		t.Errorf("code %q", m.code)
	}
	b := &bonrix{}
	b.powerOn()
	talk(b, "DisplayQRCodeScreen**u**1.00\nDisplayQRCodeScreen**u**1.00**n\r\n")
	if b.screen != "DisplayQRCodeScreen" || len(b.unknown) != 1 {
		t.Errorf("%q, unknown %v", b.screen, b.unknown)
	}
}

// machines are all of them, powered on.
func machines() []machine {
	all := []machine{&nextion{project: shopProject}, &dmd70{}, &bonrix{}, &mertech{}, &led8{}}
	for _, d := range slices.Sorted(slices.Values(Dialects())) {
		if d != "led8" {
			all = append(all, &pole{speak: tongues[d], dialect: d})
		}
	}
	for _, m := range all {
		m.powerOn()
	}
	return all
}

func FuzzDevices(f *testing.F) {
	for _, s := range []string{
		"page 1" + end + `qr0.txt="hello"` + end + `t0.txt="a\"b"` + end, "qrcode 0,0,100,65535,0,-1,8,\"x\"" + end, "fill -5,-5,9999,9999,1" + end,
		"\x1F(k\x03\x00\x31\x43\x0A\x1F(k\x08\x00\x31\x50\x30hello\x1F(k\x08\x00\x31\x51\x30\x01\xC3\x00\x23\x00", "\x1F$\x05\x02x\x1BQAup\r!#9both\r",
		"DisplayQRCodeScreen**u**1.00**n\n", "\x02\xF2\x02\x00\x05hello\x02\xF2\x03", "\x04\x01P\x31\x17up", "\x1BQA12.34\r\x1Bs2",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, m := range machines() {
			for _, x := range b {
				m.take(x)
			}
			m.state()
			m.paint()
			m.powerOn()
		}
	})
}

func TestServeControlAndFaults(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	d := NewNextion(Options{})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- d.Serve(ctx, l) }()
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	io.WriteString(c, "page 1"+end+`qr0.txt="https://example.com/"`+end+"sendme"+end)
	got := make([]byte, 5)
	if _, err := io.ReadFull(c, got); err != nil || string(got) != "\x66\x01"+end {
		t.Fatalf("%q, %v", got, err)
	}

	web := httptest.NewServer(d.Control())
	defer web.Close()
	get := func(path string) []byte {
		r, err := web.Client().Get(web.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Body.Close()
		b, _ := io.ReadAll(r.Body)
		return b
	}
	if code, err := ReadCode(get("/screen.png")); err != nil || code != "https://example.com/" {
		t.Errorf("the screen shows %q, %v", code, err)
	}
	var st State
	if err := json.Unmarshal(get("/state"), &st); err != nil || st.Device != "nextion" || st.Connected != 1 || st.BytesIn == 0 {
		t.Errorf("state %+v, %v", st, err)
	}
	post := func(kind, path, body string) int {
		r, err := web.Client().Post(web.URL+path, kind, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Body.Close()
		return r.StatusCode
	}
	for _, c := range []struct {
		kind, path, body string
		want             int
	}{
		{"application/json", "/fault", `{"set":"slow=10ms"}`, 200}, {"", "/fault?set=noise", "", 200}, {"application/json", "/fault", `{"clear":"slow"}`, 200},
		{"application/json", "/fault", `{"set":"slow=ten"}`, 400}, {"application/json", "/fault", `{"set":"nosuch"}`, 400}, {"application/json", "/fault", `{`, 400}, {"", "/fault", "", 400},
	} {
		if got := post(c.kind, c.path, c.body); got != c.want {
			t.Errorf("POST %s %s: %d, want %d", c.path, c.body, got, c.want)
		}
	}
	if s := d.State().Faults; !slices.Equal(s, []string{"noise"}) {
		t.Errorf("faults in force %v", s)
	}
	cancel()
	if err := <-done; err == nil || d.State().Connected != 0 {
		t.Errorf("Serve returned %v with %d connections", err, d.State().Connected)
	}
}

func TestBufferRunsOverWhenThePanelIsBusy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := NewNextion(Options{})
		near, far := net.Pipe()
		ctx, cancel := context.WithCancel(t.Context())
		go d.ServeConn(ctx, far)
		d.SetFault("slow=1s")
		var heard bytes.Buffer
		go io.Copy(&heard, near)
		io.WriteString(near, "ref 0"+end)
		synctest.Wait()
		io.WriteString(near, strings.Repeat("ref 0"+end, 200))
		synctest.Wait()
		if n := d.State().Overruns; n == 0 {
			t.Error("1600 bytes went into a buffer of 1024")
		}
		time.Sleep(time.Second)
		cancel()
		synctest.Wait()
		if !strings.HasPrefix(heard.String(), "\x24"+end) {
			t.Errorf("it said % X", heard.Bytes())
		}
	})
}

func TestNewNamesWhatThereIs(t *testing.T) {
	for _, d := range Drivers() {
		if _, err := New(d, "", Options{}); err != nil {
			t.Error(err)
		}
	}
	for _, c := range [][3]string{{"vfd", "", "nextion"}, {"linedisplay", "klingon", "cd5220"}} {
		if _, err := New(c[0], c[1], Options{}); err == nil || !strings.Contains(err.Error(), c[2]) {
			t.Errorf("New(%s, %s): %v", c[0], c[1], err)
		}
	}
}
