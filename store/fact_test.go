package store_test

import (
	"errors"
	"reflect"
	"testing"

	"posd/device/sale"
)

func TestAFactChangesNothingElseOfItsSale(t *testing.T) {
	dir := t.TempDir()
	s := openAt(t, dir)
	v := cardSale("A", "R1")
	v.State, v.Printed, v.Reported = sale.Paid, sale.PrintQueued, sale.ReportQueued
	commit(t, s, sale.SaleRow{Sale: v})

	commit(t, s, sale.FactRow{Sale: "A", Printed: sale.PrintDone}, sale.FactRow{Sale: "A", Reported: sale.ReportDone})
	v.Printed, v.Reported = sale.PrintDone, sale.ReportDone
	if got, err := s.Sale(t.Context(), "A"); err != nil || !reflect.DeepEqual(got, v) {
		t.Errorf("got %+v, %v\nwant %+v", got, err, v)
	}
	if _, err := s.Commit(t.Context(), []sale.Row{sale.FactRow{Sale: "B", Printed: sale.PrintDone}}); !errors.Is(err, sale.ErrNotFound) {
		t.Errorf("a fact of a sale that never was: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	again := openAt(t, dir)
	if got, err := again.Sale(t.Context(), "A"); err != nil || got.Printed != sale.PrintDone {
		t.Errorf("after a restart: %+v, %v", got, err)
	}
}
