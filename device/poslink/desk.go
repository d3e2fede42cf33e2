package poslink

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"log/slog"
	"sync"
	"time"

	"posd/device/ring"
	"posd/device/sale"
)

// notePrefix begins the names of this package's notes.
const notePrefix = "poslink."

// maxExchanges is how many transactions are remembered: far more than registers
// have under way within Config.RepeatFor.
const maxExchanges = 256

// noteLimit is how long a note may take to become durable.
const noteLimit = 5 * time.Second

// exchange is a transaction that a register asked for: from its first frame
// until its answer was delivered.
type exchange struct {
	ring.Place
	No        int64   `json:"no"`     // in the order of beginning
	Client    string  `json:"client"` // the register's address
	Frame     string  `json:"frame"`  // digest of the frame's body
	Key       string  `json:"key"`    // Idempotency-Key towards the till
	Ref       string  `json:"ref"`    // the register's own reference
	Sale      sale.ID `json:"sale,omitempty"`
	Delivered bool    `json:"delivered,omitempty"`
	// Lapsed says that nobody asked for the answer for so long that the same
	// frame is another customer's, once the sale has ended.
	Lapsed bool `json:"lapsed,omitempty"`

	// asked says that the till was asked before, by an earlier run perhaps, and
	// that it is not known what came of it.
	asked   bool
	running chan struct{} // closed when the answer stands; nil if nobody asks the till at present
	answer  result
}

// Number is the exchange's, in the order of beginning.
func (x *exchange) Number() int64 { return x.No }

// Over reports whether nobody will ask for this answer again.
func (x *exchange) Over() bool { return x.Delivered }

// desk knows which frame is a repeat.
type desk struct {
	ctx    context.Context // of the server's Run
	repeat time.Duration
	log    *slog.Logger
	newKey func() string

	mu        sync.Mutex // held while a note is written, too, so that those of one exchange stay in order
	exchanges *ring.Ring[*exchange]
}

// newDesk takes up what an earlier run noted.
func newDesk(ctx context.Context, notes ring.Notes, earlier map[string]string, repeat time.Duration, newKey func() string, log *slog.Logger) *desk {
	d := &desk{ctx: ctx, repeat: repeat, newKey: newKey, log: log}
	d.exchanges = ring.Open(ctx, ring.Options{Notes: notes, Prefix: notePrefix, Size: maxExchanges, Wait: noteLimit, Log: log},
		earlier, func() *exchange { return &exchange{asked: true} })
	for x := range d.exchanges.Newest() {
		if !x.Delivered && !x.Lapsed {
			time.AfterFunc(repeat, func() { d.lapse(x) })
		}
	}
	return d
}

// take returns the exchange that a frame belongs to, and whether the caller
// must ask the till about it. Otherwise somebody does, or the answer stands:
// wait for running in either case.
func (d *desk) take(client string, body []byte, ref string) (*exchange, bool, error) {
	sum := sha256.Sum256(body)
	frame := hex.EncodeToString(sum[:])
	d.mu.Lock()
	defer d.mu.Unlock()
	if x, ok := d.exchanges.Find(func(x *exchange) bool { return x.Client == client && x.Frame == frame }); ok {
		switch {
		case x.running != nil && !closed(x.running):
			return x, false, nil
		case !x.answer.final && !x.Delivered: // unknown how it ended, or how far an earlier run came
			x.running = make(chan struct{})
			return x, true, nil
		case !x.Delivered && !x.Lapsed:
			return x, false, nil
		}
	}
	x := &exchange{No: d.exchanges.Next(), Client: client, Frame: frame, Key: d.newKey(), Ref: ref, running: make(chan struct{})}
	d.exchanges.Choose(x)
	if err := d.exchanges.Note(x); err != nil {
		return nil, false, err
	}
	d.exchanges.Keep(x)
	return x, true, nil
}

// begun remembers the sale that the till made of an exchange. If it did so only now,
// the sale is of whoever asks now, however long ago the exchange was noted.
func (d *desk) begun(x *exchange, id sale.ID, replayed bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if x.Sale == id && (replayed || !x.Lapsed) {
		return
	}
	x.Sale, x.Lapsed = id, x.Lapsed && replayed
	if err := d.exchanges.Note(x); err != nil {
		d.log.Warn("cannot note a register's sale", "sale", id, "err", err)
	}
}

// answered gives the answer to all that wait for it. A refusal began nothing
// and is forgotten: the same frame may ask again.
func (d *desk) answered(x *exchange, r result) {
	d.mu.Lock()
	defer d.mu.Unlock()
	x.answer, x.asked = r, true
	if r.sale == nil {
		d.exchanges.Drop(x)
	} else {
		time.AfterFunc(d.repeat, func() { d.lapse(x) })
	}
	close(x.running)
}

// standing returns the answer of an exchange. An end that is only learnt when
// nobody waits for it any more is none to the same frame: again says that it
// asks for something new.
func (d *desk) standing(x *exchange) (r result, again bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return x.answer, x.Lapsed && x.answer.final && !x.Delivered
}

// lapse ends the time in which the same frame asks for this answer. While the
// till is being asked it does not run.
func (d *desk) lapse(x *exchange) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if x.Delivered || x.Lapsed || d.ctx.Err() != nil || x.running != nil && !closed(x.running) {
		return
	}
	x.Lapsed = true
	if err := d.exchanges.Note(x); err != nil {
		d.log.Warn("cannot note that a register no longer waits", "sale", x.Sale, "err", err)
	}
}

// delivered notes that the answer has arrived. One that ended nothing is asked
// for again.
func (d *desk) delivered(x *exchange) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if x.Delivered || !x.answer.final {
		return
	}
	x.Delivered = true
	if err := d.exchanges.Note(x); err != nil {
		d.log.Warn("cannot note that a register has its answer", "sale", x.Sale, "err", err)
	}
}

// underWay returns the sale of a register that has not ended, if it has one.
func (d *desk) underWay(client string) (sale.ID, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	x, ok := d.exchanges.Find(func(x *exchange) bool {
		return x.Client == client && x.Sale != "" && x.running != nil && !closed(x.running)
	})
	if !ok {
		return "", false
	}
	return x.Sale, true
}

// saleOf returns the newest sale that a register made under its own reference.
func (d *desk) saleOf(client, ref string) (sale.ID, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	x, ok := d.exchanges.Find(func(x *exchange) bool { return x.Client == client && x.Ref == ref && x.Sale != "" })
	if !ok {
		return "", false
	}
	return x.Sale, true
}

func closed(c chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}
