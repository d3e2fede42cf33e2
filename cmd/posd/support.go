package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"posd/device/port"
)

// bundle is what a shop sends to whoever helps it: texts, each without secrets.
type bundle struct {
	redactor
	members []member
}

type member struct{ name, about, text string }

// add puts a text into the bundle, without what must not leave the shop.
func (b *bundle) add(name, about, text string) {
	b.members = append(b.members, member{name, about, b.text(text)})
}

// gather collects what tells how this box is. What cannot be had is said in its place.
func (b *bundle) gather(ctx context.Context, at *where) {
	config, err := load(at.configFile())
	if err != nil {
		b.add("config.txt", "why the configuration is not in force", err.Error()+"\n")
	} else {
		if config.Gateway != nil {
			if key, err := config.Gateway.merchantKey(); err == nil { // else there is none to be found here
				b.knows(key)
			}
			if key, err := config.Gateway.answerKey(); err == nil {
				b.knows(key)
			}
		}
		b.add("config.toml", "the configuration in force", config.String())
	}
	b.add("version.txt", "posd, the system, the clock", aboutBox())
	b.add("lines.txt", "serial lines and printers that are plugged in", pluggedText())
	cl, err := at.client()
	if err == nil {
		b.knows(cl.token)
	}
	for _, q := range []struct{ name, about, path string }{
		{"devices.json", "how every device is", "/v1/devices"},
		{"queue.json", "reports that the gateway has not heard of", "/v1/queue"},
		{"sales.json", "the latest 200 sales", "/v1/sales?limit=200"},
		{"report.json", "the day so far", "/v1/reports/today"},
		{"metrics.txt", "counters", "/metrics"},
	} {
		text := ""
		if err == nil {
			text = answerTo(ctx, cl, q.path)
		} else {
			text = err.Error() + "\n"
		}
		b.add(q.name, q.about, text)
	}
	for _, q := range []struct{ name, about, command string }{
		{"log.txt", "posd's log, the latest 4,000 lines", "journalctl -u posd* -n 4000 --no-pager -o short-iso-precise"},
		{"kernel.txt", "the kernel's latest 500 lines: cables, disks, memory", "journalctl -k -n 500 --no-pager -o short-iso-precise"},
		{"unit.txt", "the unit with what was changed of it", "systemctl cat " + unitOf(at.configFile())},
		{"state.txt", "what systemd knows of posd", "systemctl show " + unitOf(at.configFile()) + " --all"},
		{"disks.txt", "disks and their room", "df -h"},
		{"clock.txt", "whether the clock is set by the network", "timedatectl"},
	} {
		b.add(q.name, q.about, said(ctx, q.command))
	}
}

// aboutBox says what posd is and what it runs on.
func aboutBox() string {
	system, _ := os.ReadFile("/etc/os-release") // not there: not said
	kernel, _ := os.ReadFile("/proc/version")
	return fmt.Sprintf("posd %s, %s %s/%s\n%s%s\nclock %s\n", version(), runtime.Version(), runtime.GOOS, runtime.GOARCH, kernel, system, time.Now().Format(time.RFC3339))
}

func pluggedText() string {
	var text bytes.Buffer
	if err := plugged(&text, port.List()); err != nil {
		return err.Error()
	}
	return text.String()
}

// answerTo returns the daemon's answer, or why there is none.
func answerTo(ctx context.Context, cl *client, path string) string {
	a, err := cl.ask(ctx, http.MethodGet, path, nil)
	if err != nil {
		return err.Error() + "\n"
	}
	return string(a.body)
}

// Limits of one program that is asked: time, and bytes that are kept of its end.
const (
	saidLimit = 20 * time.Second
	saidMost  = 4 << 20
)

// said returns what a program of the system says, or why it says nothing.
func said(ctx context.Context, command string) string {
	ctx, cancel := context.WithTimeout(ctx, saidLimit)
	defer cancel()
	words := strings.Fields(command)
	run := exec.CommandContext(ctx, words[0], words[1:]...)
	run.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8"}
	out, err := run.CombinedOutput()
	text := string(out[max(0, len(out)-saidMost):])
	if err != nil {
		text += fmt.Sprintf("%s: %v\n", command, err)
	}
	return text
}

// write scans every member for what must not leave the shop, and only when nothing
// is found gives the bundle its name.
func (b *bundle) write(path string) (err error) {
	for _, m := range b.members {
		if what := b.leak(m.text); what != "" {
			return fmt.Errorf("%s would hold %s: nothing was written; send what `posd check` says instead, and tell us of this", m.name, what)
		}
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".posd-support-") // its owner alone may read it
	if err != nil {
		return err
	}
	defer func() {
		if err = errors.Join(err, f.Close()); err == nil {
			err = os.Rename(f.Name(), path)
		}
		if err != nil {
			os.Remove(f.Name())
		}
	}()
	return b.pack(f)
}

// pack writes the members as a compressed archive.
func (b *bundle) pack(w io.Writer) error {
	zip := gzip.NewWriter(w)
	pack := tar.NewWriter(zip)
	for _, m := range b.members {
		head := tar.Header{Name: "posd-support/" + m.name, Mode: 0o600, Size: int64(len(m.text)), ModTime: time.Now()}
		if err := pack.WriteHeader(&head); err != nil {
			return err
		}
		if _, err := io.WriteString(pack, m.text); err != nil {
			return err
		}
	}
	return errors.Join(pack.Close(), zip.Close())
}
