// Package pax speaks to a PAX card terminal running a BroadPOS payment
// application, over a serial line or TCP: it takes money for a sale, gives it
// back, and finds out afterwards what became of an attempt whose answer was
// lost.
//
// One frame, from the box and from the terminal:
//
//	STX T00 FS 1.43 FS 01 FS 2865 FS FS reference FS FS FS FS FS ETX LRC
//	STX 0 FS T01 FS 1.58 FS 000000 FS OK FS host FS 01 FS amounts FS account FS trace FS ... ETX LRC
//
// FS parts fields, US parts the subfields of a group, and every list is open at
// its end: missing reads as empty, extra is ignored. LRC is the exclusive or of
// all bytes after STX up to and including ETX and may have any value.
//
// The files, bottom up: frame.go cuts bytes into frames, message.go requests
// and responses into fields, line.go has the conversation of one exchange,
// codes.go and answer.go say what may be concluded from a response, terminal.go
// charges, lookup.go looks up, extra.go makes what IOTPay wants to hear.
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
// A money frame is never sent again but on NAK: a missing ACK may be the only
// thing that was lost. Before money goes out the terminal has said who it is on
// the same connection, so that a busy one, or another one, costs nothing.
//
// An answer that comes after its time is acknowledged, kept, and handed to the
// next Find.
//
// # What it leaves to others
//
// When to look up, how often, and what a look-up proves is the till's business;
// opening and reopening the line is the Link's.
package pax
