package device

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"posd/device/sale"
)

// neverHeardOf is a card sale that has ended as never heard of by the terminal.
func (c *counter) neverHeardOf() sale.Sale {
	c.t.Helper()
	approveOne(c)
	s := c.sell(sale.Card, 1000)
	c.terminal.finds(func(l sale.CardLookup) sale.CardFinding {
		return sale.CardFinding{Ref: l.Ref, Reached: true, Result: sale.FoundNot, Control: sale.FoundIt}
	})
	c.terminal.answers <- sale.CardAnswer{Verdict: sale.VerdictUnsure}
	return s
}

// TestALateWordIsKeptUntilTheDiskTakesIt: of a sale that ended as never heard of, while
// nothing can be written, and while nothing can be read, so that nobody knows whose it is.
func TestALateWordIsKeptUntilTheDiskTakesIt(t *testing.T) {
	broken := errors.New("disk I/O error")
	for name, tt := range map[string]struct {
		before bool // the disk is full before the sale ends
		unread error
	}{
		"full once the sale has ended":   {},
		"full before the sale ends":      {before: true},
		"full, and nothing can be read":  {unread: broken},
		"full before, and unread":        {before: true, unread: broken},
		"nothing can be read, disk well": {unread: broken},
	} {
		t.Run(name, func(t *testing.T) {
			atCounter(t, func(c *counter) {
				s := c.neverHeardOf()
				if tt.before {
					c.wait(time.Second)
					c.journal.Fill(errDiskFull)
				}
				c.wait(time.Minute)
				if !tt.before {
					c.want(s.ID, sale.Cancelled, sale.ReasonNotFound)
					c.wait(time.Hour)
					c.cardSale(400) // the till has done with it
				}
				if name != "nothing can be read, disk well" {
					c.journal.Fill(errDiskFull)
				}
				c.journal.Spoil(tt.unread)
				late := approve(1000)
				late.Ref, late.SaidApproved = s.Attempts[0].Ref, true
				c.till.TerminalSaid(late)
				c.wait(10 * time.Minute)
				c.journal.Spoil(nil)
				c.journal.Fill(nil)
				c.wait(10 * time.Second)
				stored, err := c.journal.Sale(context.Background(), s.ID)
				if err != nil || stored.State != sale.Cancelled || !strings.Contains(stored.Incident, "but the sale is cancelled") {
					t.Errorf("stored as %s with the incident %q (%v)", stored.State, stored.Incident, err)
				}
				c.restart()
				if got := c.now(s.ID); got.Incident == "" {
					t.Error("after a restart nobody is told")
				}
			})
		})
	}
}

// TestAVoidOfWhatIOTPayNeverHeardOfIsNoCorrectionThere: its report could not even be
// composed, as on a box without a gateway. Once it may have been sent, it is one.
func TestAVoidOfWhatIOTPayNeverHeardOfIsNoCorrectionThere(t *testing.T) {
	for _, heard := range []bool{false, true} {
		atCounter(t, func(c *counter) {
			s := c.sell(sale.Card, 1000)
			a := approve(1000)
			a.Card.Transaction = "12"
			if !heard {
				a.ExtraErr = "there is no [gateway] in the configuration to report card sales to"
			}
			c.terminal.answers <- a
			c.wait(time.Minute)
			if _, _, _, err := c.till.Void(context.Background(), GiveBackRequest{Key: "v", Sale: s.ID, By: "Ann"}); err != nil {
				t.Fatal(err)
			}
			c.wait(time.Second)
			c.terminal.answers <- approve(1000)
			c.wait(time.Minute)
			want := sale.ReportWithdrawn
			if heard {
				want = sale.ReportDone
			}
			if got := c.now(s.ID); got.Reported != want || heard != strings.Contains(got.Attention, "at IOTPay by hand") || c.journal.Waiting() != 0 {
				t.Errorf("heard %v: %s, %d wait, attention %q", heard, got.Reported, c.journal.Waiting(), got.Attention)
			}
		})
	}
}
