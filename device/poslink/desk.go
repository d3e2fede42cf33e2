package poslink

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"posd/device/sale"
)

// Notes remember small values under names, over restarts.
type Notes interface {
	// Note returns once the value is durable.
	Note(ctx context.Context, name, value string) error
}

// notePrefix begins the names of this package's notes. They are a ring of
// maxExchanges names, so that their number does not grow.
const notePrefix = "poslink."

// maxExchanges is how many transactions are remembered: far more than registers
// have under way within Config.RepeatFor.
const maxExchanges = 256

// noteLimit is how long a note may take to become durable.
const noteLimit = 5 * time.Second

// exchange is a transaction that a register asked for: from its first frame
// until its answer was delivered.
type exchange struct {
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

	slot    int
	running chan struct{} // closed when the answer stands; nil if nobody asks the till at present
	answer  result
}

// desk knows which frame is a repeat.
type desk struct {
	ctx    context.Context // of the server's Run: what is noted outlives a register's connection
	notes  Notes
	repeat time.Duration
	log    *slog.Logger
	newKey func() string

	mu        sync.Mutex
	exchanges []*exchange // at most maxExchanges, the oldest first
}

// newDesk takes up what an earlier run noted.
func newDesk(ctx context.Context, notes Notes, earlier map[string]string, repeat time.Duration, newKey func() string, log *slog.Logger) *desk {
	d := &desk{ctx: ctx, notes: notes, repeat: repeat, newKey: newKey, log: log}
	for name, value := range earlier {
		slot, ok := strings.CutPrefix(name, notePrefix)
		if !ok {
			continue
		}
		x := &exchange{}
		n, err := strconv.Atoi(slot)
		if err != nil || n < 0 || n >= maxExchanges || json.Unmarshal([]byte(value), x) != nil {
			log.Warn("a note of an earlier run about a register's transaction cannot be read; if it was not answered, its repeat is a new sale", "note", name)
			continue
		}
		x.slot = n
		d.exchanges = append(d.exchanges, x)
		if !x.Delivered && !x.Lapsed {
			time.AfterFunc(repeat, func() { d.lapse(x) })
		}
	}
	slices.SortFunc(d.exchanges, func(a, b *exchange) int { return cmp.Compare(a.No, b.No) })
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
	if x := d.latest(func(x *exchange) bool { return x.Client == client && x.Frame == frame }); x != nil {
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
	x := &exchange{No: 1, Client: client, Frame: frame, Key: d.newKey(), Ref: ref, slot: d.free(), running: make(chan struct{})}
	if n := len(d.exchanges); n > 0 {
		x.No = d.exchanges[n-1].No + 1
	}
	if err := d.note(x); err != nil {
		return nil, false, err
	}
	d.exchanges = append(slices.DeleteFunc(d.exchanges, func(o *exchange) bool { return o.slot == x.slot }), x)
	return x, true, nil
}

// latest returns the newest exchange that f is true of.
func (d *desk) latest(f func(*exchange) bool) *exchange {
	for _, x := range slices.Backward(d.exchanges) {
		if f(x) {
			return x
		}
	}
	return nil
}

// free returns a slot that is empty, or the one whose exchange is the oldest of
// those that are over.
func (d *desk) free() int {
	used := [maxExchanges]bool{}
	for _, x := range d.exchanges {
		used[x.slot] = true
	}
	if i := slices.Index(used[:], false); i >= 0 {
		return i
	}
	for _, x := range d.exchanges {
		if x.Delivered {
			return x.slot
		}
	}
	return d.exchanges[0].slot
}

// begun remembers the sale that the till made of an exchange.
func (d *desk) begun(x *exchange, id sale.ID) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if x.Sale == id {
		return
	}
	x.Sale = id
	if err := d.note(x); err != nil {
		d.log.Warn("cannot note a register's sale", "sale", id, "err", err)
	}
}

// answered gives the answer to all that wait for it. A refusal began nothing
// and is forgotten: the same frame may ask again.
func (d *desk) answered(x *exchange, r result) {
	d.mu.Lock()
	defer d.mu.Unlock()
	x.answer = r
	if r.sale == nil {
		d.exchanges = slices.DeleteFunc(d.exchanges, func(o *exchange) bool { return o == x })
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
	if err := d.note(x); err != nil {
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
	if err := d.note(x); err != nil {
		d.log.Warn("cannot note that a register has its answer", "sale", x.Sale, "err", err)
	}
}

// note writes x down. Callers hold the lock, so that notes of one slot stay in order.
func (d *desk) note(x *exchange) error {
	value, err := json.Marshal(x)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(d.ctx, noteLimit) // a journal that cannot be written must not hold other registers
	defer cancel()
	return d.notes.Note(ctx, notePrefix+strconv.Itoa(x.slot), string(value))
}

// underWay returns the sale of a register that has not ended, if it has one.
func (d *desk) underWay(client string) (sale.ID, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	x := d.latest(func(x *exchange) bool {
		return x.Client == client && x.Sale != "" && x.running != nil && !closed(x.running)
	})
	if x == nil {
		return "", false
	}
	return x.Sale, true
}

// saleOf returns the newest sale that a register made under its own reference.
func (d *desk) saleOf(client, ref string) (sale.ID, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	x := d.latest(func(x *exchange) bool { return x.Client == client && x.Ref == ref && x.Sale != "" })
	if x == nil {
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
