package store

import (
	"fmt"
	"testing"
	"time"

	"posd/device/sale"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// intent is what a till commits before it sends, final when it knows.
func intent(n int) []sale.Row {
	v := sale.Sale{ID: sale.ID(fmt.Sprintf("01%024d", n)), Reference: fmt.Sprint(n), Amount: 2865, Currency: "CAD", Method: sale.Card, Kind: sale.CardSale, ChannelID: sale.CCPax,
		State: sale.Waiting, CreatedAt: noon, MchOrderNo: fmt.Sprintf("02%024d", n), Printed: sale.PrintNone, Reported: sale.ReportNotNeeded,
		Attempts: []sale.Attempt{{Ref: fmt.Sprintf("%016d", n), State: sale.AttemptIntended, StartedAt: noon}}}
	return []sale.Row{
		sale.SaleRow{Sale: v},
		sale.KeyRow{Key: fmt.Sprintf("key-%032d", n), Digest: fmt.Sprintf("%064d", n), Sale: v.ID, At: noon},
		sale.EventRow{At: noon, Sale: v.ID, Kind: "waiting", Data: sale.EventData{State: sale.Waiting}},
	}
}

func final(n int) []sale.Row {
	v := intent(n)[0].(sale.SaleRow).Sale
	v.State, v.FinalAt, v.ApprovedAmount, v.Reported, v.Printed = sale.Paid, &noon, v.Amount, sale.ReportQueued, sale.PrintQueued
	v.Attempts[0].State = sale.AttemptPaid
	v.Card = &sale.CardInfo{Type: "VISA", Number: "XXXXXXXXXXXX1166", Entry: sale.EntryChip, Label: "VISA CREDIT", AID: "A0000000031010",
		TVR: "0080008000", TSI: "6800", Cryptogram: "ARQC: 3D36ACBD44BE512B", CVM: "pin", AuthCode: "123456", HostCode: "00", HostText: "APPROVED",
		Reference: "123456789012", Batch: "1", Invoice: "17", Transaction: "23", TerminalID: "12345678", Serial: "1850000001", TerminalTime: "20261121120000"}
	return []sale.Row{
		sale.SaleRow{Sale: v},
		sale.EventRow{At: noon, Sale: v.ID, Kind: "paid", Data: sale.EventData{State: sale.Paid}},
		sale.ReportRow{Report: queueEntry(n)},
		sale.JobRow{Job: sale.Job{ID: fmt.Sprintf("03%024d", n), Sale: v.ID, Copy: sale.CustomerCopy, State: sale.PrintQueued, At: noon}},
	}
}

func queueEntry(n int) sale.Report {
	return sale.Report{No: fmt.Sprintf("02%024d", n), Sale: sale.ID(fmt.Sprintf("01%024d", n)), Amount: 2865, Currency: "CAD", State: sale.QueueDue,
		QueuedAt: noon, DueAt: noon, Params: `{"amount":2865,"channelId":"CC_PAX","clientIp":"192.168.1.20","currency":"CAD","extra":"{\"acctNo\":\"XXXXXXXXXXXX1166\",\"expDate\":\"1227\",\"authCode\":\"123456\",\"cardType\":\"VISA\",\"entryMode\":\"chip\",\"refNo\":\"123456789012\",\"tvr\":\"0080008000\",\"aid\":\"A0000000031010\",\"tsi\":\"6800\"}","jobNo":"1","mchId":"10000701","mchOrderNo":"01JD8PXA5M7Q2B3C4D5E6F7G8H","notifyUrl":"http://localhost","subject":"sale","body":"sale"}`}
}

func TestCommitIsOneBarrier(t *testing.T) {
	d, vfs := newDisk(t)
	s, err := openOn(t, vfs)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	mustCommit(t, s, intent(0)) // the first round of the log begins with one more
	for n := 1; n <= 50; n++ {
		if got := d.synced(func() { mustCommit(t, s, intent(n)) }); got != 1 {
			t.Fatalf("sale %d: its intent cost %d barriers", n, got)
		}
		if got := d.synced(func() { mustCommit(t, s, final(n)) }); got != 1 {
			t.Fatalf("sale %d: its end cost %d barriers", n, got)
		}
		if n%10 == 0 { // what Idle does is not paid by the next sale
			if _, err := s.Idle(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
	if got := d.synced(func() { mustCommit(t, s, nil) }); got != 0 {
		t.Errorf("a commit of nothing cost %d barriers", got)
	}
}

// TestCommitIsWrittenInOnePiece: SQLite hands over 24 bytes and a page for each of some
// twenty frames.
func TestCommitIsWrittenInOnePiece(t *testing.T) {
	d, vfs := newDisk(t)
	s, err := openOn(t, vfs)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	mustCommit(t, s, intent(0))
	for n := 1; n <= 50; n++ {
		for _, rows := range [][]sale.Row{intent(n), final(n)} {
			before := d.written()
			mustCommit(t, s, rows)
			if got := d.written() - before; got != 1 {
				t.Fatalf("sale %d: a commit was written in %d pieces", n, got)
			}
		}
		if n%10 == 0 {
			if _, err := s.Idle(t.Context()); err != nil {
				t.Fatal(err)
			}
			mustCommit(t, s, intent(n+1000))
		}
	}
	large := []sale.Row{}
	for n := 2000; n < 2200; n++ {
		large = append(large, intent(n)...)
	}
	before := d.written()
	mustCommit(t, s, large)
	if got := d.written() - before; got > 30 {
		t.Errorf("a commit of 200 sales was written in %d pieces", got)
	}
}

func (d *disk) written() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.writes
}

func TestIdleDoesNothingTwice(t *testing.T) {
	d, vfs := newDisk(t)
	s, err := openOn(t, vfs)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	idle := func() {
		if _, err := s.Idle(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	mustCommit(t, s, intent(1))
	idle()
	if got := d.synced(idle); got != 0 {
		t.Errorf("Idle with nothing new cost %d barriers", got)
	}
}

func mustCommit(t testing.TB, s *Store, rows []sale.Row) {
	t.Helper()
	if _, err := s.Commit(t.Context(), rows); err != nil {
		t.Fatal(err)
	}
}
