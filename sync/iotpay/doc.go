// Package iotpay speaks to the IOTPay payment gateway: it places orders, asks
// after them, gives money back and reports card sales.
//
// Every call is one HTTPS POST of one form field:
//
//	POST /v1/create_order | query_order | refund_order | query_refund
//	Content-Type: application/x-www-form-urlencoded
//
//	params={"amount":2865,"mchId":"10000701",...,"sign":"C380BEC2..."}
//	       \_____________ percent-encoded JSON ___________________/
//
//	answer {"retCode":"SUCCESS","resCode":"SUCCESS",...,"sign":"9A0C..."}
//
// and every request, answer and notification is signed alike:
//
//	fields that are not empty, without sign, sorted by name
//	    a=apple&b=boat&c=cat   &key=MERCHANT-KEY   -> MD5 -> upper-case hex
//
// Answers are verified in every order in which gateways of this family sort what
// they sign (sorted.go): all agree on the names that are documented.
//
// The files, bottom up: sign.go holds the object and its signature; order.go,
// query.go and refund.go say what may be asked and what is answered; wire.go
// carries bytes; answer.go, words.go and trouble.go say what an answer, or its
// absence, proves; client.go joins them into what the till calls; notify.go receives
// the gateway's own calls.
//
// Whether create_order with CC_PAX reports a card payment or is one, IOTPay's
// documents leave open. Report is the first reading: a payment that the till has
// taken on its own line. Terminal (terminal.go) is the second: the gateway drives
// the card terminal, and the order is the charge. The configuration says which, and
// the till holds the first report against the terminal's totals.
//
// # How it fails
//
// Nothing here returns a bare error to the till. A call ends as a
// sale.GatewayAnswer whose Result says what may be concluded:
//
//	no connection was ever had          not-sent   nothing was asked
//	sent, no readable answer            lost       ask again by number
//	SUCCESS, signature not right        unverified same, and look at the key
//	FAIL                                fail       Verified says whether it is signed
//	FAIL with a configured text         not-found, exists
//	SUCCESS, signed, numbers agree      ok
//
// of a refund, where SUCCESS is acceptance and the status says the rest:
//
//	SUCCESS, status among refund_done   ok
//	SUCCESS, among refund_failed        failed     it will never be done
//	SUCCESS, any other, or none         pending    ask again by number (4, too: the
//	                                               dialects disagree about it)
//	FAIL, refused on grounds of business fail      it was not made
//	FAIL with any other words           unclear    it may have been made: ask by number
//
// and whose Trouble and Words say what a shop can do about it. Its Concern says
// how far an answer that is no success reaches, so that a word about one order is
// not taken for one about the gateway: link (transport, signature, key), system,
// patience, channel, order, refused. The table of words is in words.go.
//
// # What is repeated, and what never is
//
// Look-ups (Query, QueryRefund, Probe) move nothing: go-retryablehttp repeats
// them, with a capped and jittered wait. Create, Refund and Report go out once
// per call. Three things that would repeat a POST behind our back are shut off
// for them: the library's retries (RetryMax 0), net/http's own repetition on a
// reused connection that turns out dead (no GetBody, no Idempotency-Key
// header), and redirects (never followed).
//
// # What it leaves to others
//
// When to ask again, whether a sale is paid and what becomes of a report is
// the till's to decide. The package keeps no state but its connections.
package iotpay
