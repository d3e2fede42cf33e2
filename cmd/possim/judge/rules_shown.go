package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

func glass(f *facts, r *finding) {
	orders := map[string]string{} // by code
	for _, o := range f.gateway.Orders {
		orders[o.Code] = o.MchOrderNo
	}
	owned, shown := f.owned(), map[string]string{}
	ended := map[string]int64{}
	for _, s := range f.views {
		if s.ended() && ended[s.ID] == 0 {
			ended[s.ID] = s.answered
		}
	}
	last := ""
	for _, e := range f.glass {
		if last = e.Text; last == "" {
			continue
		}
		r.look()
		s := owned[orders[e.Text]]
		switch {
		case s.ID == "":
			r.bad("the code %s was shown, which is no order of a sale", e.Text)
		case shown[s.ID] != "" && shown[s.ID] != e.Text:
			r.bad("sale %s showed two codes", s.ID)
		case ended[s.ID] > 0 && ended[s.ID] < e.T-1e9: // the glass is looked at some times a second
			r.bad("sale %s had ended when its code was shown", s.ID)
		}
		shown[s.ID] = e.Text
	}
	if last != "" {
		r.bad("the code %s still stands on the glass", last)
	}
}

func paper(f *facts, r *finding) {
	for _, s := range f.list {
		if s.Kind != "sale" {
			continue
		}
		r.look()
		amount := fmt.Sprintf("%d.%02d", s.ApprovedAmount/100, s.ApprovedAmount%100)
		plain, found := map[string]int{}, false
		for _, text := range f.papers {
			if !strings.Contains(text, s.ID) {
				continue
			}
			purchase := strings.Contains(text, "\nPURCHASE\n")
			if purchase {
				found = found || strings.Contains(text, amount)
			}
			if !strings.Contains(text, "DUPLICATE") {
				plain[kindOf(text)]++
			}
			if approved := strings.Contains(text, " APPROVED") && !strings.Contains(text, "NOT APPROVED"); approved && purchase && f.taken(s) == 0 {
				r.bad("a receipt says that sale %s was approved, and it was not", s.ID)
			}
		}
		if s.State == "paid" && (s.Printed == "sent" || s.Printed == "printed") && !found {
			r.bad("sale %s is said to be %s and no receipt over %s came out", s.ID, s.Printed, amount)
		}
		for _, kind := range slices.Sorted(maps.Keys(plain)) {
			if limit := 1 + len(s.Refunds); kind == "PURCHASE" && plain[kind] > 1 || plain[kind] > limit {
				r.bad("%d receipts %s of sale %s pass for the original", plain[kind], kind, s.ID)
			}
		}
	}
}

// kindOf is the line of capitals that says what a receipt is of.
func kindOf(text string) string {
	for _, kind := range []string{"PURCHASE", "REFUND", "VOID"} {
		if strings.Contains(text, "\n"+kind+"\n") {
			return kind
		}
	}
	return "of another kind"
}
