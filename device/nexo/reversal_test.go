package nexo

import (
	"fmt"
	"strings"
	"testing"

	"posd/device/sale"
)

func TestReversalIsAVoidOrARefund(t *testing.T) {
	within(t, func(t *testing.T, s *Server, c *counter) {
		paid := pay(t, s, c, payment("s1", "5.00", ""), sale.Paid)
		reverse := func(service, more string) response {
			return ask(t, s, message("Reversal", service, fmt.Sprintf(`{"OriginalPOITransaction":{"POITransactionID":{"TransactionID":%q,"TimeStamp":"2026-11-28T01:00:00Z"}},"ReversalReason":"MerchantCancel"%s}`, paid.POIData.POITransactionID.TransactionID, more)))
		}
		for _, x := range []struct{ service, more, says, asked, reversed string }{
			{"r1", `,"ReversedAmount":1.50`, "Success", "refund 1.50 by register", "1.50"},
			{"r2", `,"ReversedAmount":5.00`, "Failure NotAllowed", "", ""}, // more than is left
			{"r3", ``, "Success", "refund 0.00 by register", "3.50"},       // what is left: of a part there is no void
			{"r4", ``, "Failure NotAllowed", "", ""},
			{"r1", `,"ReversedAmount":1.00`, "Failure MessageFormat", "", ""}, // the name was another request's
			{"s1", ``, "Failure MessageFormat", "", ""},                       // likewise: the payment's
		} {
			before := len(c.asked)
			for range 2 {
				if r := reverse(x.service, x.more); r.says() != x.says || r.ReversedAmount.String() != x.reversed {
					t.Errorf("%s: %+v", x.service, r)
				}
			}
			if got := strings.Join(c.asked[before:], ", "); got != x.asked {
				t.Errorf("%s asked %q, want %q", x.service, got, x.asked)
			}
		}
		paid = pay(t, s, c, payment("s2", "5.00", ""), sale.Paid)
		for range 2 {
			if r := reverse("r5", ""); r.says() != "Success" || r.ReversedAmount != "5.00" || c.asked[len(c.asked)-1] != "void 0.00 by register" {
				t.Errorf("all of it: %+v, asked %q", r, c.asked)
			}
		}
		paid, c.closed = pay(t, s, c, payment("s3", "5.00", ""), sale.Paid), true
		if r := reverse("r6", ""); r.says() != "Success" || r.ReversedAmount != "5.00" || c.asked[len(c.asked)-1] != "refund 0.00 by register" {
			t.Errorf("after the batch was closed: %+v, asked %q", r, c.asked)
		}
		if r := ask(t, s, message("Reversal", "r9", `{"OriginalPOITransaction":{"POITransactionID":{"TransactionID":"01NONE.1"}}}`)); r.says() != "Failure NotFound" {
			t.Errorf("of nothing: %s", r.says())
		}
		refund := pay(t, s, c, payment("s4", "2.00", `,"PaymentData":{"PaymentType":"Refund"}`), sale.Paid)
		if refund.says() != "Success" || c.sales[3].Kind != sale.CardReturn {
			t.Errorf("a refund without a sale: %s, %+v", refund.says(), c.sales[3])
		}
	})
}
