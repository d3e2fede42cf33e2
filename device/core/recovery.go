package core

import (
	"time"

	"posd/device/sale"
)

// happen takes up what an earlier run left: nothing is started again, all of
// it is asked for. Every stored attempt may have been sent, every stored code
// may have been on glass.
func (w Started) happen(c *Machine) {
	r := w.Recovered
	c.recoverGap(r)
	c.recoverDay(r)
	c.recoverOutcomes(r)
	c.recoverGiven(r.Notes)
	c.recoverProofs(r.Notes)
	c.recoverFirst(r)
	c.recoverSpans(r)
	if k := r.Control; k != nil && k.Card != nil {
		c.serial = sale.SerialNumber(k.Card.Serial)
		if a := k.Attempts[len(k.Attempts)-1]; k.Day == c.day && c.lostClose == "" && !k.Offline && a.State == sale.AttemptPaid {
			c.controls = []sale.CardControl{{Ref: a.Ref, Amount: k.ApprovedAmount, Serial: c.serial}}
		}
	}
	for i := range r.Open {
		c.takeUp(c.hold(r.Open[i]))
	}
	for _, j := range r.Jobs {
		c.takeUpJob(j, r)
	}
	if c.has.Gateway {
		c.queue.at, c.queue.heard = c.soon(), max(c.mono(), 1)
		c.queue.probing = true // whether the gateway is there is known before the first customer
		c.now(Probe{})
	}
}

func (c *Machine) takeUp(l *live) {
	if l.s.Method == sale.Cash {
		c.cashMoved(l)
		return
	}
	if len(l.s.Attempts) == 0 {
		c.notSent(l, "posd was stopped before the sale was sent")
		return
	}
	c.end(l, outcome{state: sale.Unsure, reason: sale.ReasonRestart, words: "posd was stopped while the sale was under way"})
	if l.s.Method != sale.Card && (l.s.State == sale.Unsure || l.s.Undecided()) {
		before := time.Duration(l.s.WatchedS) * time.Second
		l.watch = &watch{no: l.attempt().Ref, created: true, shown: true, at: c.soon(), opened: c.mono(), before: before, saved: before}
		if l.watch.closed = l.s.Reason == sale.ReasonClosed; l.watch.closed {
			l.watch.until = c.timer(askClosedAfter)
			l.watch.at = l.watch.until
		}
		if before >= c.policy.WatchFor {
			l.watch = nil
		}
	}
	if l.s.State == sale.Unsure && l.s.Method == sale.Card && l.s.Reason != sale.ReasonPartial {
		c.startSeek(l, nil)
		l.seek.at = c.soon()
	}
	for i := range l.s.Refunds {
		m := &l.s.Refunds[i]
		if m.Final() {
			continue
		}
		mv := c.pending(l, m)
		switch {
		case m.KeepUntil != nil && c.gap == "":
			c.planLate(l, m) // its minute is running time: it begins again
			c.urgent()
		case l.s.State == sale.Paid && l.s.ReplacedBy != "" && l.s.ReplacerState == "" && m.State == sale.MovementWaiting:
			// waits for the other sale
		case l.s.Method == sale.Card:
			mv.sent = true
			c.startSeek(l, m)
		default:
			mv.sent, mv.at, mv.over = true, c.soon(), c.mono()+longestCall
		}
	}
}

// takeUpJob prints what may not have been printed. Whether paper came out is
// not known, so it says that it is a duplicate.
func (c *Machine) takeUpJob(j sale.Job, r sale.Recovered) {
	if j.Kind == sale.JobDrawer {
		c.takeUpDrawer(j)
		return
	}
	if !c.has.Printer {
		return
	}
	j.Duplicate = true
	c.jobs[j.ID] = j
	c.row(sale.JobRow{Job: j})
	if j.Kind == sale.JobPrint {
		c.after(PrintOwn{Print: ownPrint(j)})
		return
	}
	for _, s := range r.JobSales {
		if s.ID == j.Sale {
			c.hold(s)
			c.after(PrintReceipt{Receipt: receipt(j, s)})
			return // the sale may stand there once for each of its jobs
		}
	}
}
