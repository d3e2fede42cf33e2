// Package poslink puts posd in the card terminal's place: register software
// that drives a PAX terminal is pointed at this box instead, unmodified.
//
//	register                         posd                         the counter
//	T00 sale  ---- TCP or HTTP --->  frame.go   cut, check
//	          <--- ACK ------------  request.go what is asked
//	                                 desk.go    is this a repeat?
//	                                 ask.go     ------------------> Till.Sell, Void, Refund
//	          <--- T01 ------------  answer.go  <------------------ how it ended
//	ACK ---------------------------> desk.go    the answer was delivered
//
// A register repeats what it got no answer to, under references that are often
// the same for every sale, so that the reference cannot tell a repeat from a
// second customer. Delivery can: until an answer is known to have arrived,
// the same frame from the same register asks about the same sale; afterwards
// it is a new one. What was begun and what was delivered is remembered over
// restarts (Notes).
//
//	the same frame again while                 is
//	  the sale is under way                    attached to it: one answer for all
//	  its answer was not delivered             answered again, for Config.RepeatFor
//	  posd cannot tell how it ended            never a new sale
//	after the end was delivered                a new sale
//
// How it fails: a register that is slow, endless or speaks nonsense costs its
// own connection and nothing else; a sale goes on when its register is gone.
// What posd cannot tell is answered as a failure whose words send the cashier
// to the page. Left to others: what a sale is (device), who may connect beyond
// the list of addresses (the network). CLIENTS.md says which registers were tried.
package poslink
