package core

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"posd/device/books"
	"posd/device/sale"
)

// names gives what is numbered at random a short name in a story: S1 is a sale,
// C1 an attempt at the terminal, O1 an order, V1 a void, F1 a refund, R1 a
// report, J1 a job of the printer.
type names struct {
	alias map[string]string // by number
	list  []string          // number, name, number, name...
	count map[string]int
}

func (n *names) give(kind, number string) {
	if number == "" || n.alias[number] != "" {
		return
	}
	n.count[kind]++
	n.alias[number] = fmt.Sprint(kind, n.count[kind])
	n.list = append(n.list, number, n.alias[number])
}

// said puts the names in place of the numbers.
func (n *names) said(text string) string { return strings.NewReplacer(n.list...).Replace(text) }

// real returns the number behind a name.
func (n *names) real(alias string) string {
	for number, a := range n.alias {
		if a == alias {
			return number
		}
	}
	fault("nothing is called %q", alias)
	return ""
}

// meet names everything that a step's rows tell of for the first time.
func (n *names) meet(r sale.Row) {
	switch r := r.(type) {
	case sale.SaleRow:
		n.give("S", string(r.Sale.ID))
		for _, a := range r.Sale.Attempts {
			n.give(map[bool]string{true: "C", false: "O"}[r.Sale.Method == sale.Card], a.Ref)
		}
		for _, m := range r.Sale.Refunds {
			n.give(map[bool]string{true: "V", false: "F"}[m.Kind == sale.Void], m.ID)
		}
		if r.Sale.Method == sale.Card {
			n.give("R", r.Sale.MchOrderNo)
		}
	case sale.JobRow:
		n.give("J", r.Job.ID)
	}
}

func (p *player) say(tag, format string, args ...any) {
	fmt.Fprintf(&p.out, "%-6s %s\n", tag, fmt.Sprintf(format, args...))
}

func (p *player) clock(t time.Time) string {
	return t.In(p.machine.Calendar().Zone()).Format("Mon 15:04:05")
}

func (p *player) sayClock() { p.say("clock", "%s", p.clock(p.wall())) }

// sayWants writes everything that one step wants. What waits for rows to be
// durable comes after them; else it goes.
func (p *player) sayWants(out Effects, waits bool) {
	for _, r := range out.Rows {
		p.names.meet(r)
	}
	if i := out.Intent; i != nil {
		p.say("intent", "%s", cmp.Or(join(string(i.Sale), i.Movement, i.Job), "the day's close"))
	}
	tag := "row"
	if out.Lazy && len(out.After) == 0 {
		tag = "lazy"
	}
	for _, r := range out.Rows {
		for i, line := range p.row(r) {
			p.say(tag, "%s%s", strings.Repeat(" ", min(i, 1)*2), line)
		}
	}
	for _, e := range out.Now {
		p.say("now", "%s", p.effect(e))
	}
	for _, e := range out.After {
		p.say(map[bool]string{true: "after", false: "goes"}[waits], "%s", p.effect(e))
	}
}

// sayGlass writes what the customer sees, and when the step wakes by itself.
func (p *player) sayGlass() {
	p.say("glass", "%s", p.screen(p.glass))
	at, ok := p.machine.Next()
	switch in := at - (p.now - p.born); {
	case !ok:
		p.say("wakes", "when something happens")
	case in <= time.Millisecond:
		p.say("wakes", "at once")
	default:
		p.say("wakes", "in %s", in.Round(100*time.Millisecond))
	}
}

// sayBooks writes what the day that is being closed says of its money, beside
// what the terminal has settled.
func (p *player) sayBooks(day sale.GatherDay) {
	all := p.disk.all()
	b := books.SumClosing(day, p.wall(), p.policy.Currency, slices.Values(all))
	if p.policy.Cash {
		b.CountCash(sale.Amount(p.policy.CashFloat), day.Counted)
	}
	b.Closing.Terminal = books.MatchBatch(day.No, day.No, day.Batch, day.LostClose, all)
	for i, part := range b.Parts() {
		for _, r := range part.Rows {
			switch {
			case i == 0 && r.Value == "":
				p.say("books", "%s", r.Label)
			case part.Heading == "Taken" || part.Heading == "Terminal's batch" || part.Heading == "Cash in the drawer":
				p.say("books", "%s", strings.TrimSpace(r.Label+" "+r.Value))
			}
		}
	}
}

// join puts the words that are not empty after one another.
func join(words ...string) string {
	var said []string
	for _, w := range words {
		if w != "" {
			said = append(said, w)
		}
	}
	return strings.Join(said, " ")
}

// with writes name=value, or nothing when there is no value.
func with(name, value string) string {
	if value == "" || value == "0.00" {
		return ""
	}
	if strings.Contains(value, " ") {
		value = `"` + value + `"`
	}
	return name + "=" + value
}

func when(set bool, word string) string {
	if set {
		return word
	}
	return ""
}

func quoted(words string) string { return when(words != "", `"`+words+`"`) }

// row writes a row as a line, and a sale with a line for each attempt and movement.
func (p *player) row(r sale.Row) []string {
	switch r := r.(type) {
	case sale.SaleRow:
		return p.saleLines(r.Sale)
	case sale.KeyRow:
		return []string{join("key", quoted(r.Key), "is", string(r.Sale), r.Movement)}
	case sale.EventRow:
		words := ""
		switch d := r.Data.(type) {
		case sale.EventData:
			words = d.Words
		case sale.DrawerData:
			words = join(d.By, d.Words)
		}
		return []string{join("event", string(r.Sale), r.Kind, quoted(words))}
	case sale.ReportRow:
		q := r.Report
		return []string{join("report", q.No, "of", string(q.Sale), q.Amount.String(), string(q.State), with("due", p.clock(q.DueAt)), with("words", q.Words))}
	case sale.ReportGone:
		return []string{join("report", r.No, "leaves the queue:", string(r.How))}
	case sale.FactRow:
		return []string{join("fact", string(r.Sale), with("printed", string(r.Printed)), with("reported", string(r.Reported)))}
	case sale.JobRow:
		return []string{join("job", r.Job.ID, string(r.Job.Kind), string(r.Job.Sale), r.Job.Movement, string(r.Job.Copy), r.Job.By, when(r.Job.Duplicate, "DUPLICATE"), string(r.Job.State), quoted(r.Job.Words))}
	case sale.NoteRow:
		return []string{join("note", r.Name, r.Value, when(r.Value == "", "is forgotten"))}
	case sale.DayRow:
		return []string{fmt.Sprintf("day %d of %s closed by %s", r.Day.No, r.Day.Date, r.Day.By)}
	}
	fault("a row that no story knows: %T", r)
	return nil
}

func (p *player) saleLines(s sale.Sale) []string {
	kind := s.Kind
	if kind == sale.CardSale {
		kind = ""
	}
	resolved := ""
	if s.Resolved != nil {
		resolved = s.Resolved.By + ": " + s.Resolved.Reason
	}
	lines := []string{join("sale", string(s.ID), string(s.Method), string(kind), s.Amount.String(), with("ref", s.Reference), strings.ToUpper(string(s.State)), string(s.Reason), quoted(s.Words),
		with("approved", s.ApprovedAmount.String()), with("due", s.Due.String()), with("tip", s.Tip.String()), with("cashback", s.Cashback.String()), with("surcharge", s.Surcharge.String()), with("given", s.Given.String()), with("rounding", s.Rounding.String()),
		when(s.Offline, "offline"), with("upload", string(s.Upload)), when(s.CancelWished, "cancel-wished"), when(s.GivenUp, "given-up"),
		with("replaces", s.Replaces), with("replaced-by", string(s.ReplacedBy)), with("that-one", string(s.ReplacerState)), with("word-of", resolved),
		when(s.WatchedS > 0, with("watched", (time.Duration(s.WatchedS)*time.Second).String())), when(s.Day > 0, with("day", fmt.Sprint(s.Day))),
		when(s.Printed != sale.PrintNone, with("printed", string(s.Printed))), when(s.Reported != sale.ReportNotNeeded, with("reported", string(s.Reported))))}
	for _, a := range s.Attempts {
		lines = append(lines, join("attempt", a.Ref, string(a.State), quoted(a.Words)))
	}
	for _, m := range s.Refunds {
		until := ""
		if m.KeepUntil != nil {
			until = p.clock(*m.KeepUntil)
		}
		lines = append(lines, join(string(m.Kind), m.ID, m.Amount.String(), strings.ToUpper(string(m.State)), "by", m.By, with("why", m.Why), with("keep-until", until), quoted(m.Words)))
	}
	if s.Incident != "" {
		lines = append(lines, "incident: "+s.Incident)
	}
	if s.Attention != "" && s.Attention != s.Incident {
		lines = append(lines, "a person must see: "+s.Attention)
	}
	return lines
}

func (p *player) screen(s sale.Screen) string {
	until := ""
	if s.Until != nil {
		until = "until " + p.clock(*s.Until)
	}
	wallet := ""
	if s.Method != sale.Card {
		wallet = string(s.Method)
	}
	tips := ""
	for _, t := range s.Tips {
		tips = join(tips, fmt.Sprintf("%d%%=%s", t.Percent, t.Amount))
	}
	return join(string(s.Kind), wallet, tips, when(s.Amount != 0, s.Amount.String()), quoted(s.Code), until, quoted(s.Message))
}

// effect writes an effect as what is done.
func (p *player) effect(e Effect) string {
	switch e := e.(type) {
	case Show:
		return "show " + p.screen(e.Screen)
	case Tell:
		return join("tell", string(e.Of().ID), string(e.Of().State))
	case TellQueue:
		return "tell the queue"
	case Reply:
		return p.reply(e)
	case Refuse:
		return p.reply(Reply{Token: e.Token, Err: e.Err})
	case Log:
		return join(when(e.Warn, "warn"), when(!e.Warn, "log"), string(e.Sale), e.Message, quoted(e.Words))
	case Charge:
		o := e.Request
		of := ""
		if o.Original != nil {
			of = fmt.Sprintf("of %s (%s, number %s)", o.Original.Ref, o.Original.Amount, o.Original.Transaction)
		}
		return join("CHARGE", o.Ref, string(o.Kind), o.Amount.String(), when(o.Tip != 0, "tip="+o.Tip.String()), when(o.AskTip != "", "ask-tip="+string(o.AskTip)), of)
	case Find:
		control := "without a control"
		if e.Lookup.Control != nil {
			control = "with control " + e.Lookup.Control.Ref
		}
		return join("look up", e.Lookup.Ref, string(e.Lookup.Kind), e.Lookup.Amount.String(), when(e.Lookup.Tip != 0, "tip="+e.Lookup.Tip.String()), control)
	case CloseBatch:
		return "SETTLE the terminal's batch"
	case GatherDay:
		return join("sum up day", fmt.Sprint(e.Of.No), "of", e.Of.Date, "with batch", string(e.Of.Batch.End), e.Of.Batch.Number, quoted(e.Of.Batch.Words), with("doubt", e.Of.LostClose))
	case Abort:
		return "wish the terminal's transaction cancelled"
	case CreateOrder:
		return join("CREATE_ORDER", e.Request.No, string(e.Request.Channel), e.Request.Amount.String(), when(e.Request.AuthCode != "", "with the customer's code"))
	case QueryOrder:
		return "query_order " + e.MchOrderNo
	case SendRefund:
		return join("REFUND_ORDER", e.Request.No, e.Request.Amount.String(), "of", e.Request.MchOrderNo)
	case QueryRefund:
		return "query_refund " + e.Movement
	case Probe:
		return "probe the gateway"
	case ClaimDue:
		return fmt.Sprintf("read up to %d due reports", e.N)
	case SendReports:
		var list []string
		for _, r := range e.Reports {
			list = append(list, r.No)
		}
		return "report " + strings.Join(list, ", ")
	case PrintReceipt:
		r := e.Receipt
		return join("print", r.Job, string(r.Sale.ID), r.Movement, string(r.Copy), when(r.Duplicate, "DUPLICATE"))
	case OpenDrawer:
		return "open the drawer " + e.Job
	case PrintCode:
		return "print the code " + p.screen(e.Screen)
	}
	fault("an effect that no story knows: %T", e)
	return ""
}

func (p *player) reply(r Reply) string {
	switch {
	case r.Err != nil:
		return fmt.Sprintf("refuse: %s [%s]", r.Err, kindOf(r.Err))
	case r.Job.ID != "":
		return join("answer", string(r.Job.Sale), r.Job.ID, string(r.Job.State))
	case r.Day.No > 0:
		return fmt.Sprintf("answer day %d closed", r.Day.No)
	case r.Sale.ID != "":
		return join("answer", string(r.Sale.ID), string(r.Sale.State), r.Movement, when(r.Replayed, "as before"))
	}
	return join("answer", when(r.Count > 0, fmt.Sprint(r.Count)), "done")
}

// kindOf says in the error's own words what kind of refusal it is.
func kindOf(err error) string {
	if kind := errors.Unwrap(err); kind != nil {
		return kind.Error()
	}
	return "no kind"
}
