package main

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// rule is one thing that must hold, over the whole history.
type rule struct {
	name  string
	about string
	check func(*facts, *finding)
}

// finding is what a rule has looked at, and what it has found.
type finding struct {
	Looked int      `json:"looked"`
	Broken []string `json:"broken"`
}

func (f *finding) look() { f.Looked++ }

func (f *finding) bad(format string, args ...any) {
	f.Broken = append(f.Broken, fmt.Sprintf(format, args...))
}

// rules lists them all. Those that compare books need the history to end at rest.
var rules = []rule{
	{"kept", "what was acknowledged is in the last list of sales", kept},
	{"one-key", "one key is one sale, two keys are two", oneKey},
	{"final", "a state that was said to be final is said ever after", final},
	{"in-words", "paid is said after terminal or gateway said so, or a person did", inWords},
	{"taken-once", "what is paid was taken once; what is not was not, or was given back", takenOnce},
	{"known", "everything that was taken, ordered, given back or reported belongs to a sale", known},
	{"sent-known", "everything that went out on a wire belongs to a sale, over its amount", sentKnown},
	{"sent-once", "a transaction that the terminal has acknowledged is not sent again, nor an order", sentOnce},
	{"one-bill", "one bill is taken once", oneBill},
	{"given-back", "a refund or void is made once when it is done, never when it is not, and never above what was paid", givenBack},
	{"reported", "an approved card sale is reported once over its amount, nothing else is", reported},
	{"glass", "a code on the glass is of an order of a sale, one for each sale, and leaves with it", glass},
	{"paper", "what is paid is printed over its amount, one receipt of a kind passes for the original, and nothing unpaid says approved", paper},
	{"masked", "no card number passes anywhere but masked", masked},
	{"frames", "posd's frames are whole", frames},
}

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
	first := map[string]seen{}
	for _, s := range f.views {
		if _, there := first[s.ID]; !there && s.State == "paid" && s.Kind == "sale" {
			first[s.ID] = s
		}
	}
	for _, id := range slices.Sorted(maps.Keys(first)) {
		s := first[id]
		if r.look(); !f.byHand(id) && !f.saidPaid(s) {
			r.bad("sale %s was said to be paid before terminal or gateway had said a word of it", id)
		}
	}
}

// saidPaid reports whether an approval of one of a sale's attempts passed before it
// was first said to be paid.
func (f *facts) saidPaid(s seen) bool {
	return slices.ContainsFunc(s.Attempts, func(a struct {
		Ref string `json:"ref"`
	}) bool {
		if s.Method == "card" {
			return slices.ContainsFunc(f.frames, func(w frame) bool {
				return !w.fromUs && w.good && w.at < s.answered && strings.HasPrefix(w.field(3), "00000") && strings.Contains(strings.Join(w.fields, fieldSep), a.Ref)
			})
		}
		return slices.ContainsFunc(f.calls, func(c *call) bool {
			status := text(c.answer, "status")
			return c.answeredAt > 0 && c.answeredAt < s.answered && text(c.asked, "mchOrderNo") == a.Ref && (status == "2" || status == "3")
		})
	})
}

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

func sentKnown(f *facts, r *finding) {
	owned := f.owned()
	for _, w := range f.frames {
		kind, cents, ref, ok := w.transaction()
		if !ok {
			continue
		}
		s := owned[ref]
		if r.look(); s.ID == "" {
			r.bad("%s type %s went out under %s, which no sale knows", w.field(0), kind, ref)
		} else if kind == "01" && cents != s.Amount {
			r.bad("sale %s is over %d and %d went to the terminal", s.ID, s.Amount, cents)
		}
	}
	for _, c := range f.calls {
		no := text(c.asked, "mchOrderNo")
		if c.endpoint != "create_order" || no == "" {
			continue
		}
		s := owned[no]
		want := s.Amount
		if text(c.asked, "channelId") == "CC_PAX" {
			want = s.ApprovedAmount
		}
		if r.look(); s.ID == "" {
			r.bad("an order went out under %s, which no sale knows", no)
		} else if got := text(c.asked, "amount"); got != fmt.Sprint(want) {
			r.bad("sale %s is over %d and an order over %s went out", s.ID, want, got)
		}
	}
}

func sentOnce(f *facts, r *finding) {
	acked := map[string]int64{}
	for _, w := range f.frames {
		_, _, ref, ok := w.transaction()
		if !ok {
			continue
		}
		r.look()
		if at := acked[ref]; at > 0 && at < w.at {
			r.bad("the transaction %s was sent again after the terminal had taken it", ref)
		}
		if w.acked > 0 && acked[ref] == 0 {
			acked[ref] = w.acked
		}
	}
	orders := map[string]int{}
	for _, c := range f.calls {
		if c.endpoint != "create_order" || text(c.asked, "channelId") == "CC_PAX" {
			continue // a report may be repeated
		}
		r.look()
		no := text(c.asked, "mchOrderNo")
		if orders[no]++; orders[no] == 2 {
			r.bad("the order %s was created twice", no)
		}
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

var digits = regexp.MustCompile(`(^|[^0-9A-Za-z.])([3-6][0-9]{12,18})($|[^0-9A-Za-z])`)

func masked(f *facts, r *finding) {
	see := func(where, text string) {
		r.look()
		for _, m := range digits.FindAllStringSubmatch(text, -1) {
			if luhn(m[2]) {
				r.bad("%s holds what reads as a card number: %s...", where, m[2][:4])
			}
		}
	}
	for _, x := range f.asks {
		see("an answer of posd", string(x.answer))
	}
	for _, c := range f.calls {
		for name := range c.asked {
			see("a request to the gateway, in "+name, text(c.asked, name))
		}
	}
	for _, p := range f.papers {
		see("a receipt", p)
	}
}

// luhn checks the last digit of a card number.
func luhn(number string) bool {
	sum := 0
	for i := range number {
		d := int(number[len(number)-1-i] - '0')
		if i%2 == 1 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return sum%10 == 0
}

func frames(f *facts, r *finding) {
	for _, w := range f.frames {
		if !w.fromUs {
			continue
		}
		if r.look(); !w.good {
			r.bad("a frame %s of posd has a wrong check byte", w.field(0))
		}
	}
}
