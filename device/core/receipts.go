package core

import (
	"maps"
	"slices"
	"time"

	"posd/device/sale"
)

// print queues a receipt; it is printed once the job is durable.
func (c *Machine) print(l *live, movement string, copy sale.Copy, duplicate bool) sale.Job {
	j := sale.Job{ID: c.newID(), Kind: sale.JobReceipt, Sale: l.s.ID, Movement: movement, Copy: copy, Duplicate: duplicate, State: sale.PrintQueued, At: c.wall()}
	if !c.has.Printer {
		return j
	}
	c.jobs[j.ID] = j
	c.row(sale.JobRow{Job: j})
	if movement == "" && copy == sale.CustomerCopy {
		l.s.Printed = sale.PrintQueued
	}
	c.touch(l)
	for _, w := range c.reprints {
		w.at = w.at.hastened(c.mono()) // those that wait come out before it
	}
	c.after(PrintReceipt{Receipt: receipt(j, l.s)})
	return j
}

// printCopies prints the customer's receipt, and the shop's copy of a card's
// where it is asked for: a signature is given on paper that stays.
func (c *Machine) printCopies(l *live, movement string, card *sale.CardInfo) {
	c.print(l, movement, sale.CustomerCopy, false)
	signed := card != nil && (card.CVM == "signature" || card.Unverified())
	if l.s.Method == sale.Card && (c.policy.MerchantCopy == "always" || signed && c.policy.MerchantCopy == "signature") {
		c.print(l, movement, sale.MerchantCopy, false)
	}
}

func receipt(j sale.Job, s sale.Sale) sale.Receipt {
	return sale.Receipt{Job: j.ID, Sale: s.Clone(), Movement: j.Movement, Copy: j.Copy, Duplicate: j.Duplicate, At: j.At}
}

// reprint is a receipt that waits for the printer.
type reprint struct {
	n     int // in the order in which they began to wait; ids bear a clock's time
	since time.Duration
	at    timer // next try; off while the printer has it
}

// printRetry is the pause between two tries of a receipt: a printer that is plugged in again is to
// be used within two seconds.
const printRetry = 1500 * time.Millisecond

// printAgainLater keeps a receipt of which provably nothing came out for when
// the printer is well again; it reports false when it has waited long enough.
func (c *Machine) printAgainLater(j sale.Job, words string) bool {
	l, w := c.live[j.Sale], c.reprints[j.ID]
	if l == nil && j.Kind == sale.JobReceipt {
		return false
	}
	if w == nil {
		c.waited++
		w = &reprint{n: c.waited, since: c.mono()}
		c.reprints[j.ID] = w
	}
	if c.mono()-w.since > c.policy.PrintRetryFor {
		return false
	}
	w.at = c.timer(printRetry)
	if j.Words != words {
		j.Words = words
		c.jobs[j.ID] = j
		c.row(sale.JobRow{Job: j})
		if j.Kind == sale.JobPrint {
			c.printEvent("print.waits", j, j.By)
		} else {
			c.row(sale.EventRow{At: c.wall(), Sale: j.Sale, Kind: "receipt.waits", Data: sale.EventData{Words: words}})
		}
		c.log(l, true, string(j.Kind)+" waits for the printer", words)
	}
	return true
}

// reprintsDue tries waiting receipts again, in the order they were made.
func (c *Machine) reprintsDue() {
	due := false
	for _, w := range c.reprints {
		due = due || w.at.over(c.mono())
	}
	if !due {
		return
	}
	for _, id := range c.reprintsInOrder() {
		w, j := c.reprints[id], c.jobs[id]
		if !w.at.over(c.mono()) {
			continue
		}
		w.at = timer{}
		if j.Kind == sale.JobPrint {
			c.now(PrintOwn{Print: ownPrint(j)})
		} else if l := c.live[j.Sale]; l != nil {
			c.now(PrintReceipt{Receipt: receipt(j, l.s)})
		}
	}
}

// reprintsInOrder returns the jobs that wait, the one that began first in front.
func (c *Machine) reprintsInOrder() []string {
	return slices.SortedFunc(maps.Keys(c.reprints), func(a, b string) int { return c.reprints[a].n - c.reprints[b].n })
}

// happen prints a receipt again, marked as a duplicate: unless nothing of any
// came out yet. One that still waits for the printer is tried now.
func (w PrintAsked) happen(c *Machine) {
	s := c.latest(&w.Sale)
	if !c.has.Printer {
		c.refuse(w.Token, sale.ErrUnavailable, s.ID, "no printer is configured: set [printer] in the configuration file")
		return
	}
	if !s.State.Final() {
		c.refuse(w.Token, sale.ErrNotPossible, s.ID, "sale %s has not ended yet: there is no receipt to print", s.ID)
		return
	}
	l := c.hold(*s)
	if j, waits := c.waitingFor(s.ID); waits {
		c.reprints[j.ID].at = c.reprints[j.ID].at.hastened(c.mono())
		c.reply(Reply{Token: w.Token, Job: j})
		return
	}
	j := c.print(l, "", sale.CustomerCopy, s.Printed != sale.PrintNone && !c.blank[s.ID])
	c.urgent()
	c.event(l, "receipt.asked", "")
	l.waiting = append(l.waiting, Reply{Token: w.Token, Job: j})
}

// waitingFor returns the customer's receipt of a sale that waits for the printer
// and of which nothing came out.
func (c *Machine) waitingFor(id sale.ID) (sale.Job, bool) {
	for _, job := range c.reprintsInOrder() {
		if j := c.jobs[job]; j.Sale == id && j.Movement == "" && j.Copy == sale.CustomerCopy && c.reprints[job].at.on() {
			return j, true
		}
	}
	return sale.Job{}, false
}

// mostRemembered bounds what is remembered of receipts that failed.
const mostRemembered = 1000

// remember notes how a receipt failed: in the middle, it may yet come; before its
// first byte, the next one is the first.
func (c *Machine) remember(j sale.Job, r sale.PrintResult) {
	if len(c.stopped)+len(c.blank) > mostRemembered {
		clear(c.stopped)
		clear(c.blank)
	}
	switch {
	case r.State != sale.PrintFailed:
		delete(c.blank, j.Sale)
	case r.Maybe:
		delete(c.blank, j.Sale)
		c.stopped[j.ID] = j
	case !j.Duplicate && j.Movement == "" && j.Copy == sale.CustomerCopy: // a print has no copy
		c.blank[j.Sale] = true
	}
}

// happen notes what the printer said.
func (w JobDone) happen(c *Machine) {
	r := w.Result
	j, ok := c.jobs[r.Job]
	if late, stopped := c.stopped[r.Job]; !ok && stopped && r.State == sale.PrintDone {
		j, ok = late, true // it came after all
		delete(c.stopped, r.Job)
	}
	if !ok {
		return
	}
	if r.State == sale.PrintFailed && !r.Maybe && c.printAgainLater(j, r.Words) {
		return
	}
	delete(c.jobs, r.Job)
	delete(c.reprints, r.Job)
	j.State, j.Words, j.Content = r.State, r.Words, ""
	c.remember(j, r)
	if j.Kind == sale.JobPrint {
		c.printEnded(j)
		return
	}
	c.row(sale.JobRow{Job: j})
	if j.Movement == "" && j.Copy == sale.CustomerCopy {
		c.fact(j.Sale, r.State, "")
	}
	if r.State == sale.PrintFailed {
		c.row(sale.EventRow{At: c.wall(), Sale: j.Sale, Kind: "receipt.failed", Data: sale.EventData{Words: r.Words}})
		c.log(nil, true, "receipt not printed", string(j.Sale)+": "+r.Words)
	}
}

// printing reports whether a receipt of the sale is not finished.
func (c *Machine) printing(id sale.ID) bool {
	for _, j := range c.jobs {
		if j.Sale == id {
			return true
		}
	}
	return false
}
