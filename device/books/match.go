package books

import (
	"cmp"
	"slices"
	"strings"

	"posd/device/sale"
)

// Closing is what only a closing report has: its number, and how the journal
// compares with the terminal's batch and with the gateway. Every difference
// stands in a list by name.
type Closing struct {
	No       int           `json:"no"`
	By       string        `json:"by"`
	Gap      string        `json:"gap,omitempty"`      // posd was restored from a copy: what this report may be without
	Terminal *BatchMatch   `json:"terminal,omitempty"` // none: no card terminal
	Gateway  *GatewayMatch `json:"gateway,omitempty"`  // none: no gateway
}

// BatchMatch is the terminal's batch beside posd's card sales of it.
type BatchMatch struct {
	sale.BatchAnswer
	LostClose string      `json:"doubt,omitempty"` // an earlier close of this day whose answer was lost: the batch may be in two parts
	Kinds     []BatchKind `json:"kinds"`           // empty unless the batch was closed
	Apart     sale.Amount `json:"apart"`           // terminal less posd, of all kinds
	Elsewhere BookList    `json:"elsewhere"`       // card sales of the day that the terminal has in another batch, all of them if this one is empty
	Look      BookList    `json:"look"`            // of this batch: resolved or given back by a person, an incident, or offline and not confirmed
}

// BatchKind compares one kind of card, in sales less returns without voids.
type BatchKind struct {
	Tender   sale.Tender `json:"tender"`
	Terminal BookLine    `json:"terminal"`
	Posd     BookLine    `json:"posd"`
	Apart    sale.Amount `json:"apart"` // terminal less posd
}

// GatewayMatch is what the gateway says of the day's wallet sales and refunds.
type GatewayMatch struct {
	Agreed  BookLine `json:"agreed"`
	Apart   BookList `json:"apart"`   // the gateway says something else
	Unasked BookList `json:"unasked"` // the gateway gave no answer that counts
}

// MatchBatch compares the terminal's answer with the card sales and movements
// that ended in the days from to to.
func MatchBatch(from, to int, a sale.BatchAnswer, lostClose string, sales []sale.Sale) *BatchMatch {
	m := &BatchMatch{BatchAnswer: a, LostClose: lostClose, Kinds: []BatchKind{}, Elsewhere: noEntries(), Look: noEntries()}
	if a.End != sale.BatchClosed {
		return m
	}
	for _, t := range a.Totals {
		m.kind(t.Tender).Terminal = BookLine{t.Count, t.Amount}
	}
	for i := range sales {
		m.count(from, to, &sales[i])
	}
	for i := range m.Kinds {
		k := &m.Kinds[i]
		k.Apart = k.Terminal.Cents - k.Posd.Cents
		m.Apart += k.Apart
	}
	return m
}

func noEntries() BookList { return BookList{Sales: []BookEntry{}} }

func (m *BatchMatch) kind(t sale.Tender) *BatchKind {
	if t == "" {
		t = sale.Credit
	}
	i := slices.IndexFunc(m.Kinds, func(k BatchKind) bool { return k.Tender == t })
	if i < 0 {
		i = len(m.Kinds)
		m.Kinds = append(m.Kinds, BatchKind{Tender: t})
	}
	return &m.Kinds[i]
}

// count adds what a sale brought to the batch.
func (m *BatchMatch) count(from, to int, s *sale.Sale) {
	if s.Method != sale.Card {
		return
	}
	within := func(day int) bool { return day >= from && day <= to }
	voided := slices.ContainsFunc(s.Refunds, func(v sale.Movement) bool { return v.Kind == sale.Void && v.State == sale.MovementDone })
	if within(s.Day) && s.State == sale.Paid && s.Kind != sale.CardAuth && !voided {
		amount := s.ApprovedAmount
		if s.Kind == sale.CardReturn {
			amount = -amount
		}
		here := m.add(s, s.Card, amount, s.Day == to, "sale "+string(s.State))
		switch {
		case !here:
		case s.Resolved != nil:
			m.Look.add(s, amount, "resolved by "+s.Resolved.By+": "+s.Resolved.Reason)
		case s.Incident != "":
			m.Look.add(s, amount, s.Incident)
		case s.Offline && s.Upload != sale.UploadConfirmed:
			m.Look.add(s, amount, cmp.Or(string(s.Upload), "approved offline, upload not confirmed"))
		}
	}
	for i := range s.Refunds {
		if v := &s.Refunds[i]; v.Kind == sale.Refund && within(v.Day) && v.State == sale.MovementDone {
			if m.add(s, v.Card, -v.Amount, v.Day == to, "returned") && v.Card == nil {
				m.Look.add(s, -v.Amount, "returned by a person's word: "+v.Words)
			}
		}
	}
}

// add puts an amount into the batch, or names the other one that it is in; it
// reports whether it is in this one.
func (m *BatchMatch) add(s *sale.Sale, card *sale.CardInfo, amount sale.Amount, today bool, words string) (here bool) {
	switch {
	case card == nil:
	case !sameTerminal(card.Serial, m.Serial):
		if today { // what is older stood in the report of its own day
			m.Elsewhere.add(s, amount, words+", in batch "+card.Batch+" of terminal "+card.Serial)
		}
		return false
	case m.Empty: // the terminal settled it before
		m.Elsewhere.add(s, amount, strings.TrimSpace(words+", in an earlier batch "+card.Batch))
		return false
	case !sameBatch(card.Batch, m.Number):
		m.Elsewhere.add(s, amount, words+", in batch "+card.Batch)
		return false
	}
	m.kind(s.Tender).Posd.add(amount)
	return true
}

// sameTerminal compares serial numbers: each terminal counts its own batches.
func sameTerminal(a, b string) bool {
	return a == "" || b == "" || sale.SerialNumber(a) == sale.SerialNumber(b)
}

// sameBatch compares batch numbers, which are written with and without zeros in
// front; one that is not known may be any.
func sameBatch(a, b string) bool {
	return a == "" || b == "" || strings.TrimLeft(a, "0") == strings.TrimLeft(b, "0")
}

// Question is a line of the day that the gateway is asked about: a paid order,
// or a refund of one.
type Question struct {
	Sale   *sale.Sale
	Refund *sale.Movement // nil: the order itself
}

// Questions lists every wallet sale that was paid in a day, or that the gateway
// closed in it, and every refund that was done in it.
func Questions(no int, sales []sale.Sale) []Question {
	var list []Question
	for i := range sales {
		s := &sales[i]
		if !s.Method.Wallet() {
			continue
		}
		if s.Day == no && (s.State == sale.Paid || closed(s)) {
			list = append(list, Question{Sale: s})
		}
		for j := range s.Refunds {
			if m := &s.Refunds[j]; m.Day == no && m.State == sale.MovementDone {
				list = append(list, Question{Sale: s, Refund: m})
			}
		}
	}
	return list
}

// closed reports whether the gateway closed the order of a sale, as far as is known
// unpaid.
func closed(s *sale.Sale) bool {
	return s.State == sale.Cancelled && s.Reason == sale.ReasonClosed && s.ApprovedAmount == 0
}

// PaidThoughClosed reports whether an answer says that the order of a sale is paid
// which the gateway had closed.
func PaidThoughClosed(q Question, a sale.GatewayAnswer) bool {
	return q.Refund == nil && closed(q.Sale) && a.Result == sale.GatewayOK && a.Verified && a.Status.Paid()
}

// MatchGateway compares the day's lines with the gateway's answers to them, in
// the same order.
func MatchGateway(asked []Question, answers []sale.GatewayAnswer) *GatewayMatch {
	g := &GatewayMatch{Apart: noEntries(), Unasked: noEntries()}
	for i, q := range asked {
		switch {
		case q.Refund != nil:
			g.refund(q.Sale, q.Refund, answers[i])
		case PaidThoughClosed(q, answers[i]):
			g.Apart.add(q.Sale, cmp.Or(answers[i].Amount, q.Sale.Amount), "closed by the gateway, and paid all the same")
		case !closed(q.Sale):
			g.order(q.Sale, answers[i])
		}
	}
	return g
}

// order compares a paid wallet sale with the gateway's word on its order.
func (g *GatewayMatch) order(s *sale.Sale, a sale.GatewayAnswer) {
	switch {
	case a.Result != sale.GatewayOK || !a.Verified || a.Status == sale.StatusUnknown:
		g.Unasked.add(s, s.ApprovedAmount, cmp.Or(a.Words, "no answer"))
	case !a.Status.Paid() && s.Undone(): // what a refunded order's status becomes is not documented
		g.Unasked.add(s, s.ApprovedAmount, "given back, and its order is not called paid any more")
	case !a.Status.Paid():
		g.Apart.add(s, s.ApprovedAmount, "the gateway does not call it paid: "+cmp.Or(a.Words, "other status"))
	case a.Amount != 0 && a.Amount != s.ApprovedAmount:
		g.Apart.add(s, a.Amount-s.ApprovedAmount, "the gateway's amount is "+a.Amount.String())
	default:
		g.Agreed.add(s.ApprovedAmount)
	}
}

// refund compares a refund with the gateway's word on it.
func (g *GatewayMatch) refund(s *sale.Sale, m *sale.Movement, a sale.GatewayAnswer) {
	switch {
	case a.Result == sale.GatewayOK && a.Verified && a.Amount != 0 && a.Amount != m.Amount:
		g.Apart.add(s, m.Amount-a.Amount, "the gateway's amount of refund "+m.ID+" is "+a.Amount.String())
	case a.Result == sale.GatewayOK && a.Verified:
		g.Agreed.add(-m.Amount)
	case a.Result == sale.GatewayNotFound:
		g.Apart.add(s, m.Amount, "the gateway does not know refund "+m.ID)
	default:
		g.Unasked.add(s, -m.Amount, "refund "+m.ID+": "+cmp.Or(a.Words, "no answer"))
	}
}

// maxBatchDays bounds how many days one batch of a terminal may hold.
const maxBatchDays = 31

// BatchSince returns the first day whose card sales may be in the batch that day
// no closes: the one behind the last day that closed a batch of this terminal.
// closed reads a day's report.
func BatchSince(no int, terminal string, closed func(no int) (Books, error)) (int, error) {
	for first := max(1, no-maxBatchDays); no > first; no-- {
		b, err := closed(no - 1)
		if err != nil {
			return no, err
		}
		if t := b.Closing.Terminal; t == nil || t.End == sale.BatchClosed && sameTerminal(t.Serial, terminal) {
			return no, nil
		}
	}
	return no, nil
}
