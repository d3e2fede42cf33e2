package main

import "fmt"

// rule is one thing that must hold, over the whole history.
type rule struct {
	name  string
	about string
	check func(*facts, *finding)
}

// finding is what a rule has looked at, and what it has found.
type finding struct {
	Looked int      `json:"looked"`
	Broken []string `json:"broken"`
}

func (f *finding) look() { f.Looked++ }

func (f *finding) bad(format string, args ...any) {
	f.Broken = append(f.Broken, fmt.Sprintf(format, args...))
}

// rules lists them all. Those that compare books need the history to end at rest.
var rules = []rule{
	{"kept", "what was acknowledged is in the last list of sales", kept},
	{"one-key", "one key is one sale, two keys are two", oneKey},
	{"final", "a state that was said to be final is said ever after", final},
	{"in-words", "paid is said after terminal or gateway said so, or a person did", inWords},
	{"closed", "a wallet sale whose code was on the glass is cancelled after the gateway said that its order is closed, or a person did", closed},
	{"taken-once", "what is paid was taken once; what is not was not, or was given back", takenOnce},
	{"known", "everything that was taken, ordered, given back or reported belongs to a sale", known},
	{"sent-known", "everything that went out on a wire belongs to a sale, over its amount", sentKnown},
	{"sent-once", "a transaction that the terminal has acknowledged is not sent again, nor an order", sentOnce},
	{"one-bill", "one bill is taken once", oneBill},
	{"given-back", "a refund or void is made once when it is done, never when it is not, and never above what was paid", givenBack},
	{"late", "what was given up and then paid is given back, or kept by a person", late},
	{"reported", "an approved card sale is reported once over its amount, nothing else is", reported},
	{"glass", "a code on the glass is of an order of a sale, one for each sale, and leaves with it", glass},
	{"paper", "what is paid is printed over its amount, one receipt of a kind passes for the original, and nothing unpaid says approved", paper},
	{"masked", "no card number passes anywhere but masked", masked},
	{"frames", "posd's frames are whole", frames},
}
