// Package device is the box on the counter: the Till, which takes one payment
// at a time and remembers everything before acting on it.
//
// It has two halves. Core is the step function: event in, effects out, single
// threaded and deterministic. Till is the shell around it: one goroutine that
// feeds events and performs effects, and workers that wait on wires.
//
//	requests (API, commands)          wires (terminal, gateway, printer)
//	       |                                   |
//	       v            events                 v
//	  look up in  ---------------------> [ Core.Step ]  <--- clock, random bytes
//	  the journal                              |
//	                       +-------------------+--------------------+
//	                       v                   v                    v
//	                  Now: show,          Rows: one           After: charge,
//	                  tell, answer        transaction ------> create, print
//	                                      (a barrier)         once durable
//
// Money rule: write, act, write. What moves money stands in After, behind the
// intent the same step wrote; when that cannot be stored, nothing is sent and
// the step is told so (IntentFailed). What cannot be proven becomes unsure and
// is asked about until it is known:
//
//	card     cards.go    probe the terminal, look our reference up, weigh the proof
//	wallet   wallets.go  query the order, on a schedule, for seven days
//	refund   moves.go    query the refund by its own number
//	report   reports.go  the queue that tells IOTPay of card sales
//	restart  recover.go  all of it again: nothing is started, all is asked for
//
// A request is looked up, stepped and queued for the journal in one turn of
// the loop, so two requests never both find a bill unpaid.
//
// What fails: a journal that cannot be written refuses new sales and keeps
// facts in memory until it can; a wire that is silent makes sales unsure, not
// declined; a display or printer that is away delays nothing. What is left to
// others: bytes (pax, sync/iotpay, display, printer), storage (store), HTTP
// (device/api), lines (device/port).
package device
