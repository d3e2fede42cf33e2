package printer

import (
	"cmp"
	"strings"
	"time"

	"posd/device/sale"
)

// card lays a card transaction out, however it ended: a purchase, an amount
// held and taken later, or money given to a card.
func (p *page) card(r sale.Receipt) {
	s := r.Sale
	c := orNone(s.Card)
	p.text(Bold, Centre, p.Record)
	p.blank()
	p.text(Bold, Left, p.kindName(s))
	p.pair(0, p.DateTime, p.when(c, s.FinalAt, s.CreatedAt))
	p.pair(0, p.Bill, s.Reference)
	if !p.CardQR {
		p.pair(0, p.SaleNo, string(s.ID))
	}
	p.pair(0, p.PreAuth, string(s.Original))
	p.cardFacts(c, s.State == sale.Declined)
	p.rule()
	p.bought(s)
	p.amounts(s)
	p.rule()
	p.chip(c)
	p.outcome(s, c)
	p.cardCopy(r.Copy, c, s.State == sale.Paid, s.Kind == sale.CardReturn)
}

// kindName is what the terminal was asked for.
func (p *page) kindName(s sale.Sale) string {
	switch s.Kind {
	case sale.CardReturn:
		return p.Refund
	case sale.CardAuth:
		return p.PreAuth
	case sale.CardComplete:
		return p.Completion
	}
	return p.Purchase
}

// orNone is c, or a card of which nothing is known.
func orNone(c *sale.CardInfo) *sale.CardInfo {
	if c == nil {
		return &sale.CardInfo{}
	}
	return c
}

// cardMovement lays a refund to the card, or a void, out. What the terminal
// said of the sale stands under its own heading: it is the original's. What it
// said of the movement itself, if it said anything, stands above.
func (p *page) cardMovement(r sale.Receipt, m sale.Movement) {
	s := r.Sale
	first := orNone(s.Card)
	own := movementCard(m, first)
	p.text(Bold, Centre, p.Record)
	p.blank()
	p.text(Bold, Left, p.movementName(m))
	p.pair(0, p.DateTime, p.when(own, m.FinalAt, m.CreatedAt))
	p.pair(0, p.movementNo(m), m.ID)
	p.cardFacts(own, m.State == sale.MovementRefused && m.Card != nil)
	p.pair(0, p.By, m.By)
	p.rule()
	p.total(p.movementName(m), s.Currency, m.Amount)
	p.rule()
	p.chip(own)
	if s.State == sale.Paid {
		p.original(s, first)
	}
	p.blank()
	p.movementOutcome(m, own, p.Approved, p.Declined)
	p.cardCopy(r.Copy, own, m.State == sale.MovementDone && m.Kind == sale.Refund, true)
}

// movementCard is what the terminal said of a movement. Which card it was is
// known from the sale where the answer leaves it out; how the card was read is
// not: a void and a refund by number read none.
func movementCard(m sale.Movement, of *sale.CardInfo) *sale.CardInfo {
	own := *orNone(m.Card)
	own.Type, own.Number = cmp.Or(own.Type, of.Type), cmp.Or(own.Number, of.Number)
	own.Account, own.TerminalID = cmp.Or(own.Account, of.Account), cmp.Or(terminalID(&own), terminalID(of))
	return &own
}

// original prints the sale that a refund or void belongs to.
func (p *page) original(s sale.Sale, c *sale.CardInfo) {
	if p.lines[len(p.lines)-1].Kind != KindRule {
		p.blank()
	}
	p.text(Bold, Left, p.Original)
	p.pair(0, p.SaleNo, string(s.ID))
	p.pair(0, p.Bill, s.Reference)
	p.pair(0, p.DateTime, p.when(c, s.FinalAt, s.CreatedAt))
	p.pair(0, p.Entry, p.entry(c.Entry))
	p.pair(0, p.Reference, reference(c))
	p.pair(0, p.Auth, safe(c.AuthCode))
	p.pair(0, p.totalName(s), s.Currency+" "+s.ApprovedAmount.String())
}

func (p *page) movementName(m sale.Movement) string {
	if m.Kind == sale.Void {
		return p.Void
	}
	return p.Refund
}

// movementNo names posd's number of a refund or void; the terminal's is a reference.
func (p *page) movementNo(m sale.Movement) string {
	if m.Kind == sale.Void {
		return p.Void
	}
	return p.RefundNo
}

// movementOutcome says what became of a refund or void; c is what the card
// terminal said of it.
func (p *page) movementOutcome(m sale.Movement, c *sale.CardInfo, done, refused string) {
	switch m.State {
	case sale.MovementDone:
		p.verdict(c, done, "")
	case sale.MovementRefused, sale.MovementKept:
		p.verdict(c, refused, m.Words)
	default:
		p.text(Bold, Centre, p.Unknown)
	}
}

// cardFacts prints what identifies the transaction, as the terminal gave it.
func (p *page) cardFacts(c *sale.CardInfo, declined bool) {
	p.pair(0, p.Card, cardName(safe(c.Type)))
	p.pair(0, p.CardNumber, MaskCard(c.Number))
	p.pair(0, p.Account, p.account(c))
	p.pair(0, p.Entry, p.entry(c.Entry))
	p.pair(0, p.Reference, reference(c))
	p.pair(0, p.Retrieval, safe13(c.Reference))
	p.pair(0, p.Terminal, terminalID(c))
	p.pair(0, p.Invoice, safe(c.Invoice))
	switch {
	case c.AuthCode != "":
		p.pair(0, p.Auth, safe(c.AuthCode))
	case declined:
		p.title(0, p.Auth, "")
	}
}

// chip prints what the card's chip said.
func (p *page) chip(c *sale.CardInfo) {
	if c.AID == "" && c.Label == "" {
		return
	}
	p.text(0, Left, safe(c.Label))
	p.pair(0, p.AID, c.AID)
	p.pair(0, p.TVR, c.TVR)
	p.pair(0, p.TSI, c.TSI)
	// "ARQC: 3D36ACBD44BE512B": which one it is stands before it. All its digits
	// may be below ten; it is a cryptogram all the same.
	if name, value, ok := strings.Cut(c.Cryptogram, ": "); ok {
		p.pair(0, name, value)
	}
}

// amounts prints asked, tip, cashback, surcharge and total; of a partial
// approval what was taken and what is still due.
func (p *page) amounts(s sale.Sale) {
	if s.State == sale.Paid && s.Due > 0 {
		p.amount(p.Asked, s.Charged())
		p.total(p.totalName(s), s.Currency, cmp.Or(s.Taken(), s.ApprovedAmount))
		if s.Captures() {
			p.pair(Bold, p.Due, s.Currency+" "+s.Due.String())
		}
		return
	}
	if s.Captures() || s.Amount != s.Charged() {
		p.amount(p.Amount, s.Amount)
	}
	p.amount(p.Tip, s.Tip)
	p.amount(p.Cashback, s.Cashback)
	p.amount(p.Surcharge, s.Surcharge)
	p.total(p.totalName(s), s.Currency, s.Charged())
}

// totalName says what the total is: money taken, given, or held until later.
func (p *page) totalName(s sale.Sale) string {
	switch {
	case s.Kind == sale.CardReturn:
		return p.Refund
	case s.Kind == sale.CardAuth && s.State == sale.Paid:
		return p.Held
	case s.Kind == sale.CardAuth:
		return p.Amount
	}
	return p.Total
}

// outcome prints the answer: posd's words for it, and the host's own.
func (p *page) outcome(s sale.Sale, c *sale.CardInfo) {
	p.blank()
	verdict, words := p.Unknown, ""
	switch s.State {
	case sale.Paid:
		verdict = p.Approved
		if s.Due > 0 {
			verdict = p.Partial
		}
	case sale.Declined:
		verdict, words = p.Declined, s.Words
	case sale.Cancelled:
		verdict, words = p.Incomplete, s.Words
	}
	p.verdict(c, verdict, words)
	switch {
	case s.State != sale.Paid:
	case s.Kind == sale.CardAuth:
		p.text(Bold, Centre, p.NotCharged)
	case s.Kind == sale.CardReturn:
		p.text(Bold, Centre, p.Refunded)
	}
	if s.State == sale.Paid && s.Offline {
		p.text(0, Centre, p.Offline)
	}
	if s.Resolved != nil {
		p.text(0, Centre, p.Resolved+": "+s.Resolved.By)
	}
}

// verdict prints the host's code, posd's words for it, and the host's text;
// where the host gave none, words.
func (p *page) verdict(c *sale.CardInfo, verdict, words string) {
	p.text(Bold, Centre, strings.TrimSpace(safe(c.HostCode)+" "+verdict))
	switch text := safe(c.HostText); {
	case text == "":
		p.text(0, Centre, safe(words))
	case !strings.Contains(verdict, strings.ToUpper(text)):
		p.text(0, Centre, text)
	}
}

// cardCopy prints how the cardholder was verified and for whom the copy is.
// Where the card was not asked, a refund to a credit card is signed for; so is a
// card that was swiped or keyed, unless the shop says that it need not be.
func (p *page) cardCopy(copy sale.Copy, c *sale.CardInfo, approved, back bool) {
	unsigned := p.NoSignature && c.Unverified()
	signs := c.CVM == "signature" || c.Unverified() && !unsigned || back && c.CVM == "" && c.Account == "" && !c.Interac()
	switch {
	case !approved:
	case copy == sale.MerchantCopy && signs:
		p.blank()
		p.blankLines(2)
		p.rule()
		p.text(0, Centre, p.Sign)
	case back:
	case c.CVM == "pin":
		p.text(0, Centre, p.PIN)
	case c.CVM == "none" || c.CVM == "device" || unsigned:
		p.text(0, Centre, p.NoSign)
	}
	p.blank()
	if copy == sale.MerchantCopy {
		p.text(0, Centre, p.Merchant)
		return
	}
	p.text(0, Centre, p.Retain)
	p.text(0, Centre, p.Customer)
}

// blankLines leaves room to sign.
func (p *page) blankLines(n int) {
	for range n {
		p.lines = append(p.lines, Line{})
	}
}

// timeForm is year, month, day and 24 hours: read the same way in every language here.
const timeForm = "2006-01-02 15:04:05"

// when is the terminal's own time if it told one, else posd's in the shop's zone.
func (p *page) when(c *sale.CardInfo, final *time.Time, created time.Time) string {
	if t, err := time.Parse("20060102150405", c.TerminalTime); err == nil {
		return t.Format(timeForm)
	}
	if final != nil {
		created = *final
	}
	return created.In(p.Zone).Format(timeForm)
}

// account is the account of a debit card, none for credit. A tapped Interac card
// always takes its default one.
func (p *page) account(c *sale.CardInfo) string {
	if c.Interac() && c.Entry == sale.EntryTap {
		return p.Flash
	}
	switch a := strings.ToLower(c.Account); a {
	case "chequing", "checking", "cheque":
		return p.Chequing
	case "savings", "saving":
		return p.Savings
	case "default":
		return p.Flash
	default:
		return strings.ToUpper(safe(a))
	}
}

func (p *page) entry(e sale.EntryMode) string {
	switch e {
	case sale.EntryChip:
		return p.Chip
	case sale.EntryTap:
		return p.Tap
	case sale.EntrySwipe:
		return p.Swiped
	case sale.EntryManual:
		return p.Manual
	}
	return strings.ToUpper(string(e))
}

// cardName is the card's name; the Canadian debit scheme is called by its own.
func cardName(t string) string {
	if strings.EqualFold(t, "debit") {
		return "INTERAC"
	}
	return strings.ToUpper(t)
}

// terminalID is the bank's number of the terminal, or else the terminal's own.
func terminalID(c *sale.CardInfo) string { return cmp.Or(c.TerminalID, c.Serial) }

// reference is terminal, batch and sequence with the letter of the entry.
func reference(c *sale.CardInfo) string {
	letter := map[sale.EntryMode]string{sale.EntryChip: "C", sale.EntryTap: "H", sale.EntrySwipe: "S", sale.EntryManual: "M"}[c.Entry]
	if c.Transaction == "" {
		return ""
	}
	return strings.Join(strings.Fields(terminalID(c)+" "+safe(c.Batch)+" "+safe(c.Transaction)+" "+letter), " ")
}
