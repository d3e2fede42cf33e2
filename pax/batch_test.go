package pax_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"posd/device/sale"
	"posd/pax"
	"posd/pax/paxsim"
)

func TestBatchCloseBringsItsTotals(t *testing.T) {
	onCounter(t, pax.Defaults(), paxsim.Options{}, func(c *counter) {
		paid := c.box.Charge(c.ctx, saleOf(ref1, 500))
		c.box.Charge(c.ctx, saleOf(ref2, 700))
		debit := saleOf(ref3, 300)
		debit.Tender = sale.Debit
		c.box.Charge(c.ctx, debit)
		c.box.Charge(c.ctx, sale.CardRequest{Kind: sale.CardReturn, Ref: refNo(4), Amount: 100})
		c.box.Charge(c.ctx, sale.CardRequest{Kind: sale.CardVoid, Ref: refNo(5), Amount: 500, Original: &sale.CardOriginal{Kind: sale.CardSale, Ref: ref1, Transaction: paid.Card.Transaction, Amount: 500}})
		b := c.box.CloseBatch(c.ctx)
		want := []sale.BatchTotal{{Tender: sale.Credit, Count: 2, Amount: 600}, {Tender: sale.Debit, Count: 1, Amount: 300}}
		if b.End != sale.BatchClosed || !slices.Equal(b.Totals, want) || b.TerminalID != "40880013" || b.Number != "8" {
			c.Errorf("%+v", b)
		}
		if f := c.box.Find(c.ctx, sale.CardLookup{Ref: ref2, Kind: sale.CardSale, Amount: 700}); f.Result != sale.FoundNot {
			c.Errorf("found after the batch was closed: %+v", f)
		}
		if a := c.box.Charge(c.ctx, saleOf(refNo(6), 100)); a.Card.Transaction != "1" {
			c.Errorf("numbers do not start anew: %+v", a.Card)
		}
	})
}

func TestLostBatchAnswerSaysSo(t *testing.T) {
	onCounter(t, pax.Defaults(), paxsim.Options{}, func(c *counter) {
		c.fault("lose-answer=B00")
		b := c.box.CloseBatch(c.ctx)
		if b.End != sale.BatchUnsure || !strings.Contains(b.Words, "may be closed") || c.sim.State().Frames["B00"] != 1 {
			c.Errorf("%+v after %d requests", b, c.sim.State().Frames["B00"])
		}
		c.fault("nak-always=B00")
		time.Sleep(time.Minute)
		if b := c.box.CloseBatch(c.ctx); b.End != sale.BatchOpen || !strings.Contains(b.Words, "not closed") {
			c.Errorf("%+v", b)
		}
	})
}

func TestSleepingTerminalIsNoticed(t *testing.T) {
	onCounter(t, pax.Defaults(), paxsim.Options{}, func(c *counter) {
		ctx, stop := context.WithCancel(c.ctx)
		var heard []error
		done := make(chan error)
		go func() {
			done <- c.box.Run(ctx, func(id sale.Identity, err error) {
				if err == nil && id.Serial == "" {
					err = errors.New("no serial number")
				}
				heard = append(heard, err)
			})
		}()
		time.Sleep(time.Minute) // greeted at once
		c.fault("dead")
		time.Sleep(5 * time.Minute) // and again after five minutes, without an answer
		c.sim.ClearFault("")
		time.Sleep(time.Minute) // and every half minute then
		for range 4 {
			c.box.Charge(c.ctx, saleOf(ref1, 1)) // says enough: no greeting between
			time.Sleep(4 * time.Minute)
		}
		stop()
		if err := <-done; err != nil {
			c.Error(err)
		}
		if len(heard) != 4 || heard[0] != nil || heard[1] == nil || heard[2] == nil || heard[3] != nil {
			c.Errorf("heard %v", heard)
		}
	})
}

func TestReset(t *testing.T) {
	onCounter(t, pax.Defaults(), paxsim.Options{}, func(c *counter) {
		if err := c.box.Reset(c.ctx); err != nil || c.sim.State().Frames["A16"] != 1 {
			c.Error(err)
		}
		c.fault("dead")
		if err := c.box.Reset(c.ctx); err == nil {
			c.Error("a deaf terminal was reset")
		}
	})
}

func TestTotalsAreTheSameUntilSomethingIsCharged(t *testing.T) {
	onCounter(t, pax.Defaults(), paxsim.Options{}, func(c *counter) {
		none := c.box.Totals(c.ctx)
		if !none.Told || none.Records != "0" {
			c.Fatalf("an empty batch: %+v", none)
		}
		c.box.Charge(c.ctx, saleOf(ref1, 500))
		one := c.box.Totals(c.ctx)
		if again := c.box.Totals(c.ctx); !one.Told || !again.Same(one) || one.Same(none) || one.Records != "1" || one.Sums == "" {
			c.Errorf("%+v, then %+v", one, again)
		}
		c.fault("code=100026,R00") // has no such report
		if plain := c.box.Totals(c.ctx); !plain.Told || plain.Sums != "" || !plain.Same(one) {
			c.Errorf("without sums: %+v", plain)
		}
		c.fault("lose-answer=R02")
		if lost := c.box.Totals(c.ctx); lost.Told || lost.Words == "" {
			c.Errorf("a lost answer: %+v", lost)
		}
		c.sim.ClearFault("")
		c.box.CloseBatch(c.ctx)
		if settled := c.box.Totals(c.ctx); !settled.Emptied(one) || settled.Same(one) {
			c.Errorf("a settled batch: %+v", settled)
		}
	})
}
