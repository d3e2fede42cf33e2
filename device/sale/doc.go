// Package sale is the vocabulary of posd: what a sale is, which states it
// may be in, what is said to a card terminal, to the gateway, to a display and
// to a printer, and what they answer. It is pure: no I/O, no clock, no
// goroutine, nothing imported but the standard library.
//
// Words, each with one meaning in the whole project:
//
//	sale       the payment of one bill by one method
//	bill       what the customer owes, named by the application's reference; one bill, one capture
//	same bill  of two sales: the same reference, or without one the same amount a moment ago
//	attempt    one try of a sale on a wire, with a reference of its own
//	request    what the terminal is asked to do (CardRequest)
//	order      only the gateway's thing
//	report     the queue entry that tells IOTPay of an approved card sale
//	give back  to refund or to void
//	movement   a refund or a void, linked to its sale, with a number of its own
//	binding    what an Idempotency-Key belongs to for ever
//	unsure     asked, and the answer not known yet
//	end        to become final: paid, declined, cancelled; of a movement done, refused or kept
//	resolve    to end by a person's word what posd cannot find out
//	settle     what the terminal does with its batch, and nothing else
//	lost close a settling of the batch whose answer was lost: the batch may be in two parts
//	look-up    asking a wire what became of an attempt; it moves no money
//	control    an approved sale that the terminal must still find, to prove that it remembers
//	owner      the sale to which a reference belongs that an answer names
//	incident   what was heard does not agree; a person looks, and nothing is given back by itself
//	attention  the words that ask a person to resolve a sale
//	refusal    an answer to a request that changed nothing
//	day        a business day of the shop, named by Calendar and closed under a number
//
// The states and the only ways between them:
//
//	              +-----------------> paid
//	              |                    ^
//	waiting ------+-----------------> declined
//	   |          |                    ^
//	   |          +-----------------> cancelled
//	   |                               ^
//	   +-----------> unsure -----------+   (to paid, declined or cancelled)
//
// paid, declined and cancelled are final: nothing leaves them. Only words of
// the terminal or of the gateway, or a proof that nothing was sent, lead to a
// final state; every other end of a conversation leads to unsure. See
// CanBecome for the table that the till asks.
package sale
