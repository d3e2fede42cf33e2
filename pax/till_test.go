package pax_test

import (
	"fmt"
	"time"

	"posd/device/sale"
)

// end is how a sale ended for the shop.
type end string

const (
	endPaid    end = "paid"
	endNotPaid end = "not paid"
	endUnsure  end = "unsure" // a person would have to look
)

// till is the least one that uses a terminal rightly: it charges once, and
// looks an unsure sale up until it is found, or proven never heard of twice.
type till struct {
	*counter
	control *sale.CardControl    // latest approved sale
	last    sale.CardAnswer      // latest approval, of whatever kind
	pause   time.Duration        // between look-ups; 0 means 2 s
	late    chan sale.CardAnswer // what Hear told of, where somebody hears
}

// heard returns what came late since it was last asked.
func (t *till) heard() (late []sale.CardAnswer) {
	for len(t.late) > 0 {
		late = append(late, <-t.late)
	}
	return late
}

func (t *till) take(o sale.CardRequest) end {
	a := t.box.Charge(t.ctx, o)
	switch a.Verdict {
	case sale.VerdictApproved:
		return t.paid(o, a)
	case sale.VerdictDeclined, sale.VerdictCancelled, sale.VerdictNotSent:
		return endNotPaid
	}
	pause := t.pause
	if pause == 0 {
		pause = 2 * time.Second
	}
	missing := 0
	for range 100 {
		time.Sleep(pause)
		f := t.box.Find(t.ctx, sale.CardLookup{Ref: o.Ref, Kind: o.Kind, Amount: o.Amount, Control: t.control})
		for _, l := range append(f.Late, t.heard()...) {
			if l.Ref == o.Ref && l.Verdict == sale.VerdictApproved {
				return t.paid(o, l)
			}
		}
		switch {
		case f.Result == sale.FoundIt:
			return t.paid(o, f.Answer)
		case f.Result == sale.FoundNot && (t.control == nil || f.Control == sale.FoundIt):
			if missing++; missing == 2 {
				return endNotPaid
			}
		default:
			missing = 0
		}
	}
	return endUnsure
}

func (t *till) paid(o sale.CardRequest, a sale.CardAnswer) end {
	if a.Ref != o.Ref || a.Approved != o.Amount {
		t.Errorf("%s: paid by an answer for %s, %s", o.Ref, a.Ref, a.Approved)
	}
	if a.Extra == "" && a.ExtraErr == "" && o.Kind == sale.CardSale {
		t.Errorf("%s: paid, and nothing to report: %+v", o.Ref, a)
	}
	t.last = a
	if o.Kind == sale.CardSale {
		t.control = &sale.CardControl{Ref: o.Ref, Amount: a.Approved}
	}
	return endPaid
}

// ref makes the n-th reference of a test.
func refNo(n int) string { return fmt.Sprintf("T%015d", n) }
