package main

import (
	"slices"
	"strings"
)

func kept(f *facts, r *finding) {
	there := map[string]bool{}
	for _, s := range f.list {
		there[s.ID] = true
	}
	asked := map[string]bool{}
	for _, x := range f.asks {
		if x.Method != "POST" || x.Path != "/v1/sales" {
			continue
		}
		asked[x.Key] = true
		var made []sold
		if sales(x.answer, &made); x.Status/100 != 2 || len(made) != 1 {
			continue
		}
		if r.look(); !there[made[0].ID] {
			r.bad("sale %s was acknowledged under %s and is not in the last list", made[0].ID, x.Key)
		}
	}
	plain := slices.DeleteFunc(slices.Clone(f.list), func(s sold) bool { return s.Kind != "sale" && s.Kind != "auth" })
	if len(plain) > len(asked) {
		r.bad("%d sales are in the list and only %d were asked for", len(plain), len(asked))
	}
}

func oneKey(f *facts, r *finding) {
	byKey, byID := map[string]string{}, map[string]string{}
	for _, x := range f.asks {
		var made []sold
		if sales(x.answer, &made); x.Key == "" || x.Path != "/v1/sales" || x.Status/100 != 2 || len(made) != 1 {
			continue
		}
		r.look()
		id := made[0].ID
		if was := byKey[x.Key]; was != "" && was != id {
			r.bad("key %s is sale %s and sale %s", x.Key, was, id)
		}
		if was := byID[id]; was != "" && was != x.Key {
			r.bad("sale %s was made under %s and under %s", id, was, x.Key)
		}
		byKey[x.Key], byID[id] = id, x.Key
	}
}

func final(f *facts, r *finding) {
	ended := map[string]seen{}
	for _, s := range f.views {
		was, there := ended[s.ID]
		if there && s.asked > was.answered {
			if r.look(); s.State != was.State {
				r.bad("sale %s was %s and then %s", s.ID, was.State, s.State)
			}
		}
		if !there && s.ended() {
			ended[s.ID] = s
		}
	}
}

func inWords(f *facts, r *finding) {
	for _, s := range f.firstSaid("paid") {
		if r.look(); !f.byHand(s.ID) && !f.saidPaid(s) {
			r.bad("sale %s was said to be paid before terminal or gateway had said a word of it", s.ID)
		}
	}
}

func closed(f *facts, r *finding) {
	for _, s := range f.firstSaid("cancelled") {
		if s.Method == "card" || !f.wasShown(s) {
			continue
		}
		if r.look(); !f.byHand(s.ID) && !f.gatewaySaid(s, "4", "9") {
			r.bad("sale %s was said to be cancelled, its code had been shown, and the gateway had not said that the order is closed", s.ID)
		}
	}
}

// firstSaid returns the sales that were said to be in a state, as they were said first.
func (f *facts) firstSaid(state string) (list []seen) {
	there := map[string]bool{}
	for _, s := range f.views {
		if !there[s.ID] && s.State == state && s.Kind == "sale" {
			there[s.ID] = true
			list = append(list, s)
		}
	}
	return list
}

// saidPaid reports whether an approval of one of a sale's attempts passed before it
// was first said to be paid.
func (f *facts) saidPaid(s seen) bool {
	if s.Method != "card" {
		return f.gatewaySaid(s, "2", "3")
	}
	return slices.ContainsFunc(s.Attempts, func(a attempt) bool {
		return slices.ContainsFunc(f.frames, func(w frame) bool {
			return !w.fromUs && w.good && w.at < s.answered && strings.HasPrefix(w.field(3), "00000") && strings.Contains(strings.Join(w.fields, fieldSep), a.Ref)
		})
	})
}

// gatewaySaid reports whether a signed answer had one of the statuses, of an order of the
// sale, before the sale was seen so.
func (f *facts) gatewaySaid(s seen, statuses ...string) bool {
	return slices.ContainsFunc(s.Attempts, func(a attempt) bool {
		return slices.ContainsFunc(f.calls, func(c *call) bool {
			return c.verified && c.answeredAt > 0 && c.answeredAt < s.answered && text(c.asked, "mchOrderNo") == a.Ref && slices.Contains(statuses, text(c.answer, "status"))
		})
	})
}

// wasShown reports whether a code of the sale was on the glass before it was seen so.
func (f *facts) wasShown(s seen) bool {
	return slices.ContainsFunc(f.glass, func(e event) bool {
		return e.T < s.answered && e.Text != "" && slices.ContainsFunc(f.gateway.Orders, func(o order) bool {
			return o.Code == e.Text && slices.ContainsFunc(s.Attempts, func(a attempt) bool { return a.Ref == o.MchOrderNo })
		})
	})
}
