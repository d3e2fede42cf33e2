package books

import (
	"cmp"
	"iter"
	"slices"
	"strings"
	"time"

	"posd/device/sale"
)

// Books is a business day summed up from its sales, in cents of one currency.
//
//	a sale            counts on the day on which it was asked for
//	a refund, a void  counts on the day on which it was asked for, whenever its sale was
//
//	net = paid - refunds done - voids done        of all, of each method, wallet, card type
//
// Days added up are therefore the sum of all money. What is not known yet
// stands beside the total, not in it; a void of a partial approval gives back
// money that was never in it.
//
// That is the interim (X) report, of a date; a day that is not closed may still
// change. The closing (Z) report is of a day's number: a sale, a refund and a
// void count in the day in which they ended, so that no clock and no late
// answer can put one into two reports, or into none.
type Books struct {
	Kind     string    `json:"kind"` // interim or closing
	Date     string    `json:"date"` // name of the business day
	From     time.Time `json:"from"`
	To       time.Time `json:"to"`
	At       time.Time `json:"at"` // when it was summed up
	Currency string    `json:"currency"`

	Total     BookGroup   `json:"total"`
	Methods   []BookGroup `json:"methods"`
	Wallets   []BookGroup `json:"wallets"`
	CardTypes []BookGroup `json:"cardTypes"`

	// Of the sales that were paid.
	Asked      BookLine `json:"asked"`
	Tips       BookLine `json:"tips"`
	Surcharges BookLine `json:"surcharges"`
	Cashback   BookLine `json:"cashback"`
	Rounding   BookLine `json:"rounding"` // of cash
	Due        BookLine `json:"due"`      // approved for less than asked, the rest not paid

	// Sales that were not paid, by what was asked.
	Waiting   BookLine `json:"waiting"`
	Declined  BookLine `json:"declined"`
	Cancelled BookLine `json:"cancelled"`
	Unsure    BookList `json:"unsure"`
	GivenUp   BookLine `json:"givenUp"` // of the unsure ones

	// Money asked back that did not go, or not yet.
	BackOpen     BookList `json:"backOpen"` // waiting or unsure
	BackRefused  BookLine `json:"backRefused"`
	BackKept     BookLine `json:"backKept"`
	PartialVoids BookLine `json:"partialVoids"`

	// What IOTPay knows of the card sales that were paid, by what was taken.
	Reported  BookLine `json:"reported"`
	Queued    BookLine `json:"queued"`
	SetAside  BookList `json:"setAside"`
	Withdrawn BookLine `json:"withdrawn"`
	ByHand    BookList `json:"byHand"`  // to make or to correct at IOTPay by hand
	Entered   BookList `json:"entered"` // of what was to be done there by hand: what a person has done

	Offline       BookList `json:"offline"` // approved without the bank, not confirmed
	Incidents     BookList `json:"incidents"`
	OtherCurrency BookList `json:"otherCurrency"` // in nothing above

	// Authorised is what was held on cards, which is in nothing above; Released of it
	// was given free again, and Completed was taken and is in the totals.
	Authorised BookLine `json:"authorised"`
	Released   BookLine `json:"released"`
	Completed  BookLine `json:"completed"`

	Taxes []BookGroup `json:"taxes,omitempty"` // of the sales that told them, by name; what was given back is not taken out
	Cash  *CashCount  `json:"cash,omitempty"`  // none: cash is not taken here

	Closed  []int    `json:"closed,omitempty"`  // interim: numbers of the days closed under this date
	Closing *Closing `json:"closing,omitempty"` // of a closing report

	Language sale.Language `json:"-"` // of its words; empty is English

	mine      func(*sale.Sale) bool     // belongs to this report
	givenBack func(*sale.Movement) bool // likewise
}

// BookLine is how many and how much.
type BookLine struct {
	Count int         `json:"count"`
	Cents sale.Amount `json:"cents"`
}

// BookGroup is what one method, wallet or card type brought.
type BookGroup struct {
	Name    string      `json:"name"`
	Paid    BookLine    `json:"paid"`
	Refunds BookLine    `json:"refunds"`
	Voids   BookLine    `json:"voids"`
	Net     sale.Amount `json:"net"`
}

// BookList is a line whose sales a person may have to look at. It counts them
// all and names the first of them.
type BookList struct {
	BookLine
	Sales []BookEntry `json:"sales"`
}

// BookEntry names one sale of a list.
type BookEntry struct {
	Sale   sale.ID     `json:"sale"`
	At     time.Time   `json:"at"`
	Method sale.Method `json:"method"`
	Amount sale.Amount `json:"amount"`
	Order  string      `json:"order"` // mchOrderNo
	Words  string      `json:"words"`
}

// bookEntries bounds the named sales of a list.
const bookEntries = 200

func (l *BookLine) add(a sale.Amount) {
	l.Count++
	l.Cents += a
}

// some adds an amount that most sales do not have.
func (l *BookLine) some(a sale.Amount) {
	if a != 0 {
		l.add(a)
	}
}

func (l *BookList) add(s *sale.Sale, a sale.Amount, words string) {
	l.BookLine.add(a)
	if len(l.Sales) < bookEntries {
		l.Sales = append(l.Sales, BookEntry{s.ID, s.CreatedAt, s.Method, a, s.MchOrderNo, words})
	}
}

// SumDay sums up the day from from to to, without its end. Sales that have
// nothing to do with it are passed over; each other one is to be given once.
func SumDay(from, to time.Time, currency string, sales iter.Seq[sale.Sale]) Books {
	b := Books{Kind: "interim", Date: from.Format(time.DateOnly), From: from, To: to, Currency: currency}
	within := func(at time.Time) bool { return !at.Before(from) && at.Before(to) }
	b.mine = func(s *sale.Sale) bool { return within(s.CreatedAt) }
	b.givenBack = func(m *sale.Movement) bool { return within(m.CreatedAt) }
	b.sum(sales)
	return b
}

// SumClosing sums up the day that e closes: what ended in it, and beside that
// whatever is still open. Each sale is to be given once.
func SumClosing(e sale.GatherDay, closed time.Time, currency string, sales iter.Seq[sale.Sale]) Books {
	b := Books{Kind: "closing", Date: e.Date, From: e.Opened, To: closed, At: closed, Currency: currency}
	b.Closing = &Closing{No: e.No, By: e.By, Gap: e.Gap}
	b.mine = func(s *sale.Sale) bool { return s.Day == e.No || !s.State.Final() }
	b.givenBack = func(m *sale.Movement) bool { return m.Day == e.No || !m.Final() }
	b.sum(sales)
	return b
}

func (b *Books) sum(sales iter.Seq[sale.Sale]) {
	b.Total.Name = "all"
	for s := range sales {
		b.count(&s)
	}
	for _, list := range []*[]BookGroup{&b.Methods, &b.Wallets, &b.CardTypes} {
		if *list == nil {
			*list = []BookGroup{}
		}
		slices.SortFunc(*list, func(x, y BookGroup) int { return strings.Compare(x.Name, y.Name) })
	}
	for _, list := range []*BookList{&b.Unsure, &b.BackOpen, &b.SetAside, &b.ByHand, &b.Entered, &b.Offline, &b.Incidents, &b.OtherCurrency} {
		if list.Sales == nil {
			list.Sales = []BookEntry{}
		}
	}
}

// count puts one sale where it belongs.
func (b *Books) count(s *sale.Sale) {
	mine := b.mine(s)
	if s.Currency != b.Currency {
		if mine {
			b.OtherCurrency.add(s, s.Amount, s.Currency+", "+string(s.State))
		}
		return
	}
	if mine {
		b.asked(s)
	}
	b.back(s)
}

// asked counts a sale that was asked for on this day.
func (b *Books) asked(s *sale.Sale) {
	switch s.State {
	case sale.Paid:
		b.paid(s)
	case sale.Declined:
		b.Declined.add(s.Amount)
	case sale.Cancelled:
		b.Cancelled.add(s.Amount)
	case sale.Unsure:
		words := cmp.Or(s.Attention, s.Words, string(s.Reason))
		if s.GivenUp {
			b.GivenUp.add(s.Amount)
			words = "given up, still watched: " + words
		}
		b.Unsure.add(s, s.Amount, words)
	default:
		b.Waiting.add(s.Amount)
	}
	if s.Incident != "" {
		b.Incidents.add(s, cmp.Or(s.ApprovedAmount, s.Amount), s.Incident)
	}
}

func (b *Books) paid(s *sale.Sale) {
	switch s.Kind {
	case sale.CardAuth:
		b.Authorised.add(s.ApprovedAmount)
		return
	case sale.CardReturn:
		for _, g := range b.groups(s) {
			g.Refunds.add(s.ApprovedAmount)
			g.Net -= s.ApprovedAmount
		}
		if s.Reported == sale.ReportByHand {
			b.ByHand.add(s, s.ApprovedAmount, "given back without a sale: enter it at IOTPay by hand")
		}
		b.entered(s, s.ApprovedAmount)
		return
	}
	taken := s.Taken()
	if s.Kind == sale.CardComplete {
		b.Completed.add(taken)
	}
	for _, g := range b.groups(s) {
		g.Paid.add(taken)
		g.Net += taken
	}
	b.Asked.add(s.Amount)
	b.Tips.some(s.Tip)
	b.Surcharges.some(s.Surcharge)
	b.Cashback.some(s.Cashback)
	b.Rounding.some(s.Rounding)
	for _, t := range s.Taxes {
		g := groupOf(&b.Taxes, t.Name)
		g.Paid.add(t.Amount)
		g.Net += t.Amount
	}
	b.Due.some(s.Due)
	if s.Offline && s.Upload != sale.UploadConfirmed {
		b.Offline.add(s, taken, cmp.Or(string(s.Upload), "approved without the bank, not confirmed"))
	}
	switch s.Reported {
	case sale.ReportDone:
		b.Reported.add(taken)
		if !slices.ContainsFunc(s.Refunds, func(m sale.Movement) bool { return m.State == sale.MovementDone && correctedAfter(s, &m) }) {
			b.entered(s, taken) // it was the report that could not be made
		}
	case sale.ReportQueued:
		b.Queued.add(taken)
	case sale.ReportSetAside:
		b.SetAside.add(s, taken, "refused by IOTPay: its words stand in the queue")
	case sale.ReportWithdrawn:
		b.Withdrawn.add(taken)
	case sale.ReportByHand:
		b.ByHand.add(s, taken, "no report was made: report it at IOTPay by hand")
	}
}

// back counts the refunds and voids of this day.
func (b *Books) back(s *sale.Sale) {
	undone, entered := sale.Amount(0), sale.Amount(0)
	for _, m := range s.Refunds {
		if !b.givenBack(&m) {
			continue
		}
		switch {
		case m.State == sale.MovementRefused:
			b.BackRefused.add(m.Amount)
		case m.State == sale.MovementKept:
			b.BackKept.add(m.Amount)
		case m.State != sale.MovementDone:
			b.BackOpen.add(s, m.Amount, string(m.Kind)+" "+string(m.State)+" "+m.ID)
		case s.State != sale.Paid: // its money is in no total
			b.PartialVoids.add(m.Amount)
		case s.Kind == sale.CardAuth:
			b.Released.add(m.Amount)
		case s.Kind == sale.CardReturn: // given, and taken back
			for _, g := range b.groups(s) {
				g.Voids.add(-m.Amount)
				g.Net += m.Amount
			}
		default:
			amount := m.Amount
			if m.Kind == sale.Void { // all of it, also what the approved amount does not hold
				amount = s.Taken()
			}
			for _, g := range b.groups(s) {
				line := &g.Refunds
				if m.Kind == sale.Void {
					line = &g.Voids
				}
				line.add(amount)
				g.Net -= amount
			}
			if correctedAfter(s, &m) {
				entered += amount
			} else {
				undone += amount
			}
		}
	}
	if s.Method != sale.Card || s.Reported == sale.ReportNotNeeded || s.Reported == sale.ReportWithdrawn {
		return
	}
	if undone > 0 {
		b.ByHand.add(s, undone, "given back: correct it at IOTPay by hand")
	}
	if entered > 0 {
		b.entered(s, entered)
	}
}

// correctedAfter reports whether a person entered s at the gateway when m was done already.
func correctedAfter(s *sale.Sale, m *sale.Movement) bool {
	return s.Corrected != nil && m.FinalAt != nil && !m.FinalAt.After(s.Corrected.At)
}

// entered names who has done by hand what was to be done at the gateway, if anybody has.
func (b *Books) entered(s *sale.Sale, a sale.Amount) {
	if w := s.Corrected; w != nil {
		b.Entered.add(s, a, strings.TrimSuffix(w.By+": "+w.Reason, ": "))
	}
}

// groups returns the total and every other group that s belongs to.
func (b *Books) groups(s *sale.Sale) []*BookGroup {
	list := []*BookGroup{&b.Total, groupOf(&b.Methods, string(s.Method))}
	switch {
	case s.Method == sale.Cash:
		return list
	case s.Method.Wallet():
		return append(list, groupOf(&b.Wallets, walletOf(s)))
	}
	kind := "unknown"
	if s.Card != nil && s.Card.Type != "" {
		kind = s.Card.Type
	}
	return append(list, groupOf(&b.CardTypes, kind))
}

// EndedIn reports whether a sale or a movement of it ended in a day, and whether
// that left something in the terminal's batch.
func EndedIn(day int, s *sale.Sale) (mine, card bool) {
	mine = s.Day == day
	card = mine && s.Method == sale.Card && s.State == sale.Paid
	for _, m := range s.Refunds {
		mine = mine || m.Day == day
		card = card || m.Day == day && s.Method == sale.Card && m.State == sale.MovementDone
	}
	return mine, card
}

// walletOf names the wallet; a scanned code's is known by its channel.
func walletOf(s *sale.Sale) string {
	if s.Method != sale.Scan {
		return string(s.Method)
	}
	return cmp.Or(string(s.ChannelID.Wallet()), "unknown")
}

// groupOf returns the group of that name, made if it is the first of its kind.
func groupOf(list *[]BookGroup, name string) *BookGroup {
	i := slices.IndexFunc(*list, func(g BookGroup) bool { return g.Name == name })
	if i < 0 {
		i = len(*list)
		*list = append(*list, BookGroup{Name: name})
	}
	return &(*list)[i]
}
