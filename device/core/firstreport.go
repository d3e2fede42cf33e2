package core

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"posd/device/sale"
)

// firstReport guards a new installation against having misread the gateway's
// documents: what it takes for a report of a card payment may be the charge itself,
// and then every report would charge a second time. So the first one goes alone,
// while nothing is sold by card, and the terminal says before and after it what is in
// its batch:
//
//	due --> before --> sent --> after --> (passed: reports go on, for ever)
//	 ^        |          |        |
//	 +--------+----------+--------+       nothing left the box, it did not pass, or
//	                              |       the batch was settled: the next one, alone
//	                              +-----> stopped: there is more in it now; reports
//	                                      and card sales wait for a person
//
// From sent on it is remembered, so that a stop in the middle forgets nothing.
type firstReport struct {
	phase  firstPhase
	note   firstNote
	report sale.Report // before it is sent
	passed bool        // the gateway has taken it
	asked  int         // how often the terminal was asked in this run
	at     timer       // when it is asked again
}

type firstPhase int8

const (
	firstDone firstPhase = iota // passed, or not guarded
	firstDue
	firstBefore
	firstSent
	firstAfter
	firstStopped
)

// firstNote is what the journal keeps of it, under noteFirst.
type firstNote struct {
	State  string               `json:"state"`
	Report string               `json:"report,omitempty"`
	Before *sale.TerminalTotals `json:"before,omitempty"`
	Words  string               `json:"words,omitempty"`
}

// States of a firstNote.
const (
	notedDue     = "due"
	notedSent    = "sent"
	notedPassed  = "passed"
	notedStopped = "stopped"
)

const noteFirst = "first-report"

// firstCheck is what the terminal is claimed for from before to after.
const firstCheck = "first report"

// askTotalsAgain is the pause between two questions after the report was sent.
const askTotalsAgain = 5 * time.Second

// recoverFirst takes up where an earlier run left. An installation that has reported
// before, when posd did not remember this yet, has passed.
func (c *Machine) recoverFirst(r sale.Recovered) {
	f := &c.first
	_ = json.Unmarshal([]byte(r.Notes[noteFirst]), &f.note) // unreadable: begun anew
	switch {
	case f.note.State == notedPassed:
	case !c.has.Totals && f.note.State != "":
		c.firstIs(firstDone, firstNote{State: notedPassed, Words: "by configuration"})
	case !c.has.Totals:
	case f.note.State == notedStopped:
		f.phase = firstStopped
		c.linkIs(LinkStopped, f.note.Words, false)
	case f.note.State == notedSent && f.note.Before != nil:
		f.phase, f.at = firstAfter, c.soon()
		c.term.claim(firstCheck)
	case f.note.State == "" && r.Reported:
		c.firstIs(firstDone, firstNote{State: notedPassed, Words: "reported before"})
	default:
		f.phase = firstDue
	}
}

// firstIs remembers how far it is.
func (c *Machine) firstIs(phase firstPhase, n firstNote) {
	c.first.phase, c.first.note = phase, n
	c.note(noteFirst, n)
	c.urgent()
}

// mayReport says how many reports may be claimed at once, if any.
func (c *Machine) mayReport(n int) (int, bool) {
	switch c.first.phase {
	case firstDone:
		return n, true
	case firstDue:
		return 1, true
	}
	return 0, false
}

// cardsStopped says why no card sale is taken, or nothing.
func (c *Machine) cardsStopped() string {
	if c.first.phase == firstStopped {
		return c.first.note.Words
	}
	return ""
}

// beforeFirst has the terminal asked before the first report goes, and reports
// whether the report is taken care of.
func (c *Machine) beforeFirst(reports []sale.Report) bool {
	f := &c.first
	if f.phase != firstDue {
		return false
	}
	looking := slices.ContainsFunc(c.byAge, func(l *live) bool { return l.seek != nil && !l.seek.resolved })
	if looking {
		c.firstWaits("the first report waits until it is known how every card sale has ended: till then the terminal's batch cannot be compared before and after it")
	}
	if !c.term.free() || looking {
		c.queue.batches--
		c.backOff(time.Second)
		return true
	}
	f.phase, f.report, f.passed = firstBefore, reports[0], false
	c.term.claim(firstCheck)
	c.askTotals()
	return true
}

// askTotals asks the terminal. An answer to an earlier question, which a card sale
// overtook, counts no more.
func (c *Machine) askTotals() {
	c.first.asked++
	c.now(AskTotals{N: c.first.asked})
}

// happen sends the first report, or judges what came of it.
func (w TotalsTold) happen(c *Machine) {
	f, t := &c.first, w.Totals
	switch {
	case w.N != f.asked:
		return
	case f.phase == firstBefore && t.Told:
		c.firstIs(firstSent, firstNote{State: notedSent, Report: f.report.No, Before: &t})
		alone := []sale.Report{f.report}
		c.hand(alone)
		c.after(SendReports{Reports: alone})
	case f.phase == firstBefore:
		c.firstAgain()
		c.firstWaits("the first report waits until the terminal has said what is in its batch, to be compared afterwards (" + t.Words +
			"): bring the terminal to its start screen; if it cannot tell, ask IOTPay whether an order by CC_PAX only reports, and write first_report in [gateway]")
		c.backOff(0)
	case f.phase == firstAfter && t.Told:
		c.compareFirst(t)
	case f.phase == firstAfter:
		f.at = c.timer(askTotalsAgain)
		c.firstWaits("the first report was sent, and nothing else is until the terminal says that nothing was charged by it (" + t.Words +
			"): bring it to its start screen; if it cannot tell, ask IOTPay whether an order by CC_PAX only reports, and write first_report in [gateway]")
	}
	c.after(TellQueue{})
}

// firstWaits says why reports wait, unless the gateway is away anyway.
func (c *Machine) firstWaits(words string) {
	if !c.queue.away {
		c.linkIs(LinkStopped, words, false)
	}
}

// yieldFirst lets a card sale go first while nothing of the report has left.
func (c *Machine) yieldFirst() {
	if c.first.phase == firstBefore {
		c.firstAgain()
		c.backOff(0)
	}
}

// firstAgain goes back to the start: the next report is the first one.
func (c *Machine) firstAgain() {
	c.first.phase, c.queue.batches = firstDue, 0
	c.term.release(firstCheck)
}

// firstAnswered has the terminal asked again, once the first report may have arrived.
func (c *Machine) firstAnswered(answers []ReportAnswer) {
	f := &c.first
	if f.phase != firstSent {
		return
	}
	f.passed = slices.ContainsFunc(answers, ReportAnswer.confirms)
	if !slices.ContainsFunc(answers, func(ra ReportAnswer) bool { return ra.Answer.Result != sale.GatewayNotSent }) {
		c.firstAgain()
		c.firstIs(firstDue, firstNote{State: notedDue})
		return
	}
	f.phase = firstAfter
	c.askTotals()
}

// compareFirst judges by what is in the terminal's batch now.
func (c *Machine) compareFirst(now sale.TerminalTotals) {
	f, before := &c.first, *c.first.note.Before
	c.firstAgain()
	switch {
	case now.Same(before) && f.passed:
		c.firstIs(firstDone, firstNote{State: notedPassed, Report: f.note.Report})
		c.log(nil, false, "the first report charged nothing", f.note.Report)
	case now.Same(before), now.Emptied(before): // that it did not pass, or a settled batch, proves nothing
		c.firstIs(firstDue, firstNote{State: notedDue})
	default:
		words := fmt.Sprintf("STOPPED: the terminal's batch held %s before the first report (%s) and holds %s now, so IOTPay may have charged that card a second time. "+
			"Compare the terminal's batch with IOTPay's list, void what was charged twice, and ask IOTPay what an order by CC_PAX is: a charge (write driver = \"iotpay\" in [terminal]) "+
			"or a report (write first_report = \"trusted\" in [gateway])", before, f.note.Report, now)
		c.firstIs(firstStopped, firstNote{State: notedStopped, Report: f.note.Report, Words: words})
		c.row(sale.EventRow{At: c.wall(), Kind: "report.stopped", Data: sale.EventData{Words: words}})
		c.log(nil, true, "reports and card sales are stopped", words)
		c.linkIs(LinkStopped, words, false)
		return
	}
	if q := &c.queue; !q.away {
		c.linkIs(LinkUp, "", false)
		q.at = c.soon()
	}
}

// firstNext returns when the terminal is to be asked again.
func (c *Machine) firstNext() timer {
	if c.first.phase != firstAfter {
		return timer{}
	}
	return c.first.at
}

// firstAsk asks the terminal again.
func (c *Machine) firstAsk() {
	if c.firstNext().over(c.mono()) {
		c.first.at = timer{}
		c.askTotals()
	}
}
