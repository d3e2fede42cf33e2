package poslink

import (
	"fmt"
	"strings"

	"posd/device/sale"
	"posd/pax"
)

// request is a frame cut up.
type request struct {
	command string
	fields  []string // after the version
}

// parseRequest cuts a frame's body: command FS version [FS field]...
func parseRequest(body []byte) (request, error) {
	parts := strings.Split(string(body), string(rune(pax.FS)))
	c := parts[0]
	if len(c) != 3 || c[0] < 'A' || c[0] > 'Z' || c[1] < '0' || c[1] > '9' || c[2] < '0' || c[2] > '8' {
		return request{}, fmt.Errorf("a request names the command %q", clip(c))
	}
	if len(parts) < 2 {
		return request{command: c}, nil
	}
	return request{c, parts[2:]}, nil
}

// field returns a field counted from 1, as the protocol's tables do.
func (r request) field(n int) string {
	if n > len(r.fields) {
		return ""
	}
	return r.fields[n-1]
}

// sub returns a subfield, counted from 0, of a field counted from 1.
func (r request) sub(n, i int) string {
	subs := strings.Split(r.field(n), string(rune(pax.US)))
	if i >= len(subs) {
		return ""
	}
	return subs[i]
}

// Transaction types that are served.
const (
	typeSale     = "01"
	typeReturn   = "02"
	typeAuth     = "03"
	typeComplete = "04"
	typeVoid     = "16"
)

// payment is what T00, T02 or T06 asks for.
type payment struct {
	command  string
	kind     string // transaction type; the voids of a kind (17 to 20) count as 16
	asked    string // transaction type as asked, echoed
	amount   sale.Amount
	tip      sale.Amount
	again    bool   // take it though a duplicate
	ref      string // the register's own reference
	invoice  string
	auth     string // authorisation code of the original
	original string // transaction number of the original
	href     string // host reference of the original: the sale's ID, as an earlier answer named it
}

// parsePayment reads T00 or T02. What cannot be served is an error in the words of a terminal.
//
//	T00  1 type · 2 amount · 3 account · 4 trace · 5 AVS · 6 cashier · 7 commercial · 8 MOTO · 9 additional
//	T02, T06  1 type · 2 amount · 3 account · 4 trace · 5 cashier · 6 additional
func parsePayment(r request) (payment, error) {
	p := payment{command: r.command, asked: r.field(1), kind: r.field(1), again: r.sub(3, 5) == "1",
		ref: r.sub(4, 0), invoice: r.sub(4, 1), auth: r.sub(4, 2), original: strings.TrimLeft(r.sub(4, 3), "0")}
	more := 9
	if r.command != "T00" {
		more = 6
	}
	for _, kv := range strings.Split(r.field(more), string(rune(pax.US))) {
		if k, v, ok := strings.Cut(kv, "="); ok && strings.EqualFold(k, "HREF") {
			p.href = v
		}
	}
	switch p.kind {
	case typeSale, typeReturn, typeAuth, typeComplete:
	case typeVoid, "17", "18", "19", "20":
		p.kind = typeVoid
	default:
		return p, errTransType
	}
	for _, f := range []string{p.ref, p.invoice, p.auth, p.original, p.href} {
		if len(f) > 64 || !printable(f) {
			return p, fmt.Errorf("REFERENCE INVALID")
		}
	}
	if p.kind == typeVoid {
		return p, nil // a void undoes the whole amount that was approved
	}
	var parts [4]sale.Amount
	for i := range parts {
		n, err := parseCents(r.sub(2, i))
		if err != nil {
			return p, err
		}
		parts[i] = n
	}
	if parts[2] > 0 {
		return p, fmt.Errorf("CASHBACK NOT SUPPORTED")
	}
	p.tip = parts[1]
	p.amount = parts[0] + parts[1] + parts[3]
	if p.amount <= 0 || p.amount > sale.MaxAmount {
		return p, errAmount
	}
	return p, nil
}

var (
	errTransType = fmt.Errorf("UNSUPPORT TRANS")
	errAmount    = fmt.Errorf("AMOUNT INVALID")
)

// parseCents reads digits only; empty is nothing.
func parseCents(s string) (sale.Amount, error) {
	var n sale.Amount
	for _, c := range []byte(s) {
		if c < '0' || c > '9' || n > sale.MaxAmount {
			return 0, errAmount
		}
		n = n*10 + sale.Amount(c-'0')
	}
	return n, nil
}

// clip shortens what is quoted from outside.
func clip(s string) string { return s[:min(len(s), 16)] }
