package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"sync"
	"time"

	"posd/sync/fleet"
)

const (
	// atOnce is how many messages one transaction books, of not more than bytesAtOnce.
	atOnce, bytesAtOnce = 2000, 16 << 20
	// readWait is how long the stream is waited for.
	readWait = 2 * time.Second
	// checkEvery is how often the stream's settings are looked at again.
	checkEvery = 10 * time.Minute
	// pauseAfter is the pause after an error.
	pauseAfter = 2 * time.Second
)

// hub reads the stream into the books.
type hub struct {
	config Config
	books  *books
	nc     *fleet.Link
	log    *slog.Logger

	mu       sync.Mutex
	trouble  string // why nothing is booked, empty if all is well
	findings []fleet.Finding
	booked   int64 // messages of this run
	writes   bool
	last     uint64 // the stream's last message
	reached  uint64
}

func openHub(ctx context.Context, c Config, log *slog.Logger) (*hub, error) {
	b, err := openBooks(ctx, c.Books)
	if err != nil {
		return nil, err
	}
	h := &hub{config: c, books: b, log: log}
	if h.nc, err = dial(c, log); err != nil {
		b.db.Close()
		return nil, err
	}
	return h, nil
}

func dial(c Config, log *slog.Logger) (*fleet.Link, error) {
	return fleet.Dial(c.NATS.Servers, secretFile(c.NATS.CredentialFile, "nats-credential"), c.NATS.CAFile, "poshub", log)
}

func (h *hub) close() {
	h.nc.Close()
	h.books.db.Close()
}

// run reads until ctx ends. What goes wrong is said and tried again.
func (h *hub) run(ctx context.Context) error {
	for {
		err := h.session(ctx)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		h.note(func() { h.trouble, h.writes = err.Error(), false })
		if !errors.Is(err, errOtherWrites) {
			h.log.Warn("nothing is booked", "err", err)
		}
		select {
		case <-time.After(pauseAfter):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (h *hub) note(f func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	f()
}

// session is the writer until something fails.
func (h *hub) session(ctx context.Context) error {
	w, err := h.books.writer(ctx)
	if err != nil {
		return err
	}
	defer w.close()
	cal, err := h.config.calendar()
	if err != nil {
		return err
	}
	l := newLedger(w, cal, h.log)
	feed, err := fleet.OpenFeed(ctx, h.nc, h.config.NATS.Stream, h.config.Chain, h.config.NATS.Consumer, h.config.NATS.ackWait())
	if err != nil {
		return err
	}
	words := newMailbox()
	stop, err := fleet.HearStatus(h.nc, h.config.Chain, words.put)
	if err != nil {
		return err
	}
	defer stop()
	from := &reader{feed: feed}
	defer from.rest()
	looked := time.Time{}
	for {
		if time.Since(looked) > checkEvery {
			looked = time.Now()
			from.rest()
			h.check(ctx)
			if err := h.compare(ctx, l, feed); err != nil {
				return err
			}
		}
		if err := h.turn(ctx, l, from); err != nil {
			return err
		}
		if err := l.heard(ctx, words.take()); err != nil {
			return err
		}
		h.note(func() { h.trouble, h.writes = "", true })
	}
}

// reader reads the stream one delivery ahead of what is booked, and checks it.
type reader struct {
	feed *fleet.Feed
	next chan delivery
}

type delivery struct {
	fleet.Delivery
	checked []checked
	err     error
}

// take returns what comes next, and has the one behind it read meanwhile.
func (r *reader) take(ctx context.Context) delivery {
	if r.next == nil {
		r.ahead(ctx)
	}
	d := <-r.next
	r.next = nil
	if d.err == nil && !d.Empty() {
		r.ahead(ctx)
	}
	return d
}

func (r *reader) ahead(ctx context.Context) {
	next := make(chan delivery, 1)
	r.next = next
	go func() {
		d, err := r.feed.Next(ctx, atOnce, bytesAtOnce, readWait)
		next <- delivery{d, checkAll(d.Messages), err}
	}()
}

// rest gives back what was read ahead.
func (r *reader) rest() {
	if r.next == nil {
		return
	}
	d := <-r.next
	r.next = nil
	d.Undone()
}

// turn books what comes next. A message is acknowledged behind the commit of the database.
func (h *hub) turn(ctx context.Context, l *ledger, from *reader) error {
	d := from.take(ctx)
	if d.err != nil {
		d.Undone()
		return d.err
	}
	if d.Empty() {
		return nil
	}
	if err := l.book(ctx, d.checked, d.Strange); err != nil {
		d.Undone()
		return err
	}
	h.note(func() {
		h.booked += int64(len(d.Messages))
		if n := len(d.Messages); n > 0 {
			h.reached = max(h.reached, d.Messages[n-1].Seq)
			h.last = max(h.last, h.reached)
		}
	})
	return d.Done(ctx)
}

// compare holds the stream against the books: one that ends before what was booked
// was taken back to an older copy, and is read again from its beginning. What
// counters publish again changes nothing.
func (h *hub) compare(ctx context.Context, l *ledger, feed *fleet.Feed) error {
	state, err := feed.State(ctx)
	if err != nil {
		return err
	}
	reached, made, err := l.position(ctx)
	if err != nil {
		return err
	}
	h.note(func() { h.last, h.reached = state.Last, reached })
	other := made != "" && made != stamp(state.Created)
	if state.Last < reached || other {
		words := fmt.Sprintf("the stream ends with message %d, and message %d was booked: it was restored from an older copy, or lost its end; counters publish again what is missing", state.Last, reached)
		if err := l.takenBack(ctx, state, words); err != nil {
			return err
		}
		return feed.Again(ctx)
	}
	if err := l.streamIs(ctx, state); err != nil || state.Done <= reached {
		return err
	}
	h.log.Info("the books are older than what the stream was told: they are built from its beginning", "booked", reached, "acknowledged", state.Done)
	return feed.Again(ctx)
}

// check looks at the settings of stream and servers.
func (h *hub) check(ctx context.Context) {
	found, err := fleet.CheckStream(ctx, h.nc, h.config.plan())
	if err != nil {
		found = append(found, fleet.Finding{Setting: "stream", Words: err.Error()})
	}
	for _, m := range h.config.NATS.Monitor {
		more, err := fleet.CheckServer(ctx, m)
		if err != nil {
			more = append(more, fleet.Finding{Setting: "monitor", Words: err.Error()})
		}
		found = append(found, more...)
	}
	if len(h.config.NATS.Monitor) == 0 {
		found = append(found, fleet.Finding{Setting: "sync_interval", Words: "not looked at: name the servers' monitoring pages as monitor in [nats]"})
	}
	for _, f := range found {
		h.log.Warn("the stream is not as it must be", "setting", f.Setting, "words", f.Words, "loses money", f.Loses)
	}
	h.note(func() { h.findings = found })
}

// position returns up to which message all is booked, and the stream's birth.
func (l *ledger) position(ctx context.Context) (reached uint64, made string, err error) {
	var text string
	if _, err := l.w.find(ctx, "SELECT value FROM meta WHERE name = 'reached'", nil, &text); err != nil {
		return 0, "", err
	}
	if text != "" {
		if reached, err = strconv.ParseUint(text, 10, 64); err != nil {
			return 0, "", fmt.Errorf("read how far the books go: %w", err)
		}
	}
	_, err = l.w.find(ctx, "SELECT value FROM meta WHERE name = 'stream made'", nil, &made)
	return reached, made, err
}

func (l *ledger) streamIs(ctx context.Context, s fleet.StreamState) error {
	return l.w.transact(ctx, func() error { return l.meta(ctx, "stream made", stamp(s.Created)) })
}

func (l *ledger) meta(ctx context.Context, name, value string) error {
	_, err := l.w.exec(ctx, "INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value", name, value)
	return err
}

func (l *ledger) takenBack(ctx context.Context, s fleet.StreamState, words string) error {
	return l.w.transact(ctx, func() error {
		if err := l.alarm(ctx, "", "", int64(s.Last), alarmTaken, words); err != nil {
			return err
		}
		if err := l.meta(ctx, "stream made", stamp(s.Created)); err != nil {
			return err
		}
		return l.meta(ctx, "reached", "0")
	})
}

// mailbox keeps the last word of each counter until it is booked: bounded by the
// number of counters, however often they speak.
type mailbox struct {
	mu   sync.Mutex
	last map[string][]byte
}

func newMailbox() *mailbox { return &mailbox{last: map[string][]byte{}} }

// wordBytes is the longest word that is listened to.
const wordBytes = 64 << 10

func (m *mailbox) put(n fleet.Name, text []byte) {
	if len(text) > wordBytes || !json.Valid(text) {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.last[n.String()] = text
}

func (m *mailbox) take() map[string][]byte {
	m.mu.Lock()
	defer m.mu.Unlock()
	all := m.last
	m.last = map[string][]byte{}
	return all
}

// heard notes the counters' words, and compares what the stream acknowledged to
// them with what is booked.
func (l *ledger) heard(ctx context.Context, words map[string][]byte) error {
	if len(words) == 0 {
		return nil
	}
	return l.w.transact(ctx, func() error {
		for till, text := range words {
			if _, err := l.w.exec(ctx, "INSERT INTO words (till, at, text) VALUES (?, ?, ?) ON CONFLICT (till) DO UPDATE SET at = excluded.at, text = excluded.text", till, stamp(l.now()), plainText(string(text))); err != nil {
				return err
			}
		}
		return nil
	})
}
