package device

import (
	"time"

	"posd/device/sale"
)

// The link to the gateway.
const (
	linkUp      = "up"
	linkDown    = "down"    // no answers: one probe per backoff, then everything that is due
	linkStopped = "stopped" // answers that concern every report: one probe per backoff, nothing is set aside
)

// claimSize is how many reports are in the step's hands at most.
const claimSize = 64

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
	at      time.Duration // when the gateway is turned to next: a claim if the link is up, else a probe; 0: nothing is due
	heard   time.Duration // when an answer was last heard
	probing bool
	claimed bool // a claim or a batch is under way

	fresh   map[string]bool   // queued in this run and never handed to the outbox: certainly unknown to IOTPay
	suspect map[string]string // refused by themselves, by number, with the words
	streak  []string          // different reports refused with the same words in a row
	same    string            // those words
}

func newQueue() queue {
	return queue{link: linkUp, fresh: map[string]bool{}, suspect: map[string]string{}}
}

// next returns when the link wants to be looked at.
func (q *queue) next() time.Duration {
	switch {
	case q.probing || q.claimed:
		return 0 // an answer is waited for
	case q.at != 0:
		return q.at
	}
	return q.heard + quietFor
}

// queueDue claims reports when it is time, or probes a link that is not up or
// has been quiet for long.
func (c *Core) queueDue() {
	q := &c.queue
	if !c.has.Gateway || q.probing {
		return
	}
	due := q.at != 0 && c.mono() >= q.at && !q.claimed
	switch {
	case due && q.link == linkUp:
		q.at, q.claimed = 0, true
		n := claimSize
		if q.fails > 0 {
			n = 1 // one report tries the link; when it passes, the rest follow
		}
		c.after(sale.ClaimDue{N: n})
	case due, c.mono() >= q.heard+quietFor && !q.claimed:
		q.probing = true
		if q.link != linkUp {
			q.at = 0
		}
		c.now(sale.Probe{})
	}
}

// probed takes a probe's answer.
func (c *Core) probed(a sale.GatewayAnswer) {
	q := &c.queue
	q.probing = false
	c.gatewayHeard(a)
	if q.link == linkStopped && !q.away && !q.claimed {
		q.claimed = true // the gateway is well: one report tries whether it takes them again
		c.after(sale.ClaimDue{N: 1})
	}
}

// gatewayHeard learns from every answer, and every silence, how the link is.
func (c *Core) gatewayHeard(a sale.GatewayAnswer) {
	q := &c.queue
	q.heard = max(c.mono(), 1)
	if unwell(a) {
		c.gatewayBad(a)
		return
	}
	if q.link == linkUp && !q.away {
		return
	}
	if q.link == linkStopped && !q.away {
		return // stopped by the words of three reports: only a report that passes mends it
	}
	c.linkIs(linkUp, "", false)
	q.at = c.mono() + 1
	for _, l := range c.order {
		if w := l.watch; w != nil && !w.asking && w.at > c.mono()+2*time.Second {
			w.at = c.mono() + c.jitter(2*time.Second)
		}
	}
}

// unwell reports whether an answer concerns the gateway as a whole.
func unwell(a sale.GatewayAnswer) bool {
	switch a.Result {
	case sale.GatewayNotSent, sale.GatewayLost, sale.GatewayUnverified:
		return true
	}
	return a.Trouble != sale.TroubleNone && a.Trouble != sale.TroubleClock
}

// gatewayBad notes a gateway that is silent (down) or refuses us (stopped).
func (c *Core) gatewayBad(a sale.GatewayAnswer) {
	link := linkDown
	if a.Trouble == sale.TroubleKey || a.Result == sale.GatewayUnverified {
		link = linkStopped
	}
	c.linkIs(link, orElse(a.Words, "the gateway does not answer"), true)
	c.backOff(a.RetryAfter)
}

// backOff plans the next probe: full jitter up to the longest backoff.
func (c *Core) backOff(least time.Duration) {
	q := &c.queue
	d := min(time.Second<<min(q.fails, 10), c.policy.BackoffMax)
	q.fails++
	q.at = c.mono() + max(c.jitter(d), least)
}

// linkIs notes the link's state and says it when it changed.
func (c *Core) linkIs(link, words string, away bool) {
	q := &c.queue
	if q.link == link && q.away == away {
		q.words = words
		return
	}
	q.link, q.words, q.away = link, words, away
	c.log(nil, link != linkUp, "link to the gateway is "+link, words)
	c.now(sale.TellQueue{})
}

// gatewayThere refuses a wallet while the gateway is away, at once and with the
// reason; it reports whether the sale may go on. The gateway is asked anew, so
// that the next try need not wait for the backoff.
func (c *Core) gatewayThere(t sale.Token) bool {
	q := &c.queue
	if !q.away {
		return true
	}
	if !q.probing {
		q.at = c.mono() + 1
	}
	c.refuse(t, ErrUnavailable, "", "IOTPay cannot be used now (%s): take a card or cash, and try again in a moment", q.words)
	return false
}
