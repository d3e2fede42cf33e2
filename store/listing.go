package store

import (
	"strings"

	"posd/device/sale"
)

// listing is what follows FROM sales for a filter. SQLite knows nothing of how
// rare a value is, so it is told which index to read: a term with a + is one by
// which no index is looked for. Days come first, then states that are rare,
// then methods; what is left goes back from the newest sale.
func listing(f sale.Filter) (tail string, args []any) {
	var where []string
	add := func(clause string, arg any) { where, args = append(where, clause), append(args, arg) }
	spans := !f.From.IsZero() || !f.To.IsZero()
	found := f.Day != 0 || f.GivenBack || spans // by these
	by := func(column string) string {
		if found {
			return "+" + column
		}
		return column
	}
	unpaid := f.State == sale.Declined || f.State == sale.Cancelled
	switch {
	case f.State == "":
	case f.State == sale.Paid:
		add("+state = ?", string(f.State))
	case unpaid: // rare: its indexes have the method and the time as well
		state := by("state")
		if f.Day == 0 && !f.GivenBack {
			state = "state"
		}
		add(state+" = ?", string(f.State))
		where = append(where, state+" IN ('declined', 'cancelled')") // lets SQLite see that its index will do
	default:
		add(by("state")+" = ?", string(f.State))
		where = append(where, by("state")+" IN ('waiting', 'unsure')")
		found = true
	}
	if byContent(f, func(column string) string {
		if unpaid {
			return "+" + column
		}
		return by(column)
	}, add) {
		found = true
	}
	if f.Method != "" {
		add(by("method")+" = ?", string(f.Method))
	}
	if clause, ends := spanOf(f); clause != "" {
		where, args = append(where, clause), append(args, ends...)
	}
	if f.Search != "" {
		where = append(where, `n IN (SELECT n FROM sales WHERE reference = ? AND reference <> '' UNION SELECT n FROM sales WHERE by = ? AND by <> ''
			UNION SELECT n FROM sales WHERE substr(card_number, -4) = ? AND card_number IS NOT NULL UNION SELECT n FROM sales WHERE amount_cents = ?)`)
		cents, _ := sale.ParseAmount(pointed(f.Search)) // else 0, which is no sale's
		args = append(args, f.Search, f.Search, f.Search, int64(cents))
	}
	if f.Day != 0 {
		where = append(where, "n IN (SELECT n FROM sales WHERE day = ? AND day > 0 UNION SELECT s.n FROM movements m JOIN sales s ON s.id = m.sale WHERE m.day = ? AND m.day > 0)")
		args = append(args, f.Day, f.Day)
	}
	order := "n"
	if f.Reference != "" || f.Foreign != "" || spans && !f.GivenBack && f.Day == 0 { // a day's page is sorted, not looked for among the years
		order = "+n"
	}
	if f.Before != "" {
		add(order+" < (SELECT n FROM sales WHERE id = ?)", string(f.Before))
	}
	if spans && (unpaid || f.State == "") && f == (sale.Filter{State: f.State, From: f.From, To: f.To, Before: f.Before, Limit: f.Limit}) {
		// Of a span of years the index alone is read, and rows of the page only.
		return "WHERE n IN (SELECT n FROM sales WHERE " + strings.Join(where, " AND ") + " ORDER BY +n DESC LIMIT ?) ORDER BY n DESC LIMIT ?", append(args, limitOf(f.Limit))
	}
	tail = "ORDER BY " + order + " DESC LIMIT ?"
	if len(where) > 0 {
		tail = "WHERE " + strings.Join(where, " AND ") + " " + tail
	}
	return tail, args
}

// pointed writes an amount as ParseAmount reads it: $1,234.50 and 1 234,50 are 1234.50.
func pointed(text string) string {
	text = strings.NewReplacer("$", "", " ", "", "\u00a0", "", "\u202f", "").Replace(text)
	if strings.Contains(text, ".") {
		return strings.ReplaceAll(text, ",", "")
	}
	return strings.Replace(text, ",", ".", 1)
}

// spanOf is when a sale, or what was given back of it, was made; empty if at any time.
func spanOf(f sale.Filter) (clause string, args []any) {
	var terms []string
	if !f.From.IsZero() {
		terms, args = append(terms, "created_at >= ?"), append(args, formatTime(f.From))
	}
	if !f.To.IsZero() {
		terms, args = append(terms, "created_at < ?"), append(args, formatTime(f.To))
	}
	if f.GivenBack {
		return "id IN (SELECT sale FROM movements WHERE " + strings.Join(append(terms, "1"), " AND ") + ")", args
	}
	return strings.Join(terms, " AND "), args
}

// byContent adds what is said of the sale itself, and reports whether it is found by that.
func byContent(f sale.Filter, by func(column string) string, add func(clause string, arg any)) (found bool) {
	if f.Amount != 0 {
		add(by("amount_cents")+" = ?", int64(f.Amount))
	}
	// What follows in these says no more: it lets SQLite see that its index will do.
	if f.By != "" {
		add(by("by")+" = ? AND "+by("by")+" <> ''", f.By)
	}
	if f.Last != "" {
		add(by("substr(card_number, -4)")+" = ? AND card_number IS NOT NULL", f.Last)
	}
	if f.Foreign != "" {
		add("foreign_reference = ?", f.Foreign)
	}
	if f.Reference != "" {
		add("reference = ? AND reference <> ''", f.Reference)
	}
	return f.Amount != 0 || f.By != "" || f.Last != "" || f.Search != ""
}
