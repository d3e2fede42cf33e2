package fleet

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"path/filepath"
	"runtime/debug"
	"sync"
	"time"

	"posd/device/sale"
)

// Journal is what is published.
type Journal interface {
	Epoch(ctx context.Context) (sale.Epoch, error)
	CommitsAfter(ctx context.Context, after int64, most int) ([]sale.Commit, error)
	CommitHash(ctx context.Context, no int64) (string, error)
	Commits() int64
}

// stream is the far side as a publisher needs it.
type stream interface {
	// tail returns the counter's last message over all its epochs, with Seq 0 if there is none.
	tail(ctx context.Context) (Message, error)
	// publish stores messages in order, all or none, if the counter's last message is
	// number last, and returns the number of the last one of them. Any error may mean
	// that they are stored.
	publish(ctx context.Context, all []Message, last uint64) (uint64, error)
	// tell says how the counter is; nothing of it is kept.
	tell(status []byte) error
	// listen has the desk answer what the counter is asked, until close.
	listen(d *desk) error
	// up reports whether the link is there, and the words about it.
	up() (bool, string)
	close()
}

const (
	// batch is how many commits are published at once when catching up.
	batch = 100
	// batchBytes is how much is published at once.
	batchBytes = 768 << 10
	// tellEvery is how often the counter says how it is.
	tellEvery = 30 * time.Second
	// first and longest pause after an error; a person must act after a fence.
	againAfter, againMost, fencedWait = time.Second, time.Minute, time.Minute
)

// Publisher publishes a journal.
type Publisher struct {
	config  Config
	journal Journal
	dir     string
	dial    func(Config, *slog.Logger) (stream, error)
	health  func(ctx context.Context) []byte
	log     *slog.Logger
	wake    chan struct{}
	desk    *desk     // nil where no questions are answered
	told    time.Time // when the counter last said how it is

	mu   sync.Mutex
	now  Status
	link stream
}

// Status says how far a journal is published.
type Status struct {
	OK        bool
	Words     string
	Published int64 // the last commit that was acknowledged
	Lag       int64 // commits that wait
	Fenced    bool
}

// New returns a publisher that keeps its cursor in the folder dir. It does nothing
// before Run. health, if it is not nil, says in JSON how the counter is.
func New(c Config, j Journal, dir string, health func(ctx context.Context) []byte, log *slog.Logger) *Publisher {
	p := &Publisher{config: c, journal: j, dir: dir, dial: dialNATS, health: health, log: log, wake: make(chan struct{}, 1)}
	p.now.Words = "not published yet"
	return p
}

// Answer has questions of the chain's centre answered, one at a time. Call it before Run.
func (p *Publisher) Answer(a Answerer) { p.desk = &desk{answer: a, log: p.log} }

// Wake says that something was committed. It never waits.
func (p *Publisher) Wake() {
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

// Status returns how far the journal is published.
func (p *Publisher) Status() Status {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.now
	s.Lag = max(0, p.journal.Commits()-s.Published)
	if p.link != nil && !s.Fenced {
		if up, words := p.link.up(); !up {
			s.OK, s.Words = false, words
		}
	}
	if s.Lag > 0 {
		s.Words += fmt.Sprintf("; %d commits wait", s.Lag)
	}
	return s
}

// Run publishes until ctx ends. Nothing else of posd waits for it.
func (p *Publisher) Run(ctx context.Context) error {
	file, at, err := openCursor(filepath.Join(p.dir, "posd.fleet"))
	if err != nil {
		return err
	}
	defer file.f.Close()
	pause := againAfter
	for {
		began := time.Now()
		at, err = p.session(ctx, file, at)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if time.Since(began) > againMost {
			pause = againAfter
		}
		var fenced *Fenced
		wait := pause/2 + rand.N(pause/2)
		if errors.As(err, &fenced) {
			wait = fencedWait
		}
		pause = min(2*pause, againMost)
		p.said(err, fenced != nil)
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// said notes why publishing stands still, and logs it when that changes.
func (p *Publisher) said(err error, fenced bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if words := err.Error(); p.now.Words != words {
		p.log.Warn("the journal is not published", "err", err)
		p.now.Words = words
	}
	p.now.OK, p.now.Fenced = false, fenced
}

// session looks where to go on and publishes until something is in the way.
func (p *Publisher) session(ctx context.Context, file *cursorFile, at cursor) (cursor, error) {
	link, err := p.connect()
	if err != nil {
		return at, err
	}
	epoch, err := p.journal.Epoch(ctx)
	if err != nil {
		return at, err
	}
	if epoch.Name == "" {
		return at, errors.New("the journal is empty: nothing to publish yet")
	}
	tail, err := link.tail(ctx)
	if err != nil {
		return at, fmt.Errorf("look at the stream: %w", err)
	}
	next, err := resume(p.config.Name, epoch, at, tail, func(no int64) (string, error) { return p.journal.CommitHash(ctx, no) })
	if err != nil {
		return at, err
	}
	p.reached(next, true)
	many := 0 // published since the last rest
	for {
		all, last, err := p.read(ctx, epoch, next)
		if err != nil {
			return at, err
		}
		if len(all) == 0 {
			if many >= batch { // what catching up took is given back to the machine
				debug.FreeOSMemory()
			}
			many = 0
			if err := p.rest(ctx, link, at); err != nil {
				return at, err
			}
			continue
		}
		many += len(all)
		seq, err := link.publish(ctx, all, next.seq)
		if err != nil {
			return at, fmt.Errorf("publish commit %d: %w", next.commit, err)
		}
		if next.back > 0 { // only now is it certain: what was looked at may have been a lagging copy
			p.log.Error("the stream was taken back: commits that it had acknowledged are not in it any more, and are published again", "commits", next.back, "from", next.commit)
		}
		at = cursor{Epoch: epoch.Name, Commit: last.No, Hash: last.Hash, Seq: seq}
		if err := file.write(at); err != nil {
			return at, fmt.Errorf("note what is published: %w", err)
		}
		next = place{commit: last.No + 1, seq: seq}
		p.reached(next, false)
	}
}

// connect makes the link once; it reconnects by itself.
func (p *Publisher) connect() (stream, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.link != nil {
		return p.link, nil
	}
	link, err := p.dial(p.config, p.log)
	if err != nil {
		return nil, err
	}
	if p.desk != nil {
		if err := link.listen(p.desk); err != nil {
			link.close()
			return nil, err
		}
	}
	p.link = link
	return link, nil
}

// Close ends the link.
func (p *Publisher) Close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.link != nil {
		p.link.close()
	}
}

// reached notes how far the journal is published.
func (p *Publisher) reached(next place, resumed bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if resumed && !p.now.OK {
		p.log.Info("the journal is published", "from", next.commit)
	}
	p.now = Status{OK: true, Words: "published", Published: next.commit - 1}
	if next.back > 0 {
		p.now.Words = fmt.Sprintf("the stream was taken back by %d commits; they are published again", next.back)
	}
}

// read returns the next messages and the commit that the last of them ends.
func (p *Publisher) read(ctx context.Context, e sale.Epoch, next place) (all []Message, last sale.Commit, err error) {
	commits, err := p.journal.CommitsAfter(ctx, next.commit-1, batch)
	if err != nil {
		return nil, last, err
	}
	size := 0
	for i, c := range commits {
		from := next.from
		if i > 0 {
			from = nil
		}
		parts, err := encode(p.config.Name, e.Name, from, c)
		if err != nil {
			return nil, last, err
		}
		for _, m := range parts {
			size += len(m.Body)
		}
		if i > 0 && size > batchBytes {
			break
		}
		all, last = append(all, parts...), c
	}
	return all, last, nil
}

// rest waits for the next commit, and says meanwhile how the counter is.
func (p *Publisher) rest(ctx context.Context, link stream, at cursor) error {
	if time.Since(p.told) >= tellEvery {
		p.told = time.Now()
		link.tell(p.statusOf(ctx, at)) // lost, the next one comes
	}
	select {
	case <-p.wake:
	case <-time.After(tellEvery):
	case <-ctx.Done():
		return ctx.Err()
	}
	return nil
}

// Word is what a counter says of itself now and then.
type Word struct {
	Epoch        string          `json:"epoch"`
	Commits      int64           `json:"commits"`
	Acknowledged int64           `json:"acknowledged"` // by the stream, up to this commit
	Health       json.RawMessage `json:"health,omitempty"`
}

func (p *Publisher) statusOf(ctx context.Context, at cursor) []byte {
	w := Word{Epoch: at.Epoch, Commits: p.journal.Commits(), Acknowledged: at.Commit}
	if p.health != nil {
		w.Health = p.health(ctx)
	}
	text, err := json.Marshal(w)
	if err != nil {
		p.log.Warn("what the counter says of itself cannot be written", "err", err)
	}
	return text
}
