package core_test

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"posd/device/books"
	"posd/device/sale"
)

// finished holds once everything has been well for a while.
func (w *world) finished() {
	if w.machine == nil {
		w.fail("posd does not run although all is well")
		return
	}
	for _, id := range w.disk.Rows.Order {
		s := w.disk.Rows.Sales[id]
		w.announced(s)
		w.true(s)
		w.amounts(s)
	}
	for _, r := range w.bank.list {
		if _, ok := w.stored[r.ref]; !ok {
			w.fail("I2: the terminal approved %s and the journal does not know it", r.ref)
		}
	}
	for _, o := range w.gateway.list {
		if _, ok := w.stored[o.no]; !ok {
			w.fail("I2: the gateway has order %s and the journal does not know it", o.no)
		}
	}
	w.billsAgree()
	w.booksAgree()
	w.daysAgree()
	w.papers()
}

// person reports whether a person is told that posd cannot find out how a sale ended, or has
// spoken. Words that only say what has happened are not among those.
func person(s sale.Sale) bool {
	for _, news := range []string{"the customer has paid after all", "approved although cancel", "correct this sale at IOTPay"} {
		if strings.HasPrefix(s.Attention, news) && s.Incident == "" {
			return s.Resolved != nil
		}
	}
	return s.Attention != "" || s.Incident != "" || s.Resolved != nil
}

// known holds that every sale and movement is final, or a person's (I8). An
// order that the gateway never heard of is watched for its seven days.
func (w *world) announced(s sale.Sale) {
	unheard := s.Method.Wallet() && w.gateway.orders[s.MchOrderNo] == nil && !w.longCalm()
	if !s.State.Final() && !person(s) && !unheard {
		w.fail("I8: sale %s is still %s (%s, %q) and nobody is told", s.ID, s.State, s.Reason, s.Words)
	}
	for _, m := range s.Refunds {
		if m.State == sale.MovementWaiting && s.ReplacedBy != "" && !w.disk.Rows.Sales[s.ReplacedBy].State.Final() {
			continue // whether the money goes back hangs on the sale that replaced this one
		}
		if m.State == sale.MovementUnsure && s.Method == sale.Card {
			w.fail("a person could not say what became of %s %s of sale %s", m.Kind, m.ID, s.ID)
		}
		if !m.Final() && !person(s) {
			w.fail("I8: %s %s of sale %s is still %s and nobody is told", m.Kind, m.ID, s.ID, m.State)
		}
	}
}

// true compares a sale with what the far sides took for it: once at most, known
// here if it was (I2), and taken if it is called paid (I3).
func (w *world) true(s sale.Sale) {
	taken, kept, times, shown := sale.Amount(0), sale.Amount(0), 0, 0
	for _, a := range s.Attempts {
		if r := w.bank.records[a.Ref]; r != nil {
			times++
			taken, kept = taken+r.approved, kept+r.approved-r.undone
		}
		o := w.gateway.orders[a.Ref]
		if o != nil && o.status.Paid() {
			times++
			taken, kept = taken+o.amount, kept+o.amount-o.back
		}
		if o != nil && o.shown {
			shown++
		}
	}
	if times > 1 {
		w.fail("I1: sale %s was captured %d times", s.ID, times)
	}
	if shown > 1 {
		w.fail("I1: %d codes of sale %s reached glass", shown, s.ID)
	}
	if s.Resolved != nil || s.Incident != "" {
		return
	}
	if o := w.gateway.orders[s.MchOrderNo]; o != nil && o.renamed && s.State == sale.Paid && strings.HasPrefix(s.PayOrderID, "P") {
		w.fail("I3: the gateway's number of sale %s has changed (%s stands there), and it is no incident", s.ID, s.PayOrderID)
	}
	returned := sale.Amount(0)
	for _, m := range s.Refunds {
		if r := w.gateway.refunds[m.ID]; r != nil && m.State == sale.MovementRefused && !r.refused && !r.failed {
			w.fail("I3: refund %s of sale %s is called refused, and was made", m.ID, s.ID)
		}
		if m.State == sale.MovementDone {
			returned += m.Amount
		}
	}
	full := func(a sale.Attempt) bool { r := w.bank.records[a.Ref]; return r != nil && !r.partial }
	switch {
	case s.State == sale.Declined && slices.ContainsFunc(s.Attempts, full):
		w.fail("I3: sale %s is declined, and all of it was approved", s.ID)
	case s.State == sale.Paid && taken != s.ApprovedAmount:
		w.fail("I3: sale %s is paid for %s and %s was taken", s.ID, s.ApprovedAmount, taken)
	case s.State.Final() && s.State != sale.Paid && kept != 0:
		w.fail("I2: sale %s is %s and %s was taken for it", s.ID, s.State, kept)
	case !s.State.Final() && times > 0 && !person(s):
		w.fail("I2: %s was taken for sale %s, which is %s", taken, s.ID, s.State)
	case !person(s) && s.State == sale.Paid && kept != s.ApprovedAmount-returned:
		w.fail("I3: %s of sale %s was given back by the journal, and %s is left at the other side", returned, s.ID, kept)
	}
}

// amounts holds the formula (I6): what was approved is what was asked, with
// what the customer added as far as the processor counts it in, less what is
// due; or the sale is an incident.
func (w *world) amounts(s sale.Sale) {
	if s.State != sale.Paid || s.Resolved != nil {
		return
	}
	want, charged := s.Amount, s.ApprovedAmount
	for part, cents := range map[string]sale.Amount{"tip": s.Tip, "cashback": s.Cashback, "surcharge": s.Surcharge} {
		if s.Method != sale.Card || slices.Contains(w.policy.ApprovedIncludes, part) { // a wallet's order is over all of it
			want += cents
		} else {
			charged += cents
		}
	}
	if s.ApprovedAmount+s.Due != want && s.Incident == "" {
		w.fail("I6: sale %s: approved %s and due %s where %s was to be charged, and it is no incident", s.ID, s.ApprovedAmount, s.Due, want)
	}
	if len(s.Attempts) == 0 {
		return
	}
	if r := w.bank.records[s.Attempts[len(s.Attempts)-1].Ref]; r != nil {
		if r.tip != s.Tip || r.cashback != s.Cashback || r.surplus != s.Surcharge {
			w.fail("I6: sale %s has not the tip, cashback and surcharge of the terminal", s.ID)
		}
		if !r.wrong && strings.HasPrefix(s.Incident, "the terminal approved") {
			w.fail("I6: sale %s is an incident (%s), and all of it is accounted for", s.ID, s.Incident)
		}
		if r.wrong && s.Incident == "" {
			w.fail("I6: the terminal approved %s for sale %s of %s, and it is no incident", r.approved, s.ID, s.Amount)
		}
	}
	if heard, ok := w.gateway.heard[s.MchOrderNo]; ok && heard != charged && s.Incident == "" {
		w.fail("I6: sale %s was charged with %s and reported with %s", s.ID, charged, heard)
	}
}

// billsAgree holds the first of all rules: at most one net capture per bill
// (I1), unless a person has resolved one wrongly, kept a late payment, or is
// told that money could not be given back or what cannot be known.
func (w *world) billsAgree() {
	net, told, story := map[string]sale.Amount{}, map[string]bool{}, map[string]string{}
	for _, id := range w.disk.Rows.Order {
		s := w.disk.Rows.Sales[id]
		for _, a := range s.Attempts {
			if r := w.bank.records[a.Ref]; r != nil && r.kind != sale.CardAuth {
				net[s.Reference] += r.approved - r.undone - r.tip - r.cashback - r.surplus
			}
			if o := w.gateway.orders[a.Ref]; o != nil && o.status.Paid() {
				if kept := o.amount - o.back; kept > 0 {
					net[s.Reference] += kept - s.Tip
				}
			}
		}
		stays := slices.ContainsFunc(s.Refunds, func(m sale.Movement) bool { return m.State != sale.MovementDone })
		told[s.Reference] = told[s.Reference] || stays || s.Incident != "" || s.Resolved != nil || s.State == sale.Unsure && s.Attention != ""
		story[s.Reference] += fmt.Sprintf(" %s=%s/%s", s.ID, s.Method, s.State)
	}
	for _, b := range w.shop.bills {
		if net[b.ref] > b.amount && !told[b.ref] {
			w.fail("I1: bill %d of %s was captured for %s:%s", b.n, b.amount, net[b.ref], story[b.ref])
		}
	}
}

// booksAgree holds that the journal's card total is the gateway's, with what
// is queued, set aside, or on the list to be corrected by hand, line by line
// (I10). The books are those that the shop gets to read.
func (w *world) booksAgree() {
	b := books.SumDay(time.Unix(0, 0).AddDate(-1, 0, 0), epoch.AddDate(100, 0, 0), w.policy.Currency, func(yield func(sale.Sale) bool) {
		for _, id := range w.disk.Rows.Order {
			if !yield(w.disk.Rows.Sales[id]) {
				return
			}
		}
	})
	hand := map[sale.ID]sale.Amount{} // what a person adds at IOTPay, by sale; below zero: takes back
	for _, e := range b.ByHand.Sales {
		if s := w.disk.Rows.Sales[e.Sale]; s.Reported == sale.ReportByHand && e.Amount == s.Taken() && hand[e.Sale] == 0 {
			hand[e.Sale] += e.Amount
		} else {
			hand[e.Sale] -= e.Amount
		}
	}
	var journal, gateway, queued, byHand sale.Amount
	for _, id := range w.disk.Rows.Order {
		s := w.disk.Rows.Sales[id]
		if s.Method != sale.Card || s.State != sale.Paid {
			continue
		}
		net := netOf(s)
		heard, waits := w.gateway.heard[s.MchOrderNo], sale.Amount(0)
		if r, ok := w.disk.Rows.Reports[s.MchOrderNo]; ok {
			heard, waits = 0, r.Amount
			if r.State == sale.QueueDue && r.Attempts == 0 && !w.firstWaits() {
				w.fail("I10: the report of sale %s is still queued and was never sent (link %s)", s.ID, w.machine.Link().State)
			}
		}
		if net != heard+waits+hand[id] {
			w.fail("I10: sale %s (%s): %s in the journal, %s at the gateway, %s queued or set aside, %s by hand", id, s.Reported, net, heard, waits, hand[id])
		}
		journal, gateway, queued, byHand = journal+net, gateway+heard, queued+waits, byHand+hand[id]
	}
	card := sale.Amount(0)
	for _, g := range b.Methods {
		if g.Name == string(sale.Card) {
			card = g.Net
		}
	}
	if card != journal || journal != gateway+queued+byHand {
		w.fail("I10: the books say %s by card, the journal %s; %s at the gateway, %s queued or set aside, %s by hand", card, journal, gateway, queued, byHand)
	}
}
