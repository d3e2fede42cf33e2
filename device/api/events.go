package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"time"

	"posd/device"
	"posd/device/sale"
)

// replayPage is how many stored events are read at a time for one who resumes.
const replayPage = 500

// The stream (text/event-stream), for a new client and for one that resumes:
//
//	GET /v1/events                      GET /v1/events
//	                                    Last-Event-ID: 41
//	id: 57                              id: 42
//	event: snapshot                     event: event          what was missed,
//	data: {...}                         data: {...}           in order
//	                                      ...
//	event: sale       live, no id       id: 57
//	data: {...}                         event: snapshot       and how things are
//	                                    data: {...}
//	id: 58
//	event: event      stored            (from here on as on the left)
//	data: {...}
//
//	: alive           a comment, when nothing else was said
//
// The snapshot comes last when resuming: its id vouches for everything up to
// it, so what was missed must have left before. Each sign of life is asked of
// the till first; a stream whose till hangs is closed, not kept warm. A client
// that does not take what it is sent loses the stream and begins again.
func (h *handlers) events(w http.ResponseWriter, r *http.Request) {
	ctx := r.Context()
	after, resume, p := lastEventID(r)
	if p != nil {
		writeProblem(w, p)
		return
	}
	give, ok := h.shares.take("stream", client(sale.ActorOf(ctx), r), maxLong/2)
	if ok {
		defer give()
		select {
		case h.streams <- struct{}{}:
			defer func() { <-h.streams }()
		default:
			ok = false
		}
	}
	if !ok {
		w.Header().Set("Retry-After", "5")
		writeProblem(w, problem(http.StatusServiceUnavailable, "too-many", "Too many pages or programs follow this counter at once: close one."))
		return
	}
	s := &stream{w: w, out: http.NewResponseController(w), glassOnly: sale.ActorOf(ctx).Scopes&reader == 0}
	resume = resume && !s.glassOnly
	if err := h.run(ctx, s, after, resume); err != nil && ctx.Err() == nil {
		if !s.begun {
			h.failStream(w, h.refuse("open stream", err))
			return
		}
		h.Log.Info("event stream closed", "err", err)
	}
}

// lastEventID reads where a client wants to go on.
func lastEventID(r *http.Request) (after int64, resume bool, p *Problem) {
	text := r.Header.Get("Last-Event-ID")
	if text == "" {
		return 0, false, nil
	}
	after, err := strconv.ParseInt(text, 10, 64)
	if err != nil || after < 0 {
		return 0, false, problem(http.StatusBadRequest, "malformed", "The header Last-Event-ID must be the id of an event of this stream; leave it out to begin with a snapshot.")
	}
	return after, true, nil
}

// metrics answers with the numbers, where there are any.
func (h *handlers) metrics(w http.ResponseWriter, r *http.Request) {
	if h.Metrics == nil {
		writeProblem(w, problem(http.StatusNotFound, "not-found", "There are no metrics here."))
		return
	}
	h.Metrics.ServeHTTP(w, r)
}

// failStream answers with err while nothing was written yet.
func (h *handlers) failStream(w http.ResponseWriter, err error) {
	var p *Problem
	if errors.As(err, &p) {
		writeProblem(w, p)
	}
}

// errSlow ends the stream of a client that did not keep up.
var errSlow = errors.New("the client did not keep up")

// run writes the stream until the client, the till or ctx ends it.
func (h *handlers) run(ctx context.Context, s *stream, after int64, resume bool) error {
	if resume { // the bulk of what was missed, before the subscription begins to fill
		var err error
		if after, err = h.replay(ctx, s, after, 0); err != nil {
			return err
		}
	}
	messages, end := h.Subscribe()
	defer end()
	snap, err := h.till.Snapshot(ctx)
	if err != nil {
		return fmt.Errorf("read snapshot: %w", err)
	}
	if resume {
		if _, err := h.replay(ctx, s, after, snap.LastSeq); err != nil {
			return err
		}
	}
	if s.glassOnly {
		snap = device.Snapshot{LastSeq: snap.LastSeq, Screen: snap.Screen, Link: snap.Link}
	}
	if err := s.send(snap.LastSeq, true, "snapshot", h.snapshotView(snap)); err != nil {
		return err
	}
	quiet := time.NewTicker(h.KeepAlive)
	defer quiet.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case m, ok := <-messages:
			if !ok {
				return errSlow
			}
			if m.ID != 0 && m.ID <= snap.LastSeq {
				continue // in the snapshot already
			}
			if s.glassOnly && m.Event != "screen" {
				continue
			}
			if err := s.send(m.ID, m.ID != 0, m.Event, h.view(m.Data)); err != nil {
				return err
			}
			quiet.Reset(h.KeepAlive)
		case <-quiet.C:
			if err := h.alive(ctx); err != nil {
				return err
			}
			if err := s.comment("alive"); err != nil {
				return err
			}
		}
	}
}

func (h *handlers) alive(ctx context.Context) error {
	ctx, done := context.WithTimeout(ctx, aliveLimit)
	defer done()
	if err := h.till.Alive(ctx); err != nil {
		return fmt.Errorf("ask the till: %w", err)
	}
	return nil
}

// replay sends stored events after one, up to last, or, when last is 0, until
// hardly any are left. It returns the last one sent.
func (h *handlers) replay(ctx context.Context, s *stream, after, last int64) (int64, error) {
	for last == 0 || after < last {
		found, err := h.till.Events(ctx, after, replayPage)
		if err != nil {
			return after, fmt.Errorf("read events after %d: %w", after, err)
		}
		for _, e := range found {
			if last != 0 && e.Seq > last {
				return after, nil // comes live
			}
			if err := s.send(e.Seq, true, "event", eventView(e)); err != nil {
				return after, err
			}
			after = e.Seq
		}
		if len(found) < replayPage {
			break
		}
	}
	return after, nil
}

// view makes the JSON shape of a message's data.
func (h *handlers) view(data any) any {
	switch d := data.(type) {
	case sale.Sale:
		return noNull(d)
	case sale.Screen:
		return h.screenView(d)
	case sale.QueueStats:
		return statsView(d)
	case sale.StoredEvent:
		return eventView(d)
	case device.QueueView:
		return queueView(d)
	}
	return data
}

func (h *handlers) snapshotView(s device.Snapshot) SnapshotView {
	v := SnapshotView{
		LastSeq: s.LastSeq,
		Shop: Shop{Name: h.Shop, Currency: h.Currency, Language: h.Language, Methods: h.Methods, Scanner: h.Scan != nil, Version: h.Version,
			QuietS: (h.KeepAlive * 5 / 2).Seconds(), TimeZone: h.TimeZone, AskAbove: sale.Amount(h.Pages.AskAbove), Sounds: h.Pages.Sounds, Coin: h.Coin},
		Unsure: noNulls(s.Unsure), Outcomes: noNulls(s.Outcomes),
		Screen: h.screenView(s.Screen),
		Queue:  statsView(s.Queue),
		Link:   s.Link,
	}
	if s.Current != nil {
		c := noNull(*s.Current)
		v.Current = &c
	}
	return v
}

func (h *handlers) screenView(s sale.Screen) ScreenView {
	v := ScreenView{Screen: s, Now: h.Clock().UTC()}
	if h.Matrix == nil {
		return v
	}
	var err error
	switch {
	case s.Code != "":
		v.Rows, err = h.codes.rows(s.Code)
	case h.Lent != nil && s.Sale != "" && (s.Kind == sale.ScreenPaid || s.Kind == sale.ScreenThanks):
		v.Receipt, err = h.codes.rows(h.Lent.address(s.Sale))
	}
	if err != nil { // the page says that it cannot draw it
		h.Log.Error("code not drawn", "sale", s.Sale, "err", err)
	}
	return v
}

// codes draws QRs and remembers the last: every page asks for the same one.
type codes struct {
	draw func(string) ([][]bool, error)

	mu   sync.Mutex
	text string
	last []string
}

func (c *codes) rows(text string) ([]string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if text == c.text {
		return c.last, nil
	}
	m, err := c.draw(text)
	if err != nil {
		return nil, err
	}
	rows := make([]string, len(m))
	for y, dark := range m {
		row := make([]byte, len(dark))
		for x := range dark {
			row[x] = '0'
			if dark[x] {
				row[x] = '1'
			}
		}
		rows[y] = string(row)
	}
	c.text, c.last = text, rows
	return rows, nil
}

// stream writes events, each in one piece and within writeLimit.
type stream struct {
	w     http.ResponseWriter
	out   *http.ResponseController
	begun bool
	buf   bytes.Buffer
	// glassOnly tells what the customer sees, and nothing else.
	glassOnly bool
}

func (s *stream) send(id int64, stored bool, event string, data any) error {
	body, err := json.Marshal(data) // one line: JSON text holds no raw line feed
	if err != nil {
		return fmt.Errorf("write event %s: %w", event, err)
	}
	s.buf.Reset()
	if stored {
		fmt.Fprintf(&s.buf, "id: %d\n", id)
	}
	fmt.Fprintf(&s.buf, "event: %s\ndata: %s\n\n", event, body)
	return s.flush()
}

func (s *stream) comment(text string) error {
	s.buf.Reset()
	fmt.Fprintf(&s.buf, ": %s\n\n", text)
	return s.flush()
}

func (s *stream) flush() error {
	if !s.begun {
		s.w.Header().Set("Content-Type", "text/event-stream")
		s.begun = true
	}
	// A recorder in a test has no deadlines, a connection always has.
	if err := s.out.SetWriteDeadline(time.Now().Add(writeLimit)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return fmt.Errorf("write to stream: %w", err)
	}
	if _, err := s.w.Write(s.buf.Bytes()); err != nil {
		return fmt.Errorf("write to stream: %w", err)
	}
	if err := s.out.Flush(); err != nil {
		return fmt.Errorf("write to stream: %w", err)
	}
	return nil
}
