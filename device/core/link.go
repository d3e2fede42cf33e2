package core

import (
	"cmp"
	"time"

	"posd/device/sale"
)

// States of the link to the gateway.
const (
	LinkUp      = "up"
	LinkDown    = "down"    // no answers: one probe per backoff, then everything that is due
	LinkStopped = "stopped" // answers that concern every report: one probe per backoff, nothing is set aside
)

// At most batchesOut batches of claimSize reports are with the outbox: one whose answers
// come in and are committed, and one that keeps its workers busy meanwhile. What a crash
// has sent again, under the same numbers, is no more than that.
const (
	claimSize  = 64
	batchesOut = 2
)

// quietFor is how long nothing may be heard of the gateway before it is asked
// whether it is there, so that a dead line is known before the next customer.
const quietFor = 5 * time.Minute

// queue is the link to the gateway and the schedule of reports (money rule 4).
// The reports themselves are in the journal.
type queue struct {
	link    string
	words   string        // why it is not up
	away    bool          // wallets are refused: the gateway is silent, or refuses us altogether
	fails   int           // in a row, of the link
	at      timer         // when the gateway is turned to next: a claim if the link is up, else a probe; 0: nothing is due
	heard   time.Duration // when an answer was last heard
	probing bool
	waits   bool // reports wait, as far as is known

	claiming int             // how many reports the claim under way wants; 0: none is under way
	changed  map[string]bool // reports written since that claim was made
	batches  int             // handed out and not answered
	out      map[string]bool // reports of theirs, and of lost: they are due in the journal, and are not handed out again

	fresh   map[string]bool     // queued in this run and never handed to the outbox: certainly unknown to IOTPay
	suspect map[string]*suspect // reports that did not pass, by number
	streak  []string            // different reports answered with the same words in a row
	same    string              // those words
	lost    []ReportAnswer      // of which the probe under way says whether the link was at fault
}

// suspect is a report that did not pass. While others do, it is at fault itself.
type suspect struct {
	since  time.Duration // when it did not pass for the first time
	times  int           // how often not, with others passing in between
	passed bool          // another report has passed since the last time
}

func newQueue() queue {
	return queue{link: LinkUp, changed: map[string]bool{}, out: map[string]bool{}, fresh: map[string]bool{}, suspect: map[string]*suspect{}}
}

// held reports whether an answer must come before the gateway is turned to. While the
// link is in doubt, what is out alone tries it.
func (q *queue) held() bool {
	return q.probing || q.claiming > 0 || q.batches >= batchesOut || q.batches > 0 && (q.link != LinkUp || q.fails > 0)
}

// next returns when the link wants to be looked at.
func (q *queue) next() timer {
	switch {
	case q.held():
		return timer{}
	case q.at.on():
		return q.at
	case q.batches > 0:
		return timer{}
	}
	return timer{q.heard + quietFor}
}

// queueDue claims reports when it is time, or probes a link that is not up or
// has been quiet for long.
func (c *Machine) queueDue() {
	q := &c.queue
	if !c.has.Gateway || q.held() {
		return
	}
	due := q.at.over(c.mono())
	switch {
	case due && q.link == LinkUp:
		n := claimSize
		if q.fails > 0 {
			n = 1 // one report tries the link; when it passes, the rest follow
		}
		q.at = timer{}
		c.claim(n)
	case due, c.mono() >= q.heard+quietFor && q.batches == 0:
		q.probing = true
		if q.link != LinkUp {
			q.at = timer{}
		}
		c.now(Probe{})
	}
}

// happen takes a probe's answer. It is the judge of the link: where it is answered
// well, whatever a call met was that call's own.
func (w Probed) happen(c *Machine) {
	q, a := &c.queue, w.Answer
	q.probing = false
	lost := q.lost
	q.lost = nil
	q.back(lost)
	if a.OfLink() {
		q.heard = max(c.mono(), 1)
		c.gatewayBad(a) // the reports that were lost stay due: they go when it comes back
		return
	}
	c.gatewayHeard(a)
	for _, ra := range lost {
		c.postpone(ra.Report, ra.Answer)
	}
	if len(lost) > 0 {
		c.planClaim(false, 0)
		c.after(TellQueue{})
	}
	if q.link == LinkUp {
		q.fails = 0
	}
	if q.link == LinkStopped && !q.away && !q.held() && (!q.at.on() || q.at.over(c.mono())) {
		c.claim(1) // the gateway is well: one report tries whether it takes them again
	}
}

// claim takes up to n due reports up, unless the first one of an installation is
// being watched.
func (c *Machine) claim(n int) {
	if n, ok := c.mayReport(n); ok {
		q := &c.queue
		q.claiming = n
		c.after(ClaimDue{N: n + len(q.out), Now: c.steady()}) // what is out is still due, and stands before the others
	}
}

// claimed ends the claim under way and returns what may be handed out of the reports that
// it read, and whether that is all there is. What is out is not handed out again, nor what
// was written since: it may be confirmed, withdrawn or postponed by now.
func (q *queue) claimed(read []sale.Report) (reports []sale.Report, all bool) {
	for _, r := range read {
		if !q.out[r.No] && !q.changed[r.No] && len(reports) < q.claiming {
			reports = append(reports, r)
		}
	}
	all = len(reports) < q.claiming
	q.claiming = 0
	clear(q.changed)
	return reports, all
}

// written notes that the claim under way may have read what a report was before.
func (q *queue) written(no string) {
	if q.claiming > 0 {
		q.changed[no] = true
	}
}

// back takes reports back that were out.
func (q *queue) back(answers []ReportAnswer) {
	for _, ra := range answers {
		delete(q.out, ra.Report.No)
	}
}

// gatewayHeard learns from the answers to wallets' calls, and from silence, how
// the link is. What an answer says of one order, refund or channel is no word
// about it. A call that did not leave the box closes the link at once; what else
// may be the link's or that one call's is the probe's to tell.
func (c *Machine) gatewayHeard(a sale.GatewayAnswer) {
	q := &c.queue
	q.heard = max(c.mono(), 1)
	if a.OfLink() {
		if a.Result == sale.GatewayNotSent || q.away {
			c.gatewayBad(a)
		} else {
			c.probeLink()
		}
		return
	}
	if q.link == LinkUp && !q.away {
		return
	}
	if q.link == LinkStopped && !q.away {
		return // stopped by the words of three reports: only a report that passes mends it
	}
	c.linkIs(LinkUp, "", false)
	q.at = c.soon()
	for _, l := range c.byAge {
		if w := l.watch; w != nil && !w.asking && w.at.at > c.mono()+2*time.Second {
			w.at = c.timer(c.jitter(2 * time.Second))
		}
	}
}

// probeLink asks the gateway whether it is there, unless it is being asked.
func (c *Machine) probeLink() {
	if q := &c.queue; !q.probing {
		q.probing = true
		c.now(Probe{})
	}
}

// gatewayBad notes a gateway that is silent (down) or refuses us (stopped).
func (c *Machine) gatewayBad(a sale.GatewayAnswer) {
	link := LinkDown
	if a.Trouble == sale.TroubleKey || a.Result == sale.GatewayUnverified {
		link = LinkStopped
	}
	c.linkIs(link, cmp.Or(a.Words, "the gateway does not answer"), true)
	c.backOff(a.RetryAfter)
}

// backOff plans the next probe: full jitter up to the longest backoff.
func (c *Machine) backOff(least time.Duration) {
	q := &c.queue
	d := min(time.Second<<min(q.fails, 10), c.policy.BackoffMax)
	q.fails++
	q.at = c.timer(max(c.jitter(d), least))
}

// linkIs notes the link's state and says it when it changed: the one place
// where the link changes its state. Any state may follow any:
//
//	        silence             refused words or an untrusted answer
//	up -----------------> down ------------------------------------+
//	 ^  <---- an answer ----+                                       v
//	 +------- a report passes, or an answer after trouble ------ stopped
func (c *Machine) linkIs(link, words string, away bool) {
	q := &c.queue
	if why := c.cardsStopped(); why != "" && link == LinkUp {
		link, words = LinkStopped, why
	}
	if q.link == link && q.away == away {
		q.words = words
		return
	}
	q.link, q.words, q.away = link, words, away
	c.log(nil, link != LinkUp, "link to the gateway is "+link, words)
	c.now(TellQueue{})
}
