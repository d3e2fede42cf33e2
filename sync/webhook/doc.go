// Package webhook tells the shop's own software what the journal says, in the form
// of standardwebhooks.com:
//
//	POST target
//	webhook-id: evt_412_mf2k1q       the same at every try: a receiver keeps those it has
//	webhook-timestamp: 1795795200    of this try, so that an old one cannot be played again
//	webhook-signature: v1,BASE64     HMAC-SHA256 of id.timestamp.body
//
//	{"type":"sale.paid","timestamp":"...","data":{"seq":412,"sale":"01K...","event":{...}}}
//
// Every stored event is told at least once, and those of one sale in order: an event
// that is not taken (any answer but 2xx) holds up its own sale and no other. It is
// tried again with full jitter, without a limit of tries, until it is older than
// max_age; what is given up so is counted and said. What was told is noted in the
// journal about once a second, so that after a stop some are told again.
//
// A target is named in the configuration alone. A name in it that leads to this box
// or to a link-local address is refused when it is dialled, unless the address
// itself is written there; redirections are not followed.
//
// What it leaves to others: reading the journal and noting (the caller's Journal),
// and what an event means (device/api describes them).
package webhook
