// Command least is the least daemon, against which measure holds posd: it does what a counter
// must do and not a thing more, trusts every byte, knows one sale, and remembers by one
// record a barrier. It is a program of its own, so that none of what measure needs counts
// as its size, its start or its memory.
package main

import (
	"bytes"
	"encoding/hex"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// journalRoom is the room that its file has from the start.
const journalRoom = 4 << 20

type least struct {
	journal  *os.File
	at       int64
	terminal *os.File
	display  *os.File
	printer  *os.File
	gateway  string
	t00      []byte
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "least:", err)
		os.Exit(1)
	}
}

func run() error {
	listen, dir, gateway := flag.String("listen", "", "address"), flag.String("dir", "", "folder"), flag.String("gateway", "", "URL")
	terminal, display, printer := flag.String("terminal", "", "line"), flag.String("display", "", "line"), flag.String("printer", "", "line")
	t00 := flag.String("t00", "", "the frame of a sale, in hex")
	flag.Parse()
	l := &least{gateway: *gateway}
	var err error
	if l.t00, err = hex.DecodeString(*t00); err != nil {
		return err
	}
	if l.journal, err = os.OpenFile(filepath.Join(*dir, "least"), os.O_RDWR|os.O_CREATE, 0o600); err != nil {
		return err
	}
	if info, err := l.journal.Stat(); err != nil || info.Size() < journalRoom {
		if _, err := l.journal.WriteAt(make([]byte, journalRoom), 0); err != nil {
			return err
		}
		if err := l.journal.Sync(); err != nil {
			return err
		}
	}
	for _, line := range []struct {
		into *(*os.File)
		path string
	}{{&l.terminal, *terminal}, {&l.display, *display}, {&l.printer, *printer}} {
		if *line.into, err = os.OpenFile(line.path, os.O_RDWR|syscall.O_NOCTTY|syscall.O_NONBLOCK, 0); err != nil {
			return err
		}
	}
	http.HandleFunc("POST /card", l.card)
	http.HandleFunc("POST /code", l.code)
	http.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "ok") })
	on, err := net.Listen("tcp", *listen)
	if err != nil {
		return err
	}
	return http.Serve(on, nil)
}

// remember writes one record and waits until it is on the disk.
func (l *least) remember() error {
	if l.at+1024 > journalRoom {
		l.at = 0
	}
	if _, err := l.journal.WriteAt(make([]byte, 1024), l.at); err != nil {
		return err
	}
	l.at += 1024
	return syscall.Fdatasync(int(l.journal.Fd()))
}

func (l *least) card(w http.ResponseWriter, r *http.Request) {
	io.Copy(io.Discard, r.Body)
	if err := l.remember(); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	l.terminal.Write(l.t00)
	go func() {
		var got []byte
		buf := make([]byte, 1024)
		for {
			n, err := l.terminal.Read(buf)
			if err != nil {
				return
			}
			got = append(got, buf[:n]...)
			if start := bytes.Index(got, []byte("\x1cT01")); start >= 0 && bytes.IndexByte(got[start:], 3) > 0 && len(got) > start+bytes.IndexByte(got[start:], 3)+1 {
				break
			}
		}
		l.terminal.Write([]byte{6})
		if _, err := l.terminal.Read(buf); err != nil { // EOT: the terminal has ended the conversation
			return
		}
		if l.remember() == nil {
			l.printer.Write([]byte(strings.Repeat("receipt of a sale\n", 50)))
		}
	}()
	fmt.Fprintln(w, `{"id":"1"}`)
}

func (l *least) code(w http.ResponseWriter, r *http.Request) {
	io.Copy(io.Discard, r.Body)
	if err := l.remember(); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	res, err := http.Post(l.gateway+"/create_order", "application/json", strings.NewReader(strings.Repeat(" ", 400)))
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	io.Copy(io.Discard, res.Body)
	res.Body.Close()
	l.display.Write([]byte("qr0.txt=\"weixin://wxpay/bizpayurl?pr=AAAAAAAAAAA\"\xff\xff\xffpage 3\xff\xff\xff"))
	fmt.Fprintln(w, `{"id":"1"}`)
}
