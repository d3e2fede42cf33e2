package device

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"posd/device/books"
	"posd/device/core"
	"posd/device/sale"
)

// batch makes the terminal answer a batch close.
func (c *counter) batch(a sale.BatchAnswer) {
	c.terminal.mu.Lock()
	defer c.terminal.mu.Unlock()
	c.terminal.batch = func() sale.BatchAnswer { return a }
}

func closedWith(totals ...sale.BatchTotal) sale.BatchAnswer {
	return sale.BatchAnswer{End: sale.BatchClosed, Number: "8", Totals: totals, Words: "BATCH CLOSED"}
}

// paid takes a card payment in the terminal's batch.
func (c *counter) paid(amount sale.Amount, batch string) sale.Sale {
	c.t.Helper()
	s := c.sell(sale.Card, amount)
	a := approve(amount)
	a.Card.Batch, a.Tender = batch, sale.Credit
	c.terminal.answers <- a
	return c.want(s.ID, sale.Paid, "")
}

// wallet takes a wallet payment.
func (c *counter) wallet(amount sale.Amount) sale.Sale {
	c.t.Helper()
	c.gateway.does(func(g *fakeGateway) { g.query = status(sale.StatusPaid) })
	s := c.sell(sale.WeChat, amount)
	c.wait(10 * time.Second)
	return c.want(s.ID, sale.Paid, "")
}

func (c *counter) closeDay() books.Books {
	c.t.Helper()
	b, err := c.till.CloseDay(context.Background(), CloseRequest{By: "Ann"})
	if err != nil {
		c.t.Fatal(err)
	}
	synctest.Wait()
	return b
}

func TestDayClosesWithThreeBooksThatAgree(t *testing.T) {
	atCounter(t, func(c *counter) {
		first := c.paid(2865, "0008")
		c.paid(1000, "8")
		c.wallet(500)
		if _, _, _, err := c.till.Void(context.Background(), GiveBackRequest{Key: "v", Sale: first.ID, By: "Ann"}); err != nil {
			t.Fatal(err)
		}
		c.terminal.answers <- approve(2865)
		synctest.Wait()
		c.batch(closedWith(sale.BatchTotal{Tender: sale.Credit, Count: 1, Amount: 1000}))

		b := c.closeDay()
		k := b.Closing
		if b.Kind != "closing" || k.No != 1 || k.By != "Ann" || b.Total.Net != 1500 || b.Total.Paid != (books.BookLine{Count: 3, Cents: 4365}) || b.Total.Voids != (books.BookLine{Count: 1, Cents: 2865}) {
			t.Errorf("totals: %+v, closing %+v", b.Total, k)
		}
		if k.Terminal.Apart != 0 || k.Terminal.Differs() || len(k.Terminal.Kinds) != 1 || k.Terminal.Kinds[0].Posd != (books.BookLine{Count: 1, Cents: 1000}) {
			t.Errorf("the terminal's batch: %+v", k.Terminal)
		}
		if k.Gateway.Agreed != (books.BookLine{Count: 1, Cents: 500}) || k.Gateway.Apart.Count+k.Gateway.Unasked.Count != 0 {
			t.Errorf("the gateway: %+v", k.Gateway)
		}
		again, err := c.till.ClosedDay(context.Background(), 1)
		if err != nil || !reflect.DeepEqual(again, b) {
			t.Errorf("read back: %v\n%+v\n%+v", err, again, b)
		}
		if !strings.Contains(b.Text(), "Z REPORT 1") || !strings.Contains(b.Text(), "batch 8 agrees") || !strings.Contains(b.Text(), "wallets at IOTPay agree") {
			t.Error(b.Text())
		}
		if on, err := c.till.ClosedOn(context.Background(), b.Date); err != nil || len(on) != 1 || on[0] != 1 {
			t.Errorf("closed on %s: %v, %v", b.Date, on, err)
		}
	})
}

func TestEveryDifferenceIsNamed(t *testing.T) {
	atCounter(t, func(c *counter) {
		c.paid(2865, "8")
		elsewhere := c.paid(700, "7") // the terminal closed that batch by itself
		unsure := c.sell(sale.Card, 900)
		c.terminal.answers <- sale.CardAnswer{Verdict: sale.VerdictUnsure, Words: "no answer"}
		c.wait(4 * time.Minute)
		if _, err := c.till.Resolve(context.Background(), ResolveRequest{Sale: unsure.ID, As: sale.Paid, Reason: "its paper", By: "Bea"}); err != nil {
			t.Fatal(err)
		}
		known := c.wallet(500)
		c.gateway.does(func(g *fakeGateway) {
			g.query = func(no string) sale.GatewayAnswer {
				return sale.GatewayAnswer{No: no, Result: sale.GatewayOK, Verified: true, Status: sale.StatusPaid, Amount: 450}
			}
		})
		c.batch(closedWith(sale.BatchTotal{Tender: sale.Credit, Count: 1, Amount: 2865}, sale.BatchTotal{Tender: sale.Debit, Count: 2, Amount: 60}))
		m := c.closeDay().Closing
		if m.Terminal.Apart != 60-900 || m.Terminal.Elsewhere.Count != 1 || m.Terminal.Elsewhere.Sales[0].Sale != elsewhere.ID ||
			m.Terminal.Look.Count != 1 || m.Terminal.Look.Sales[0].Sale != unsure.ID {
			t.Errorf("the terminal's batch: %+v", m.Terminal)
		}
		if m.Gateway.Apart.Count != 1 || m.Gateway.Apart.Cents != -50 || m.Gateway.Apart.Sales[0].Sale != known.ID {
			t.Errorf("the gateway: %+v", m.Gateway)
		}
	})
}

func TestClosedDayHoldsWhatEndedInItAndNothingElse(t *testing.T) {
	atCounter(t, func(c *counter) {
		c.gateway.does(func(g *fakeGateway) { g.query = status(sale.StatusCreated) })
		late := c.sell(sale.WeChat, 500)
		c.wait(2 * time.Minute)
		c.want(late.ID, sale.Unsure, sale.ReasonTimeout)
		first := c.paid(1000, "8")
		c.batch(closedWith(sale.BatchTotal{Tender: sale.Credit, Count: 1, Amount: 1000}))
		b := c.closeDay()
		if b.Total.Paid != (books.BookLine{Count: 1, Cents: 1000}) || b.Unsure.Count != 1 || b.Unsure.Sales[0].Sale != late.ID {
			t.Errorf("day 1: %+v, unsure %+v", b.Total, b.Unsure)
		}
		_, err := c.till.CloseDay(context.Background(), CloseRequest{By: "Ann"})
		wantRefusal(t, err, sale.ErrNotPossible, "nothing to close")

		c.gateway.does(func(g *fakeGateway) { g.query = status(sale.StatusPaid) })
		c.wait(time.Minute)
		if s := c.want(late.ID, sale.Paid, ""); s.Day != 2 {
			t.Errorf("booked in day %d", s.Day)
		}
		if _, _, _, err := c.till.Refund(context.Background(), GiveBackRequest{Key: "r", Sale: first.ID, Amount: 300, By: "Ann"}); err != nil {
			t.Fatal(err)
		}
		back := approve(300)
		back.Card.Batch, back.Tender = "9", sale.Credit
		c.terminal.answers <- back
		synctest.Wait()
		answer := closedWith(sale.BatchTotal{Tender: sale.Credit, Count: 1, Amount: -300})
		answer.Number = "9"
		c.batch(answer)
		c.restart() // numbers go on
		b = c.closeDay()
		if b.Closing.No != 2 || b.Total.Paid != (books.BookLine{Count: 1, Cents: 500}) || b.Total.Refunds != (books.BookLine{Count: 1, Cents: 300}) || b.Total.Net != 200 || b.Unsure.Count != 0 {
			t.Errorf("day 2: %+v, unsure %+v", b.Total, b.Unsure)
		}
		if b.Closing.Terminal.Apart != 0 || b.Closing.Terminal.Differs() || b.Closing.Terminal.Elsewhere.Count != 0 {
			t.Errorf("the terminal's batch: %+v", b.Closing.Terminal)
		}
		if again, err := c.till.ClosedDay(context.Background(), 1); err != nil || again.Total.Net != 1000 {
			t.Errorf("day 1 later: %+v, %v", again.Total, err)
		}
	})
}

func TestDayStaysOpenUntilTheTerminalHasSettled(t *testing.T) {
	atCounter(t, func(c *counter) {
		c.paid(1000, "8")
		c.batch(sale.BatchAnswer{End: sale.BatchOpen, Words: "HOST DOWN"})
		_, err := c.till.CloseDay(context.Background(), CloseRequest{By: "Ann"})
		wantRefusal(t, err, sale.ErrUnavailable, "HOST DOWN: the day stays open")
		c.batch(sale.BatchAnswer{End: sale.BatchUnsure, Words: "line lost"})
		_, err = c.till.CloseDay(context.Background(), CloseRequest{By: "Ann"})
		wantRefusal(t, err, sale.ErrUnavailable, "line lost")
		c.restart()
		c.paid(200, "9")
		answer := closedWith(sale.BatchTotal{Tender: sale.Credit, Count: 1, Amount: 200})
		answer.Number = "9"
		c.batch(answer)
		b := c.closeDay()
		if b.Closing.No != 1 || b.Total.Net != 1200 || b.Closing.Terminal.LostClose != "line lost" || b.Closing.Terminal.Elsewhere.Cents != 1000 || b.Closing.Terminal.Apart != 0 {
			t.Errorf("%+v, terminal %+v", b.Total, b.Closing.Terminal)
		}
	})
}

func TestDayClosesBesideABrokenTerminal(t *testing.T) {
	atCounter(t, func(c *counter) {
		c.paid(1000, "8")
		b, err := c.till.CloseDay(context.Background(), CloseRequest{By: "Ann", WithoutTerminal: true})
		if err != nil || b.Closing.Terminal.End != sale.BatchUnsure || !strings.Contains(b.Text(), "left out by Ann") {
			t.Errorf("%v: %+v", err, b.Closing)
		}
		if c.terminal.closed != 0 {
			t.Error("the terminal was asked")
		}
	})
	atCounter(t, func(c *counter) { // nothing of ours is in its batch: it need not be there
		c.wallet(500)
		c.batch(sale.BatchAnswer{End: sale.BatchOpen, Words: "no answer"})
		if b := c.closeDay(); b.Total.Net != 500 {
			t.Errorf("%+v", b.Total)
		}
	})
}

func TestNothingIsSoldWhileTheDayCloses(t *testing.T) {
	atCounter(t, func(c *counter) {
		first := c.paid(1000, "8")
		settle := make(chan sale.BatchAnswer)
		c.terminal.mu.Lock()
		c.terminal.batch = func() sale.BatchAnswer { return <-settle }
		c.terminal.mu.Unlock()
		done := make(chan error)
		go func() {
			_, err := c.till.CloseDay(context.Background(), CloseRequest{By: "Ann"})
			done <- err
		}()
		synctest.Wait()
		_, err := c.trySell(sale.WeChat, 100)
		wantRefusal(t, err, sale.ErrTillBusy, "being closed")
		_, _, _, err = c.till.Void(context.Background(), GiveBackRequest{Key: "v", Sale: first.ID, By: "Ann"})
		wantRefusal(t, err, sale.ErrTillBusy, "being closed")
		_, err = c.till.CloseDay(context.Background(), CloseRequest{By: "Bea"})
		wantRefusal(t, err, sale.ErrTillBusy, "already")
		settle <- closedWith(sale.BatchTotal{Tender: sale.Credit, Count: 1, Amount: 1000})
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		c.paid(100, "9")
	})
}

func TestBatchStaysOpenForWhatHasNotEnded(t *testing.T) {
	atCounter(t, func(c *counter) {
		first := c.paid(1000, "8")
		if _, _, _, err := c.till.Void(context.Background(), GiveBackRequest{Key: "v", Sale: first.ID, By: "Ann"}); err != nil {
			t.Fatal(err)
		}
		_, err := c.till.CloseDay(context.Background(), CloseRequest{By: "Ann"})
		wantRefusal(t, err, sale.ErrTerminalHeld, "")
		c.terminal.answers <- sale.CardAnswer{Verdict: sale.VerdictUnsure, Words: "no answer"}
		synctest.Wait()
		_, err = c.till.CloseDay(context.Background(), CloseRequest{By: "Ann"})
		wantRefusal(t, err, sale.ErrTerminalHeld, string(first.ID))
	})
	atCounter(t, func(c *counter) {
		c.sell(sale.Card, 1000)
		_, err := c.till.CloseDay(context.Background(), CloseRequest{By: "Ann"})
		wantRefusal(t, err, sale.ErrTillBusy, "under way")
		c.terminal.answers <- approve(1000)
	})
}

func TestInterruptedCloseIsTakenUp(t *testing.T) {
	atCounter(t, func(c *counter) {
		c.paid(1000, "8")
		c.batch(closedWith(sale.BatchTotal{Tender: sale.Credit, Count: 1, Amount: 1000}))
		asked := make(chan struct{})
		release := make(chan struct{})
		c.wallet(500)
		c.gateway.does(func(g *fakeGateway) {
			g.query = func(no string) sale.GatewayAnswer {
				close(asked)
				<-release
				return sale.GatewayAnswer{No: no, Result: sale.GatewayLost}
			}
		})
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan error)
		go func() {
			_, err := c.till.CloseDay(ctx, CloseRequest{By: "Ann"})
			done <- err
		}()
		<-asked // the terminal has settled, the comparison is under way: the power fails
		cancel()
		<-done
		go func() {
			time.Sleep(time.Second) // virtual: the till has left its loop by then
			close(release)
		}()
		c.stop()
		if len(c.journal.Rows.Days) != 0 {
			t.Fatal("the day was closed before it was summed up")
		}
		c.gateway.does(func(g *fakeGateway) { g.query = status(sale.StatusPaid) })
		c.begin()
		c.wait(10 * time.Second)
		b, err := c.till.ClosedDay(context.Background(), 1)
		if err != nil || b.Total.Net != 1500 || b.Closing.Terminal.Apart != 0 || b.Closing.Gateway.Agreed.Cents != 500 {
			t.Errorf("%v: %+v", err, b)
		}
		if c.terminal.closed != 1 {
			t.Errorf("the terminal was asked %d times", c.terminal.closed)
		}
		if s := c.paid(100, "9"); s.Day != 2 {
			t.Errorf("booked in day %d", s.Day)
		}
	})
}

func TestCloseThatCannotBeWrittenDownAsksNobody(t *testing.T) {
	atCounter(t, func(c *counter) {
		c.paid(1000, "8")
		c.wait(time.Minute)
		c.journal.Fill(errDiskFull)
		_, err := c.till.CloseDay(context.Background(), CloseRequest{By: "Ann"})
		if !errors.Is(err, sale.ErrUnavailable) || c.terminal.closed != 0 {
			t.Errorf("%v, asked %d times", err, c.terminal.closed)
		}
		c.journal.Fill(nil)
		c.paid(200, "8")
	})
}

func TestNotFoundInAClosedBatchProvesNothing(t *testing.T) {
	atCounter(t, func(c *counter) {
		c.paid(1000, "8")
		c.batch(closedWith(sale.BatchTotal{Tender: sale.Credit, Count: 1, Amount: 1000}))
		c.closeDay()
		s := c.sell(sale.Card, 300)
		c.terminal.answers <- sale.CardAnswer{Verdict: sale.VerdictUnsure, Words: "no answer"}
		c.terminal.finds(func(l sale.CardLookup) sale.CardFinding {
			if l.Control != nil {
				t.Errorf("looked up with a sale of the closed batch as control: %+v", l.Control)
			}
			return sale.CardFinding{Ref: l.Ref, Reached: true, Result: sale.FoundNot}
		})
		c.wait(time.Minute)
		c.want(s.ID, sale.Cancelled, sale.ReasonNotFound) // it is fresh: its own batch is open
	})
}

func TestDayClosesByItselfAtItsHour(t *testing.T) {
	atCounter(t, func(c *counter) {
		c.change = func(p *core.Policy) { p.ClosesAt, p.TimeZone = "03:30", "UTC" }
		c.restart()
		c.wait(48 * time.Hour) // two nights without a sale: nothing to close
		if len(c.journal.Rows.Days) != 0 {
			t.Fatalf("closed %d empty days", len(c.journal.Rows.Days))
		}
		c.paid(1000, "8")
		c.batch(sale.BatchAnswer{End: sale.BatchOpen, Words: "HOST DOWN"})
		c.wait(4 * time.Hour)
		if len(c.journal.Rows.Days) != 0 || c.terminal.closed < 2 {
			t.Fatalf("closed %d days, asked the terminal %d times", len(c.journal.Rows.Days), c.terminal.closed)
		}
		c.batch(closedWith(sale.BatchTotal{Tender: sale.Credit, Count: 1, Amount: 1000}))
		c.wait(closeAgain + lookAtClock)
		if len(c.journal.Rows.Days) != 1 || c.journal.Rows.Days[0].By != "posd" {
			t.Fatalf("closed %+v", c.journal.Rows.Days)
		}
		c.paid(200, "9")
		c.wait(10 * time.Hour) // the same day still
		c.restart()
		c.wait(time.Hour)
		if len(c.journal.Rows.Days) != 1 {
			t.Errorf("closed %d days", len(c.journal.Rows.Days))
		}
		answer := closedWith(sale.BatchTotal{Tender: sale.Credit, Count: 1, Amount: 200})
		answer.Number = "9"
		c.batch(answer)
		c.wait(24 * time.Hour)
		if len(c.journal.Rows.Days) != 2 {
			t.Errorf("closed %d days", len(c.journal.Rows.Days))
		}
	})
}

func TestBatchThatWasLeftOutIsComparedWithTheNextClose(t *testing.T) {
	atCounter(t, func(c *counter) {
		first := c.paid(1000, "8")
		if _, err := c.till.CloseDay(context.Background(), CloseRequest{By: "Ann", WithoutTerminal: true}); err != nil {
			t.Fatal(err)
		}
		c.paid(300, "8")
		if _, err := c.till.CloseDay(context.Background(), CloseRequest{By: "Ann", WithoutTerminal: true}); err != nil {
			t.Fatal(err)
		}
		c.paid(200, "8")
		if _, _, _, err := c.till.Void(context.Background(), GiveBackRequest{Key: "v", Sale: first.ID, By: "Ann"}); err != nil {
			t.Fatal(err)
		}
		c.terminal.answers <- approve(1000)
		synctest.Wait()
		c.batch(closedWith(sale.BatchTotal{Tender: sale.Credit, Count: 2, Amount: 500}))
		b := c.closeDay()
		if b.Total.Net != 200-1000 || b.Closing.Terminal.Apart != 0 || b.Closing.Terminal.Differs() {
			t.Errorf("day 3: %+v, terminal %+v", b.Total, b.Closing.Terminal)
		}
	})
}

func TestClockThatWasYearsAheadDoesNotEndTheClosing(t *testing.T) {
	atCounter(t, func(c *counter) {
		c.change = func(p *core.Policy) { p.ClosesAt, p.TimeZone = "03:30", "UTC" }
		c.restart()
		c.batch(closedWith(sale.BatchTotal{Tender: sale.Credit, Count: 1, Amount: 1000}))
		c.paid(1000, "8")
		c.skew.Store(int64(4 * 365 * 24 * time.Hour))
		c.wait(time.Hour)
		c.skew.Store(0)
		c.paid(1000, "8")
		c.wait(26 * time.Hour)
		if len(c.journal.Rows.Days) != 2 {
			t.Errorf("%d days were closed", len(c.journal.Rows.Days))
		}
	})
}

func TestACloseRepeatedUnderItsKeyIsTheSameClose(t *testing.T) {
	atCounter(t, func(c *counter) {
		ask := func(r CloseRequest) (books.Books, error) { return c.till.CloseDay(context.Background(), r) }
		c.paid(1000, "8")
		c.batch(sale.BatchAnswer{End: sale.BatchOpen, Words: "HOST DOWN"})
		_, err := ask(CloseRequest{Key: "z", By: "Ann"})
		wantRefusal(t, err, sale.ErrUnavailable, "the day stays open")
		c.batch(closedWith(sale.BatchTotal{Tender: sale.Credit, Count: 1, Amount: 1000}))
		if b, err := ask(CloseRequest{Key: "z", By: "Ann"}); err != nil || b.Closing.No != 1 {
			t.Fatalf("under the key of a close that ended with the day open: %+v, %v", b.Closing, err)
		}
		c.paid(500, "9") // the day that a second close would close
		for range 2 {
			b, err := ask(CloseRequest{Key: "z", By: "Ann"})
			if err != nil || b.Closing.No != 1 || b.Total.Net != 1000 {
				t.Errorf("repeated: %+v, %v", b.Closing, err)
			}
			_, err = ask(CloseRequest{Key: "z", By: "Ann", WithoutTerminal: true})
			wantRefusal(t, err, sale.ErrKeyReused, "the close of a day, z1")
			_, _, err = c.till.Sell(context.Background(), SellRequest{Key: "z", Method: sale.Card, Amount: 100})
			wantRefusal(t, err, sale.ErrKeyReused, "the close of a day, z1")
			c.restart()
		}
		if c.terminal.closed != 2 {
			t.Errorf("the terminal was asked to settle %d times", c.terminal.closed)
		}
	})
}
