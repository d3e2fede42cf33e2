// Package pax speaks to a PAX card terminal running a BroadPOS payment
// application, over a serial line, TCP or HTTP: it takes money for a sale, gives
// it back, and finds out afterwards what became of an attempt whose answer was
// lost.
//
// One frame from the box, and one from the terminal:
//
//	STX T00 FS 1.43 FS 01 FS 2865 FS FS reference FS FS FS FS FS ETX LRC
//	STX 0 FS T01 FS 1.58 FS 000000 FS OK FS host FS 01 FS amounts FS account FS trace FS ... ETX LRC
//
// FS parts fields, US parts the subfields of a group, and every list is open at
// its end: missing reads as empty, extra is ignored. LRC is the exclusive or of
// all bytes after STX up to and including ETX and may have any value.
//
// The files, bottom up:
//
//	frame.go                  bytes to frames and back
//	message.go                requests and responses, field by field
//	line.go, web.go           one exchange, over a line and over HTTP
//	cancel.go                 A14 into a transaction that is under way
//	codes.go, answer.go       what may be concluded from a response
//	duplicate.go              what the duplicate check's answer says of whom
//	terminal.go, order.go     charging
//	lookup.go                 finding out afterwards
//	batch.go, totals.go       closing the day; what the open batch holds
//	heartbeat.go              noticing a terminal that sleeps, hearing one that speaks unasked
//	extra.go                  what IOTPay wants to hear of a card sale
//	trace.go, transcript.go   writing down what went over the line, and reading it
//
// # How it fails
//
// What cannot be proven is unsure. The order of proof:
//
//	line not opened, or no byte written  -> not sent
//	NAK to every copy of the frame       -> not sent
//	a result code certain by itself      -> approved, declined, cancelled
//	no ACK, no answer, EOT, bad LRC,
//	line lost, any other code            -> unsure: Find, by reference
//
// A money frame is sent again on NAK only: a missing ACK may be the only thing
// that was lost. Before money goes out the terminal has said who it is on the
// same connection, and its last conversation ended with EOT; otherwise it is
// greeted first, so that a terminal that is busy, or another one, costs nothing.
//
// What proves what stands in DESIGN.md as a table.
//
// Before a request what waits on the line is read until it is silent; where the
// last conversation ended with EOT, or the line has been at rest for long, one look
// that finds nothing is enough.
//
// The answer to a money transaction is returned once its LRC is right and our ACK is out,
// where Hear names somebody: EOT is not certain to come and says nothing of the outcome, the
// answer again is no news, and another verdict is heard as a late one is. The terminal's
// turn, which whoever speaks next waits for, ends with EOT or when that did not come in time.
//
// Answers may come late, and may contradict what was said before. One that
// carries a reference, or says approved, is acknowledged and handed on: beside the
// answer to what is asked just now, or else to whom Hear names; while nobody asks,
// Run reads the line. One that carries no reference, as an aborted sale's does,
// counts as the running sale's only if our frame was acknowledged before and no
// other answer is owed.
//
// A void and a completion name their original by the terminal's number, which
// starts at 1 again after each batch. So the terminal's own record is looked up
// first and must agree in reference, number and amount; it also says over which
// rails, credit or debit, they must go. A return names no original: it gives an
// amount to whatever card is shown.
//
// A batch close is asked once. Only words that say that nothing was settled leave
// the batch open; what a lost or unknown answer stands for, the terminal's own
// report must tell.
//
// A terminal that did not hear our last ACK hears nothing else until it has said
// its answer three times. So over a serial line an ACK that is not followed by EOT
// is said again, once (Config.AckAgain).
//
// A wish to cancel (A14) decides nothing: the transaction's own answer does. It
// goes out on the transaction's line, or beside it to another port of the
// terminal (CancelOver; over HTTP always).
//
// Terminals number what they approved offline from 5001 on, and from 9001 on what
// the bank refused at the upload. Only one source says so: a number in the first
// range makes a found sale offline, one in the second makes it unclear, and no
// sale is believed uploaded because of its number.
//
// # What it leaves to others
//
// When to look up, how often, and what a look-up proves is the till's business;
// so is how tip, cashback and surcharge must add up. Opening and reopening the
// line is the Link's. Not spoken: responses in several packets, card types beyond
// credit and debit, the terminal's own reports but for what its batch comes to, its
// upload of offline approvals.
package pax
