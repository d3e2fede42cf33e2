package core

import (
	"fmt"
	"slices"
	"time"

	"posd/device/sale"
)

// queueReport puts the report of an approved card sale into the same transaction as its paid.
func (c *Machine) queueReport(l *live, a sale.CardAnswer) {
	no := c.newID()
	l.s.MchOrderNo, l.s.Reported = no, sale.ReportQueued
	r := sale.Report{
		No: no, Sale: l.s.ID, Amount: l.s.Taken(), Currency: l.s.Currency,
		QueuedAt: c.wall(), QueuedAfter: c.running().Truncate(time.Second), DueAt: c.steady(),
	}
	c.queue.waits = true
	if !c.anchored {
		c.noteRunning()
	} else if !c.saveAt.on() && c.counting() {
		c.saveAt = c.timer(saveRunning)
	}
	state := sale.QueueDue
	params, err := c.makers.Report(no, r.Amount, r.Currency, a.Extra)
	switch {
	case a.ExtraErr != "" || err != nil:
		state, r.Words = sale.QueueSetAside, a.ExtraErr
		if err != nil {
			r.Words = err.Error()
		}
		l.s.Reported = sale.ReportSetAside
	case l.s.Offline:
		state, r.Words = sale.QueueHeld, "approved offline: waits for the terminal's upload"
	case l.s.Incident != "":
		state, r.Words = sale.QueueHeld, "waits for a person: "+l.s.Incident
	}
	r.Params = params
	c.reportIs(r, state)
	c.queue.fresh[no] = true
	c.touch(l)
	if state == sale.QueueDue && c.queue.link == LinkUp {
		c.queue.at = c.soon()
	}
	c.after(TellQueue{})
}

// reportIs stores a queue entry in a state: the one place where a report
// changes it. A change that the table does not know is not made.
func (c *Machine) reportIs(r sale.Report, state sale.ReportState) {
	if r.State.CanBecome(state) {
		r.State = state
	}
	c.queue.written(r.No)
	c.row(sale.ReportRow{Report: r})
}

// reportGone removes a queue entry, and the expiry with it.
func (c *Machine) reportGone(no string, how sale.Reported) {
	c.queue.written(no)
	c.row(sale.ReportGone{No: no, How: how})
}

// withdrawable notes that a report in the journal was never handed out in this run.
func (q *queue) withdrawable(r *sale.Report) {
	if r != nil && r.Attempted {
		delete(q.fresh, r.No)
	}
}

// take withdraws a report if IOTPay cannot have heard of it.
func (q *queue) take(no string) bool {
	ok := q.fresh[no]
	delete(q.fresh, no)
	return ok
}

// happen hands what was claimed to the outbox.
func (w ReportsDue) happen(c *Machine) {
	q := &c.queue
	reports, all := q.claimed(w.Reports)
	if len(w.Reports) == 0 {
		if w.NextDue.IsZero() {
			q.fails, q.waits = 0, false
			if q.link == LinkStopped {
				c.linkIs(LinkUp, "", false) // nothing is left to be refused
			}
		}
		if !w.NextDue.IsZero() {
			wait := min(max(w.NextDue.Sub(c.steady()), time.Second), c.policy.BackoffMax)
			q.at = c.timer(wait)
		}
		return
	}
	if !all || len(reports) == 0 && q.batches == 0 {
		q.at = c.soon()
	}
	if len(reports) == 0 {
		return // the answers to what is out say when to ask again
	}
	q.batches++
	if c.beforeFirst(reports) {
		return
	}
	c.hand(reports)
	c.now(SendReports{Reports: reports})
}

// hand marks reports as handed to the outbox: from here on the gateway may know them.
func (c *Machine) hand(reports []sale.Report) {
	q := &c.queue
	for i := range reports {
		r := &reports[i]
		r.Attempted = !q.fresh[r.No] || r.Attempts > 0
		delete(q.fresh, r.No)
		q.out[r.No] = true
	}
}

// happen takes the answers to a batch of reports, in one commit. What is answered
// about a report concerns that report: it is tried again by itself, and others
// meanwhile. Only where none passed and the link may be why is the gateway asked
// whether it is there, and the reports wait for that. Nothing here makes wallets
// unavailable.
func (w ReportsAnswered) happen(c *Machine) {
	q := &c.queue
	q.batches--
	q.back(w.Answers)
	passed, pause := false, time.Duration(0)
	var odd []ReportAnswer
	for _, ra := range w.Answers {
		r, a := ra.Report, ra.Answer
		switch {
		case ra.confirms():
			c.reported(r)
			passed = true
		case a.Result == sale.GatewayExists:
			c.setAside(r, "the number was taken at the first try: "+a.Words)
		default:
			odd = append(odd, ra)
			pause = max(pause, a.RetryAfter)
		}
	}
	if passed {
		q.fails, q.same, q.streak = 0, "", nil
		for _, s := range q.suspect {
			s.passed = true
		}
	}
	for _, ra := range odd {
		if ra.Answer.OfLink() && !passed {
			q.lost = append(q.lost, ra)
			q.out[ra.Report.No] = true
		} else {
			c.postpone(ra.Report, ra.Answer)
		}
	}
	c.planClaim(passed, pause)
	if len(q.lost) > 0 {
		c.probeLink()
	}
	c.firstAnswered(w.Answers)
	c.after(TellQueue{})
}

// confirms reports whether the gateway has taken a report.
func (ra ReportAnswer) confirms() bool {
	return ra.Answer.Result == sale.GatewayOK && ra.Answer.Verified || ra.Answer.Result == sale.GatewayExists && ra.Report.Attempted
}

// planClaim says when reports are taken up next.
func (c *Machine) planClaim(passed bool, pause time.Duration) {
	q := &c.queue
	switch {
	case len(q.streak) >= 3:
		c.linkIs(LinkStopped, fmt.Sprintf("three different reports in a row were answered with the same words: %s", q.same), false)
		c.backOff(pause)
	case q.away: // the link has its own schedule
	case passed:
		c.linkIs(LinkUp, "", false)
		q.at = c.soon()
	default:
		c.linkIs(LinkUp, "", false)
		q.at = c.timer(max(time.Second, pause))
	}
}

// reported removes a report on confirmation.
func (c *Machine) reported(r sale.Report) {
	delete(c.queue.suspect, r.No)
	c.reportGone(r.No, sale.ReportDone)
	c.row(sale.EventRow{At: c.wall(), Sale: r.Sale, Kind: "report.done", Data: sale.EventData{}})
	c.fact(r.Sale, "", sale.ReportDone)
	c.urgent()
}

// A report is set aside after so many answers that were none, over so long, each
// with another report passing since the one before.
const (
	setAsideAfter = 3
	setAsideOver  = 2 * time.Minute
)

// postpone tries a report again later, by itself, or sets it aside where others pass
// and it does not. Words of patience are never held against it.
func (c *Machine) postpone(r sale.Report, a sale.GatewayAnswer) {
	q := &c.queue
	if a.Words != q.same {
		q.same, q.streak = a.Words, nil
	}
	if !slices.Contains(q.streak, r.No) && len(q.streak) < 3 {
		q.streak = append(q.streak, r.No)
	}
	if a.Concern != sale.ConcernPatience {
		s := q.suspect[r.No]
		switch {
		case s == nil:
			q.suspect[r.No] = &suspect{since: c.mono(), times: 1}
		case s.passed:
			s.times++
			s.passed = false
		}
		if s != nil && s.times >= setAsideAfter && c.mono()-s.since >= setAsideOver {
			delete(q.suspect, r.No)
			c.setAside(r, a.Words)
			return
		}
	}
	r.Attempts++
	r.Words = a.Words
	r.DueAt = c.steady().Add(max(c.jitter(min(2*time.Second<<min(r.Attempts, 10), c.policy.BackoffMax)), a.RetryAfter))
	c.reportIs(r, sale.QueueDue)
}

// setAside puts a report where a person sees it, with the gateway's words.
func (c *Machine) setAside(r sale.Report, words string) {
	r.Words = words
	c.reportIs(r, sale.QueueSetAside)
	c.row(sale.EventRow{At: c.wall(), Sale: r.Sale, Kind: "report.set-aside", Data: sale.EventData{Words: words}})
	c.fact(r.Sale, "", sale.ReportSetAside)
	c.log(nil, true, "report set aside", r.No+": "+words)
	c.urgent()
}

// happen requeues what a person has mended, or lets go of a report that was held
// for a person's decision: an incident, or an offline approval found uploaded.
func (w RetryAsked) happen(c *Machine) {
	if c.lacks(w.Token, sale.RightManage) {
		return
	}
	n := 0
	for _, r := range w.Reports {
		if r.State == sale.QueueDue || r.Params == "" {
			continue
		}
		if r.State == sale.QueueSetAside { // it was tried before; a held one was not
			r.Attempts, r.Attempted = r.Attempts+1, true
		}
		delete(c.queue.suspect, r.No)
		c.release(r)
		c.row(sale.EventRow{At: c.wall(), Sale: r.Sale, Kind: "report.retried", Data: sale.EventData{Words: r.No, Acted: c.in.Actor.Acted()}})
		n++
	}
	if n == 0 && len(w.Reports) > 0 {
		c.refuseRetry(w)
		return
	}
	c.urgent()
	c.queue.at = c.soon()
	c.queue.streak, c.queue.same = nil, ""
	c.after(Reply{Token: w.Token, Count: n})
	c.after(TellQueue{})
}

// refuseRetry says why none of the reports goes back into the queue.
func (c *Machine) refuseRetry(w RetryAsked) {
	r := w.Reports[0]
	if r.State == sale.QueueDue {
		c.refuse(w.Token, sale.ErrNotPossible, r.Sale, "report %s is in the queue already: it goes to IOTPay by itself", r.No)
		return
	}
	c.refuse(w.Token, sale.ErrNotPossible, r.Sale, "report %s of sale %s cannot be sent however often it is tried (%s): enter the sale at IOTPay by hand", r.No, r.Sale, r.Words)
}

// release makes a report due that was held or set aside.
func (c *Machine) release(r sale.Report) {
	r.DueAt = c.steady()
	c.queue.waits = true
	c.reportIs(r, sale.QueueDue)
	c.fact(r.Sale, "", sale.ReportQueued)
	if c.queue.link == LinkUp {
		c.queue.at = c.soon()
	}
}
