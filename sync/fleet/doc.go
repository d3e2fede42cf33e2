// Package fleet carries a counter's journal to the hub of its chain, through a
// stream of NATS JetStream: each commit once, in order, without a gap. It is the
// only door to nats.go.
//
//	journal (store) --CommitsAfter--> Publisher --one message a commit--> stream BOOKS
//	     |                               |  ^                                  |
//	     +--- Wake after a commit -------+  +-- last message of the counter ---+
//	                                                                           |
//	                                             poshub  <------ Feed ---------+
//
//	config.go     the name of a counter, and where its servers are
//	message.go    a commit as messages: subject, headers, body
//	resume.go     where to go on, decided by the stream's last message
//	publisher.go  the loop: resume, read, publish, note
//	questions.go  what the chain's centre may ask a counter
//	cursor.go     posd.fleet: what was acknowledged, by memory
//	nats.go       the counter's side of the wire
//	stream.go     the stream as it must be, made and checked (poshub)
//	feed.go       the books read in order (poshub)
//
// The journal is the queue: nothing is copied, nothing is removed, a counter that
// was away for a month reads on where the stream ends. Nothing of posd waits for the
// publisher; what it cannot do it says in its Status.
//
// How it fails: a link that is away is tried for ever, with words; a stream that
// holds what the journal did not write stops it (Fenced) until a person has decided.
// DESIGN.md has the guarantees and how a duplicate, a gap and a fork arise.
package fleet
