package core

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"posd/device/sale"
)

// storyLine is an event as a story writes it: what happens, words, key=value.
type storyLine struct {
	verb  string
	words []string
	args  map[string]string
}

var lineWord = regexp.MustCompile(`(?:[\w-]+=)?"[^"]*"|\S+`)

func parseLine(text string) *storyLine {
	l := &storyLine{args: map[string]string{}}
	for _, w := range lineWord.FindAllString(text, -1) {
		name, value, ok := strings.Cut(w, "=")
		if ok {
			l.args[name] = strings.Trim(value, `"`)
		} else {
			l.words = append(l.words, w)
		}
	}
	l.verb = l.word()
	return l
}

// word takes the next word, "" if there is none.
func (l *storyLine) word() string {
	if len(l.words) == 0 {
		return ""
	}
	w := l.words[0]
	l.words = l.words[1:]
	return w
}

// is takes the next word if it is that one.
func (l *storyLine) is(word string) bool {
	if len(l.words) == 0 || l.words[0] != word {
		return false
	}
	l.word()
	return true
}

func (l *storyLine) arg(name string) string {
	v := l.args[name]
	delete(l.args, name)
	return v
}

func (l *storyLine) amount() sale.Amount { return amountOf(l.word()) }

// count takes a count that may be left out: 2x.
func (l *storyLine) count() int {
	if n, ok := strings.CutSuffix(strings.Join(l.words[:min(1, len(l.words))], ""), "x"); ok {
		l.word()
		c, err := strconv.Atoi(n)
		if err != nil {
			fault("%v", err)
		}
		return c
	}
	return 1
}

// amountArg reads an amount that may be left out.
func (l *storyLine) amountArg(name string) sale.Amount {
	if v := l.arg(name); v != "" {
		return amountOf(v)
	}
	return 0
}

func amountOf(s string) sale.Amount {
	a, err := sale.ParseAmount(s)
	if err != nil {
		fault("%v", err)
	}
	return a
}

// spent finds what nobody has asked for: a story does not say what means nothing.
func (l *storyLine) spent() {
	if left := slices.Concat(l.words, slices.Sorted(maps.Keys(l.args))); len(left) > 0 {
		fault("%q means nothing here", left)
	}
}

// verbs are the events of a story by their first word.
var verbs map[string]func(p *player, l *storyLine)

func init() {
	verbs = map[string]func(p *player, l *storyLine){
		"till": theTill, "restart": func(p *player, _ *storyLine) { p.now += time.Second; p.step(p.begin()) },
		"stored": func(p *player, _ *storyLine) { p.store() }, "disk": func(p *player, l *storyLine) {
			if !l.is("full") {
				fault("a disk is full")
			}
			p.storeFails()
		},
		"tick": tick, "wait": wait,
		"sell": sell, "cancel": cancel, "tip": tip, "refund": giveBack, "void": giveBack, "keep": keep, "resolve": resolve, "uploaded": uploaded, "seen": seen, "corrected": corrected,
		"print":     func(p *player, l *storyLine) { p.happens(PrintAsked{Token: p.token(), Sale: p.saleOf(l.word())}) },
		"drawer":    func(p *player, l *storyLine) { p.happens(DrawerAsked{Token: p.token(), By: l.arg("by")}) },
		"close-day": closeDay, "retry": retry,
		"terminal": terminalSays, "gateway": gatewaySays, "journal": journalSays, "printer": printerSays,
	}
}

// theTill starts posd on an empty journal. All is well: the gateway has answered.
func theTill(p *player, l *storyLine) {
	p.began++
	for d := l.word(); d != ""; d = l.word() {
		switch d {
		case "terminal":
			p.has.Terminal = true
		case "gateway":
			p.has.Gateway = true
		case "printer":
			p.has.Printer = true
		case "drawer":
			p.has.Drawer = true
		default:
			fault("a till has a terminal, a gateway, a printer, a drawer")
		}
	}
	p.policy.CodeShownFor = 2 * time.Minute
	p.policy.Partial = cmp.Or(l.arg("partial"), p.policy.Partial)
	p.policy.LatePayment = cmp.Or(l.arg("late_payment"), p.policy.LatePayment)
	p.policy.Cash = l.arg("cash") == "yes"
	p.policy.Tip = cmp.Or(l.arg("tip"), p.policy.Tip)
	p.policy.Surcharge = cmp.Or(l.arg("surcharge"), p.policy.Surcharge)
	p.policy.CloseBatch = l.arg("close_batch") != "no"
	if in := l.arg("approved_includes"); in != "" {
		p.policy.ApprovedIncludes = strings.Split(in, ",")
	}
	p.step(p.begin())
	if p.has.Gateway {
		answering[Probe](p)
		p.step(Probed{Answer: sale.GatewayAnswer{Result: sale.GatewayNotFound}})
		p.wake(p.now + time.Second)
		answering[ClaimDue](p)
		p.step(ReportsDue{})
	}
	p.out.Reset()
}

// tick lets the time pass until the step wants to be woken.
func tick(p *player, _ *storyLine) {
	if !p.wake(1 << 62) {
		fault("the step does not want to be woken")
	}
}

// wait lets a time pass, and wakes the step whenever it wants.
func wait(p *player, l *storyLine) {
	d, err := time.ParseDuration(l.word())
	if err != nil {
		fault("%v", err)
	}
	end := p.now + d
	for n := 0; p.wake(end); n++ {
		if n > 20 {
			fault("the step is woken too often in %s: wait for less", d)
		}
	}
	p.now = end
	p.sayClock()
}

func (p *player) token() Token { return Token(p.events + 1) }

// saleOf returns a sale as the shell would hand it in: as last told, or as stored.
func (p *player) saleOf(alias string) sale.Sale {
	id := sale.ID(p.names.real(alias))
	if s, ok := p.told[id]; ok {
		return s.Clone()
	}
	s, ok := p.disk.sales[id]
	if !ok {
		fault("there is no sale %q", alias)
	}
	return s.Clone()
}

// bound returns what a key is bound to in the journal.
func (p *player) bound(key string) (*sale.KeyBinding, *sale.Sale) {
	h, ok := p.disk.keys[key]
	if !ok {
		return nil, nil
	}
	s := p.disk.sales[h.Sale]
	return &h, &s
}

// key is a request's Idempotency-Key, a new one unless the story says which.
func (p *player) key(l *storyLine) string {
	p.keys++
	return cmp.Or(l.arg("key"), fmt.Sprint("key", p.keys))
}

func tip(p *player, l *storyLine) {
	p.happens(TipChosen{Token: p.token(), Sale: p.saleOf(l.word()), Tip: l.amount()})
}

// taxed tells the tax that an amount holds, if it does.
func taxed(tax sale.Amount, words []string) (lines sale.Lines) {
	if tax > 0 {
		lines.Subtotal, lines.Taxes = amountOf(words[1])-tax, []sale.Tax{{Name: "GST", Amount: tax}}
	}
	return lines
}

func sell(p *player, l *storyLine) {
	tax := taxed(l.amountArg("tax"), l.words)
	body := strings.Join(slices.Concat(l.words, []string{l.args["ref"], l.args["replaces"], l.args["kind"], l.args["given"]}), " ")
	w := SellAsked{
		Token: p.token(), Digest: body, Method: sale.Method(l.word()), Amount: l.amount(), Currency: l.arg("currency"), Reference: l.arg("ref"),
		Kind: sale.CardKind(l.arg("kind")), Given: l.amountArg("given"), Lines: tax, AuthCode: sale.Secret(l.arg("code")), By: l.arg("by"), Why: l.arg("why"),
		Key: p.key(l),
	}
	w.Bound, w.BoundSale = p.bound(w.Key)
	switch r := l.arg("replaces"); r {
	case "", "none":
		w.Replaces = r
	default:
		old := p.saleOf(r)
		w.Replaces, w.Replaced = string(old.ID), &old
	}
	if o := l.arg("of"); o != "" {
		auth := p.saleOf(o)
		w.Original = &auth
	}
	for _, s := range p.disk.all() {
		if w.Reference != "" && s.Reference == w.Reference || w.Reference == "" && s.Amount == w.Amount {
			w.SameBill = append(w.SameBill, s)
		}
		if w.Original != nil && s.Original == w.Original.ID {
			w.Completions = append(w.Completions, s)
		}
	}
	p.happens(w)
}

func cancel(p *player, l *storyLine) {
	p.happens(CancelAsked{Token: p.token(), Sale: p.saleOf(l.word())})
}

func giveBack(p *player, l *storyLine) {
	w := GiveBackAsked{
		Token: p.token(), Kind: sale.MovementKind(l.verb), Sale: p.saleOf(l.word()), Amount: l.amountArg("amount"), By: l.arg("by"), Why: l.arg("why"),
		Key: p.key(l), Anyway: l.arg("anyway") != "",
	}
	w.Digest = fmt.Sprint(w.Kind, w.Sale.ID, w.Amount, w.By)
	w.Bound, w.BoundSale = p.bound(w.Key)
	if r, ok := p.disk.reports[w.Sale.MchOrderNo]; ok {
		w.Report = &r
	}
	p.happens(w)
}

func keep(p *player, l *storyLine) {
	p.happens(KeepAsked{Token: p.token(), Sale: p.saleOf(l.word()), By: l.arg("by")})
}

func resolve(p *player, l *storyLine) {
	w := ResolveAsked{Token: p.token(), Sale: p.saleOf(l.word()), As: sale.State(l.arg("as")), Reason: l.arg("reason"), By: l.arg("by")}
	if m := l.arg("movement"); m != "" {
		w.Movement = p.names.real(m)
	}
	p.happens(w)
}

func seen(p *player, l *storyLine) {
	p.happens(SeenAsked{Token: p.token(), Sale: p.saleOf(l.word()), By: l.arg("by")})
}

func corrected(p *player, l *storyLine) {
	p.happens(CorrectedTold{Token: p.token(), Sale: p.saleOf(l.word()), By: l.arg("by"), Why: l.arg("why")})
}

func uploaded(p *player, l *storyLine) {
	w := UploadTold{Token: p.token(), Sale: p.saleOf(l.word()), Upload: sale.Upload(l.word()), By: l.arg("by"), Why: l.arg("why")}
	if r, ok := p.disk.reports[w.Sale.MchOrderNo]; ok {
		w.Report = &r
	}
	p.happens(w)
}

func retry(p *player, l *storyLine) {
	r, ok := p.disk.reports[p.names.real(l.word())]
	if !ok {
		fault("there is no such report")
	}
	p.happens(RetryAsked{Token: p.token(), Reports: []sale.Report{r}})
}

// closeDay asks to close the day, with what the shell sees of it in the journal.
func closeDay(p *player, l *storyLine) {
	w := DayAsked{Token: p.token(), By: l.arg("by"), WithoutTerminal: l.is("without-terminal"), Empty: true}
	if w.Key = l.arg("key"); w.Key != "" {
		w.Digest = "close by " + w.By
		if b, ok := p.disk.keys[w.Key]; ok {
			w.Bound = &b
		}
	}
	if n := l.arg("counted"); n != "" {
		counted := amountOf(n)
		w.Counted = &counted
	}
	day := p.disk.lastDay.No + 1
	for _, s := range p.disk.all() {
		ended := s.Day == day
		for _, m := range s.Refunds {
			ended = ended || m.Day == day
		}
		w.Empty = w.Empty && !ended
		w.Cards = w.Cards || ended && s.Method == sale.Card && s.State == sale.Paid
	}
	p.happens(w)
}
