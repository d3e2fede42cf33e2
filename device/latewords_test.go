package device

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
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

// whileRead does something in the moment in which the sale of a reference is read.
type whileRead struct {
	Journal
	done atomic.Bool
	do   func()
}

func (j *whileRead) SaleOf(ctx context.Context, ref string) (sale.Sale, error) {
	s, err := j.Journal.SaleOf(ctx, ref)
	if j.do != nil && !j.done.Swap(true) {
		j.do()
	}
	return s, err
}

// TestALateWordUndoesNothingThatHappensWhileItsSaleIsRead: the sale has ended, and a
// person gives it back in that moment. What was read must not be written over that.
func TestALateWordUndoesNothingThatHappensWhileItsSaleIsRead(t *testing.T) {
	atCounter(t, func(c *counter) {
		read := &whileRead{Journal: c.journal}
		c.through = read
		c.restart()
		s := c.now(c.cardSale(1000))
		c.cardSale(400) // the till has done with the first
		c.wait(time.Hour)
		read.do = func() {
			go func() { c.terminal.answers <- approve(1000) }()
			go func() {
				if _, _, _, err := c.till.Void(context.Background(), GiveBackRequest{Key: "void", Sale: s.ID, By: "Ann"}); err != nil {
					t.Error(err)
				}
			}()
			synctest.Wait() // the void goes as far as it can
		}
		late := sale.CardAnswer{Ref: s.Attempts[0].Ref, Verdict: sale.VerdictDeclined, Words: "DECLINED"}
		c.till.TerminalSaid(late)
		c.wait(time.Minute)
		stored, err := c.journal.Sale(context.Background(), s.ID)
		if err != nil || len(stored.Refunds) != 1 || stored.Refunds[0].State != sale.MovementDone || stored.Incident == "" {
			t.Errorf("stored with refunds %+v and the incident %q (%v)", stored.Refunds, stored.Incident, err)
		}
	})
}
