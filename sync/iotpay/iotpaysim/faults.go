package iotpaysim

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Fault is something that can go wrong on request.
type Fault struct {
	Name  string `json:"name"`
	About string `json:"about"`
}

// Faults lists every fault. Any of them takes "@endpoint" to strike one call
// only and "*N" to strike N times: "5xx-after-commit@refund_order*1".
func Faults() []Fault {
	return []Fault{
		{"away", "old connections are closed at once, new ones are refused"},
		{"slow", "=DURATION: wait so long before doing anything"},
		{"5xx-before", "[=CODE] answer 500 without doing anything"},
		{"5xx-after-commit", "[=CODE] do it, then answer 502"},
		{"cut-before", "close the connection when the request is read, without doing anything"},
		{"cut-at", "=N: do it, send N bytes of the HTTP answer, close the connection"},
		{"throttle", "=SECONDS: answer 429 with this Retry-After, without doing anything"},
		{"html-portal", "answer 200 with a web page, as a captive portal does"},
		{"wrong-key", "refuse every signature"},
		{"wrong-signature", "sign answers wrongly"},
		{"nested-signature", "sign answers that hold an object in a way nobody can check"},
		{"unsigned-fail", "[=WORDS] FAIL answers carry no signature; with words, refuse everything so"},
		{"fail", "=WORDS: refuse everything with these words, signed"},
		{"fail-after-commit", "=WORDS: do it, then answer FAIL with these words, signed"},
		{"wrong-amount", "say one cent more than was ordered"},
		{"wrong-number", "answer about another order"},
		{"exists", "create_order and refund_order: say that the number is taken"},
		{"not-found", "queries: say that there is no such thing"},
		{"refund-pending", "[=STATUS] query_refund: say that it is still under way: 1, or this status"},
		{"refund-fails", "[=STATUS] query_refund: say that it failed: 9, or this status; the money stays with the merchant"},
		{"refund-told", "[=STATUS] refund_order: tell the status at once: 2, or this one"},
		{"text-times", "tell the time of a payment as a text date"},
		{"fractions", "write whole numbers with a fraction: 2865.0, 2.0"},
		{"odd-members", "put booleans where times and texts are due, and members that nobody knows"},
		{"closed-then-paid", "query_order: say of an unpaid order that the system has closed it; it can be paid all the same"},
		{"changed-pay-order", "query_order: answer with another payOrderId than create_order did"},
		{"long-pay-order", "make payOrderIds of 64 characters"},
		{"new-member", "=ORDER: sign answers with one more member, sorted natural (without regard to case) or by pairs (name=value)"},
		{"existing-system-error", "a number that exists: unsigned, 支付中心系统异常"},
		{"existing-number-inside", "a number that exists: the number stands inside the words, in brackets"},
		{"code-newline", "create_order: a line end after the code"},
		{"too-frequent", "refuse everything, signed, with words that ask for patience"},
		{"poison", "=CLASS[/CENTS]: answer every report, or every one of that amount, always so (it does not end those set before); classes: " + strings.Join(poisonNames(), ", ")},
		{"query-notification", "post notifications with an empty body and the fields in the query"},
		{"clock-skew", "=DURATION: the gateway's clock is so far ahead"},
		{"duplicate-notification", "post every notification twice"},
		{"late-notification", "=DURATION: post notifications so late; with *1 the first comes after the second"},
	}
}

// fault is one that is set.
type fault struct {
	name, arg, endpoint string
	left                int // how often it still strikes; below 0 for ever
}

// strike is what the faults that are set do to one request.
type strike struct {
	away, cutBefore, portal, cut bool
	wrongKey, wrongSign, nested  bool
	unsignedFail                 bool
	wrongAmount, wrongNumber     bool
	exists, notFound             bool
	textTimes, fractions, odd    bool
	stillPayable, otherPayOrder  bool
	longPayOrder, codeNewline    bool
	existsSystem, existsInside   bool
	notJSON                      bool
	pending, refundFails         string // the status that query_refund tells
	refundTold                   string // the status that refund_order tells
	newMember                    string // how answers with one more member are sorted
	cutAt                        int
	slow, skew                   time.Duration
	statusBefore, statusAfter    int
	throttle, words, failAfter   string
}

// SetFault sets a fault by "name[=arg][@endpoint][*N]", instead of an earlier one of that name.
func (g *Gateway) SetFault(text string) error {
	f := &fault{left: -1}
	rest := text
	if i := strings.LastIndexByte(rest, '*'); i >= 0 {
		n, err := strconv.Atoi(rest[i+1:])
		if err != nil || n < 1 {
			return fmt.Errorf("fault %q: after * comes how often", text)
		}
		f.left, rest = n, rest[:i]
	}
	if i := strings.LastIndexByte(rest, '@'); i >= 0 {
		f.endpoint, rest = rest[i+1:], rest[:i]
		if !slices.Contains([]string{"create_order", "query_order", "refund_order", "query_refund"}, f.endpoint) {
			return fmt.Errorf("fault %q: there is no endpoint %q", text, f.endpoint)
		}
	}
	f.name, f.arg, _ = strings.Cut(rest, "=")
	if !slices.ContainsFunc(Faults(), func(k Fault) bool { return k.Name == f.name }) {
		return fmt.Errorf("fault %q is not known", f.name)
	}
	if err := f.apply(&strike{}); err != nil {
		return fmt.Errorf("fault %q: %w", text, err)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if f.name != "poison" {
		g.clear(f.name)
	}
	g.faults = append(g.faults, f)
	if f.keepsAway() {
		for _, d := range g.doors {
			d.shut()
		}
	}
	return nil
}

// ClearFault ends a fault; "" ends all of them.
func (g *Gateway) ClearFault(name string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.clear(name)
}

func (g *Gateway) clear(name string) {
	close(g.changed)
	g.changed = make(chan struct{})
	g.faults = slices.DeleteFunc(g.faults, func(f *fault) bool { return name == "" || f.name == name })
}

// faultsChange returns what is closed when faults are set or cleared next.
func (g *Gateway) faultsChange() <-chan struct{} {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.changed
}

// isAway is asked at the door, where no endpoint is known and nothing is counted.
func (g *Gateway) isAway() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.ContainsFunc(g.faults, (*fault).keepsAway)
}

// keepsAway reports whether the fault keeps callers out until it is cleared.
func (f *fault) keepsAway() bool { return f.name == "away" && f.endpoint == "" && f.left < 0 }

// strike uses the faults up that concern an endpoint.
func (g *Gateway) strike(endpoint string) strike {
	g.mu.Lock()
	defer g.mu.Unlock()
	var s strike
	for _, f := range g.faults {
		if f.left == 0 || f.name == "poison" || (f.endpoint != "" && f.endpoint != endpoint) || strings.HasSuffix(f.name, "-notification") {
			continue
		}
		if f.left > 0 {
			f.left--
		}
		_ = f.apply(&s) // its argument was checked when it was set
	}
	g.faults = slices.DeleteFunc(g.faults, func(f *fault) bool { return f.left == 0 })
	return s
}

// plainFaults are those without an argument.
var plainFaults = map[string]func(*strike){
	"away":                   func(s *strike) { s.away = true },
	"cut-before":             func(s *strike) { s.cutBefore = true },
	"html-portal":            func(s *strike) { s.portal = true },
	"wrong-key":              func(s *strike) { s.wrongKey = true },
	"wrong-signature":        func(s *strike) { s.wrongSign = true },
	"nested-signature":       func(s *strike) { s.nested = true },
	"wrong-amount":           func(s *strike) { s.wrongAmount = true },
	"wrong-number":           func(s *strike) { s.wrongNumber = true },
	"exists":                 func(s *strike) { s.exists = true },
	"not-found":              func(s *strike) { s.notFound = true },
	"text-times":             func(s *strike) { s.textTimes = true },
	"fractions":              func(s *strike) { s.fractions = true },
	"odd-members":            func(s *strike) { s.odd = true },
	"closed-then-paid":       func(s *strike) { s.stillPayable = true },
	"changed-pay-order":      func(s *strike) { s.otherPayOrder = true },
	"long-pay-order":         func(s *strike) { s.longPayOrder = true },
	"existing-system-error":  func(s *strike) { s.existsSystem = true },
	"existing-number-inside": func(s *strike) { s.existsInside = true },
	"code-newline":           func(s *strike) { s.codeNewline = true },
}

// apply adds a fault to a strike.
func (f *fault) apply(s *strike) (err error) {
	if strikes, ok := plainFaults[f.name]; ok {
		strikes(s)
		return nil
	}
	switch f.name {
	case "slow":
		s.slow, err = time.ParseDuration(f.arg)
	case "5xx-before":
		s.statusBefore, err = status(f.arg, http.StatusInternalServerError)
	case "5xx-after-commit":
		s.statusAfter, err = status(f.arg, http.StatusBadGateway)
	case "cut-at":
		s.cut = true
		if s.cutAt, err = strconv.Atoi(f.arg); err == nil && s.cutAt < 0 {
			err = fmt.Errorf("%d bytes cannot be sent", s.cutAt)
		}
	case "throttle":
		s.throttle = f.arg
		_, err = strconv.Atoi(f.arg)
	case "unsigned-fail":
		s.unsignedFail, s.words = true, f.arg
	case "fail":
		s.words, err = f.arg, f.needsWords()
	case "fail-after-commit":
		s.failAfter, err = f.arg, f.needsWords()
	case "refund-pending":
		s.pending = cmp.Or(f.arg, "1")
	case "refund-fails":
		s.refundFails = cmp.Or(f.arg, "9")
	case "refund-told":
		s.refundTold = cmp.Or(f.arg, "2")
	case "new-member":
		if s.newMember = f.arg; f.arg != "natural" && f.arg != "pairs" {
			err = fmt.Errorf("%q is no order: natural or pairs", f.arg)
		}
	case "too-frequent":
		s.words = "request too frequent, please try again later"
	case "poison":
		_, err = f.poisoned(s)
	case "clock-skew":
		s.skew, err = time.ParseDuration(f.arg)
	case "late-notification":
		_, err = time.ParseDuration(f.arg)
	}
	return err
}

func (f *fault) needsWords() error {
	if f.arg == "" {
		return fmt.Errorf("which words? %s=WORDS", f.name)
	}
	return nil
}

func status(arg string, otherwise int) (int, error) {
	if arg == "" {
		return otherwise, nil
	}
	n, err := strconv.Atoi(arg)
	if err != nil || n < 400 || n > 599 {
		return 0, fmt.Errorf("%q is no status of a failing server", arg)
	}
	return n, nil
}
