package core_test

import (
	"encoding/json"
	"fmt"
	"strings"

	"posd/device/core"
	"posd/device/sale"
)

// What must never be seen outside of what is meant for it (I9).
const (
	secretCode   = "134567890123456789" // the customer's own wallet code
	secretExpiry = "9912-expiry"        // the card's
)

// intended holds the first money rule: what goes out under a reference is
// durable before. So is, therefore, all that is ever captured (I2).
func (w *world) intended(ref string) {
	if _, ok := w.stored[ref]; !ok {
		w.fail("I2: %s goes out and its intent is not stored", ref)
	}
}

// written holds what every commit must keep.
func (w *world) written(rows []sale.Row) {
	for _, r := range rows {
		if rep, ok := r.(sale.ReportRow); ok && rep.Report.State == sale.QueueSetAside && rep.Report.Words == patienceWords {
			w.fail("I10: report %s is set aside by words of patience", rep.Report.No)
		}
		s, ok := r.(sale.SaleRow)
		if !ok {
			continue
		}
		for _, a := range s.Sale.Attempts {
			w.stored[a.Ref] = s.Sale.ID
		}
		for _, m := range s.Sale.Refunds {
			w.stored[m.ID] = s.Sale.ID
		}
		if id := w.gateway.ids[s.Sale.ID]; id != "" && len(s.Sale.Attempts) == 1 && s.Sale.PayOrderID != id {
			w.fail("I3: the gateway's number of sale %s was %s and is %s", s.Sale.ID, id, s.Sale.PayOrderID)
		}
		w.gateway.ids[s.Sale.ID] = s.Sale.PayOrderID
		was, ended := w.finals[s.Sale.ID]
		switch {
		case ended && was != s.Sale.State:
			w.fail("I5: sale %s was %s and became %s", s.Sale.ID, was, s.Sale.State)
		case !ended && s.Sale.State.Final():
			w.finals[s.Sale.ID] = s.Sale.State
			if s.Sale.State == sale.Paid && s.Sale.Resolved == nil && !w.captured(s.Sale) {
				w.fail("I3: sale %s is paid and nobody paid it", s.Sale.ID)
			}
		}
		if now := w.disk.Rows.Sales[s.Sale.ID]; now.Reported == sale.ReportQueued {
			if _, ok := w.disk.Rows.Reports[now.MchOrderNo]; !ok {
				w.fail("I10: sale %s is to be reported and no report is queued", s.Sale.ID)
			}
		}
	}
}

// captured reports whether money was taken for a sale, whatever happened to it later.
func (w *world) captured(s sale.Sale) bool {
	for _, a := range s.Attempts {
		if w.bank.records[a.Ref] != nil {
			return true
		}
		if o := w.gateway.orders[a.Ref]; o != nil && o.status.Paid() {
			return true
		}
	}
	return false
}

// acknowledged holds that what a person was told is durable (I4).
func (w *world) acknowledged(r *core.Reply) {
	s, ok := w.disk.Rows.Sales[r.Sale.ID]
	switch {
	case !ok:
		w.fail("I4: sale %s was accepted and is not stored", r.Sale.ID)
	case r.Sale.State.Final() && s.State != r.Sale.State:
		w.fail("I4: sale %s was said to be %s and %s is stored", s.ID, r.Sale.State, s.State)
	case r.Movement != "" && w.stored[r.Movement] != s.ID:
		w.fail("I4: movement %s was accepted and is not stored", r.Movement)
	}
}

// rules holds after every step: a code is on glass only while its sale is open,
// and says the sale's own amount (I7).
func (w *world) rules() {
	g := &w.glass
	if g.Code == "" || w.machine == nil {
		return
	}
	s, _, held := w.machine.Sale(g.Sale)
	switch {
	case !held || s.State != sale.Waiting:
		w.fail("I7: the code of sale %s is on glass and the sale is not open", g.Sale)
	case g.Amount != s.Charged() || w.gateway.codes[g.Code] != s.Attempts[len(s.Attempts)-1].Ref:
		w.fail("I7: the screen of sale %s shows another amount, or another sale's code", g.Sale)
	}
}

// spies reports whether this seed is one whose every word is searched for
// secrets: that takes as long as many seeds without.
func (w *world) spies() bool { return w.wires != nil || w.seed%200 == 3 }

// secrets holds that no secret stands in any row, effect, log line or event,
// as text, as JSON, or as any type that a formatter would print (I9). A
// sale.Secret prints dots; the wires alone take out what is in it.
func (w *world) secrets(out core.Effects) {
	words := fmt.Sprintf("%+v %+v %+v %+v", out.Now, out.Rows, out.After, out.Intent)
	for _, r := range out.Rows {
		b, err := json.Marshal(r)
		if err != nil {
			w.fail("a row cannot be written: %v", err)
		}
		words += string(b)
		if rep, ok := r.(sale.ReportRow); ok && strings.Contains(rep.Report.Params.Reveal(), secretCode) {
			w.fail("I9: the customer's code stands in report %s", rep.Report.No)
		}
	}
	for _, e := range append(out.Now, out.After...) {
		b, err := json.Marshal(e)
		if err != nil {
			w.fail("an effect cannot be written: %v", err)
		}
		words += string(b)
	}
	for _, secret := range []string{secretCode, secretExpiry, wiresKey, "4761739001010119", "1166="} {
		if strings.Contains(words, secret) {
			w.fail("I9: %q is said aloud", secret)
		}
	}
}
