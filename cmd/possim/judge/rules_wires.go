package main

import (
	"fmt"
	"regexp"
)

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
