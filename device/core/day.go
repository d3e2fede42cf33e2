package core

import (
	"encoding/json"
	"fmt"
	"maps"
	"time"

	"posd/device/sale"
)

// closing is a business day being closed:
//
//	asked      the intent is stored; from here on nothing is sold
//	batch      the terminal settles its batch; told nothing, the day stays open
//	gathering  the terminal's answer is stored; what ends from here on belongs to
//	           the next day, and the day will be closed whatever happens
//	closed     the day's row is stored, and selling goes on
//
// Sales belong to a day by its number, not by a clock, so a sale is in exactly
// one report, even when the box is switched off in between.
type closing struct {
	note     closingNote
	token    Token
	unread   bool               // the journal could not be read to sum the day up; selling goes on
	words    string             // why not
	controls []sale.CardControl // as they were before the batch was to be closed
}

// closingNote is what is remembered of a closing under way.
type closingNote struct {
	No        int               `json:"no"`
	By        string            `json:"by"`
	Asked     time.Time         `json:"asked"`
	Cards     bool              `json:"cards"`           // something of ours is in the terminal's batch
	Batch     *sale.BatchAnswer `json:"batch,omitempty"` // once the terminal has answered
	Counted   *sale.Amount      `json:"counted,omitempty"`
	LostClose string            `json:"doubt,omitempty"` // words of an earlier close whose answer was lost
	Key       string            `json:"key,omitempty"`   // Idempotency-Key of who asked
	Digest    string            `json:"digest,omitempty"`
}

// noteClosing is the name under which the journal keeps a closingNote.
const noteClosing = "closing"

// batchClose is what the terminal is claimed for while it settles.
const batchClose = "batch close"

// happen begins to close the business day.
func (w DayAsked) happen(c *Machine) {
	if c.repeatedClose(w) {
		return
	}
	w.By = c.by(w.By)
	if c.lacks(w.Token, sale.RightClose) {
		return
	}
	cur := c.live[c.current]
	switch {
	case w.By == "" || len(w.By) > 64 || !sale.Printable(w.By):
		c.refuse(w.Token, sale.ErrInvalid, "", "say who closes the day: a name of at most 64 characters")
		return
	case w.Counted != nil && (!c.policy.Cash || *w.Counted < 0 || *w.Counted > sale.MaxAmount):
		c.refuse(w.Token, sale.ErrInvalid, "", "counted is the cash in the drawer in cents, where cash is taken")
		return
	case c.closing != nil:
		c.refuse(w.Token, sale.ErrTillBusy, "", "the day is being closed already")
		return
	case cur != nil && cur.s.State == sale.Waiting:
		c.refuse(w.Token, sale.ErrTillBusy, cur.s.ID, "sale %s of %s is under way: wait for it or cancel it first", cur.s.ID, cur.s.Amount)
		return
	case w.Empty:
		c.refuse(w.Token, sale.ErrNotPossible, "", "nothing has ended since day %d was closed: there is nothing to close", c.day-1)
		return
	}
	if !w.WithoutTerminal && c.has.Terminal && (!c.terminalFree(w.Token) || !c.cardsAgree(w.Token)) {
		return
	}
	c.askOpenEnds()
	n := closingNote{No: c.day, By: w.By, Asked: c.wall(), Cards: w.Cards, Counted: w.Counted, LostClose: c.lostClose, Key: w.Key, Digest: w.Digest}
	c.closing = &closing{note: n, token: w.Token, controls: c.controls}
	c.row(sale.EventRow{At: c.wall(), Kind: "day.closing", Data: sale.EventData{Words: fmt.Sprintf("day %d, by %s", n.No, w.By), Acted: c.in.Actor.Acted()}})
	switch {
	case !c.has.Terminal || !c.policy.CloseBatch:
		c.gather(sale.BatchAnswer{End: sale.BatchOpen, Words: "the terminal settles by itself, or there is none"})
	case w.WithoutTerminal:
		c.gather(sale.BatchAnswer{End: sale.BatchUnsure, Words: "the terminal was left out by " + w.By})
	default:
		c.term.claim(batchClose)
		c.controls = nil
		c.note(noteClosing, n)
		c.urgent()
		c.out.Intent = &IntentFailed{}
		c.after(CloseBatch{})
	}
}

// repeatedClose answers a key that has closed a day, or cannot; it reports whether
// it did. A close that ended with the day open has bound nothing: its repeat tries again.
func (c *Machine) repeatedClose(w DayAsked) bool {
	if _, ok := c.keys[w.Key]; w.Key != "" && w.Bound == nil && ok {
		c.refuse(w.Token, sale.ErrTillBusy, "", "what this Idempotency-Key was used for is being written down: ask again")
		return true
	}
	return w.Key != "" && c.replay(w.Token, w.Key, w.Digest, w.Bound, nil)
}

// askOpenEnds asks at once about every refund that has not ended. Closed orders,
// which may be paid all the same, are asked about when the day is compared.
func (c *Machine) askOpenEnds() {
	for _, l := range c.byAge {
		for _, mv := range l.pending {
			if mv.sent && mv.at.on() && mv.notFound == 0 && l.s.Method != sale.Card {
				mv.at = first(mv.at, c.soon())
			}
		}
	}
}

// closingFailed takes back a close whose intent could not be stored: the terminal was not asked.
func (c *Machine) closingFailed(words string) {
	if k := c.closing; k != nil && k.note.Batch == nil {
		c.closing, c.controls = nil, k.controls
		c.term.release(batchClose)
		c.reply(Reply{Token: k.token, Err: &sale.Refusal{Kind: sale.ErrUnavailable, Words: "posd cannot write down that the day is to be closed, so the terminal was not asked: " + words}})
	}
}

// cardsAgree refuses to close a batch in which a void is still to be made.
func (c *Machine) cardsAgree(t Token) bool {
	for _, l := range c.byAge {
		for _, m := range l.s.Refunds {
			if l.s.Method == sale.Card && !m.Final() {
				c.refuse(t, sale.ErrTerminalHeld, l.s.ID, "a %s of sale %s has not ended: its batch must stay open until it has", m.Kind, l.s.ID)
				return false
			}
		}
	}
	return true
}

// happen takes the terminal's answer to the batch close.
func (w BatchAnswered) happen(c *Machine) {
	c.term.release()
	a := w.Answer
	k := c.closing
	if k == nil {
		c.log(nil, true, "the terminal answered a batch close that nobody waits for", a.Words)
		return
	}
	if a.End == sale.BatchClosed || a.End == sale.BatchOpen && !k.note.Cards {
		c.gather(a) // a terminal that has nothing of ours to settle need not be there
		return
	}
	words := a.Words + ": the day stays open; try again"
	if a.End == sale.BatchUnsure {
		c.lostClose = a.Words
		k.note.LostClose = a.Words
		c.note(noteClosing, k.note) // the next close names it, even after a restart
	} else {
		c.controls = k.controls
		if c.lostClose != "" {
			c.note(noteClosing, closingNote{No: k.note.No, LostClose: c.lostClose})
		} else {
			c.note(noteClosing, nil)
		}
		words += ", or leave the terminal out if it is broken"
	}
	c.row(sale.EventRow{At: c.wall(), Kind: "day.stays-open", Data: sale.EventData{Words: a.Words}})
	c.log(nil, true, "the day stays open", a.Words)
	c.urgent()
	c.closing, c.staysOpen = nil, a.Words
	c.after(Reply{Token: k.token, Err: &sale.Refusal{Kind: sale.ErrUnavailable, Words: words}})
}

// gather has the day summed up and compared. From here on it will be closed.
func (c *Machine) gather(a sale.BatchAnswer) {
	k := c.closing
	k.note.Batch = &a
	c.day = k.note.No + 1
	c.note(noteClosing, k.note)
	c.urgent()
	c.after(GatherDay{Of: sale.GatherDay{No: k.note.No, Date: c.calendar.Day(c.in.Wall), Opened: c.opened, By: k.note.By, Batch: a, LostClose: k.note.LostClose, Gap: c.gap, Counted: k.note.Counted}})
}

// happen closes the day.
func (w DayGathered) happen(c *Machine) {
	d := w.Day
	k := c.closing
	if k == nil || d.No != k.note.No {
		return
	}
	d.ClosedAt = c.wall()
	c.row(sale.DayRow{Day: d})
	if k.note.Key != "" {
		maps.DeleteFunc(c.keys, func(_ string, b sale.KeyBinding) bool { _, made := b.MadeDay(); return made })
		c.bind(k.note.Key, k.note.Digest, "", sale.DayMade(d.No))
	}
	c.note(noteClosing, nil)
	c.row(sale.EventRow{At: c.wall(), Kind: "day.closed", Data: sale.EventData{Words: fmt.Sprintf("day %d, by %s", d.No, d.By)}})
	c.urgent()
	c.log(nil, false, "day closed", fmt.Sprint(d.No))
	c.closing, c.opened, c.lostClose, c.staysOpen, c.gap = nil, d.ClosedAt, "", "", ""
	c.after(Reply{Token: k.token, Day: d})
}

// happen answers whoever closes a day that cannot be read, and lets the till sell
// on: what ends from here on belongs to the next day. The day is closed once it can be read.
func (w DayUnread) happen(c *Machine) {
	k := c.closing
	if k == nil || w.No != k.note.No || k.unread {
		return
	}
	k.unread, k.words = true, w.Words
	c.log(nil, true, "the day cannot be summed up yet", w.Words)
	c.refuse(k.token, sale.ErrUnavailable, "", "day %d is settled, but the journal cannot be read to sum it up (%s): selling goes on, and the report is made as soon as it can be read", w.No, w.Words)
	k.token = 0
}

// recoverDay takes up the number of the open day, and a closing that was interrupted.
func (c *Machine) recoverDay(r sale.Recovered) {
	c.day, c.opened = max(r.LastDay.No+1, r.Gap.NextDay), r.LastDay.ClosedAt
	var n closingNote
	if text := r.Notes[noteClosing]; text == "" || json.Unmarshal([]byte(text), &n) != nil || n.No != c.day {
		return
	}
	c.lostClose = n.LostClose
	if n.Batch != nil {
		c.closing = &closing{note: n}
		c.gather(*n.Batch)
		return
	}
	if c.lostClose == "" {
		c.lostClose = "posd was stopped while the terminal settled its batch"
	}
	c.controls = nil
}
