package iotpaysim

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// poisons are the ways in which one report can be answered wrongly for ever,
// while all others pass.
var poisons = []struct {
	name string
	set  func(*strike)
}{
	{"405", func(s *strike) { s.statusBefore = http.StatusMethodNotAllowed }},
	{"500", func(s *strike) { s.statusBefore = http.StatusInternalServerError }},
	{"cut", func(s *strike) { s.cutBefore = true }},
	{"429", func(s *strike) { s.throttle = "1" }},
	{"not-json", func(s *strike) { s.notJSON = true }},
	{"other-number", func(s *strike) { s.wrongNumber = true }},
	{"unverifiable", func(s *strike) { s.wrongSign = true }},
	{"system-error", func(s *strike) { s.words = "system error" }},
	{"card-type", func(s *strike) { s.words = "merchant not support JCB card" }},
	{"permission", func(s *strike) { s.words = "mchId has no permission" }},
	{"patience", func(s *strike) { s.words = "request too frequent, please try again later" }},
	{"exists-unsigned", func(s *strike) { s.unsignedFail, s.words = true, "支付中心系统异常" }},
}

func poisonNames() []string {
	var names []string
	for _, p := range poisons {
		names = append(names, p.name)
	}
	return names
}

// poisoned adds a poison to a strike, and returns the amount that it strikes; 0 for any.
func (f *fault) poisoned(s *strike) (cents int64, err error) {
	class, amount, some := strings.Cut(f.arg, "/")
	if some {
		if cents, err = strconv.ParseInt(amount, 10, 64); err != nil || cents < 1 {
			return 0, fmt.Errorf("%q is no amount in cents", amount)
		}
	}
	for _, p := range poisons {
		if p.name == class {
			p.set(s)
			return cents, nil
		}
	}
	return 0, fmt.Errorf("%q is no class of poison: %s", class, strings.Join(poisonNames(), ", "))
}

// poison uses up the poisons that concern a report.
func (g *Gateway) poison(endpoint string, r request, s strike) strike {
	if endpoint != "create_order" || r.text["channelId"] != "CC_PAX" {
		return s
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, f := range g.faults {
		if f.name != "poison" || f.left == 0 {
			continue
		}
		with := s
		if cents, _ := f.poisoned(&with); cents != 0 && strconv.FormatInt(cents, 10) != r.text["amount"] { // checked when it was set
			continue
		}
		if f.left > 0 {
			f.left--
		}
		s = with
	}
	g.faults = slices.DeleteFunc(g.faults, func(f *fault) bool { return f.left == 0 })
	return s
}
