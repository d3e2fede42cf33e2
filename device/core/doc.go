// Package core is what the till decides: the Machine, one single-threaded step
// from an event to the effects that are to follow. It is pure: it starts no
// goroutine, reads no clock, throws no dice and does no I/O, so the same events
// give the same effects, bit for bit.
//
//	event (event.go)                         effects (effect.go)
//	asked by people, heard from   +------+   Now: show, tell, answer, ask
//	wires, journal and clock ---> | Step | -> Rows: one transaction
//	with time and random bytes    +------+   After: charge, create, print,
//	                                         once the rows are durable
//
// Money rule: write, act, write. What moves money stands in After, behind the
// intent the same step wrote; when that cannot be stored, nothing is sent and
// the step is told so (IntentFailed). What cannot be proven becomes unsure and
// is asked about until it is known.
//
// Each event handles itself (its method happen). Where to find what:
//
//	admission.go     a payment is asked for: what is checked, in which order; its intent
//	samebill.go      one bill, one capture; which sale a new one may replace
//	spans.go         what is a moment ago, and other spans over restarts: running time
//	replacement.go   what both sides of a replacement learn of each other
//	cardkinds.go     authorisation, completion, return
//	tip.go           a tip is asked of the customer, before anything is sent
//	province.go      the defaults that a province's law asks for
//	card.go          the terminal's answer: approved, in part, declined, lost; its tip
//	claim.go         who holds the terminal
//	lookup.go        a lost card answer: look our reference up
//	proof.go         what proves that the terminal never heard of it, and what is kept for that
//	wallet.go        an order at the gateway: its code, its look-ups, seven days
//	cancel.go        a cashier's wish
//	end.go           how every sale ends; incidents, and what a person must do
//	givingback.go    refunds and voids, by their own number
//	refundlimits.go  what a wallet allows of refunds, asked before one is promised
//	latepayment.go   paid after giving up: keep or give back
//	resolve.go       a person's word
//	outcome.go       how unsure sales ended, until a person has put it away
//	reports.go       the queue that tells IOTPay of card sales
//	firstreport.go   the first report of an installation, held against the terminal's batch
//	link.go          whether the gateway is there, and when it is asked
//	receipts.go      print jobs
//	prints.go        print jobs of the shop's own
//	glass.go         what the customer sees
//	cash.go          money without a wire
//	drawer.go        the cash drawer
//	day.go           a business day is closed
//	recovery.go      after a restart: nothing is started, all is asked for
//	restored.go      what a restore could not learn of
//	durable.go       what was stored, and what could not be
//	live.go, ids.go  sales in the machine's hands; references and numbers
//	timer.go         when something is to be done
//	view.go          what the shell may ask between two steps
//
// In the tests: story_*_test.go tell conversations with the step (testdata/step),
// sim_*_test.go are days at a counter where everything may fail, and
// bugs_test.go shows that they see the bugs of testdata/bugs.
//
// What fails: nothing here. A wire that is silent, a disk that is full and a
// clock that jumps are events like any other. What is left to others: performing
// effects and feeding events (device), the journal (store), bytes (drivers).
package core
