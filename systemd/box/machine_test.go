//go:build box

package box

import (
	"bufio"
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// Limits of a machine without hardware virtualisation that shares two processors
// with whatever else runs there: how long a boot and one command may take. They
// end what hangs, and judge nothing.
const (
	bootLimit    = 10 * time.Minute
	commandLimit = 5 * time.Minute
)

// machine is the box while it has power.
type machine struct {
	t     *testing.T
	dir   string // sockets and the console's text
	qemu  *exec.Cmd
	ended chan error
	disk  net.Listener

	shell  net.Conn
	lines  *bufio.Reader
	serial int // of the commands

	monitor net.Conn
	events  *json.Decoder
}

// power is what a machine is switched on with.
type power struct {
	disk     *disk
	supplies string   // a file system for /srv/supplies, read only; empty: none
	args     []string // more of QEMU's
	short    string   // an initial file system that starts the box without systemd; empty: the image's
}

// switchOn starts the box and waits until its shell answers.
func switchOn(t *testing.T, p power) *machine {
	t.Helper()
	dir, err := os.MkdirTemp("", "posd-box-") // a socket's path must be short
	if err != nil {
		t.Fatal(err)
	}
	m := &machine{t: t, dir: dir, ended: make(chan error, 1)}
	t.Cleanup(func() { m.switchOff(); m.keepConsole(); os.RemoveAll(dir) })
	listen := func(name string) net.Listener {
		l, err := net.Listen("unix", filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	m.disk = listen("disk")
	go p.disk.serve(m.disk)
	shell, monitor := listen("shell"), listen("monitor")
	defer shell.Close()
	defer monitor.Close()

	// A machine that shares its processors may keep the box from its timer for so long that the
	// kernel's look at it panics: no_timer_check.
	size := []string{"-smp", "2", "-m", "768", "-initrd", filepath.Join(imageDir(t), "initrd.img"),
		"-append", "root=/dev/vda rw console=ttyS0 mitigations=off quiet panic=-1 no_timer_check systemd.show_status=1"}
	if p.short != "" { // without what the kernel measures and tests of itself
		size = []string{"-smp", "1", "-m", "384", "-initrd", p.short,
			"-append", "console=ttyS0 mitigations=off quiet nokaslr tsc=reliable panic=-1 no_timer_check cryptomgr.notests audit=0 apparmor=0"}
	}
	args := []string{"-accel", "tcg,thread=multi", "-cpu", "max", "-nodefaults", "-display", "none", "-no-reboot",
		"-kernel", filepath.Join(imageDir(t), "vmlinuz"),
		"-drive", "file=nbd+unix:///?socket=" + filepath.Join(dir, "disk") + ",format=raw,if=none,id=root,cache=writeback",
		"-device", "virtio-blk-pci,drive=root", "-device", "qemu-xhci,id=usb", "-device", "virtio-rng-pci",
		"-serial", "file:" + filepath.Join(dir, "console"),
		"-chardev", "socket,id=shell,path=" + filepath.Join(dir, "shell"), "-serial", "chardev:shell",
		"-chardev", "socket,id=monitor,path=" + filepath.Join(dir, "monitor"), "-mon", "chardev=monitor,mode=control"}
	if p.supplies != "" {
		args = append(args, "-drive", "file="+p.supplies+",format=raw,if=none,id=supplies,readonly=on", "-device", "virtio-blk-pci,drive=supplies")
	}
	m.qemu = exec.Command("qemu-system-x86_64", slices.Concat(size, args, p.args)...)
	var words strings.Builder
	m.qemu.Stderr = &words
	began := time.Now()
	if err := m.qemu.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		err := m.qemu.Wait()
		if said := words.String(); said != "" {
			err = fmt.Errorf("%w: %s", err, said)
		}
		m.ended <- err
		close(m.ended)
		shell.Close()
	}()
	m.monitor = m.accept(monitor)
	m.events = json.NewDecoder(m.monitor)
	m.ask("qmp_capabilities", nil)
	m.shell = m.accept(shell)
	m.lines = bufio.NewReader(m.shell)
	m.shell.SetReadDeadline(time.Now().Add(bootLimit))
	for {
		line, err := m.lines.ReadString('\n')
		if err != nil {
			t.Fatalf("the box did not start in %s: %v\n%s", bootLimit, err, m.console())
		}
		if strings.Contains(line, "box-shell ready") {
			break
		}
	}
	t.Logf("the box answers after %s", time.Since(began).Round(time.Second))
	return m
}

// accept waits for QEMU to connect.
func (m *machine) accept(l net.Listener) net.Conn {
	m.t.Helper()
	l.(*net.UnixListener).SetDeadline(time.Now().Add(time.Minute))
	c, err := l.Accept()
	if err != nil {
		m.t.Fatalf("QEMU: %v, %v", err, m.qemuEnded())
	}
	return c
}

func (m *machine) qemuEnded() error {
	select {
	case err := <-m.ended:
		return err
	case <-time.After(time.Second):
		return nil
	}
}

// ask gives QEMU one order.
func (m *machine) ask(order string, arguments any) {
	m.t.Helper()
	request := map[string]any{"execute": order}
	if arguments != nil {
		request["arguments"] = arguments
	}
	m.monitor.SetDeadline(time.Now().Add(commandLimit))
	if err := json.NewEncoder(m.monitor).Encode(request); err != nil {
		m.t.Fatalf("QEMU: %s: %v", order, err)
	}
	for {
		var answer map[string]json.RawMessage
		if err := m.events.Decode(&answer); err != nil {
			m.t.Fatalf("QEMU: %s: %v, %v", order, err, m.qemuEnded())
		}
		if answer["error"] != nil {
			m.t.Fatalf("QEMU: %s: %s", order, answer["error"])
		}
		if answer["return"] != nil {
			return
		}
	}
}

// try runs a script in the box as root, and returns what it said and its exit code.
func (m *machine) try(script string) (string, int) {
	m.t.Helper()
	out, code, err := m.send(script)
	if err != nil {
		m.t.Fatalf("in the box: %s\n%v\n%s", script, err, m.console())
	}
	return out, code
}

// run is try of what must end well.
func (m *machine) run(script string) string {
	m.t.Helper()
	out, code := m.try(script)
	if code != 0 {
		m.t.Fatalf("in the box: %s\nexit %d\n%s", script, code, out)
	}
	return out
}

func (m *machine) send(script string) (string, int, error) {
	m.serial++
	name := fmt.Sprintf("command-%d", m.serial)
	m.shell.SetDeadline(time.Now().Add(commandLimit))
	if _, err := fmt.Fprintf(m.shell, "%s %s\n", name, base64.StdEncoding.EncodeToString([]byte(script))); err != nil {
		return "", 0, err
	}
	var coded strings.Builder
	for begun := false; ; {
		line, err := m.lines.ReadString('\n')
		if err != nil {
			return "", 0, err
		}
		line = strings.TrimSpace(line)
		if end, ok := strings.CutPrefix(line, "end "+name+" "); ok {
			out, err := base64.StdEncoding.DecodeString(coded.String())
			code := -1
			fmt.Sscan(end, &code)
			return string(out), code, err
		}
		if begun {
			coded.WriteString(line)
		}
		begun = begun || line == "begin "+name
	}
}

// until runs a script again and again until it ends well.
func (m *machine) until(what, script string) string {
	m.t.Helper()
	for end := time.Now().Add(commandLimit); ; {
		out, code := m.try(script)
		if code == 0 {
			return out
		}
		if time.Now().After(end) {
			m.t.Fatalf("waited %s for %s; seen last: exit %d\n%s", commandLimit, what, code, out)
		}
	}
}

// cutPower ends QEMU at once: what the disk's cache held is for the disk to forget.
func (m *machine) cutPower() {
	m.qemu.Process.Kill()
	for range m.ended { // until it is closed
	}
	m.shell.Close()
	m.monitor.Close()
	m.disk.Close()
}

// shutDown ends the box as its power button does.
func (m *machine) shutDown() {
	m.t.Helper()
	m.ask("system_powerdown", nil)
	select {
	case <-m.ended:
	case <-time.After(bootLimit):
		m.t.Fatalf("the box did not shut down\n%s", m.console())
	}
	m.switchOff()
}

// switchOff leaves nothing of the machine; once it is off it does nothing.
func (m *machine) switchOff() {
	if m.qemu.Process != nil {
		m.qemu.Process.Kill()
	}
	for range m.ended {
	}
	for _, c := range []io.Closer{m.shell, m.monitor, m.disk} {
		if c != nil && c != (net.Conn)(nil) {
			c.Close()
		}
	}
}

func (m *machine) console() string {
	text, _ := os.ReadFile(filepath.Join(m.dir, "console")) // not there yet: nothing was said
	return string(text[max(0, len(text)-8<<10):])
}

// logDir is where a failed test leaves the console's text and the journal.
const logDir = "../../dist/box"

// keepConsole leaves the console's text of a test that failed.
func (m *machine) keepConsole() {
	if m.t.Failed() {
		m.keep("console.txt", m.console())
	}
}

// keepJournal leaves the journal of a test that has failed so far.
func (m *machine) keepJournal() {
	if out, _, err := m.send("journalctl -b --no-pager -o short-monotonic | tail -n 2000"); err == nil && m.t.Failed() {
		m.keep("journal.txt", out)
	}
}

func (m *machine) keep(name, text string) {
	os.MkdirAll(logDir, 0o755)
	path := filepath.Join(logDir, strings.ReplaceAll(m.t.Name(), "/", "-")+"-"+name)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		m.t.Log(err)
		return
	}
	m.t.Logf("kept: %s", path)
}

// imageDir is where the test finds the box; see image.sh.
func imageDir(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("POSD_BOX_IMAGE")
	if dir == "" {
		t.Fatal("start with make test-box, which makes the box and names its folder in POSD_BOX_IMAGE")
	}
	return dir
}

// eventually waits until look is satisfied; what it saw last is in its error. A look that
// ends because ctx did has seen nothing.
func eventually(ctx context.Context, limit time.Duration, look func() error) (last error) {
	end := time.Now().Add(limit)
	for {
		err := look()
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return cmp.Or(last, err)
		}
		if last = err; time.Now().After(end) {
			return err
		}
		time.Sleep(100 * time.Millisecond)
	}
}
