package device

import (
	"fmt"

	"posd/device/sale"
)

// stored holds what every commit must keep: a final state never changes (I5),
// and what is final is whole (paid and its report in one transaction).
func (w *world) stored(rows []sale.Row) {
	for _, r := range rows {
		s, ok := r.(sale.SaleRow)
		if !ok {
			continue
		}
		if was, ok := w.finals[s.Sale.ID]; ok && was != s.Sale.State {
			w.fail("I5: sale %s was %s and became %s", s.Sale.ID, was, s.Sale.State)
		}
		if s.Sale.State.Final() {
			w.finals[s.Sale.ID] = s.Sale.State
		}
		if now := w.disk.sales[s.Sale.ID]; now.Reported == sale.ReportQueued {
			if _, ok := w.disk.reports[now.MchOrderNo]; !ok {
				w.fail("sale %s is to be reported and no report is queued", s.Sale.ID)
			}
		}
	}
}

// rules holds after every step.
func (w *world) rules() {
	if g := w.glass; g.Code != "" && w.core != nil { // I7
		l := w.core.live[g.Sale]
		if l == nil || l.s.State != sale.Waiting {
			w.fail("I7: the code of sale %s is on glass and the sale is not open", g.Sale)
		}
	}
}

// settled holds once everything has been well for a while.
func (w *world) settled() {
	if w.core == nil {
		w.fail("posd does not run although all is well")
		return
	}
	owner := map[string]sale.Sale{}
	shown := map[sale.ID]int{}
	for _, id := range w.disk.order {
		s := w.disk.sales[id]
		for _, a := range s.Attempts {
			owner[a.Ref] = s
			if w.shop.seen["code:"+a.Ref] {
				shown[s.ID]++
			}
		}
		for _, m := range s.Refunds {
			owner[m.ID] = s
		}
		w.saleSettled(s)
	}
	for id, n := range shown {
		if n > 1 {
			w.fail("%d codes of sale %s reached glass", n, id)
		}
	}
	for _, r := range w.bank.list { // I2, cards
		s, ok := owner[r.ref]
		if !ok {
			w.fail("I2: the terminal approved %s and the journal does not know it", r.ref)
		}
		if r.kind != sale.CardSale || s.Attention != "" || s.Incident != "" {
			continue
		}
		partial := s.State == sale.Declined && s.Reason == sale.ReasonPartial && r.undone == r.amount
		if !partial && (s.State != sale.Paid || s.ApprovedAmount != r.amount) {
			w.fail("I2: the terminal took %s under %s and sale %s is %s for %s", r.amount, r.ref, s.ID, s.State, s.ApprovedAmount)
		}
	}
	for _, o := range w.gateway.list { // I2, wallets
		if s, ok := owner[o.no]; o.status.Paid() && (!ok || s.State != sale.Paid && s.Attention == "") {
			w.fail("I2: the customer paid order %s and sale %s is %s", o.no, s.ID, s.State)
		}
	}
	w.billsSettled()
	w.papers()
}

// saleSettled holds for one sale: known (I8), true (I3), reported (I10).
func (w *world) saleSettled(s sale.Sale) {
	person := s.Attention != "" || s.Incident != ""
	unknown := s.Method != sale.Card && w.gateway.orders[s.MchOrderNo] == nil // watched for its seven days
	if !s.State.Final() && !person && !unknown {
		w.fail("I8: sale %s is still %s (%s, %q) and nobody is told", s.ID, s.State, s.Reason, s.Words)
	}
	for _, m := range s.Refunds {
		if !m.Settled() && !person {
			w.fail("I8: %s %s of sale %s is still %s and nobody is told", m.Kind, m.ID, s.ID, m.State)
		}
	}
	if s.State == sale.Paid && s.Settled == nil { // I3
		last := s.Attempts[len(s.Attempts)-1].Ref
		if r := w.bank.records[last]; s.Method == sale.Card && (r == nil || r.amount != s.ApprovedAmount) {
			w.fail("I3: sale %s is paid and the terminal knows nothing of it", s.ID)
		}
		if o := w.gateway.orders[last]; s.Method != sale.Card && (o == nil || !o.status.Paid()) {
			w.fail("I3: sale %s is paid and no customer paid", s.ID)
		}
	}
	if s.Method != sale.Card {
		return
	}
	n := w.gateway.heard[s.MchOrderNo] // I10
	_, queued := w.disk.reports[s.MchOrderNo]
	switch {
	case s.State == sale.Paid && s.Reported == sale.ReportNotNeeded && s.Reason != sale.ReasonPartial:
		w.fail("I10: card sale %s is paid and nobody reports it", s.ID)
	case s.Reported == sale.ReportDone && n == 0:
		w.fail("I10: sale %s counts as reported and the gateway never heard of it", s.ID)
	case s.Reported == sale.ReportWithdrawn && n > 0:
		w.fail("I10: the report of sale %s was withdrawn and the gateway has it", s.ID)
	case s.Reported == sale.ReportQueued:
		w.fail("I10: the report of sale %s is still queued (in the queue: %v, link %s)", s.ID, queued, w.core.queue.link)
	}
}

// billsSettled holds the first of all rules: at most one net capture per bill (I1).
func (w *world) billsSettled() {
	for _, b := range w.shop.bills {
		net, person, story := sale.Amount(0), false, ""
		for _, id := range w.disk.order {
			s := w.disk.sales[id]
			if s.Reference != b.ref {
				continue
			}
			for _, a := range s.Attempts {
				if r := w.bank.records[a.Ref]; r != nil {
					net += r.amount - r.undone
				}
				if o := w.gateway.orders[a.Ref]; o != nil && o.status.Paid() {
					net += o.amount - o.back
				}
			}
			for _, m := range s.Refunds {
				person = person || m.State == sale.MoveKept
			}
			person = person || s.Attention != "" || s.Incident != ""
			story += fmt.Sprintf(" %s=%s/%s", s.ID, s.Method, s.State)
		}
		if net > b.amount && !person {
			w.fail("I1: bill %d of %s was captured for %s:%s", b.n, b.amount, net, story)
		}
	}
}

// papers holds that no receipt comes out twice without saying so.
func (w *world) papers() {
	first := map[string]bool{}
	for _, r := range w.shop.paper {
		key := string(r.Sale.ID) + r.Movement
		if r.Duplicate {
			continue
		}
		if first[key] {
			w.fail("a second receipt of sale %s does not say that it is a duplicate", r.Sale.ID)
		}
		first[key] = true
	}
}
