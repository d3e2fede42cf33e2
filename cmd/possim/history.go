package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"sync"
	"time"

	"posd/cmd/possim/caller"
	"posd/display/displaysim"
)

// history writes down what passed between posd and everybody else, one JSON object a
// line, for the judge (see its doc.go, which says what each line holds). It hears the
// bytes of the terminal's line and of the gateway's connections below the simulators
// and their faults, what a client asked and was answered, what stood on the glass and
// what came out on paper; and in the end, what terminal and gateway have in their
// books. A nil history writes nothing.
type history struct {
	began time.Time

	mu     sync.Mutex
	file   *os.File
	lines  *json.Encoder
	err    error // the first of writing
	asked  int
	conns  int
	code   string // on the glass
	papers int
}

// happened is one thing that happened.
type happened struct {
	At     int64           `json:"t"`    // nanoseconds since the history began
	Who    string          `json:"who"`  // client, posd, terminal, gateway, glass or paper
	What   string          `json:"what"` // asks, answers, leaves; starts, ends; hears, says, books; shows; prints
	N      int             `json:"n,omitempty"`
	Method string          `json:"method,omitempty"`
	Path   string          `json:"path,omitempty"`
	Key    string          `json:"key,omitempty"`
	Status int             `json:"status,omitempty"`
	Text   string          `json:"text,omitempty"`
	Bytes  []byte          `json:"bytes,omitempty"`
	Body   json.RawMessage `json:"body,omitempty"`
}

// openHistory begins a history in a file; an empty name keeps none.
func openHistory(name string) (*history, error) {
	if name == "" {
		return nil, nil
	}
	f, err := os.Create(name)
	if err != nil {
		return nil, err
	}
	return &history{began: time.Now(), file: f, lines: json.NewEncoder(f)}, nil
}

func (h *history) tell(e happened) {
	if h == nil {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.tellLocked(e)
}

func (h *history) tellLocked(e happened) {
	e.At = time.Since(h.began).Nanoseconds()
	if err := h.lines.Encode(e); err != nil && h.err == nil {
		h.err = err
	}
}

// close ends the history.
func (h *history) close() error {
	if h == nil {
		return nil
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	err := h.file.Close()
	if h.err != nil {
		err = h.err
	}
	if err != nil {
		return fmt.Errorf("write the history: %w", err)
	}
	return nil
}

// client has h hear what a client asks and is answered.
func (h *history) client(c *client) *client {
	if h != nil {
		c.HTTP.Transport = askedBy{h, c.HTTP.Transport}
	}
	return c
}

type askedBy struct {
	h    *history
	next http.RoundTripper
}

func (a askedBy) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Path == "/healthz" {
		return a.next.RoundTrip(r)
	}
	a.h.mu.Lock()
	a.h.asked++
	n := a.h.asked
	a.h.tellLocked(happened{Who: "client", What: "asks", N: n, Method: r.Method, Path: r.URL.RequestURI(), Key: r.Header.Get("Idempotency-Key"), Body: bodyOf(r)})
	a.h.mu.Unlock()
	res, err := a.next.RoundTrip(r)
	if err != nil {
		a.h.tell(happened{Who: "client", What: "answers", N: n, Text: err.Error()})
		return res, err
	}
	text, err := io.ReadAll(io.LimitReader(res.Body, caller.MaxAnswer))
	res.Body.Close()
	res.Body = io.NopCloser(bytes.NewReader(text))
	e := happened{Who: "client", What: "answers", N: n, Status: res.StatusCode}
	switch {
	case err != nil:
		e.Status, e.Text = 0, err.Error() // it broke off: nobody was answered
	case json.Valid(text):
		e.Body = text
	}
	a.h.tell(e)
	return res, err
}

func bodyOf(r *http.Request) json.RawMessage {
	if r.GetBody == nil {
		return nil
	}
	body, err := r.GetBody()
	if err != nil {
		return nil
	}
	text, _ := io.ReadAll(body) // in memory
	if !json.Valid(text) {
		return nil
	}
	return text
}

// process has h hear of a posd that has just started, and of its end.
func (h *history) process(d *daemon) {
	if h == nil {
		return
	}
	h.tell(happened{Who: "posd", What: "starts"})
	go func() {
		<-d.Done()
		h.tell(happened{Who: "posd", What: "ends"})
	}()
}

// wire is what one end of a connection says and hears.
type wire struct {
	h   *history
	who string
	n   int
}

func (h *history) wire(who string) wire {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.conns++
	return wire{h, who, h.conns}
}

func (w wire) pass(what string, p []byte) {
	if len(p) > 0 {
		w.h.tell(happened{Who: w.who, What: what, N: w.n, Bytes: bytes.Clone(p)})
	}
}

// line has h hear what passes on a serial line below the simulator that serve is of.
func (h *history) line(who string, serve func(context.Context, io.ReadWriteCloser) error) func(context.Context, io.ReadWriteCloser) error {
	if h == nil {
		return serve
	}
	return func(ctx context.Context, c io.ReadWriteCloser) error {
		return serve(ctx, heardLine{c, h.wire(who)})
	}
}

type heardLine struct {
	io.ReadWriteCloser
	w wire
}

func (l heardLine) Read(p []byte) (int, error) {
	n, err := l.ReadWriteCloser.Read(p)
	l.w.pass("hears", p[:n])
	return n, err
}

// Write tells before it writes: what is answered to it comes later in the history.
func (l heardLine) Write(p []byte) (int, error) {
	l.w.pass("says", p)
	return l.ReadWriteCloser.Write(p)
}

// door has h hear what passes on the connections of a listener.
func (h *history) door(who string, serve func(context.Context, net.Listener) error) func(context.Context, net.Listener) error {
	if h == nil {
		return serve
	}
	return func(ctx context.Context, l net.Listener) error { return serve(ctx, heardDoor{l, h, who}) }
}

type heardDoor struct {
	net.Listener
	h   *history
	who string
}

func (d heardDoor) Accept() (net.Conn, error) {
	c, err := d.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return heardConn{c, d.h.wire(d.who)}, nil
}

type heardConn struct {
	net.Conn
	w wire
}

func (c heardConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.w.pass("hears", p[:n])
	return n, err
}

func (c heardConn) Write(p []byte) (int, error) {
	c.w.pass("says", p)
	return c.Conn.Write(p)
}

// look writes down what is new on the glass and on paper.
func (h *history) look(c *counter) {
	code, err := displaysim.ReadCode(c.display.PNG())
	if err != nil {
		code = ""
	}
	papers := c.printer.Receipts()
	h.mu.Lock()
	defer h.mu.Unlock()
	if code != h.code {
		h.code = code
		h.tellLocked(happened{Who: "glass", What: "shows", Text: code})
	}
	for ; h.papers < len(papers); h.papers++ {
		h.tellLocked(happened{Who: "paper", What: "prints", Text: papers[h.papers]})
	}
}

// watch looks again and again until ctx ends.
func (h *history) watch(ctx context.Context, c *counter) {
	for pause(ctx, 50*time.Millisecond) {
		h.look(c)
	}
}

// finish waits a while for everything to come to rest, and writes down what all
// sides have in their books.
func (h *history) finish(ctx context.Context, c *counter) error {
	if h == nil {
		return nil
	}
	if d := c.running(); d == nil || d.Gone() {
		if err := c.startPosd(ctx); err != nil {
			return err
		}
	}
	rest := until(ctx, time.Minute, "everything to come to rest", func(ctx context.Context) (bool, string, error) {
		all, err := c.api.sales(ctx)
		for _, s := range all {
			if !s.final() || s.Reported == "queued" || s.Printed == "queued" {
				return false, "sale " + s.ID + ": " + s.String(), nil
			}
		}
		return err == nil, "", err
	})
	if _, err := c.api.sales(ctx); err != nil {
		return err
	}
	h.look(c)
	for _, side := range []struct {
		who   string
		books any
	}{{"terminal", c.terminal.State()}, {"gateway", c.gateway.State()}} {
		text, err := json.Marshal(side.books)
		if err != nil {
			return err
		}
		h.tell(happened{Who: side.who, What: "books", Body: text})
	}
	words := "at rest"
	if rest != nil {
		words = rest.Error() // the judge asks for less then
	}
	h.tell(happened{Who: "client", What: "leaves", Text: words})
	return nil
}
