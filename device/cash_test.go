package device

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"

	"posd/device/core"
	"posd/device/journaltest"
	"posd/device/sale"
)

// cashTill is a till that takes cash, with 100.00 of change, and has a drawer.
func cashTill(t *testing.T, journal *journaltest.Memory, f func(ctx context.Context, till *Till, d *drawerBox)) {
	d := &drawerBox{journal: journal}
	drawerTill(t, journal, d, func(ctx context.Context, till *Till) { f(ctx, till, d) }, func(p *core.Policy) { p.Cash, p.CashFloat = true, 10000 })
}

func TestCashIsStoredBeforeTheDrawerOpens(t *testing.T) {
	journal := journaltest.New()
	cashTill(t, journal, func(ctx context.Context, till *Till, d *drawerBox) {
		lines := sale.Lines{Subtotal: 2490, Taxes: []sale.Tax{{Name: "GST", Amount: 125}, {Name: "QST", Amount: 248}}, Items: []sale.Item{{Name: "tea", Amount: 2490}}}
		ask := SellRequest{Key: "k1", Amount: 2863, Method: sale.Cash, Reference: "B1", Given: 4000, Lines: lines}
		s, replayed, err := till.Sell(ctx, ask)
		if err != nil || replayed || s.State != sale.Paid || s.ApprovedAmount != 2865 || s.Rounding != 2 || s.Given != 4000 || s.Taken() != 2865 || s.Refundable() != 2865 {
			t.Fatalf("%+v, replayed %t: %v", s, replayed, err)
		}
		stored, err := journal.Sale(ctx, s.ID)
		if err != nil || stored.State != sale.Paid || len(stored.Taxes) != 2 || len(stored.Attempts) != 0 {
			t.Fatalf("stored %+v: %v", stored, err)
		}
		synctest.Wait()
		if d.opened != 1 || len(d.jobs) != 1 || d.jobs[0].Sale != s.ID {
			t.Errorf("the drawer opened %d times, with %+v stored before", d.opened, d.jobs)
		}
		if again, replayed, err := till.Sell(ctx, ask); err != nil || !replayed || again.ID != s.ID || d.opened != 1 {
			t.Errorf("under the same key: %+v, replayed %t, the drawer opened %d times: %v", again, replayed, d.opened, err)
		}
		ask.Given = 3000
		if _, _, err := till.Sell(ctx, ask); !errors.Is(err, sale.ErrKeyReused) {
			t.Errorf("another sum handed over under the same key: %v", err)
		}
		if _, _, err := till.Sell(ctx, SellRequest{Key: "k2", Amount: 2863, Method: sale.Cash, Reference: "B1"}); !errors.Is(err, sale.ErrBillPaid) {
			t.Errorf("the same bill again: %v", err)
		}
		back, m, _, err := till.Refund(ctx, GiveBackRequest{Key: "r1", Sale: s.ID, Amount: 500, By: "Ana"})
		synctest.Wait()
		if err != nil || back.Refunds[0].ID != m || back.Refunds[0].State != sale.MovementDone || back.Refundable() != 2365 || d.opened != 2 {
			t.Errorf("given back: %+v, the drawer opened %d times: %v", back.Refunds, d.opened, err)
		}
	})
}

func TestCashIsCountedAtTheDaysEnd(t *testing.T) {
	cashTill(t, journaltest.New(), func(ctx context.Context, till *Till, _ *drawerBox) {
		for i, amount := range []sale.Amount{1001, 502, 1} {
			_, _, err := till.Sell(ctx, SellRequest{Key: "k" + string(rune('0'+i)), Amount: amount, Method: sale.Cash, Lines: sale.Lines{Subtotal: amount, Taxes: []sale.Tax{{Name: "GST"}}}})
			if (err == nil) != (amount > 2) { // 0.01 is no coin
				t.Fatalf("%s: %v", amount, err)
			}
		}
		counted := sale.Amount(11480)
		b, err := till.CloseDay(ctx, CloseRequest{By: "Ana", Counted: &counted})
		if err != nil {
			t.Fatal(err)
		}
		if b.Total.Net != 1500 || b.Rounding.Cents != -3 || b.Cash == nil || b.Cash.Expected != 11500 || b.Cash.Apart != -20 || b.Asked.Cents != 1503 {
			t.Errorf("%+v, cash %+v", b, b.Cash)
		}
		for _, want := range []string{"The cash in the drawer is -0.20 apart: count it again.", "to be there", "115.00", "rounding of cash (2)", "cash paid (2)"} {
			if !strings.Contains(b.Text(), want) {
				t.Errorf("the report does not say %q:\n%s", want, b.Text())
			}
		}
		if csv := string(b.CSV()); !strings.Contains(csv, "Cash in the drawer,apart,0,-20") {
			t.Errorf("%s", csv)
		}
	})
}

func TestCashIsRefusedWhereItIsNotTaken(t *testing.T) {
	atCounter(t, func(c *counter) {
		for want, r := range map[string]SellRequest{
			"cash is not taken here":        {Key: "k", Amount: 500, Method: sale.Cash},
			"given belongs to method cash":  {Key: "k", Amount: 500, Method: sale.Card, Given: 1000},
			"do not add up to the amount":   {Key: "k", Amount: 500, Method: sale.Card, Lines: sale.Lines{Subtotal: 400, Taxes: []sale.Tax{{Name: "GST", Amount: 50}}}},
			"the items add up to 3.00":      {Key: "k", Amount: 500, Method: sale.Card, Lines: sale.Lines{Items: []sale.Item{{Name: "tea", Amount: 300}}}},
			"each tax needs a name":         {Key: "k", Amount: 500, Method: sale.Card, Lines: sale.Lines{Subtotal: 400, Taxes: []sale.Tax{{Amount: 100}}}},
			"each item needs a name":        {Key: "k", Amount: 500, Method: sale.Card, Lines: sale.Lines{Items: []sale.Item{{Name: "a\nb", Amount: 500}}}},
			"at most 200 items and 8 taxes": {Key: "k", Amount: 500, Method: sale.Card, Lines: sale.Lines{Items: make([]sale.Item, 201)}},
		} {
			if _, _, err := c.till.Sell(context.Background(), r); !errors.Is(err, sale.ErrInvalid) || !strings.Contains(err.Error(), want) {
				t.Errorf("%+v: %v, want %q", r, err, want)
			}
		}
	})
}
