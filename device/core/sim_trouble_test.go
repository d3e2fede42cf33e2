package core_test

import (
	"time"

	"posd/device/core"
)

// trouble plans what goes wrong without anybody's doing. What goes wrong with
// one message stands where the message is sent.
func (w *world) trouble() {
	w.onAndOff(6*time.Minute, &w.gateway.away, func() { w.say("network away: %v", w.gateway.away) })
	w.onAndOff(30*time.Minute, &w.gateway.refuses, func() { w.say("gateway refuses our key: %v", w.gateway.refuses) })
	w.onAndOff(15*time.Minute, &w.full, func() { w.say("disk full: %v", w.full) })
	w.nowAndThen(20*time.Minute, func() {
		if w.machine != nil {
			w.crash()
		}
	})
	w.nowAndThen(30*time.Minute, w.clockJumps)
	w.onAndOff(15*time.Minute, &w.press.out, func() {
		w.press.faults++
		w.say("printer out of paper: %v", w.press.out)
	})
	w.nowAndThen(12*time.Minute, func() { w.bank.pull(w) })
	w.nowAndThen(25*time.Minute, func() { w.bank.otherRegister(w) })
	w.bank.trouble(w)
}

// nowAndThen does something again and again, at random, until all is calm.
func (w *world) nowAndThen(mean time.Duration, do func()) {
	w.after(w.human(mean/4, 2*mean), func() {
		if !w.calm {
			do()
			w.nowAndThen(mean, do)
		}
	})
}

// onAndOff begins a trouble again and again, and ends it, as a rule, in a fifth of the time that
// it stays away: what most trouble shows is its beginning and its end, and in between a
// till that can sell nothing shows little. Now and then it lasts long all the same.
func (w *world) onAndOff(mean time.Duration, trouble *bool, turned func()) {
	wait := w.human(mean/4, 2*mean)
	if *trouble && w.rnd.IntN(4) > 0 {
		wait /= 5
	}
	w.after(wait, func() {
		if !w.calm {
			*trouble = !*trouble
			turned()
			w.onAndOff(mean, trouble, turned)
		}
	})
}

// clockJumps sets the wall clock by hours, by years, or to where a box without
// a battery begins. No clock is before that.
func (w *world) clockJumps() {
	first := time.Unix(0, 0).Sub(epoch) - w.now
	switch w.rnd.IntN(5) {
	case 0:
		w.skew += w.between(-3*365*24*time.Hour, 3*365*24*time.Hour)
	case 1:
		w.skew = first
	case 2:
		w.skew = 0
	default:
		w.skew += w.between(-3*time.Hour, 3*time.Hour)
	}
	w.skew = max(w.skew, first)
	w.say("the wall clock jumps: it is %s now", w.wall().Format(time.DateTime))
}

// pull is somebody pulling the terminal's cable, and putting it back.
func (b *bank) pull(w *world) {
	b.unplugged = true
	b.line++
	w.say("the terminal's cable is pulled")
	w.after(w.human(time.Second, 4*time.Minute), func() { b.unplugged = false; w.say("the terminal's cable is back") })
}

// otherRegister is a second cash register that charges on the same terminal.
func (b *bank) otherRegister(w *world) {
	if b.running != nil {
		return
	}
	w.say("another register uses the terminal")
	r := &running{ref: otherRef, foreign: true, until: w.now + w.human(5*time.Second, time.Minute)}
	b.running = r
	w.after(r.until-w.now, func() {
		b.running, b.foreign = nil, w.now
		b.number++
	})
}

// otherRef is what the other register calls its sale.
const otherRef = "ANOTHERTILL00001"

// settle closes the terminal's batch: nothing of it is found any more.
func (b *bank) settle(w *world) {
	b.closed[b.terminal]++
	w.say("the terminal closes its batch by itself")
	if w.wires != nil {
		w.wires.terminal.Settle()
	}
}

// policyOf draws how this shop sells.
func policyOf(w *world) core.Policy {
	p := core.DefaultPolicy()
	p.CodeShownFor = 90 * time.Second / w.pace
	p.TimeZone = "UTC" // the one zone that is not read from a file at every start
	p.PrintRetryFor = 3 * time.Minute / w.pace
	if w.rnd.IntN(5) == 0 {
		p.LatePayment = "keep"
	}
	if w.rnd.IntN(4) == 0 {
		p.Partial = "accept"
	}
	p.ApprovedIncludes = nil
	for _, part := range []string{"tip", "cashback", "surcharge"} {
		if w.wires != nil || w.rnd.IntN(4) > 0 { // paxsim counts all of them in
			p.ApprovedIncludes = append(p.ApprovedIncludes, part)
		}
	}
	if w.seed%7 == 5 {
		p.Tip, p.TipWait = "display", 20*time.Second/w.pace
	}
	p.CodeOnPaper = w.rnd.IntN(8) == 0
	switch {
	case w.coarse && w.longCalm():
		p.AskTerminalEvery *= 16
		if w.seed%256 != 8 { // a week of questions shows no more than a day of them
			p.WatchFor = 24 * time.Hour
		}
	case w.coarse && w.seed%2 == 1:
		p.AskTerminalEvery *= 3
	}
	return p
}
