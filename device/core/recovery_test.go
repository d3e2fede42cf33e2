package core

import (
	"testing"
	"time"

	"posd/device/sale"
)

func TestAReceiptThatWaitedIsPrintedOnceAfterARestart(t *testing.T) {
	machine, err := New(DefaultPolicy(), Equipment{Printer: true}, testMakers)
	if err != nil {
		t.Fatal(err)
	}
	s := sale.Sale{ID: "01KASALE", Amount: 1000, State: sale.Paid}
	job := func(id string) sale.Job { return sale.Job{ID: id, Sale: s.ID, State: sale.PrintQueued} }
	out := machine.Step(Input{Wall: time.Now(), Event: Started{Recovered: sale.Recovered{
		Jobs: []sale.Job{job("J1"), job("J2")}, JobSales: []sale.Sale{s, s},
	}}})
	printed := map[string]int{}
	for _, e := range append(out.Now, out.After...) {
		if p, ok := e.(PrintReceipt); ok {
			printed[p.Receipt.Job]++
			if !p.Receipt.Duplicate {
				t.Errorf("job %s does not say that it may be a duplicate", p.Receipt.Job)
			}
		}
	}
	if printed["J1"] != 1 || printed["J2"] != 1 || len(printed) != 2 {
		t.Errorf("printed %v, want each job once", printed)
	}
}
