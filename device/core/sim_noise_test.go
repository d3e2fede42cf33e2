package core_test

import (
	"bytes"
	"context"
	"fmt"
	"testing"
	"testing/synctest"

	"posd/device/sale"
)

// TestNoWrongByteChangesMoney makes every byte of the terminal's T01 and of the
// gateway's query_order answer wrong in every way, once and for good, and reads
// the result with the real driver and the real client. What is not the whole
// truth must be nothing at all: unsure, or not ok.
func TestNoWrongByteChangesMoney(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(1, true)
		w.calm = true
		x := w.wires
		read, unread := 0, 0
		see := func(money sale.Amount, ok bool, want sale.Amount, how string) {
			switch {
			case !ok:
				unread++
			case money == want:
				read++
			default:
				t.Errorf("%s: %s was read where %s was written", how, money, want)
			}
		}
		charge := func(n int, bad func([]byte) []byte) sale.CardAnswer {
			x.plugIn()
			x.fault = func(b []byte) []byte {
				if bytes.Contains(b, []byte("T01")) {
					return bad(b)
				}
				return b // who the terminal is
			}
			return x.driver.Charge(context.Background(), sale.CardRequest{Kind: sale.CardSale, Ref: fmt.Sprintf("NOISE%011d", n), Amount: 2865})
		}
		length, n := 0, 0
		charge(0, func(b []byte) []byte { length = len(b); return b })
		for i := range length {
			for _, way := range []int{0, 3, 6, 8, 9} {
				for _, copies := range []int{1, 3} { // the first only, and every copy
					n++
					left := copies
					a := charge(n, func(b []byte) []byte {
						if left--; left < 0 || i >= len(b) {
							return b
						}
						return wrong(b, i, way)
					})
					see(a.Approved, a.Verdict == sale.VerdictApproved, 2865, fmt.Sprintf("T01, byte %d, way %d, %d copies", i, way, copies))
				}
			}
		}

		x.fate, x.fault = fate{heard: true}, nil
		const no = "01KA000000000000000000N01S"
		if a := x.client.Create(context.Background(), sale.OrderRequest{No: no, Channel: sale.WXNative, Amount: 2865, Currency: "CAD"}); a.Result != sale.GatewayOK {
			t.Fatal(a.Words)
		}
		x.fault = func(b []byte) []byte { length = len(b); return b }
		x.client.Query(context.Background(), no)
		for i := range length {
			for _, way := range []int{0, 3, 6, 8, 9} {
				x.fault = func(b []byte) []byte { return wrong(b, i, way) }
				a := x.client.Query(context.Background(), no)
				if a.Result == sale.GatewayOK && a.Status != sale.StatusCreated {
					t.Errorf("query_order, byte %d, way %d: status %d was read of an unpaid order", i, way, a.Status)
				}
				see(a.Amount, a.Result == sale.GatewayOK, 2865, fmt.Sprintf("query_order, byte %d, way %d", i, way))
			}
		}
		if read == 0 || unread == 0 {
			t.Errorf("%d answers were read, %d were not: both were to be seen", read, unread)
		}
		t.Logf("%d answers were read as they were written, %d not at all", read, unread)
	})
}
