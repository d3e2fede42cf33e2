package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

// finish waits until nothing more happens by itself: every sale is final,
// told and printed, every refund ended.
func (r *crash) finish(ctx context.Context) error {
	return until(ctx, flowLimit, "everything to end", func(ctx context.Context) (bool, string, error) {
		all, err := r.api.sales(ctx)
		if err != nil {
			return false, "", err
		}
		for _, s := range all {
			if err := r.personLooks(ctx, s); err != nil {
				return false, "", err
			}
			if !r.finished(s) || s.Reported == "queued" || s.Printed == "queued" {
				return false, "sale " + s.ID + ": " + s.String(), nil
			}
		}
		return true, "", nil
	})
}

// nextCustomer pays by card: selling goes on.
func (r *crash) nextCustomer(ctx context.Context) error {
	s, err := r.sell(ctx, "next", sellBody{Amount: 4321, Method: "card"})
	if err != nil {
		return err
	}
	if s, err = r.end(ctx, s); err != nil {
		return err
	}
	if s.State != "paid" {
		return fmt.Errorf("sale %s did not end paid: %s", s.ID, s)
	}
	return r.finish(ctx)
}

// rules compares what posd says with what the far sides know, both ways.
func (r *crash) rules(ctx context.Context) error {
	all, err := r.api.sales(ctx)
	if err != nil {
		return err
	}
	byID := map[string]saleView{}
	ours := map[string]bool{} // every reference and number that posd knows to have gone out
	bills := map[string]int{} // sales whose money is still taken, by bill
	for _, s := range all {
		byID[s.ID] = s
		ours[s.MchOrderNo] = true
		for _, a := range s.Attempts {
			ours[a.Ref] = true
		}
		for _, m := range s.Refunds {
			ours[m.ID] = true
		}
		if err := r.saw(s); err != nil {
			r.fault("%w", err)
		}
		for _, words := range r.oneSale(s) {
			r.fault("sale %s, %s: %s", s.ID, s, words)
		}
		if r.netCaptured(s) > 0 {
			bills[s.Reference]++
		}
	}
	for bill, n := range bills {
		if n > 1 {
			r.fault("%s was taken %d times", bill, n)
		}
	}
	for key, s := range r.sales {
		if _, there := byID[s.ID]; !there {
			r.fault("sale %s was acknowledged under %s and is lost", s.ID, key)
		}
	}
	for key, m := range r.movements {
		if !ours[m.ID] {
			r.fault("%s %s was acknowledged under %s and is lost", m.Kind, m.ID, key)
		}
	}
	if len(all) != len(r.sales) {
		r.fault("%d sales were asked for and %d were made", len(r.sales), len(all))
	}
	r.nothingUnknown(ours)
	return r.glassIsFree(ctx)
}

// oneSale returns every rule that one sale breaks.
func (r *crash) oneSale(s saleView) (broken []string) {
	bad := func(format string, args ...any) { broken = append(broken, fmt.Sprintf(format, args...)) }
	paid := 0
	if s.State == "paid" {
		paid = 1
		if s.ApprovedAmount != s.Amount {
			bad("%s approved where %s was asked", cents(s.ApprovedAmount), cents(s.Amount))
		}
	}
	if s.Incident != "" {
		bad("an incident that nobody caused")
	}
	taken, papers := r.approvals(s), []string{"PURCHASE"}
	if s.Method != "card" {
		_, taken, _ = r.orders(s)
	}
	if taken != paid {
		bad("its money was taken %d times", taken)
	}
	for _, m := range s.Refunds {
		made := r.givenBack(s, m)
		if m.State == "done" {
			papers = append(papers, strings.ToUpper(m.Kind))
		}
		if want := map[bool]int{true: 1}[m.State == "done"]; made != want {
			bad("%s %s is %s and was made %d times", m.Kind, m.ID, m.State, made)
		}
	}
	if s.Method == "card" {
		n, _ := r.reports(s)
		if want := map[bool]int{true: 1}[s.Reported == "done"]; n != want {
			bad("the gateway took %d reports of it", n)
		}
		if paid == 1 && s.Reported != "done" && s.Reported != "withdrawn" {
			bad("paid and not reported")
		}
	}
	if paid == 1 {
		broken = append(broken, r.paper(s, papers)...)
	}
	return broken
}

// paper returns what is wrong with the receipts of a paid sale: each of its
// kinds must have come out, and only one of a kind may pass for the original.
func (r *crash) paper(s saleView, kinds []string) (broken []string) {
	if s.Printed != "sent" && s.Printed != "printed" {
		broken = append(broken, "its receipt is "+s.Printed)
	}
	for _, kind := range kinds {
		found, plain := 0, 0
		for _, text := range r.receipts(s) {
			if !strings.Contains(text, "\n"+kind+"\n") {
				continue
			}
			found++
			if !strings.Contains(text, "DUPLICATE") {
				plain++
			}
		}
		if found == 0 {
			broken = append(broken, "no receipt "+kind+" came out")
		}
		if plain > 1 {
			broken = append(broken, fmt.Sprintf("%d receipts %s came out that do not say that they are duplicates", plain, kind))
		}
	}
	return broken
}

// netCaptured is what the far sides keep of a sale.
func (r *crash) netCaptured(s saleView) int64 {
	net := s.Amount * int64(r.approvals(s))
	if s.Method != "card" {
		_, paid, _ := r.orders(s)
		net = s.Amount * int64(paid)
	}
	for _, m := range s.Refunds {
		net -= m.Amount * int64(r.givenBack(s, m))
	}
	return net
}

// givenBack counts how often money went back for a movement.
func (r *crash) givenBack(s saleView, m refund) int {
	if s.Method == "card" {
		return r.terminal.State().Approvals[m.ID]
	}
	n := 0
	for _, b := range r.gateway.State().Refunds {
		if b.MchRefundNo == m.ID && b.Amount == m.Amount {
			n++
		}
	}
	return n
}

// nothingUnknown finds what a far side did for posd and posd knows nothing of.
func (r *crash) nothingUnknown(ours map[string]bool) {
	state := r.gateway.State()
	var theirs []string
	for ref := range r.terminal.State().Approvals {
		theirs = append(theirs, ref)
	}
	for _, o := range state.Orders {
		theirs = append(theirs, o.MchOrderNo)
	}
	for _, b := range state.Refunds {
		theirs = append(theirs, b.MchRefundNo)
	}
	for _, p := range state.Reports {
		theirs = append(theirs, p.MchOrderNo)
	}
	for _, no := range slices.DeleteFunc(theirs, func(no string) bool { return ours[no] }) {
		r.fault("%s happened, and posd knows nothing of it", no)
	}
}

// glassIsFree waits until no code stands on the glass: every sale has ended.
func (r *crash) glassIsFree(ctx context.Context) error {
	return until(ctx, 5*time.Second, "the glass to be free of codes", func(context.Context) (bool, string, error) {
		code, err := r.customer.readCode()
		return err != nil, "the code " + code, nil
	})
}
