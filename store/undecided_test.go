package store_test

import (
	"fmt"
	"testing"

	"posd/device/sale"
)

// TestWhatTheGatewayMayContradictIsRecovered: a person's word on a wallet sale, and an
// order that was closed and is to be asked about once more; nothing that is decided.
func TestWhatTheGatewayMayContradictIsRecovered(t *testing.T) {
	s := openAt(t, t.TempDir())
	n := 0
	put := func(method sale.Method, state sale.State, reason sale.Reason, attempt sale.AttemptState) sale.ID {
		n++
		one := cardSale(fmt.Sprint("S", n), fmt.Sprint("R", n))
		one.Method, one.State, one.Reason, one.FinalAt = method, state, reason, &noon
		one.Attempts[0].State = attempt
		commit(t, s, sale.SaleRow{Sale: one})
		return one.ID
	}
	want := []sale.ID{
		put(sale.WeChat, sale.Cancelled, sale.ReasonClosed, sale.AttemptOpen),
		put(sale.Scan, sale.Paid, sale.ReasonPerson, sale.AttemptIntended),
	}
	put(sale.WeChat, sale.Cancelled, sale.ReasonClosed, sale.AttemptEnded)
	put(sale.WeChat, sale.Cancelled, sale.ReasonNotShown, sale.AttemptOpen)
	put(sale.Card, sale.Paid, sale.ReasonPerson, sale.AttemptIntended)
	put(sale.WeChat, sale.Paid, sale.ReasonNone, sale.AttemptPaid)
	r, err := s.Recover(t.Context())
	if err != nil || len(r.Open) != len(want) {
		t.Fatalf("%d recovered, want %d: %v", len(r.Open), len(want), err)
	}
	for i, got := range r.Open {
		if got.ID != want[i] || !got.Undecided() {
			t.Errorf("%s (%s, %s) is recovered, want %s", got.ID, got.State, got.Reason, want[i])
		}
	}
}

func TestThatReportsWereMadeIsToldUntilItIsRemembered(t *testing.T) {
	s := openAt(t, t.TempDir())
	told := func() bool {
		r, err := s.Recover(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return r.Reported
	}
	if told() {
		t.Error("an empty journal has reported")
	}
	one := cardSale("A", "R1")
	one.Reported = sale.ReportDone
	commit(t, s, sale.SaleRow{Sale: one})
	if !told() {
		t.Error("a reported sale is not seen")
	}
	commit(t, s, sale.NoteRow{Name: "first-report", Value: `{"state":"passed"}`})
	if told() {
		t.Error("it is looked for though posd remembers")
	}
}
