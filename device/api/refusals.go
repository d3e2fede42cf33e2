package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/danielgtaylor/huma/v2"

	"posd/device/sale"
)

// Problem is how every failure is answered (RFC 9457).
type Problem struct {
	Type   string  `json:"type" doc:"The kind of problem, for programs: till-busy, same-bill, ..." example:"till-busy"`
	Title  string  `json:"title" doc:"The kind in words, the same for every problem of the type."`
	Status int     `json:"status" doc:"The HTTP status."`
	Detail string  `json:"detail" doc:"What is the matter and what to do next, for the cashier."`
	Sale   sale.ID `json:"sale,omitempty" doc:"The sale that stands in the way, if one does."`
	Errors []Fault `json:"errors,omitempty" doc:"Every fault found in the request."`
}

// Fault is one thing wrong with a request. It never repeats the value: that may be a secret.
type Fault struct {
	Location string `json:"location" doc:"Where: body.amount, query.date, ..."`
	Message  string `json:"message" doc:"What is wrong there."`
}

// Error returns the sentence.
func (p *Problem) Error() string { return p.Detail }

// GetStatus returns the HTTP status.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType names problems as what they are.
func (p *Problem) ContentType(string) string { return "application/problem+json" }

// kinds is the only table from the till's refusals to HTTP.
var kinds = []struct {
	err    error
	status int
	name   string
}{
	{sale.ErrInvalid, http.StatusUnprocessableEntity, "invalid"},
	{sale.ErrNotFound, http.StatusNotFound, "not-found"},
	{sale.ErrTillBusy, http.StatusConflict, "till-busy"},
	{sale.ErrTerminalHeld, http.StatusConflict, "terminal-held"},
	{sale.ErrSameBill, http.StatusConflict, "same-bill"},
	{sale.ErrBillPaid, http.StatusConflict, "bill-paid"},
	{sale.ErrNotPossible, http.StatusConflict, "not-possible"},
	{sale.ErrRefundLimit, http.StatusConflict, "refund-limit"},
	{sale.ErrNoRight, http.StatusForbidden, "pin-needed"},
	{sale.ErrWrongPIN, http.StatusForbidden, "pin-refused"},
	{sale.ErrPINLocked, http.StatusTooManyRequests, "pin-locked"},
	{sale.ErrNoDevice, http.StatusConflict, "no-device"},
	{sale.ErrKeyReused, http.StatusUnprocessableEntity, "key-reused"},
	{sale.ErrUnavailable, http.StatusServiceUnavailable, "unavailable"},
}

// titles say each type in words.
var titles = map[string]string{
	"invalid":       "The request is not valid",
	"malformed":     "The request cannot be read",
	"key-missing":   "The Idempotency-Key is missing or not valid",
	"key-reused":    "The Idempotency-Key belongs to another request",
	"not-found":     "There is no such thing",
	"wrong-method":  "That cannot be done there",
	"till-busy":     "Another sale is under way",
	"terminal-held": "The card terminal is held by another sale",
	"same-bill":     "This bill may have been paid already",
	"bill-paid":     "This bill is paid",
	"not-possible":  "That cannot be done with this sale",
	"refund-limit":  "The wallet may not take this refund",
	"no-device":     "There is no such device here",
	"unavailable":   "posd cannot do that now",
	"no-code":       "No payment code was scanned",
	"no-scanner":    "The scanner cannot be read",
	"refused":       "The gateway refused",
	"unsure":        "What became of it is not known",
	"starting":      "posd is starting",
	"too-many":      "Too many requests at once",
	"late":          "posd did not answer in time",
	"internal":      "posd failed",
	"token-missing": "A token is needed",
	"token-refused": "The token is not in force",
	"pin-needed":    "Somebody who may must give a PIN",
	"pin-refused":   "The PIN is not right",
	"pin-locked":    "Too many wrong PINs",
	"not-allowed":   "The token does not allow this",
	"foreign":       "Refused: not from this counter",
	"not-json":      "The body is not JSON",
	"too-large":     "The request is too large",
}

// problem makes a problem of a named type.
func problem(status int, kind, detail string) *Problem {
	return &Problem{Type: kind, Title: titles[kind], Status: status, Detail: detail}
}

// refuse turns the till's error into a problem. What is not a refusal is
// logged with its chain and answered without it.
func (h *handlers) refuse(doing string, err error) error {
	var said *Problem
	if errors.As(err, &said) {
		return said
	}
	for _, k := range kinds {
		if !errors.Is(err, k.err) {
			continue
		}
		p := problem(k.status, k.name, titles[k.name]+".")
		var r *sale.Refusal
		if errors.As(err, &r) {
			p.Sale = r.Other
			if r.Words != "" {
				p.Detail = r.Words
			}
		}
		return p
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return problem(http.StatusGatewayTimeout, "late",
			"posd did not answer in time and may have taken the request: repeat it under the same Idempotency-Key, or look at the sale.")
	}
	h.Log.Error("request failed", "doing", doing, "err", err)
	return problem(http.StatusInternalServerError, "internal",
		"posd could not finish this and may have taken the request: repeat it under the same Idempotency-Key, or look at the sale. The log says more.")
}

// writeProblem answers with p outside of huma.
func writeProblem(w http.ResponseWriter, p *Problem) {
	body, err := json.Marshal(p)
	if err != nil { // strings and numbers only: cannot happen
		http.Error(w, p.Detail, p.Status)
		return
	}
	w.Header().Set("Content-Type", p.ContentType(""))
	w.WriteHeader(p.Status)
	_, _ = w.Write(append(body, '\n')) // the caller may be gone; nobody is left to tell
}

// adoptProblems makes huma report the faults it finds itself as Problems, and
// take a member by its exact name only. huma has one such setting for the
// whole program.
var adoptProblems = sync.OnceFunc(func() {
	huma.ValidateStrictCasing = true
	huma.NewError = func(status int, msg string, errs ...error) huma.StatusError {
		return faultsFound(status, msg, errs)
	}
})

var notInteger = lazily(`^json: cannot unmarshal number .* into Go struct field \w+\.(\S+) of type`)

// hints tell, by the last part of a fault's location, what would be right.
var hints = map[string]string{
	"amount":   "Amounts are whole cents, from 1 to 999999999: 2865 stands for 28.65.",
	"method":   "Use card, wechat, alipay, unionpay, scan or cash.",
	"kind":     "Use sale or auth; a return is POST /v1/refunds, a completion POST /v1/sales/{id}/complete.",
	"tender":   "Use credit or debit, or leave it to the terminal.",
	"upload":   "Use confirmed or refused.",
	"as":       "Use paid, declined or cancelled; of a refund or void, done or refused.",
	"pin":      "A PIN has 4 to 12 digits.",
	"role":     "Use cashier, supervisor or manager.",
	"by":       "Give the name of the person who asks.",
	"reason":   "Give the reason in a few words.",
	"currency": "Use three letters, such as CAD, or leave it out.",
	"state":    "Use waiting, paid, declined, cancelled or unsure.",
	"last":     "Give the last four digits of the card.",
	"date":     "Write the day as 2026-11-21.",
	"limit":    "Ask for 1 to 1000.",
	"format":   "Use text; png for a receipt, csv or json for a report.",
}

// faultsFound makes a problem of what huma says of a request.
func faultsFound(status int, msg string, errs []error) *Problem {
	kind := "invalid"
	var large *http.MaxBytesError
	switch {
	case slices.ContainsFunc(errs, func(err error) bool { return errors.As(err, &large) }):
		status, kind, errs = http.StatusRequestEntityTooLarge, "too-large", nil
		msg = fmt.Sprintf("the body is larger than %d bytes: nothing was done", large.Limit)
	case status == http.StatusBadRequest:
		kind = "malformed"
	case status == http.StatusRequestEntityTooLarge:
		kind = "too-large"
	case status == http.StatusUnsupportedMediaType:
		kind = "not-json"
	case status == http.StatusRequestTimeout:
		kind = "late"
	case status >= 500:
		kind = "internal"
	}
	p := problem(status, kind, "")
	var sentences []string
	for _, err := range errs {
		if err == nil {
			continue
		}
		f := Fault{Message: err.Error()}
		var d huma.ErrorDetailer
		if errors.As(err, &d) {
			detail := d.ErrorDetail()
			f = Fault{Location: detail.Location, Message: detail.Message}
		}
		// 5.00 is an integer to JSON Schema and none to Go, nor to a till; the
		// decoder's words name Go types, so only the member is taken from them.
		if m := notInteger().FindStringSubmatch(f.Message); m != nil {
			f = Fault{Location: "body." + m[1], Message: "expected integer without point or exponent"}
		}
		p.Errors = append(p.Errors, f)
		sentences = append(sentences, f.sentence())
	}
	if len(sentences) == 0 {
		sentences = []string{strings.ToUpper(msg[:min(1, len(msg))]) + msg[min(1, len(msg)):] + "."}
	}
	p.Detail = strings.Join(sentences, " ")
	return p
}

// sentence says the fault for a person.
func (f Fault) sentence() string {
	field := f.Location[strings.LastIndexByte(f.Location, '.')+1:]
	if name, ok := strings.CutPrefix(f.Message, "expected required property "); ok {
		field, _, _ = strings.Cut(name, " ")
		return strings.TrimSpace(field + " is missing. " + hints[field])
	}
	if hints[field] != "" {
		return field + " is not right. " + hints[field]
	}
	if f.Location != "" {
		return f.Location + ": " + f.Message + "."
	}
	return f.Message + "."
}
