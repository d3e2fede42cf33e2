package main

import (
	"maps"
	"slices"
	"strings"
)

func takenOnce(f *facts, r *finding) {
	for _, s := range f.list {
		if s.Kind != "sale" || s.State == "unsure" || s.State == "waiting" {
			continue
		}
		r.look()
		n := f.taken(s)
		if s.State == "paid" {
			if n != 1 {
				r.bad("sale %s by %s is paid and its money was taken %d times", s.ID, s.Method, n)
			} else if s.ApprovedAmount != s.Amount {
				r.bad("sale %s is paid over %d and %d was asked for", s.ID, s.ApprovedAmount, s.Amount)
			}
			continue
		}
		for _, m := range s.Refunds {
			n -= f.back(s, m)
		}
		if n != 0 {
			r.bad("sale %s by %s is %s and its money was taken, and not given back, %d times", s.ID, s.Method, s.State, n)
		}
	}
}

func known(f *facts, r *finding) {
	owned := f.owned()
	see := func(what, no string) {
		if r.look(); no != "" && owned[no].ID == "" {
			r.bad("%s %s is nobody's: no sale knows it", what, no)
		}
	}
	for _, ref := range slices.Sorted(maps.Keys(f.terminal.Approvals)) {
		see("the approval", ref)
	}
	for _, o := range f.gateway.Orders {
		see("the order", o.MchOrderNo)
	}
	for _, b := range f.gateway.Refunds {
		see("the refund", b.MchRefundNo)
	}
	for _, p := range f.gateway.Reports {
		see("the report", p.MchOrderNo)
	}
}

func oneBill(f *facts, r *finding) {
	another := map[string]bool{} // bills of which somebody said: that is another customer's
	for _, x := range f.asks {
		if strings.Contains(string(x.Body), `"replaces":"none"`) {
			var made []sold
			sales(x.answer, &made)
			for _, s := range made {
				another[s.Reference] = true
			}
		}
	}
	bills := map[string][]string{}
	for _, s := range f.list {
		if s.Reference == "" || another[s.Reference] || s.Kind != "sale" {
			continue
		}
		r.look()
		n := f.taken(s)
		for _, m := range s.Refunds {
			if m.Amount == s.ApprovedAmount || m.Kind == "void" {
				n -= f.back(s, m)
			}
		}
		for range n {
			bills[s.Reference] = append(bills[s.Reference], s.ID)
		}
	}
	for _, bill := range slices.Sorted(maps.Keys(bills)) {
		if len(bills[bill]) > 1 {
			r.bad("%q was taken %d times: %s", bill, len(bills[bill]), strings.Join(bills[bill], ", "))
		}
	}
}

func givenBack(f *facts, r *finding) {
	for _, s := range f.list {
		back := int64(0)
		for _, m := range s.Refunds {
			r.look()
			n := f.back(s, m)
			back += m.Amount * int64(n)
			switch {
			case m.State == "done" && n != 1:
				r.bad("%s %s of sale %s is done and was made %d times", m.Kind, m.ID, s.ID, n)
			case (m.State == "refused" || m.State == "kept") && n != 0:
				r.bad("%s %s of sale %s is %s and was made %d times", m.Kind, m.ID, s.ID, m.State, n)
			}
		}
		if s.State == "paid" && back > s.ApprovedAmount {
			r.bad("sale %s took %d and gave %d back", s.ID, s.ApprovedAmount, back)
		}
	}
}

func late(f *facts, r *finding) {
	given := map[string]bool{}
	for _, s := range f.views {
		given[s.ID] = given[s.ID] || s.GivenUp && s.Method != "card"
	}
	for _, s := range f.list {
		if !given[s.ID] || s.State != "paid" || f.byHand(s.ID) {
			continue
		}
		if r.look(); len(s.Refunds) == 0 {
			r.bad("sale %s was given up and paid all the same, and nobody gave its money back or kept it", s.ID)
		}
	}
}

func reported(f *facts, r *finding) {
	for _, s := range f.list {
		if s.Method != "card" || s.Kind != "sale" {
			continue
		}
		r.look()
		n, wrong := 0, int64(0)
		for _, p := range f.gateway.Reports {
			if p.MchOrderNo == s.MchOrderNo && s.MchOrderNo != "" {
				n += p.Accepted
				if p.Amount != s.ApprovedAmount {
					wrong = p.Amount
				}
			}
		}
		switch {
		case s.State != "paid" && n > 0:
			r.bad("sale %s is %s and was reported", s.ID, s.State)
		case s.State == "paid" && s.Reported == "not-needed":
			r.bad("sale %s is paid by card and has no report", s.ID)
		case s.Reported == "done" && n != 1:
			r.bad("sale %s is said to be reported and the gateway took %d reports of it", s.ID, n)
		case wrong != 0:
			r.bad("sale %s approved %d and its report says %d", s.ID, s.ApprovedAmount, wrong)
		}
	}
}
