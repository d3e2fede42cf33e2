package main

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"posd/device/sale"
	"posd/store"
	"posd/sync/fleet"
)

// till is a counter's journal and what is published of it.
type till struct {
	*store.Store
	t    testing.TB
	name fleet.Name
	n    int
}

func newTill(t testing.TB, dir, name string) *till {
	t.Helper()
	s, err := store.Open(t.Context(), store.Config{Dir: dir}, quiet)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return &till{s, t, fleet.Name{Chain: "c", Shop: "shop1", Till: name}, 0}
}

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// sell stores the intent of a card sale and its end, and returns it.
func (c *till) sell(cents sale.Amount) sale.Sale {
	c.t.Helper()
	c.n++
	v := sale.Sale{ID: sale.ID(fmt.Sprintf("01%s%022d", c.name.Till, c.n)), Reference: fmt.Sprintf("BILL-%d", c.n), Method: sale.Card, Kind: sale.CardSale, State: sale.Waiting, Currency: "CAD",
		Amount: cents, CreatedAt: noon.Add(time.Duration(c.n) * time.Second), Attempts: []sale.Attempt{{Ref: fmt.Sprintf("%s%014d", c.name.Till, c.n), StartedAt: noon}}}
	c.put(sale.SaleRow{Sale: v}, sale.KeyRow{Key: string("key " + v.ID), Digest: "d", Sale: v.ID, At: noon})
	end := v.CreatedAt.Add(time.Second)
	v.State, v.FinalAt, v.ApprovedAmount, v.Reported = sale.Paid, &end, cents, sale.ReportDone
	v.Card = &sale.CardInfo{Type: "V", Number: "************1111"}
	c.put(sale.SaleRow{Sale: v}, sale.EventRow{At: end, Sale: v.ID, Kind: "sale.paid", Data: sale.EventData{State: sale.Paid}})
	return v
}

func (c *till) refund(v sale.Sale, cents sale.Amount) {
	c.t.Helper()
	v.Refunds = append(v.Refunds, sale.Movement{ID: "R" + string(v.ID)[1:], Kind: sale.Refund, Amount: cents, State: sale.MovementDone, CreatedAt: noon, FinalAt: &noon})
	c.put(sale.SaleRow{Sale: v})
}

func (c *till) put(rows ...sale.Row) {
	c.t.Helper()
	if _, err := c.Commit(context.Background(), rows); err != nil {
		c.t.Fatal(err)
	}
}

// messages are the commits behind number after, as they are published.
func (c *till) messages(after int64, from *sale.Ancestor) (out []fleet.Message) {
	c.t.Helper()
	e, err := c.Epoch(context.Background())
	if err != nil {
		c.t.Fatal(err)
	}
	for {
		found, err := c.CommitsAfter(context.Background(), after, 100)
		if err != nil {
			c.t.Fatal(err)
		}
		if len(found) == 0 {
			return out
		}
		for _, one := range found {
			out = append(out, message(c.t, c.name, e.Name, from, one))
			from, after = nil, one.No
		}
	}
}

func message(t testing.TB, n fleet.Name, epoch string, from *sale.Ancestor, c sale.Commit) fleet.Message {
	t.Helper()
	text, err := json.Marshal(fleet.Body{Format: 1, From: from, Commit: c})
	if err != nil {
		t.Fatal(err)
	}
	return fleet.Message{Name: n, Epoch: epoch, Commit: c.No, Part: 1, Parts: 1, Hash: c.Hash, Seq: 1, Body: text}
}
