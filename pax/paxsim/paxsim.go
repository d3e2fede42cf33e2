package paxsim

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"slices"
	"strings"
	"sync"
	"time"
)

// Options are what a simulated terminal is like. Zero fields mean the defaults
// in brackets.
type Options struct {
	Serial   string        // ["0123456789"]
	Model    string        // ["A920PRO"]
	Version  string        // protocol version it answers with ["1.58"]
	TID, MID string        // bank's numbers ["40880013", "000000000000001"]
	Think    time.Duration // how long the customer takes [50ms]
	Pause    time.Duration // from ACK to response [50ms]
	AckWait  time.Duration // for the ACK of a response [3s]
	Deaf     time.Duration // how long nothing is heard after the fault lose-answer [2s]
	Host     time.Duration // how long the host takes then; it is too late for A14 [0]
	// Cancel is the answer to A14: a15, eot, ack-eot, none, eot-alone: the
	// transaction ends and has no answer of its own, or deaf: it is not heard on the
	// connection of the sale, but where ServeCancels listens. [a15]
	Cancel    string
	Card      string // which card is tapped; see Cards [mastercard-tap]
	DebitCard string // which one for T02 [interac-chip]
	Language  string // the card's: 1 English, 2 French, 3 Chinese [1]
	// TapLimit is the largest amount in cents that is tapped; above it the
	// customer inserts the card and types the PIN. [0: no limit]
	TapLimit int64
	// SettleAfter is the age of the batch's first record at which the terminal
	// closes its batch by itself, telling nobody. [0: never]
	SettleAfter time.Duration
	// ByAmount lets the last two digits of the amount choose what happens; see
	// Amounts. [false: every sale is approved]
	ByAmount bool
	// Duplicates switches the local duplicate check on: same type, amount and
	// card as the latest approval. DuplicateRefs is the other check there is: same
	// reference as a transaction of the batch. [false]
	Duplicates, DuplicateRefs bool
	// Voided is how R02 shows what was voided, which terminals may differ in:
	// marked (under the void's type, with its own as the original), kept (as
	// before), gone, or mark-only: marked, and the void has no record of its own. [marked]
	Voided string
	// EmptyBatch is the answer to the close of a batch with nothing in it: closed,
	// or not-found (100023). [closed]
	EmptyBatch string
	// Stored is how an offline approval is remembered until its upload: numbered
	// (from 5001 on; from 9001 on once refused), plain (numbered as any other;
	// not found once refused) or hidden (not found until uploaded). [numbered]
	Stored string
	Log    *slog.Logger // [none]
}

// Values of Options that choose among what real terminals may do.
var (
	CancelAnswers = []string{"a15", "eot", "ack-eot", "none", "eot-alone", "deaf"}
	VoidedShown   = []string{"marked", "kept", "gone", "mark-only"}
	EmptyAnswers  = []string{"closed", "not-found"}
	StoredShown   = []string{"numbered", "plain", "hidden"}
)

// Validate names an option that no terminal has.
func (o Options) Validate() error {
	for _, v := range []struct {
		name, value string
		may         []string
	}{
		{"cancel", o.Cancel, CancelAnswers}, {"voided", o.Voided, VoidedShown}, {"stored", o.Stored, StoredShown}, {"empty batch", o.EmptyBatch, EmptyAnswers},
		{"card", o.Card, Cards()}, {"debit card", o.DebitCard, Cards()},
	} {
		if v.value != "" && !slices.Contains(v.may, v.value) {
			return fmt.Errorf("%s %q is not known: there are %s", v.name, v.value, strings.Join(v.may, ", "))
		}
	}
	return nil
}

func (o *Options) setDefaults() {
	text := func(s *string, def string) {
		if *s == "" {
			*s = def
		}
	}
	span := func(d *time.Duration, def time.Duration) {
		if *d == 0 {
			*d = def
		}
	}
	text(&o.Serial, "0123456789")
	text(&o.Model, "A920PRO")
	text(&o.Version, "1.58")
	text(&o.TID, "40880013")
	text(&o.MID, "000000000000001")
	text(&o.Cancel, "a15")
	text(&o.Voided, "marked")
	text(&o.Stored, "numbered")
	text(&o.EmptyBatch, "closed")
	text(&o.Language, "1")
	text(&o.Card, "mastercard-tap")
	text(&o.DebitCard, "interac-chip")
	span(&o.Think, 50*time.Millisecond)
	span(&o.Pause, 50*time.Millisecond)
	span(&o.AckWait, 3*time.Second)
	span(&o.Deaf, 2*time.Second)
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
}

// Terminal is a simulated terminal. Several connections may be served at once,
// as a real one keeps its batch whatever is plugged into it.
type Terminal struct {
	opt Options
	log *slog.Logger

	mu         sync.Mutex
	faults     map[string]*fault
	deafUntil  time.Time
	blindUntil time.Time    // look-ups find nothing
	running    *transaction // under way; nil when idle
	batch      batch
	drawer     map[string]batch // of other terminals, by serial number
	frames     map[string]int   // requests understood, by command
}

// New returns a terminal that approves every sale.
func New(o Options) *Terminal {
	o.setDefaults()
	return &Terminal{
		opt: o, log: o.Log,
		faults: map[string]*fault{},
		batch:  batch{number: 8, approvals: map[string]int{}},
		drawer: map[string]batch{},
		frames: map[string]int{},
	}
}

// Serve accepts connections until ctx ends, as a terminal on the network does.
func (t *Terminal) Serve(ctx context.Context, l net.Listener) error {
	return t.accept(ctx, l, t.ServeConn)
}

// ServeCancels accepts connections on which A14 is taken and nothing else, as
// some terminals do on port 10010 while a sale has the other.
func (t *Terminal) ServeCancels(ctx context.Context, l net.Listener) error {
	return t.accept(ctx, l, t.ServeCancel)
}

func (t *Terminal) accept(ctx context.Context, l net.Listener, serve func(context.Context, io.ReadWriteCloser) error) error {
	stop := context.AfterFunc(ctx, func() { l.Close() })
	defer stop()
	var conns sync.WaitGroup
	defer conns.Wait()
	for {
		c, err := l.Accept()
		if err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return err
		}
		conns.Go(func() {
			if err := serve(ctx, c); err != nil {
				t.log.Debug("connection ended", "err", err)
			}
		})
	}
}

// ServeConn speaks the protocol on one connection until it ends or ctx does,
// and closes it.
func (t *Terminal) ServeConn(ctx context.Context, conn io.ReadWriteCloser) error {
	return newSession(t, conn).serve(ctx)
}

// ServeCancel is ServeConn for A14 alone.
func (t *Terminal) ServeCancel(ctx context.Context, conn io.ReadWriteCloser) error {
	s := newSession(t, conn)
	s.cancelOnly = true
	return s.serve(ctx)
}

func (s *session) serve(ctx context.Context) error {
	stop := context.AfterFunc(ctx, s.close)
	defer stop()
	defer s.close()
	go s.read()
	err := s.run(ctx)
	if ctx.Err() != nil || errors.Is(err, io.EOF) || errors.Is(err, io.ErrClosedPipe) || errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}
