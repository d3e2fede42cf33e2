// Package outbox carries reports of approved card sales to the gateway: many at
// once, none twice.
//
//	queue (store) --Due--> till's step --Send--> Outbox --one worker each--> gateway
//	      ^                    ^                                                |
//	      |                    +------------------- answered(report, answer) ---+
//	      +--- one transaction per batch of answers: removed, postponed, set aside
//
// Who decides what:
//
//   - The store holds the queue. A report enters it in the transaction that makes
//     its sale paid and leaves it on confirmation only.
//   - The till's step holds the schedule: which reports are due, the backoff
//     after a failure, when the whole queue stands still because the link or
//     the key is at fault, what is set aside for a person, and what "exists" means at
//     a first and at a second attempt.
//   - The gateway client composes, signs and sends one request, and says what the
//     answer proves.
//   - The outbox only bounds how many requests are under way, and keeps a
//     report from being under way twice.
//
// Nothing is retried in here. A report gets one request per Send, whatever
// becomes of it, so a dead order holds a worker for one request at most, and
// every wait between two tries is written down in the queue where a restart
// finds it. A report may reach the gateway more than once over its life (its answer may
// be lost): it carries the same bytes and the same number each time, and the
// gateway refuses the second as one it has.
//
// The bound holds over all calls of Send together. To keep the workers busy
// while the answers to one batch come in and are committed, the till's step sends
// the next batch meanwhile; it goes behind the first.
package outbox
