package api

import (
	"fmt"
	"html"
	"maps"
	"net/http"
	"slices"
)

// remedies say, for whoever writes software against posd, what each type of
// problem means and what to do. titles names them all.
var remedies = map[string]string{
	"invalid":       "A member or parameter is missing, unknown, or not as the description says; errors lists each. Nothing was done. Correct the request.",
	"malformed":     "The request is no JSON in UTF-8, or its path, query or headers cannot be read. Nothing was done. Correct the request.",
	"key-missing":   "What moves money needs the header Idempotency-Key, made by the caller and kept before sending. Nothing was done.",
	"key-reused":    "The key was used with another body. Nothing was done. Make a new key for a new request; repeat a request under its own.",
	"not-found":     "There is no such sale, movement, report, order or path.",
	"wrong-method":  "The path takes the methods that the header Allow lists.",
	"till-busy":     "One payment is taken at a time. The member sale names the one under way: wait for it or cancel it.",
	"terminal-held": "The card terminal belongs to a sale whose end is not known yet, which the member sale names. Wallets can be taken meanwhile.",
	"same-bill":     "The member sale names a sale of the same bill, which may have been paid. Ask the cashier: replaces with its ID gives that sale up, replaces with none is another customer.",
	"bill-paid":     "The member sale names the sale by which the bill is paid. Refund or void it first, or say replaces none for another customer.",
	"not-possible":  "The sale, the movement or the till does not stand so that this can be done; the detail says why.",
	"refund-limit":  "The wallet may not take this refund: it is too old, there were too many, or the last was a moment ago. Nothing was sent, and nothing should be promised. If a person wants it tried all the same, ask again with anyway.",
	"no-device":     "The device that this needs is not configured.",
	"unavailable":   "A device, the gateway or the journal cannot be used now, or posd is stopping. Nothing was done. Try again under the same key.",
	"no-code":       "No payment code was scanned in time, or what was scanned is none. Nothing was done.",
	"no-scanner":    "The counter's scanner cannot be read. Nothing was done. Give the code as authCode.",
	"refused":       "The gateway refused an order past the till, on its own grounds.",
	"unsure":        "What became of an order past the till is not known. Ask after its number before asking for the same money again.",
	"starting":      "posd is reading its journal. Nothing was done. Try again after the seconds of Retry-After.",
	"too-many":      "Too much is under way. Nothing was done. Try again after the seconds of Retry-After.",
	"late":          "posd may have taken the request. Repeat it under the same key, which cannot charge twice.",
	"internal":      "posd may have taken the request. Repeat it under the same key, which cannot charge twice.",
	"token-missing": "From the first token on, requests over TCP need one: Authorization: Bearer and the token. Nothing was done.",
	"token-refused": "The token is not known, has expired or was revoked. Nothing was done. Ask for a new one.",
	"not-allowed":   "The token's scopes do not hold this. Nothing was done.",
	"pin-needed":    "The person who is signed in has no right to this, or nobody is signed in. Nothing was done. POST /v1/people/{id}/approve with the PIN of somebody who may, and send the request again with the header Posd-Approval; or sign in.",
	"pin-refused":   "The PIN is not this person's. Nothing was done. Wrong PINs are counted.",
	"pin-locked":    "Too many wrong PINs were given for this person, or in this shop. Nothing was done, and this PIN was not looked at. The detail says when the next one is.",
	"foreign":       "The request's Host or Origin is not this counter. Nothing was done.",
	"not-json":      "The body must come as application/json, in UTF-8. Nothing was done.",
	"too-large":     "The body is larger than posd takes. Nothing was done.",
}

// problemTypes lists every type, in order.
func problemTypes() []string { return slices.Sorted(maps.Keys(titles)) }

// problemPage tells what a type of problem means.
func (h *handlers) problemPage(w http.ResponseWriter, r *http.Request) {
	kind := r.PathValue("type")
	title, ok := titles[kind]
	if !ok {
		writeProblem(w, problem(http.StatusNotFound, "not-found", "There is no such type of problem. /openapi.json lists them."))
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	fmt.Fprintf(w, "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>%s</title>\n<h1>%s</h1>\n<p><code>%s</code></p>\n<p>%s</p>\n</html>\n",
		kind, html.EscapeString(title), kind, html.EscapeString(remedies[kind]))
}
