package books

import (
	"testing"

	"posd/device/sale"
)

// TestAnEmptyBatchHasNothingToSayOfWhatWasSettledBefore: the answer to an earlier
// close was lost, and the second one finds nothing to settle.
func TestAnEmptyBatchHasNothingToSayOfWhatWasSettledBefore(t *testing.T) {
	sales := []sale.Sale{{ID: "S1", Method: sale.Card, Kind: sale.CardSale, State: sale.Paid, Day: 3, Amount: 2865, ApprovedAmount: 2865, Card: &sale.CardInfo{Batch: "8"}}}
	m := MatchBatch(3, 3, sale.BatchAnswer{End: sale.BatchClosed, Empty: true, Words: "NOT FOUND (100023)"}, "line lost", sales)
	if m.Apart != 0 || m.Elsewhere.Cents != 2865 {
		t.Errorf("apart %s, in an earlier batch %s", m.Apart, m.Elsewhere.Cents)
	}
}

// TestAReturnByAPersonsWordIsLookedAt: nobody can say in which batch it is.
func TestAReturnByAPersonsWordIsLookedAt(t *testing.T) {
	back := []sale.Movement{{Kind: sale.Refund, Amount: 500, State: sale.MovementDone, Day: 3, Words: "on the bank's list (Ana)"}}
	sales := []sale.Sale{{ID: "S1", Method: sale.Card, Kind: sale.CardSale, State: sale.Paid, Day: 2, Amount: 500, ApprovedAmount: 500, Refunds: back}}
	m := MatchBatch(3, 3, sale.BatchAnswer{End: sale.BatchClosed, Number: "8"}, "", sales)
	if m.Apart != 500 || len(m.Look.Sales) != 1 || m.Look.Cents != -500 {
		t.Errorf("apart %s, to be looked at %+v", m.Apart, m.Look)
	}
}

// TestABatchIsOneTerminals: batches that two terminals number alike are different ones,
// and what one settled says nothing of the other's.
func TestABatchIsOneTerminals(t *testing.T) {
	closing := func(serial string) Books {
		return Books{Closing: &Closing{Terminal: &BatchMatch{BatchAnswer: sale.BatchAnswer{End: sale.BatchClosed, Serial: serial}}}}
	}
	days := map[int]Books{1: closing("A"), 2: closing("B"), 3: closing("B")}
	closed := func(no int) (Books, error) { return days[no], nil }
	for serial, want := range map[string]int{"B": 4, "A": 2, "C": 1} {
		if since, err := BatchSince(4, serial, closed); err != nil || since != want {
			t.Errorf("the batch of %s began on day %d (%v), want %d", serial, since, err, want)
		}
	}
}
