// Package api is the counter's front door: the HTTP/JSON interface for
// point-of-sale applications and posd's own commands, the stream of events, and
// the three pages (cashier, customer, manager) built on nothing but these.
//
// What a request passes through:
//
//	request --> guard --> mux --+--> /v1/...      huma: parse, check, call the till
//	              |             +--> /v1/events   the stream, see events.go
//	              |             +--> /, /display, /manager, /assets/...
//	              |             +--> anything else: 404 in words
//	              |
//	              +-- Host not loopback, foreign Origin, body not JSON,
//	                  too many at once, till not ready: refused here
//
// Requests are taken strictly (strict.go): a member or parameter that is not
// described, that stands twice, or that is not UTF-8 is refused, as is a request
// that access.go lets in nowhere. testdata/api/openapi.json is the description as
// it is served, access.txt who may ask what.
//
// routes.go is the table of all of it: method, path, limit of time, who may ask,
// handler; operations.go has the words about each route, descriptions.go those about
// each member of what goes over it.
//
// Versions: what is under /v1 only grows. Members, operations, parameters, problem
// types and event kinds are added, so a client passes over those it does not know;
// none is taken away, renamed or given another meaning. What cannot be done so
// becomes /v2, and /v1 stays for a year of releases.
//
// The package decides nothing about money. It turns requests into calls of the
// Till and what comes back into JSON; the table from the till's refusals to
// HTTP statuses (refusals.go) is the only one of its kind. Every failure is
// application/problem+json with a sentence that the cashier can act on; chains
// of errors go to the log alone.
//
// Idempotency-Keys are handed on: the till remembers them. An answer of 500,
// 504 or none at all leaves open whether the request was taken; the caller
// repeats it under the same key.
//
// The pages are plain files in pages/. Their only source is the stream and the
// paths above, so that a reload at any moment shows the same:
//
//	cashier.js   the till, drawn: keying.js the bill, panel.js the sale, strip.js what stands
//	             beside it, pills.js what can be used; state.js what it knows, sell.js what
//	             it asks, amount.js and keys.js how keys are read, sound.js
//	manager.js   month.js the closed days and the three books, today.js the figures and the hours, list.js the sales, day.js reports and
//	             the close, look.js what a person must see to
//	display.js   the customer's screen
//	bill.js      what an amount is made of, for all three
//	shared       actions.js what can be done with a sale, tell.js how it is told, trouble.js what
//	             a device lacks, words.js every word (words-*.js, a line for all languages),
//	             dialogs.js questions, ask.js requests, stream.js events
//	people.js    who is signed in, and the question for a PIN
//	size.js      how large the letters are
//	feed.js      one event stream for all pages of a browser, read by events.js
//	worker.js    a copy for a reload while posd is away
//
// posd sends codes and values; what a person reads on a page is the page's own
// word, in the shop's language. Only what a person wrote, and a bank's or a
// terminal's own words about a refusal, are shown as they came.
//
// Customers fetch their receipts, where the shop wants it, from a server that has
// nothing else to serve (lent.go).
//
// Who opens the listeners, and the unix socket's mode, is the daemon's
// business; ListenAllowed says which addresses may be opened and Server makes
// the http.Server with its limits.
package api
