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
//	terminal.go, lookup.go    charging, and finding out afterwards
//	batch.go, heartbeat.go    closing the day, noticing a terminal that sleeps
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
// Answers may come late. One that carries a reference is acknowledged, kept,
// and handed to the next Find. One that carries none, as an aborted sale's does,
// counts as the running sale's only if our frame was acknowledged before and no
// other answer is owed.
//
// A void and a completion name their original by the terminal's number, which
// starts at 1 again after each batch. So the terminal's own record is looked up
// first and must agree in reference, number and amount.
//
// # What it leaves to others
//
// When to look up, how often, and what a look-up proves is the till's business;
// so is how tip, cashback and surcharge must add up. Opening and reopening the
// line is the Link's. Not spoken: responses in several packets, the override of
// the duplicate check, card types beyond credit and debit, A14 on a second port.
package pax
