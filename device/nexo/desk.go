package nexo

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"sync"

	"posd/device/door"
	"posd/device/ring"
	"posd/device/sale"
)

// notePrefix begins the names of this package's notes.
const notePrefix = "nexo."

// maxKept is how many transactions are remembered by what registers call them.
const maxKept = 256

// exchange is a payment or reversal that a register asked for.
type exchange struct {
	ring.Place
	No       int64       `json:"no"`
	Name     string      `json:"name"`   // digest of POIID, SaleID and ServiceID
	Till     string      `json:"till"`   // SaleID
	Body     string      `json:"body"`   // digest of the request
	Key      string      `json:"key"`    // Idempotency-Key towards the till
	Header   header      `json:"header"` // of the request
	Asked    transaction `json:"asked"`  // the register's own name for it
	Refund   bool        `json:"refund,omitempty"`
	Reversal string      `json:"reversal,omitempty"` // void or refund
	Sale     sale.ID     `json:"sale,omitempty"`
	Movement string      `json:"movement,omitempty"`
	Aborted  bool        `json:"aborted,omitempty"` // the register wished it cancelled
	Ended    bool        `json:"ended,omitempty"`

	earlier bool // noted by an earlier run, and not asked for in this one
	asked   bool // the till was asked, and it is not known what came of it
}

// Number is the exchange's, in the order of beginning.
func (x *exchange) Number() int64 { return x.No }

// Over reports whether it has ended.
func (x *exchange) Over() bool { return x.Ended }

// desk knows what was asked for before. Its lock is held until the till has taken a
// request, so that two of one name find each other.
type desk struct {
	till   Till
	newKey func() string
	log    *slog.Logger
	mu     sync.Mutex
	kept   *ring.Ring[*exchange]
}

func newDesk(ctx context.Context, o Options) *desk {
	return &desk{till: o.Till, newKey: o.NewKey, log: o.Log,
		kept: ring.Open(ctx, ring.Options{Notes: o.Notes, Prefix: notePrefix, Size: maxKept, Wait: askLimit / 2, Log: o.Log},
			o.Earlier, func() *exchange { return &exchange{earlier: true, asked: true} })}
}

// errOther says that a request's name was another request's.
var errOther = errors.New("these POIID, SaleID and ServiceID were another request's: each request needs a ServiceID of its own")

func nameOf(poi, till, service string) string {
	sum := sha256.Sum256([]byte(poi + "\x00" + till + "\x00" + service))
	return hex.EncodeToString(sum[:16])
}

// take returns the exchange of a request, noted anew if there is none. Callers hold the lock.
func (d *desk) take(h header, body any) (*exchange, error) {
	text, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(append([]byte(h.MessageCategory), text...))
	name, digest := nameOf(h.POIID, h.SaleID, h.ServiceID), hex.EncodeToString(sum[:16])
	if x, ok := d.kept.Find(func(x *exchange) bool { return x.Name == name }); ok {
		if x.Body != digest {
			return nil, errOther
		}
		return x, nil
	}
	x := &exchange{No: d.kept.Next(), Name: name, Till: h.SaleID, Body: digest, Key: d.newKey(), Header: h}
	d.kept.Choose(x)
	return x, nil
}

// begin notes a new exchange before the till is asked. Callers hold the lock.
func (d *desk) begin(x *exchange) error {
	x.earlier = false
	if _, kept := d.kept.Find(func(k *exchange) bool { return k == x }); kept {
		return nil
	}
	if err := d.kept.Note(x); err != nil {
		return err
	}
	d.kept.Keep(x)
	return nil
}

// begun notes what the till made of it; callers hold the lock.
func (d *desk) begun(x *exchange, id sale.ID, movement string) {
	if x.Sale == id && x.Movement == movement {
		return
	}
	x.Sale, x.Movement = id, movement
	d.note(x)
}

func (d *desk) note(x *exchange) {
	if err := d.kept.Note(x); err != nil {
		d.log.Warn("cannot note a register's transaction", "sale", x.Sale, "err", err)
	}
}

// refused forgets an exchange of which nothing was begun. It returns false where that
// is not known. Callers hold the lock.
func (d *desk) refused(x *exchange, err error) bool {
	if !door.NothingBegun(err, x.asked) {
		x.asked = true
		d.log.Warn("it is not known what came of a register's request; the next one asks again", "err", err)
		return false
	}
	d.kept.Drop(x)
	return true
}

// ended notes an end, once.
func (d *desk) ended(x *exchange) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !x.Ended {
		x.Ended = true
		d.note(x)
	}
}

// find returns a copy of the exchange that a message refers to; without a ServiceID
// the register's newest. What an earlier run noted is looked up at the till.
func (d *desk) find(ctx context.Context, h header, m *messageReference) (found exchange, ok bool, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	var x *exchange
	if m == nil || m.ServiceID == "" {
		x, ok = d.kept.Find(func(x *exchange) bool { return x.Till == h.SaleID })
	} else {
		name := nameOf(or(m.POIID, h.POIID), or(m.SaleID, h.SaleID), m.ServiceID)
		x, ok = d.kept.Find(func(x *exchange) bool { return x.Name == name })
	}
	if !ok {
		return found, false, nil
	}
	if x.earlier && x.Sale == "" {
		s, movement, err := d.till.Keyed(ctx, x.Key)
		switch {
		case errors.Is(err, sale.ErrNotFound):
			d.kept.Drop(x)
			return found, false, nil
		case err != nil:
			return *x, true, err
		}
		d.begun(x, s.ID, movement)
	}
	return *x, true, nil
}

// abort notes that a register wishes a transaction cancelled, and returns its sale.
func (d *desk) abort(h header, m messageReference) (sale.ID, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	name := nameOf(or(m.POIID, h.POIID), or(m.SaleID, h.SaleID), m.ServiceID)
	x, ok := d.kept.Find(func(x *exchange) bool { return x.Name == name })
	if !ok || x.Sale == "" || x.Movement != "" {
		return "", false
	}
	if !x.Aborted {
		x.Aborted = true
		d.note(x)
	}
	return x.Sale, true
}

func or(s, other string) string {
	if strings.TrimSpace(s) == "" {
		return other
	}
	return s
}
