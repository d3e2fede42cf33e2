package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"

	"posd/device"
	"posd/device/port"
	"posd/device/sale"
	"posd/store"
)

// fault is one that is put into a counter on purpose, and what `posd check` must
// say of it. Each seed is a counter of its own: the configuration that it returns
// is checked, without a daemon, and of all that is wrong nothing else may be said.
type seededFault struct {
	name string
	want cause
	at   string // the device that must have it
	seed func(t *testing.T, dir string) string
}

// Waits that end what is silent soon.
const shortTerminal = "ack_wait = \"150ms\"\ngreet_wait = \"300ms\"\nprobe_wait = \"100ms\"\nend_wait = \"20ms\"\nconnect_timeout = \"300ms\"\n"

func terminalOn(line string) string {
	return fmt.Sprintf("[terminal]\nline = %q\n%s", line, shortTerminal)
}

func displayAt(line, more string) string {
	return fmt.Sprintf("[[display]]\nline = %q\nanswer_wait = \"100ms\"\nconnect_timeout = \"300ms\"\n%s", line, more)
}

func printerOn(line string) string {
	return fmt.Sprintf("[printer]\nline = %q\nanswer_limit = \"200ms\"\nconnect_timeout = \"300ms\"\n", line)
}

// gatewayOf is an account whose key lies in dir.
func gatewayOf(t *testing.T, dir, url, key string) string {
	t.Helper()
	path := filepath.Join(dir, "key")
	if err := os.WriteFile(path, []byte(key), 0o600); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("[gateway]\nmch_id = \"10000701\"\njob_no = \"shop-1\"\nkey_file = %q\nbase_url = %q\nquery_timeout = \"1s\"\ncall_timeout = \"1s\"\nquery_tries = 1\nretry_wait = \"1ms\"\n", path, url)
}

// answers is a gateway that answers everything in one way.
func answers(h http.HandlerFunc) func(*testing.T, string) string {
	return func(t *testing.T, dir string) string {
		s := httptest.NewServer(h)
		t.Cleanup(s.Close)
		return gatewayOf(t, dir, s.URL+"/v1/", "secret")
	}
}

// says is an answer with a status and a body.
func says(status int, kind, body string) func(*testing.T, string) string {
	return answers(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", kind)
		w.WriteHeader(status)
		io.WriteString(w, body)
	})
}

// hears is a listener that hands every connection to serve.
func hears(t *testing.T, serve func(net.Conn)) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go serve(c)
		}
	}()
	return l.Addr().String()
}

func deaf(c net.Conn) { io.Copy(io.Discard, c) }

// ttyOn is a pseudo-terminal with somebody at its far end.
func ttyOn(t *testing.T, serve func(master *os.File)) string {
	master, slave, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	raw, err := unix.IoctlGetTermios(int(slave.Fd()), unix.TCGETS)
	if err == nil {
		raw.Lflag, raw.Iflag, raw.Oflag = 0, 0, 0
		err = unix.IoctlSetTermios(int(slave.Fd()), unix.TCSETS, raw)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { master.Close(); slave.Close() })
	go serve(master)
	return slave.Name()
}

// atSpeed reads what comes while the line has a speed; at any other it is noise.
type atSpeed struct {
	*os.File
	speed uint32
}

func (a atSpeed) Read(b []byte) (int, error) {
	for {
		n, err := a.File.Read(b)
		if err != nil {
			return n, err
		}
		if set, err := unix.IoctlGetTermios(int(a.Fd()), unix.TCGETS); err == nil && set.Cflag&unix.CBAUD == a.speed {
			return n, nil
		}
	}
}

// nextionAt answers as a panel does that is asked who it is.
func nextionAt(speed uint32) func(*os.File) {
	return func(f *os.File) {
		var heard []byte
		b := make([]byte, 256)
		for {
			n, err := atSpeed{f, speed}.Read(b)
			if err != nil {
				return
			}
			if heard = append(heard, b[:n]...); bytes.Contains(heard, []byte("connect")) {
				heard = nil
				io.WriteString(f, "comok 1,30601-0,NX4024T032_011R,52,61488,D264B8204F0E1828,16777216\xff\xff\xff")
			}
		}
	}
}

// terminalAtSpeed is the tests' own terminal on a serial line.
func terminalAtSpeed(f *fakeTerminal, speed uint32) func(*os.File) {
	return func(m *os.File) {
		near := atSpeed{m, speed}
		f.serve(&fakeConn{Conn: near, in: bufio.NewReader(near), f: f})
	}
}

func (atSpeed) LocalAddr() net.Addr  { return nil }
func (atSpeed) RemoteAddr() net.Addr { return nil }

// printerSays answers each question of a printer's state with one byte.
func printerSays(status map[byte]byte) func(net.Conn) {
	return func(c net.Conn) {
		defer c.Close()
		in := bufio.NewReader(c)
		for {
			b, err := in.ReadByte()
			if err != nil {
				return
			}
			if b != 0x10 { // DLE EOT n
				continue
			}
			if eot, _ := in.ReadByte(); eot != 0x04 {
				continue
			}
			n, _ := in.ReadByte()
			c.Write([]byte{status[n] | 0x12})
		}
	}
}

// lineFaults are those of a line, whatever hangs on it.
func lineFaults() []seededFault {
	return []seededFault{
		{"the terminal's cable is out", lineAbsent, "terminal", func(t *testing.T, dir string) string { return terminalOn(dir + "/nothing") }},
		{"the display's cable is out", lineAbsent, "customer", func(t *testing.T, dir string) string { return displayAt(dir+"/nothing", "") }},
		{"the printer's cable is out", lineAbsent, "printer", func(t *testing.T, dir string) string { return printerOn(dir + "/nothing") }},
		{"a file where the terminal was", lineNoDevice, "terminal", func(t *testing.T, dir string) string { return terminalOn(aFile(t, dir)) }},
		{"a file where the printer was", lineNoDevice, "printer", func(t *testing.T, dir string) string { return printerOn(aFile(t, dir)) }},
		{"another posd has the terminal's line", lineHeld, "terminal", held(terminalOn)},
		{"another posd has the display's line", lineHeld, "customer", held(func(l string) string { return displayAt(l, "") })},
		{"another posd has the printer's line", lineHeld, "printer", held(printerOn)},
		{"nobody listens at the terminal's port", hostRefuses, "terminal", func(t *testing.T, _ string) string { return terminalOn("tcp:" + freeAddr(t)) }},
		{"nobody listens at the printer's port", hostRefuses, "printer", func(t *testing.T, _ string) string { return printerOn("tcp:" + freeAddr(t)) }},
		{"nobody listens at the display's port", hostRefuses, "customer", func(t *testing.T, _ string) string { return displayAt("tcp:"+freeAddr(t), "") }},
		{"the terminal's name is unknown", hostUnknown, "terminal", func(t *testing.T, _ string) string { return terminalOn("tcp:no-such-terminal.invalid:10009") }},
		{"the printer's name is unknown", hostUnknown, "printer", func(t *testing.T, _ string) string { return printerOn("tcp:no-such-printer.invalid:9100") }},
	}
}

func aFile(t *testing.T, dir string) string {
	path := filepath.Join(dir, "a-file")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// held is a line that another posd has.
func held(section func(line string) string) func(*testing.T, string) string {
	return func(t *testing.T, dir string) string {
		addr := hears(t, deaf)
		release, err := port.Hold(dir, addr)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(release)
		return section("tcp:" + addr)
	}
}

// deviceFaults are those of one device each.
func deviceFaults() []seededFault {
	return []seededFault{
		{"the terminal is asleep", terminalSilent, "terminal", func(t *testing.T, _ string) string { return terminalOn("tcp:" + hears(t, deaf)) }},
		{"the terminal is off, its adapter is in", terminalSilent, "terminal", func(t *testing.T, _ string) string {
			return terminalOn(ttyOn(t, func(f *os.File) { io.Copy(io.Discard, f) }))
		}},
		{"the terminal has another speed", terminalSpeed, "terminal", func(t *testing.T, _ string) string {
			return terminalOn(ttyOn(t, terminalAtSpeed(newFakeTerminal(t), unix.B115200)))
		}},
		{"another terminal is on the line", terminalOther, "terminal", func(t *testing.T, _ string) string {
			return terminalOn("tcp:"+newFakeTerminal(t).l.Addr().String()) + "serial_number = \"9999999999\"\n"
		}},
		{"the cables are swapped", cablesSwapped, "terminal", func(t *testing.T, _ string) string { return terminalOn(ttyOn(t, nextionAt(unix.B9600))) }},
		{"the display is off", displaySilent, "customer", func(t *testing.T, _ string) string {
			return displayAt(ttyOn(t, func(f *os.File) { io.Copy(io.Discard, f) }), "")
		}},
		{"the display has another speed", displaySpeed, "customer", func(t *testing.T, _ string) string { return displayAt(ttyOn(t, nextionAt(unix.B115200)), "") }},
		{"no paper", printerPaper, "printer", func(t *testing.T, _ string) string {
			return printerOn("tcp:" + hears(t, printerSays(map[byte]byte{2: 0x20, 4: 0x60})))
		}},
		{"the cover is open", printerCover, "printer", func(t *testing.T, _ string) string {
			return printerOn("tcp:" + hears(t, printerSays(map[byte]byte{1: 0x08, 2: 0x04})))
		}},
		{"the cutter jams", printerStopped, "printer", func(t *testing.T, _ string) string {
			return printerOn("tcp:" + hears(t, printerSays(map[byte]byte{1: 0x08, 2: 0x40, 3: 0x08})))
		}},
		{"somebody pressed the printer's online key", printerStopped, "printer", func(t *testing.T, _ string) string {
			return printerOn("tcp:" + hears(t, printerSays(map[byte]byte{1: 0x08})))
		}},
		{"little paper", printerLow, "printer", func(t *testing.T, _ string) string {
			return printerOn("tcp:" + hears(t, printerSays(map[byte]byte{4: 0x0c})))
		}},
		{"the printer answers nothing", printerSilent, "printer", func(t *testing.T, _ string) string { return printerOn("tcp:" + hears(t, deaf)) }},
	}
}

// gatewayFaults are those of the way to the gateway and of the account there.
func gatewayFaults() []seededFault {
	return []seededFault{
		{"no name server knows the gateway", gatewayDNS, "gateway", func(t *testing.T, dir string) string {
			return gatewayOf(t, dir, "https://no-such-gateway.invalid/v1/", "secret")
		}},
		{"a firewall refuses the gateway", gatewayConnect, "gateway", func(t *testing.T, dir string) string {
			return gatewayOf(t, dir, "http://"+freeAddr(t)+"/v1/", "secret")
		}},
		{"the gateway does not answer", gatewayTimeout, "gateway", func(t *testing.T, dir string) string {
			return gatewayOf(t, dir, "http://"+hears(t, deaf)+"/v1/", "secret")
		}},
		{"a certificate of nobody's", gatewayTLS, "gateway", func(t *testing.T, dir string) string {
			s := httptest.NewTLSServer(http.NotFoundHandler())
			s.Config.ErrorLog = nil
			t.Cleanup(s.Close)
			return gatewayOf(t, dir, s.URL+"/v1/", "secret")
		}},
		{"a portal answers", gatewayPortal, "gateway", says(200, "text/html", "<!DOCTYPE html><html><body>Log in</body></html>")},
		{"the gateway has an error", gatewayServer, "gateway", says(500, "application/json", "{}")},
		{"a gateway behind a broken proxy", gatewayServer, "gateway", says(502, "text/plain", "bad gateway")},
		{"too many questions", gatewayThrottled, "gateway", says(429, "application/json", "{}")},
		{"the key is refused", gatewayKey, "gateway", says(200, "application/json", `{"retCode":"FAIL","retMsg":"signature error"}`)},
		{"the merchant is unknown", gatewayKey, "gateway", says(200, "application/json", `{"retCode":"FAIL","retMsg":"merchant not exist"}`)},
		{"the login is unknown", gatewayKey, "gateway", says(200, "application/json", `{"retCode":"FAIL","retMsg":"jobNo is invalid"}`)},
		{"the key's file is not there", keyMissing, "gateway", func(t *testing.T, dir string) string {
			return strings.ReplaceAll(gatewayOf(t, dir, "http://127.0.0.1:1/", "secret"), "/key\"", "/no-key\"")
		}},
		{"the key's file is empty", keyForm, "gateway", func(t *testing.T, dir string) string { return gatewayOf(t, dir, "http://127.0.0.1:1/", "\n") }},
		{"two lines in the key's file", keyForm, "gateway", func(t *testing.T, dir string) string { return gatewayOf(t, dir, "http://127.0.0.1:1/", "one\ntwo\n") }},
	}
}

// journalFaults are those of the journal, its disk and its copies.
func journalFaults() []seededFault {
	harm := func(do func(path string) error) func(*testing.T, string) string {
		return func(t *testing.T, dir string) string {
			s, err := store.Open(context.Background(), store.Config{Dir: filepath.Join(dir, "state")}, quietLog)
			if err == nil {
				err = s.Close()
			}
			if err == nil {
				err = do(filepath.Join(dir, "state", "posd.db"))
			}
			if err != nil {
				t.Fatal(err)
			}
			return ""
		}
	}
	return []seededFault{
		{"another posd has the journal", journalLocked, "journal", func(t *testing.T, dir string) string {
			s, err := store.Open(context.Background(), store.Config{Dir: filepath.Join(dir, "state")}, quietLog)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { s.Close() })
			return ""
		}},
		{"the journal's pages are overwritten", journalDamaged, "journal", harm(func(path string) error {
			return overwrite(path, 0, bytes.Repeat([]byte("garbage!"), 2048))
		})},
		{"the journal is cut", journalDamaged, "journal", harm(func(path string) error { return os.Truncate(path, 9000) })},
		{"a newer posd's journal", journalNewer, "journal", harm(func(path string) error {
			return overwrite(path, 60, binary.BigEndian.AppendUint32(nil, 99))
		})},
		{"another program's database", journalForeign, "journal", harm(func(path string) error {
			return overwrite(path, 68, binary.BigEndian.AppendUint32(nil, 4711))
		})},
		{"a file where the state folder was", journalForbidden, "journal", func(t *testing.T, dir string) string {
			if err := os.WriteFile(filepath.Join(dir, "state"), nil, 0o600); err != nil {
				t.Fatal(err)
			}
			return ""
		}},
		{"the disk is nearly full", diskFull, "disk", func(*testing.T, string) string { return "@reserve_mib = 1048576\n" }},
		{"the stick is out", copyAbsent, "backup", func(t *testing.T, dir string) string { return fmt.Sprintf("[backup]\npath = %q\n", dir+"/no-stick") }},
		{"the copies lie on the journal's disk", copySameDisk, "backup", func(t *testing.T, dir string) string { return fmt.Sprintf("[backup]\npath = %q\n", dir) }},
		{"a file where the stick was", copyFailed, "backup", func(t *testing.T, dir string) string { return fmt.Sprintf("[backup]\npath = %q\n", aFile(t, dir)) }},
	}
}

var quietLog = slog.New(slog.DiscardHandler)

// TestCheckNamesTheCause: each fault that is put in is named, at the device that
// has it, and nothing else is.
func TestCheckNamesTheCause(t *testing.T) {
	all := slices.Concat(lineFaults(), deviceFaults(), gatewayFaults(), journalFaults())
	for _, f := range all {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			found := map[string]cause{}
			for _, s := range checkedAlone(t, f.seed) {
				if s.Trouble != "" && s.Name != "access" { // a counter without tokens is open, and says so
					found[s.Name] = cause(s.Trouble)
				}
			}
			if len(found) != 1 || found[f.at] != f.want {
				t.Errorf("found %v, want %s at the %s alone", found, f.want, f.at)
			}
		})
	}
	if n := len(all) + len(aroundFaults); n < 40 {
		t.Errorf("%d faults are tried, at least 40 are promised", n)
	}
}

// checkedAlone returns what `posd check` finds at a counter with a fault.
func checkedAlone(t *testing.T, seed func(*testing.T, string) string) []device.DeviceStatus {
	t.Helper()
	dir := t.TempDir()
	sections := seed(t, dir)
	state := fmt.Sprintf("dir = %q\n", filepath.Join(dir, "state"))
	if more, ok := strings.CutPrefix(sections, "@"); ok { // of [store]
		state, sections = state+more, ""
	}
	file := filepath.Join(dir, "posd.toml")
	text := fmt.Sprintf("[store]\n%s[api]\nlisten = %q\nsocket = %q\n[daemon]\nlock_dir = %q\n%s", state, freeAddr(t), dir+"/sock", dir, sections)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := load(file)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	doc := &doctor{config: c, alone: true, pause: 300 * time.Millisecond}
	list := checkAlone(ctx, c, io.Discard)
	calm := surroundings{now: time.Now, free: freeAt}
	return doc.name(ctx, append(list, aroundPosd(ctx, file, c, calm)...))
}

// A counter that is well is said to be so, by the same look.
func TestCheckFindsNothingAtAWellCounter(t *testing.T) {
	for _, s := range checkedAlone(t, func(t *testing.T, _ string) string {
		return terminalOn("tcp:"+newFakeTerminal(t).l.Addr().String()) + displayAt(ttyOn(t, nextionAt(unix.B9600)), "driver = \"linedisplay\"\n") +
			printerOn("tcp:"+hears(t, printerSays(nil)))
	}) {
		if !s.OK || s.Trouble != "" && s.Name != "access" {
			t.Errorf("%+v", s)
		}
	}
}

// Faults of what is around posd, as systemd and the system tell of them.
var aroundFaults = []struct {
	name string
	want cause
	at   string
	said map[string]string // by the words asked, changes of a well box
	now  time.Time
	free uint64
}{
	{name: "the unit was softened", want: unitSoft, at: "unit", said: map[string]string{"NoNewPrivileges": "no"}},
	{name: "the file system is not shut", want: unitSoft, at: "unit", said: map[string]string{"ProtectSystem": "no"}},
	{name: "the watchdog is off", want: unitUnwatched, at: "unit", said: map[string]string{"WatchdogUSec": "0"}},
	{name: "posd was started again and again", want: unitRestarts, at: "unit", said: map[string]string{"NRestarts": "7"}},
	{name: "posd ends as soon as it is started", want: unitRestarts, at: "unit", said: map[string]string{"ActiveState": "activating", "NRestarts": "7", "Result": "watchdog"}},
	{name: "posd is not started again", want: unitFailed, at: "unit", said: map[string]string{"ActiveState": "failed", "NRestarts": "7", "Result": "start-limit-hit"}},
	{name: "posd does not run", want: unitDown, at: "unit", said: map[string]string{"ActiveState": "inactive"}},
	{name: "posd does not start with the box", want: unitOff, at: "unit", said: map[string]string{"UnitFileState": "disabled"}},
	{name: "posd is not in dialout", want: userGroup, at: "terminal", said: map[string]string{"SupplementaryGroups": "lp"}},
	{name: "the clock is in 1970", want: clockUnset, at: "clock", now: time.Unix(3600, 0)},
	{name: "no time server", want: clockFree, at: "clock", said: map[string]string{"timedatectl": "no"}},
	{name: "the disk is full", want: diskFull, at: "disk", free: 1 << 20},
	{name: "the disk became read-only", want: diskReadOnly, at: "disk", said: map[string]string{"disk": "read-only"}},
}

func TestCheckLooksAroundPosd(t *testing.T) {
	for _, f := range append(aroundFaults, aroundFaults[0]) {
		found := aroundCauses(t, f.said, f.now, f.free)
		if len(found) != 1 || found[f.at] != f.want {
			t.Errorf("%s: found %v, want %s at the %s alone", f.name, found, f.want, f.at)
		}
	}
	if found := aroundCauses(t, nil, time.Time{}, 0); len(found) > 0 {
		t.Errorf("a well box: %v", found)
	}
	if found := aroundCauses(t, map[string]string{"ActiveState": "inactive", "WatchdogUSec": "0"}, time.Time{}, 0); len(found) != 1 || found["unit"] != unitDown {
		t.Errorf("a unit that was never started, whose watchdog systemd tells only later: %v", found)
	}
	if found := aroundCauses(t, map[string]string{"LoadState": "not-found", "NoNewPrivileges": "no"}, time.Time{}, 0); len(found) > 0 {
		t.Errorf("a box without the unit: %v", found)
	}
}

// aroundCauses looks around a posd in a box that is well but for what is said.
func aroundCauses(t *testing.T, said map[string]string, now time.Time, free uint64) map[string]cause {
	t.Helper()
	unit := map[string]string{"LoadState": "loaded", "UnitFileState": "enabled", "ActiveState": "active", "Result": "success", "NRestarts": "0",
		"WatchdogUSec": "10s", "ProtectSystem": "strict", "NoNewPrivileges": "yes", "User": "posd", "SupplementaryGroups": "dialout lp"}
	synced := "yes"
	for name, value := range said {
		if unit[name] = value; name == "timedatectl" {
			synced = value
		}
	}
	s := surroundings{systemd: true, now: func() time.Time { return now }, free: func(string) (uint64, error) { return free, nil },
		group: func(string) (int, bool, error) { return 20, false, nil },
		say: func(_ context.Context, words ...string) (string, error) {
			switch words[0] {
			case "systemctl":
				if words[2] != "posd.service" {
					t.Errorf("asked for %q", words)
				}
				text := ""
				for name, value := range unit {
					text += name + "=" + value + "\n"
				}
				return text, nil
			case "timedatectl":
				return synced, nil
			case "id":
				return "997", nil
			case "stat":
				return "dialout", nil
			}
			return "", errors.New("nobody knows " + words[0])
		}}
	if now.IsZero() {
		s.now = time.Now
	}
	if free == 0 {
		s.free = freeAt
	}
	if said["disk"] == "read-only" {
		s.free = func(string) (uint64, error) { return 0, syscall.EROFS }
	}
	c := defaults()
	c.Terminal = &Terminal{}
	c.Terminal.setDefaults()
	c.Terminal.Line = "/dev/posd-terminal"
	c.Store.Dir = t.TempDir()
	found := map[string]cause{}
	d := &doctor{config: c}
	for _, st := range d.name(context.Background(), aroundPosd(context.Background(), "/etc/posd/posd.toml", c, s)) {
		if st.Trouble != "" {
			found[st.Name] = cause(st.Trouble)
		}
	}
	return found
}

// What no test of this machine can cause is told by the errors that it comes with.
func TestCausesOfErrors(t *testing.T) {
	for _, c := range []struct {
		err  error
		want cause
	}{
		{&os.PathError{Err: syscall.EACCES}, lineForbidden},
		{&os.PathError{Err: syscall.EBUSY}, lineHeld},
		{&os.PathError{Err: syscall.ENODEV}, lineAbsent},
		{&net.OpError{Err: os.ErrDeadlineExceeded}, hostAway},
		{&net.OpError{Err: syscall.EHOSTUNREACH}, hostAway},
		{errors.New("anything else"), unknownCause},
	} {
		if got := lineCause(c.err); got != c.want {
			t.Errorf("%v: %s, want %s", c.err, got, c.want)
		}
	}
	for _, c := range []struct {
		err  error
		want cause
	}{
		{fmt.Errorf("x: %w", sale.ErrJournalFull), diskFull},
		{&os.PathError{Err: syscall.EROFS}, diskReadOnly},
		{&os.PathError{Err: syscall.EACCES}, journalForbidden},
		{fmt.Errorf("x: %w", sale.ErrJournalBroken), journalDamaged},
		{fmt.Errorf("x: %w (%w)", sale.ErrJournalBroken, store.ErrDisk), diskRefuses},
		{fmt.Errorf("x: %w (%w)", sale.ErrJournalBroken, syscall.EROFS), diskReadOnly},
	} {
		if got := journalCause(c.err, t.TempDir()); got != c.want {
			t.Errorf("%v: %s, want %s", c.err, got, c.want)
		}
	}
	old := copyStatus(Backup{store.CopiesDefaults()}, store.Copied{At: time.Now().Add(-48 * time.Hour)}, true, nil, time.Now())
	if old.OK || old.Trouble != string(copyLate) {
		t.Errorf("a copy of two days ago: %+v", old)
	}
	if v := (&doctor{}).why(context.Background(), device.DeviceStatus{Name: "access", Kind: "tokens", OK: true, Words: accessWords(false)}); v.cause != accessOpen {
		t.Errorf("a till that is open: %v", v)
	}
}

// TestEveryCauseIsAdvised: three languages, a next step, and one row in the table
// that people read.
func TestEveryCauseIsAdvised(t *testing.T) {
	file := filepath.Join(root, "systemd", "FAULTS.md")
	text := faultTable()
	if *updateHouse {
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := os.ReadFile(file); err != nil || string(got) != text {
		t.Errorf("systemd/FAULTS.md is not as the code has it (%v): go test ./cmd/posd -run TestEveryCauseIsAdvised -update-house", err)
	}
	for name, a := range advices {
		for _, words := range []string{a.en, a.fr, a.zh} {
			if !strings.ContainsAny(words[max(0, len(words)-3):], ".?。？!") {
				t.Errorf("%s: %q is no sentence", name, words)
			}
		}
		if a.in("fr-CA", "UNIT") != a.fr || a.in("zh-Hant", "UNIT") != a.zh || a.in("", "UNIT") != a.en {
			t.Errorf("%s is not found by language", name)
		}
	}
}

// faultTable is the table of systemd/FAULTS.md.
func faultTable() string {
	tried := map[cause][]string{}
	for _, f := range slices.Concat(lineFaults(), deviceFaults(), gatewayFaults(), journalFaults()) {
		tried[f.want] = append(tried[f.want], f.name)
	}
	for _, f := range aroundFaults {
		tried[f.want] = append(tried[f.want], f.name)
	}
	var b strings.Builder
	b.WriteString("# What `posd check` finds\n\nEach cause, what to do about it, and the faults that the tests put in to see it named.\n`posd check -language fr` and `-language zh` say the same. UNIT stands for the counter's own: `posd`, or\n`posd@till-2` of a second counter; `posd check` writes it out.\n\n| cause | what to do | que faire | 怎么办 | tried with |\n|---|---|---|---|---|\n")
	for _, name := range slices.Sorted(maps.Keys(advices)) {
		a := advices[name]
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s |\n", name, a.en, a.fr, a.zh, strings.Join(tried[name], "; "))
	}
	return b.String()
}
