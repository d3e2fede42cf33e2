package device

import (
	"context"
	"fmt"
	"time"

	"posd/device/sale"
)

// closeDay is the manager closing the business day, now and then in the middle of trade.
func (s *shop) closeDay(w *world) {
	if w.core == nil {
		return
	}
	ev := sale.DayAsked{By: "Ann", WithoutTerminal: w.chance(0.1), Empty: true}
	count := func(st sale.Sale) {
		mine, card := endedIn(w.core.day, &st)
		ev.Empty = ev.Empty && !mine
		if card {
			ev.Cards++
		}
	}
	for _, id := range w.disk.order {
		count(w.disk.sales[id])
	}
	for _, l := range w.core.order {
		count(l.s)
	}
	w.say("manager: closes day %d", w.core.day)
	s.ask(w, func(t sale.Token) sale.Happening { ev.Token = t; return ev }, nil)
}

// uploaded is a person's word on an offline approval.
func (s *shop) uploaded(w *world, st sale.Sale) {
	ev := sale.UploadTold{Sale: st, Upload: sale.UploadConfirmed, By: "Ann"}
	if w.chance(0.2) {
		ev.Upload = sale.UploadRefused
	}
	if r, ok := w.disk.reports[st.MchOrderNo]; ok {
		ev.Report = &r
	}
	s.ask(w, func(t sale.Token) sale.Happening { ev.Token = t; return ev }, nil)
}

// closeBatch is the terminal settling because it was asked to; its answer may be lost.
func (b *bank) closeBatch(w *world, back back) {
	a := sale.BatchAnswer{End: sale.BatchClosed, Words: "settled"}
	switch {
	case b.unplugged || b.running != nil:
		a.End, a.Words = sale.BatchOpen, "not sent"
	case w.wires != nil:
		a = w.wires.closeBatch(w)
	default:
		b.settle(w)
	}
	if a.End == sale.BatchClosed && w.chance(0.1) {
		a = sale.BatchAnswer{End: sale.BatchUnsure, Words: "line lost"}
	}
	w.say("terminal: batch close: %s", a.End)
	back(w.human(time.Second, time.Minute), func() sale.Happening { return sale.BatchAnswered{Answer: a} })
}

// closeBatch has the real driver close the batch.
func (x *wires) closeBatch(w *world) sale.BatchAnswer {
	before := x.terminal.State().Closed
	x.noisy = true
	a := x.driver.CloseBatch(context.Background())
	x.noisy = false
	closed := x.terminal.State().Closed > before
	if closed {
		w.bank.closed++
	}
	if a.End == sale.BatchClosed && !closed || a.End == sale.BatchOpen && closed {
		w.fail("wires: the batch close ended as %s (%s), and the batch was closed: %v", a.End, a.Words, closed)
	}
	return a
}

// gather sums a day up, as the shell does from what is durable.
func (w *world) gather(e sale.GatherDay, back back) {
	d := sale.Day{No: e.No, Date: e.Date, OpenedAt: e.Opened, By: e.By, Books: w.daySum(e.No)}
	back(w.between(10*time.Millisecond, 3*time.Second), func() sale.Happening { return sale.DayGathered{Day: d} })
}

// daySum is what a business day brought, as text.
func (w *world) daySum(no int) []byte {
	n, cents := 0, sale.Amount(0)
	for _, id := range w.disk.order {
		s := w.disk.sales[id]
		if s.Day == no {
			n++
			cents += s.Taken()
		}
		for _, m := range s.Refunds {
			if m.Day == no && m.State == sale.MoveDone && s.State == sale.Paid && s.Captures() {
				cents -= m.Amount
			}
		}
	}
	return fmt.Appendf(nil, "%d sales, %s", n, cents)
}

// daysSettled holds that days are numbered without a gap, that a closed one is
// what it was when it was summed up, and that what has ended is in one of them.
func (w *world) daysSettled() {
	for i, d := range w.disk.days {
		if d.No != i+1 {
			w.fail("days: number %d comes after %d", d.No, i)
		}
		if now := w.daySum(d.No); string(now) != string(d.Books) {
			w.fail("days: day %d was closed with %s and is %s now", d.No, d.Books, now)
		}
	}
	for _, id := range w.disk.order {
		if s := w.disk.sales[id]; s.State.Final() && (s.Day < 1 || s.Day > len(w.disk.days)+1) {
			w.fail("days: sale %s ended in day %d, and %d days are closed", id, s.Day, len(w.disk.days))
		}
	}
}
