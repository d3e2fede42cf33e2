package pax

import (
	"cmp"
	"fmt"

	"posd/device/sale"
)

// duplicate reads 100011, which brings the original's data: our own earlier
// approval if reference, type and amount are ours; a refusal if it names
// another reference; otherwise nobody can tell. Of the host's duplicate check,
// 103000, only the refusal is known.
func duplicate(o sale.CardRequest, a sale.CardAnswer) sale.CardAnswer {
	switch {
	case a.Ref == o.Ref && a.Kind == o.Kind && agrees(o.Amount, o.Tip, a):
		a.Verdict, a.Reason, a.SaidApproved = sale.VerdictApproved, sale.ReasonNone, true
		return a
	case a.Ref == "" || a.Ref == o.Ref:
		return unclear(o, a, "but it does not say of which transaction")
	}
	return sale.CardAnswer{
		Ref: o.Ref, Kind: o.Kind, Verdict: sale.VerdictDeclined, Reason: sale.ReasonDuplicateOf, Foreign: a.Ref,
		Words: join(a.Words, fmt.Sprintf("of reference %s, transaction %s, %s", a.Ref, cmp.Or(a.Card.Transaction, "unknown"), a.Approved)),
	}
}
