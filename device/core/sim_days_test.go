package core_test

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"

	"posd/device/books"
	"posd/device/core"
	"posd/device/sale"
)

// closeDay is the manager closing the business day, now and then in the middle of trade.
func (s *shop) closeDay(w *world) {
	if w.machine == nil {
		return
	}
	ev := core.DayAsked{By: "Ann", WithoutTerminal: w.chance(0.1), Empty: true}
	day, _ := w.machine.OpenDay()
	count := func(st sale.Sale) {
		mine, card := books.EndedIn(day, &st)
		ev.Empty = ev.Empty && !mine
		if card {
			ev.Cards = true
		}
	}
	for _, id := range w.disk.Rows.Order {
		count(w.disk.Rows.Sales[id])
	}
	for st := range w.machine.Sales() {
		count(st)
	}
	w.say("manager: closes day %d", day)
	s.ask(w, func(t core.Token) core.Event { ev.Token = t; return ev }, &ask{closing: w.calm && w.bank.running == nil})
}

// uploaded is a person's word on an offline approval.
func (s *shop) uploaded(w *world, st sale.Sale) {
	ev := core.UploadTold{Sale: st, Upload: sale.UploadConfirmed, By: "Ann"}
	if w.chance(0.2) {
		ev.Upload = sale.UploadRefused
	}
	if r, ok := w.disk.Rows.Reports[st.MchOrderNo]; ok {
		ev.Report = &r
	}
	s.ask(w, func(t core.Token) core.Event { ev.Token = t; return ev }, nil)
}

// closeBatch is the terminal settling because it was asked to; the request or
// its answer may be lost.
func (b *bank) closeBatch(w *world, back back) {
	a := b.totals(w)
	switch {
	case b.unplugged || b.running != nil || w.chance(0.05):
		a = sale.BatchAnswer{End: sale.BatchOpen, Words: "not sent"}
	case w.wires != nil:
		a = w.wires.closeBatch(w)
	case w.chance(0.05):
		a = sale.BatchAnswer{End: sale.BatchUnsure, Words: "the request is lost"}
	case len(a.Totals) == 0: // 100023
		a = sale.BatchAnswer{End: sale.BatchClosed, Empty: true, Serial: b.terminal, Words: "NOT FOUND"}
	default:
		b.settle(w)
		if w.chance(0.1) { // 000300
			a.Difference = "out of balance"
		}
	}
	if a.End == sale.BatchClosed && w.chance(0.1) {
		a = sale.BatchAnswer{End: sale.BatchUnsure, Words: "line lost"}
	}
	w.say("terminal: batch close: %s", a.End)
	back.tell(w.human(time.Second, time.Minute), core.BatchAnswered{Answer: a})
}

// totals sums the open batch up: sales less returns, without what was voided.
func (b *bank) totals(w *world) sale.BatchAnswer {
	t, any := sale.BatchTotal{Tender: sale.Credit}, w.wires != nil
	for _, r := range b.list {
		any = any || r.on == b.terminal && r.batch == b.closed[r.on]
		if r.on == b.terminal && r.batch == b.closed[r.on] && !r.voided {
			switch r.kind {
			case sale.CardSale, sale.CardComplete:
				t.Count, t.Amount = t.Count+1, t.Amount+r.approved
			case sale.CardReturn:
				t.Count, t.Amount = t.Count+1, t.Amount-r.approved
			}
		}
	}
	a := sale.BatchAnswer{End: sale.BatchClosed, Serial: b.terminal, Number: batchName(b.closed[b.terminal]), Words: "BATCH CLOSED"}
	if any {
		a.Totals = []sale.BatchTotal{t}
	}
	return a
}

func batchName(n int) string { return strconv.Itoa(n + 1) }

// closeBatch has the real driver close the batch.
func (x *wires) closeBatch(w *world) sale.BatchAnswer {
	before := x.terminal.State().Closed
	x.noisy = true
	a := x.driver.CloseBatch(context.Background())
	x.noisy = false
	closed := x.terminal.State().Closed > before
	if closed {
		w.bank.closed[serial]++
	}
	if a.End == sale.BatchClosed && !closed || a.End == sale.BatchOpen && closed {
		w.fail("wires: the batch close ended as %s (%s), and the batch was closed: %v", a.End, a.Words, closed)
	}
	return a
}

// gather sums a day up as the shell does; the gateway answers rightly or not at all.
func (w *world) gather(e sale.GatherDay, back back) {
	since := e.No
	if e.Batch.End == sale.BatchClosed {
		since, _ = books.BatchSince(e.No, e.Batch.Serial, w.closedDay)
	}
	var sales []sale.Sale
	for _, id := range w.disk.Rows.Order {
		s := w.disk.Rows.Sales[id]
		if now, _, held := w.machine.Sale(id); held {
			s = now
		}
		sales = append(sales, s)
	}
	b := books.SumClosing(e, w.wall(), w.policy.Currency, slices.Values(sales))
	b.Closing.Terminal = books.MatchBatch(since, e.No, e.Batch, e.LostClose, sales)
	var asked []books.Question
	var answers []sale.GatewayAnswer
	for _, q := range books.Questions(e.No, sales) {
		if q.Refund != nil {
			continue
		}
		a := sale.GatewayAnswer{Result: sale.GatewayLost}
		if o := w.gateway.orders[q.Sale.MchOrderNo]; o != nil && !w.gateway.away {
			a = sale.GatewayAnswer{Result: sale.GatewayOK, Verified: true, Status: o.status, Amount: o.amount}
		}
		asked, answers = append(asked, q), append(answers, a)
	}
	for i, q := range asked {
		if books.PaidThoughClosed(q, answers[i]) {
			id, a := q.Sale.ID, answers[i]
			back.ask(w.human(time.Millisecond, time.Minute), func() core.Event { // the sale as it is by then: the shell reads it in the same turn
				s := w.disk.Rows.Sales[id]
				return core.ClosedOrderPaid{Sale: s.Clone(), Answer: a}
			})
		}
	}
	b.Closing.Gateway = books.MatchGateway(asked, answers)
	text, err := json.Marshal(b)
	if err != nil {
		panic(err)
	}
	w.say("day %d is summed up: net %s, terminal %s apart", e.No, b.Total.Net, b.Closing.Terminal.Apart)
	d := sale.Day{No: e.No, Date: e.Date, OpenedAt: e.Opened, By: e.By, Books: text}
	back.tell(w.human(time.Millisecond, 2*time.Minute), core.DayGathered{Day: d})
}

func (w *world) closedDay(no int) (b books.Books, err error) {
	d, err := w.disk.Day(context.Background(), no)
	if err != nil {
		return b, err
	}
	b, known := w.closed[string(d.Books)]
	if !known {
		err = json.Unmarshal(d.Books, &b)
		w.closed[string(d.Books)] = b
	}
	return b, err
}

// daysAgree holds that every end is booked in one day, that a closed day says
// for ever what is booked in it, and that no cent of the three books is
// unexplained.
func (w *world) daysAgree() {
	if open, _ := w.machine.OpenDay(); len(w.disk.Rows.Days) < open-1 {
		w.fail("day %d is never closed", open-1)
	}
	for i, d := range w.disk.Rows.Days {
		if d.No != i+1 {
			w.fail("day %d is the %dth that was closed", d.No, i+1)
		}
		b, err := w.closedDay(d.No)
		if err != nil {
			w.fail("day %d: %v", d.No, err)
			return
		}
		if net := w.netOf(d.No); net != b.Total.Net {
			w.fail("day %d was closed with %s, and %s is booked in it", d.No, b.Total.Net, net)
		}
		w.explained(d.No, b)
	}
	for _, id := range w.disk.Rows.Order {
		if s := w.disk.Rows.Sales[id]; s.State.Final() && (s.Day < 1 || s.Day > len(w.disk.Rows.Days)+2) {
			w.fail("sale %s ended, and is booked in day %d of %d", id, s.Day, len(w.disk.Rows.Days))
		}
	}
}

// netOf sums up what the journal has under a day's number.
func (w *world) netOf(no int) (net sale.Amount) {
	for _, id := range w.disk.Rows.Order {
		s := w.disk.Rows.Sales[id]
		if s.State != sale.Paid {
			continue
		}
		if s.Day == no {
			net += moved(s)
		}
		for _, m := range s.Refunds {
			if m.Day == no && m.State == sale.MovementDone {
				net -= undone(s, m)
			}
		}
	}
	return net
}

// netOf is what a paid sale came to.
func netOf(s sale.Sale) sale.Amount {
	net := moved(s)
	for _, m := range s.Refunds {
		if m.State == sale.MovementDone {
			net -= undone(s, m)
		}
	}
	return net
}

// moved is what a paid sale took, or gave.
func moved(s sale.Sale) sale.Amount {
	if s.Captures() {
		return s.Taken()
	}
	return way(s) * s.ApprovedAmount
}

// undone is what a movement took back of it: a void all, whatever the processor
// has beside the approved amount.
func undone(s sale.Sale, m sale.Movement) sale.Amount {
	if m.Kind == sale.Void {
		return moved(s)
	}
	return way(s) * m.Amount
}

// explained takes what the lists name off the differences: nothing may be left.
func (w *world) explained(no int, b books.Books) {
	t, g := b.Closing.Terminal, b.Closing.Gateway
	if t.End == sale.BatchClosed && w.wires == nil { // paxsim numbers its batches itself
		left := t.Apart
		for _, e := range t.Look.Sales { // posd counts it; what has the terminal in that batch?
			left += e.Amount
			st := w.disk.Rows.Sales[e.Sale]
			if e.Amount < 0 && st.Kind != sale.CardReturn { // money given back by a person's word
				left += w.bank.returned(st, -e.Amount, t.Serial, t.Number)
				continue
			}
			if r := w.bank.of(st, t.Serial, t.Number); r != nil && !r.voided {
				if r.kind == sale.CardReturn {
					left += r.approved
				} else {
					left -= r.approved
				}
			}
		}
		since, err := books.BatchSince(no, t.Serial, w.closedDay)
		if err != nil {
			w.fail("day %d: %v", no, err)
		}
		for _, r := range w.bank.list { // a person called it not paid, or paid before the terminal took it in a later batch, or it is an incident
			s := w.disk.Rows.Sales[w.stored[r.ref]]
			otherwise := s.State != sale.Paid || s.Resolved != nil && s.Day < since
			if batchName(r.batch) == t.Number && r.on == cmp.Or(t.Serial, r.on) && (s.Resolved != nil || s.Incident != "") && otherwise && !r.voided {
				switch r.kind {
				case sale.CardReturn:
					left += r.approved
				case sale.CardSale, sale.CardComplete:
					left -= r.approved
				}
			}
		}
		if left != 0 {
			w.fail("day %d: the terminal is %s apart, and %s of it is on no list", no, t.Apart, left)
		}
	}
	for _, e := range g.Apart.Sales {
		if s := w.disk.Rows.Sales[e.Sale]; s.Resolved == nil && s.Incident == "" {
			w.fail("day %d: the gateway differs on sale %s, which nobody resolved: %s", no, e.Sale, e.Words)
		}
	}
}

// returned is what a batch has of a return that a person called done.
func (b *bank) returned(s sale.Sale, amount sale.Amount, terminal, batch string) sale.Amount {
	for _, m := range s.Refunds {
		if r := b.records[m.ID]; r != nil && m.Card == nil && m.Amount == amount && batchName(r.batch) == batch && r.on == cmp.Or(terminal, r.on) {
			return r.approved
		}
	}
	return 0
}

// of returns the record of a sale in a batch.
func (b *bank) of(s sale.Sale, terminal, batch string) *record {
	for _, a := range s.Attempts {
		if r := b.records[a.Ref]; r != nil && batchName(r.batch) == batch && r.on == cmp.Or(terminal, r.on) {
			return r
		}
	}
	return nil
}

// giveMoney is a customer who brings something back that was bought elsewhere.
func (s *shop) giveMoney(w *world) {
	b := &bill{n: len(s.bills), amount: sale.Amount(100 + w.rnd.IntN(5)*10), kind: sale.CardReturn}
	b.ref = fmt.Sprintf("RETURN-%d", b.n)
	s.bills = append(s.bills, b)
	s.sell(w, b, "")
	s.serve(w, b, 1)
}

// way is 1 for a sale that takes money, -1 for one that gives it, 0 for one that holds it.
func way(s sale.Sale) sale.Amount {
	switch s.Kind {
	case sale.CardAuth:
		return 0
	case sale.CardReturn:
		return -1
	}
	return 1
}
