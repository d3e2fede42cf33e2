package core

import (
	"encoding/base64"
	"slices"

	"posd/device/sale"
)

// What the shop's own programs print goes through the same queue as receipts:
//
//	PrintJobAsked --> job and key durable --> paper --> job printed, sent or failed
//
// It waits for paper as a receipt does, in its turn, and one that a restart finds
// unfinished comes again, marked as a duplicate.

// Bounds of what is held at once: a print stands in memory until it is finished.
const (
	mostPrints   = 16
	mostFinished = 64 // prints whose end is remembered
)

// happen writes down what is to be printed; the paper waits for that.
func (w PrintJobAsked) happen(c *Machine) {
	if c.printReplayed(w) {
		return
	}
	switch {
	case !c.has.Printer:
		c.refuse(w.Token, sale.ErrNoDevice, "", "there is no receipt printer here: add a [printer] to the configuration")
		return
	case c.printsWaiting() >= mostPrints:
		c.refuse(w.Token, sale.ErrUnavailable, "", "%d prints wait for the printer already: see to the printer first", mostPrints)
		return
	}
	j := sale.Job{ID: c.newID(), Kind: sale.JobPrint, By: w.By, State: sale.PrintQueued, At: c.wall(), Form: w.Form,
		Content: base64.StdEncoding.EncodeToString(w.Data)}
	c.jobs[j.ID] = j
	c.bind(w.Key, w.Digest, "", j.ID)
	c.row(sale.JobRow{Job: j})
	c.printEvent("print.asked", j, w.By)
	c.out.Intent = &IntentFailed{Job: j.ID, Asked: w.Token}
	c.urgent()
	for _, waits := range c.reprints {
		waits.at = waits.at.hastened(c.mono()) // those that wait come out before it
	}
	c.after(PrintOwn{Print: ownPrint(j)})
	c.after(Reply{Token: w.Token, Job: withoutContent(j)})
}

// printReplayed answers a request whose key was used before.
func (c *Machine) printReplayed(w PrintJobAsked) bool {
	if w.Key == "" || len(w.Key) > 128 || !sale.Printable(w.Key) {
		c.refuse(w.Token, sale.ErrInvalid, "", "the Idempotency-Key must be 1 to 128 printable characters: make one per print and send it again with every repetition")
		return true
	}
	bound := w.Bound
	if b, ok := c.keys[w.Key]; ok {
		bound = &b
	}
	switch {
	case bound == nil:
		return false
	case bound.Digest != w.Digest:
		c.refuse(w.Token, sale.ErrKeyReused, bound.Sale, "this Idempotency-Key belongs to another request (%s): use a new key for a new print", bound)
	default:
		j, ok := c.PrintJob(bound.Movement)
		if !ok {
			j = w.BoundJob
		}
		c.after(Reply{Token: w.Token, Job: j, Replayed: true}) // behind the commit of what it repeats
		c.urgent()
	}
	return true
}

// PrintJob returns a print of the shop's own that the machine holds, without its content.
func (c *Machine) PrintJob(id string) (sale.Job, bool) {
	for _, j := range slices.Backward(c.finished) { // the printer may have said more of one later
		if j.ID == id {
			return j, true
		}
	}
	j, ok := c.jobs[id]
	return withoutContent(j), ok
}

func (c *Machine) printsWaiting() (n int) {
	for _, j := range c.jobs {
		if j.Kind == sale.JobPrint {
			n++
		}
	}
	return n
}

// printEnded notes what became of a print; its content leaves with that.
func (c *Machine) printEnded(j sale.Job) {
	c.row(sale.JobRow{Job: j})
	kind := "print.done"
	if j.State == sale.PrintFailed {
		kind = "print.failed"
		c.log(nil, true, "print failed", j.ID+": "+j.Words)
	}
	c.printEvent(kind, j, j.By)
	c.urgent()
	if len(c.finished) == mostFinished {
		c.finished = append(c.finished[:0], c.finished[1:]...)
	}
	c.finished = append(c.finished, j)
	for key, bound := range c.keys {
		if bound.Sale == "" && bound.Movement == j.ID {
			delete(c.keys, key) // the job went to the printer behind its key's commit
		}
	}
}

// printForgotten takes back a print that could not be written down.
func (c *Machine) printForgotten(t Token, id, words string) {
	delete(c.jobs, id)
	for key, bound := range c.keys {
		if bound.Sale == "" && bound.Movement == id {
			delete(c.keys, key)
		}
	}
	c.refuse(t, sale.ErrUnavailable, "", "posd cannot write the print down, so nothing is printed: %s", words)
}

func (c *Machine) printEvent(kind string, j sale.Job, by string) {
	c.row(sale.EventRow{At: c.wall(), Kind: kind, Data: sale.PrintData{Job: j.ID, Form: j.Form, By: by, Words: j.Words, Acted: c.in.Actor.Acted()}})
}

// ownPrint is what the printer gets of a job.
func ownPrint(j sale.Job) sale.Print {
	data, err := base64.StdEncoding.DecodeString(j.Content)
	if err != nil {
		data = nil // damaged: the printer says that there is nothing to print
	}
	return sale.Print{Job: j.ID, Form: j.Form, Data: data, Duplicate: j.Duplicate}
}

func withoutContent(j sale.Job) sale.Job {
	j.Content = ""
	return j
}
