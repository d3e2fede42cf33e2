package books

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"posd/device/sale"
)

// BookPart is a heading with its rows, as they stand on screen and on paper.
type BookPart struct {
	Heading string
	Rows    []BookRow
}

// BookRow is a label with a value flush right; without a value it is a line of words.
type BookRow struct {
	Label, Value string
	Strong       bool
}

// Title is the heading of all: a report that closes nothing says so.
func (b Books) Title() string {
	if b.Closing != nil {
		return fmt.Sprintf(b.say("Z REPORT %d (CLOSING)"), b.Closing.No)
	}
	return b.say("X REPORT (INTERIM)")
}

// bookLine is one line of the books by name: what text and CSV are made of. Its
// names are English; Parts says them in the shop's language.
type bookLine struct {
	part   string
	group  string // whose line it is: a method, a card type; empty for a line of all
	joint  string // between the two
	name   string
	line   BookLine
	sum    bool // count and cents are those of others
	always bool // stands there when it is nothing, too
	list   *BookList
}

// lines lists every line in the order in which it is read.
func (b *Books) lines() []bookLine {
	var all []bookLine
	group := func(part string, g *BookGroup, always bool) {
		back := BookLine{g.Refunds.Count + g.Voids.Count, -g.Refunds.Cents - g.Voids.Cents}
		of, joint := "", ""
		if part != "Taken" {
			of, joint = g.Name, " "
		}
		add := func(name string, line BookLine, sum, always bool) {
			all = append(all, bookLine{part: part, group: of, joint: joint, name: name, line: line, sum: sum, always: always})
		}
		add("paid", g.Paid, false, always || g.Paid.Count > 0)
		if back.Count > 0 || always {
			add("refunds", BookLine{g.Refunds.Count, -g.Refunds.Cents}, false, always)
			add("voids", BookLine{g.Voids.Count, -g.Voids.Cents}, false, always)
			add("net", BookLine{g.Paid.Count, g.Net}, true, true)
		}
	}
	groups := func(part string, list []BookGroup) {
		for i := range list {
			group(part, &list[i], false)
		}
	}
	line := func(part, name string, l BookLine) { all = append(all, bookLine{part: part, name: name, line: l}) }
	list := func(part, name string, l *BookList) {
		all = append(all, bookLine{part: part, name: name, line: l.BookLine, list: l})
	}

	group("Taken", &b.Total, true)
	groups("By method", b.Methods)
	groups("By wallet", b.Wallets)
	groups("By card", b.CardTypes)
	for _, g := range b.Taxes {
		all = append(all, bookLine{part: "Taxes in it", group: g.Name, name: "", line: g.Paid})
	}
	line("Of what was paid", "asked", b.Asked)
	line("Of what was paid", "tips", b.Tips)
	line("Of what was paid", "surcharges", b.Surcharges)
	line("Of what was paid", "cashback", b.Cashback)
	line("Of what was paid", "rounding of cash", b.Rounding)
	line("Of what was paid", "still due", b.Due)
	line("Not paid", "declined", b.Declined)
	line("Not paid", "cancelled", b.Cancelled)
	line("Not paid", "under way", b.Waiting)
	list("Not paid", "unsure", &b.Unsure)
	line("Not paid", "given up, of these", b.GivenUp)
	list("Asked back, not gone", "not known yet", &b.BackOpen)
	line("Asked back, not gone", "refused", b.BackRefused)
	line("Asked back, not gone", "kept after all", b.BackKept)
	line("Asked back, not gone", "partial approvals undone", b.PartialVoids)
	line("Card sales at IOTPay", "reported", b.Reported)
	line("Card sales at IOTPay", "queued", b.Queued)
	line("Card sales at IOTPay", "withdrawn", b.Withdrawn)
	list("Card sales at IOTPay", "set aside", &b.SetAside)
	list("Card sales at IOTPay", "by hand", &b.ByHand)
	list("Card sales at IOTPay", "entered by hand", &b.Entered)
	list("For a person", "offline", &b.Offline)
	list("For a person", "incidents", &b.Incidents)
	list("For a person", "other currency", &b.OtherCurrency)
	line("Held on cards", "authorised", b.Authorised)
	line("Held on cards", "released", b.Released)
	line("Held on cards", "completed", b.Completed)
	all = append(all, b.Cash.lines()...)
	if b.Closing != nil {
		all = append(all, b.Closing.lines()...)
	}
	return all
}

// lines lists how the journal compares with the other two books.
func (k *Closing) lines() []bookLine {
	const batch, gateway = "Terminal's batch", "Wallets at IOTPay"
	var all []bookLine
	if t := k.Terminal; t != nil {
		for _, kind := range t.Kinds {
			of := string(kind.Tender)
			all = append(all,
				bookLine{part: batch, group: of, joint: ", ", name: "terminal", line: kind.Terminal, always: true},
				bookLine{part: batch, group: of, joint: ", ", name: "posd", line: kind.Posd, always: true},
				bookLine{part: batch, group: of, joint: ", ", name: "apart", line: BookLine{0, kind.Apart}, sum: true, always: kind.Apart != 0})
		}
		all = append(all,
			bookLine{part: batch, name: "in another batch", line: t.Elsewhere.BookLine, list: &t.Elsewhere},
			bookLine{part: batch, name: "to look at", line: t.Look.BookLine, list: &t.Look})
	}
	if g := k.Gateway; g != nil {
		all = append(all,
			bookLine{part: gateway, name: "agreed", line: g.Agreed, always: true},
			bookLine{part: gateway, name: "apart", line: g.Apart.BookLine, list: &g.Apart},
			bookLine{part: gateway, name: "not compared", line: g.Unasked.BookLine, list: &g.Unasked})
	}
	return all
}

// remarks are the sentences under the heading.
func (b *Books) remarks() []string {
	k := b.Closing
	if k == nil {
		return []string{b.say("Not closed: it may still change. Compared with neither the terminal nor IOTPay.")}
	}
	said := []string{fmt.Sprintf(b.say("Closed by %s. It does not change any more."), k.By)}
	if k.Gap != "" {
		said = append(said, fmt.Sprintf(b.say("Compare it with the terminal and IOTPay by hand: posd was %s."), k.Gap))
	}
	if t := k.Terminal; t != nil {
		switch {
		case t.End != sale.BatchClosed:
			said = append(said, fmt.Sprintf(b.say("The terminal's batch was not compared: %s"), t.Words))
		case t.Apart == 0 && !t.Differs():
			said = append(said, fmt.Sprintf(b.say("The terminal's batch %s agrees."), t.Number))
		default:
			said = append(said, fmt.Sprintf(b.say("The terminal's batch %s and posd are %s apart: compare with the terminal's report."), t.Number, t.Apart))
		}
		if t.Difference != "" {
			said = append(said, t.Difference)
		}
		if t.LostClose != "" {
			said = append(said, fmt.Sprintf(b.say("An earlier close was not answered, part of the batch may be in that one: %s"), t.LostClose))
		}
	}
	if g := k.Gateway; g != nil && g.Apart.Count+g.Unasked.Count == 0 {
		said = append(said, b.say("The wallets at IOTPay agree."))
	}
	return append(said, b.Cash.remark(b)...)
}

// Differs reports whether any kind of card has other counts or cents.
func (m *BatchMatch) Differs() bool {
	return slices.ContainsFunc(m.Kinds, func(k BatchKind) bool { return k.Terminal != k.Posd })
}

// Parts returns the books as rows; lines that are nothing are left out.
func (b Books) Parts() []BookPart {
	shop := b.From.Location()
	when := func(t time.Time) string {
		if t.IsZero() {
			return b.say("the beginning")
		}
		return t.In(shop).Format("2006-01-02 15:04")
	}
	parts := []BookPart{{Heading: fmt.Sprintf(b.say("Business day %s"), b.Date), Rows: []BookRow{
		{Label: b.say("from"), Value: when(b.From)}, {Label: b.say("to"), Value: when(b.To)}, {Label: b.say("as of"), Value: when(b.At)}, {Label: b.say("currency"), Value: b.Currency},
	}}}
	for _, words := range b.remarks() {
		parts[0].Rows = append(parts[0].Rows, BookRow{Label: words})
	}
	for _, l := range b.lines() {
		if l.line.Count == 0 && !l.always {
			continue
		}
		last := &parts[len(parts)-1]
		if heading := b.say(l.part); last.Heading != heading {
			parts = append(parts, BookPart{Heading: heading})
			last = &parts[len(parts)-1]
		}
		label := b.say(l.group) + l.joint + b.say(l.name)
		if !l.sum {
			label += fmt.Sprintf(" (%d)", l.line.Count)
		}
		last.Rows = append(last.Rows, BookRow{Label: label, Value: l.line.Cents.String(), Strong: l.sum && l.part == "Taken"})
		if l.list != nil {
			last.Rows = append(last.Rows, b.named(l.list)...)
		}
	}
	return parts
}

// named names the sales of a list.
func (b *Books) named(l *BookList) []BookRow {
	var rows []BookRow
	for _, e := range l.Sales {
		rows = append(rows, BookRow{Label: fmt.Sprintf("  %s %s %s", e.Sale, e.At.In(b.From.Location()).Format("15:04"), b.say(string(e.Method))), Value: e.Amount.String()})
		if e.Words != "" {
			rows = append(rows, BookRow{Label: "    " + b.say(e.Words)})
		}
	}
	if more := l.Count - len(l.Sales); more > 0 {
		rows = append(rows, BookRow{Label: "  " + fmt.Sprintf(b.say("and %d more: see the list of sales"), more)})
	}
	return rows
}

// textColumns is the width of the books as text.
const textColumns = 56

// Text returns the books as plain text.
func (b Books) Text() string {
	var out strings.Builder
	out.WriteString(b.Title() + "\n")
	for _, p := range b.Parts() {
		out.WriteString("\n" + p.Heading + "\n")
		for _, r := range p.Rows {
			out.WriteString(r.Label)
			if r.Value != "" {
				gap := textColumns - bookWidth(r.Label) - bookWidth(r.Value)
				out.WriteString(strings.Repeat(" ", max(gap, 1)) + r.Value)
			}
			out.WriteByte('\n')
		}
	}
	return out.String()
}

// CSV returns the books as comma-separated values with a line of names: one row
// for each line, zeros included, and one for each sale that a list names (its
// count is empty). Cents are whole numbers.
func (b Books) CSV() []byte {
	var out bytes.Buffer
	w := csv.NewWriter(&out)
	write := func(part, name, count string, cents sale.Amount, id sale.ID, order, words string) {
		// To a buffer, which cannot fail.
		_ = w.Write([]string{b.Kind, b.Date, b.Currency, part, name, count, strconv.FormatInt(int64(cents), 10), string(id), order, harmless(words)})
	}
	_ = w.Write([]string{"kind", "date", "currency", "part", "line", "count", "cents", "sale", "order", "words"})
	for _, l := range b.lines() {
		name := harmless(l.group + l.joint + l.name)
		write(l.part, name, strconv.Itoa(l.line.Count), l.line.Cents, "", "", "")
		if l.list != nil {
			for _, e := range l.list.Sales {
				write(l.part, name, "", e.Amount, e.Sale, e.Order, e.Words)
			}
		}
	}
	w.Flush()
	return out.Bytes()
}

// harmless keeps a spreadsheet from taking another side's words for a formula.
func harmless(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) {
		return "'" + s
	}
	return s
}
