package device

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"posd/device/books"
	"posd/device/core"
	"posd/device/sale"
)

const (
	dayPage      = 500             // sales of a day that are read at once
	gatherAgain  = 5 * time.Second // pause after a journal that could not be read
	compareLimit = 2 * time.Minute // for asking the gateway about all of a day
	compareAtOne = 4               // questions to the gateway at one time
)

// Day sums up the sales, refunds and voids from from to to. It reads page by
// page beside the till, which goes on selling: a sale made meanwhile may be
// missing, none counts twice.
func (t *Till) Day(ctx context.Context, from, to time.Time) (books.Books, error) {
	var failed error
	b := books.SumDay(from, to, t.o.Policy.Currency, func(yield func(sale.Sale) bool) {
		failed = t.eachSale(ctx, sale.Filter{From: from, To: to}, yield)
		if failed == nil {
			failed = t.eachSale(ctx, sale.Filter{From: from, To: to, GivenBack: true}, func(s sale.Sale) bool {
				made := !s.CreatedAt.Before(from) && s.CreatedAt.Before(to)
				return made || yield(s) // it came with the first pass
			})
		}
	})
	if t.o.Policy.Cash {
		b.CountCash(sale.Amount(t.o.Policy.CashFloat), nil)
	}
	b.At, b.Language = t.o.Clock().UTC().Truncate(time.Second), t.o.Policy.Language
	if failed != nil {
		return books.Books{}, &sale.Refusal{Kind: sale.ErrUnavailable, Words: "the journal cannot be read, so the day cannot be summed up: " + failed.Error()}
	}
	return b, nil
}

// eachSale hands every sale that f selects to do, the newest first, until do returns false.
func (t *Till) eachSale(ctx context.Context, f sale.Filter, do func(sale.Sale) bool) error {
	f.Limit = dayPage
	for {
		page, err := t.Sales(ctx, f)
		if err != nil {
			return err
		}
		for _, s := range page {
			if !do(s) {
				return nil
			}
		}
		if len(page) < dayPage {
			return nil
		}
		f.Before = page[len(page)-1].ID
	}
}

// CloseDay closes the business day: it has the terminal settle its batch, sums
// the day up, compares it with the batch and the gateway, and writes it down
// for ever. It takes as long as those take; when ctx ends before, the day is
// closed all the same. Repeated under the key by which a day was closed, it
// returns that day's report.
func (t *Till) CloseDay(ctx context.Context, r CloseRequest) (books.Books, error) {
	rep, err := t.ask(ctx, func(ctx context.Context, tok core.Token) (core.Event, error) {
		w := core.DayAsked{Token: tok, Key: r.Key, By: r.By, WithoutTerminal: r.WithoutTerminal, Counted: r.Counted, Empty: true}
		if r.Key != "" {
			body := []any{"close day", r.By, r.WithoutTerminal}
			if r.Counted != nil { // a close without it has the digest that it always had
				body = append(body, *r.Counted)
			}
			w.Digest = digest(body...)
			var err error
			if w.Bound, _, err = t.bound(ctx, r.Key); err != nil {
				return nil, err
			}
		}
		if err := t.refused(w.Bound); err != nil {
			return nil, err
		}
		// One of each tells; the loop must not read a whole day.
		day, _ := t.machine.OpenDay()
		any, err := t.o.Journal.Sales(ctx, sale.Filter{Day: day, Limit: 1})
		if err != nil {
			return nil, broken(err)
		}
		cards, err := t.o.Journal.Sales(ctx, sale.Filter{Day: day, Method: sale.Card, State: sale.Paid, Limit: 1})
		if err != nil {
			return nil, broken(err)
		}
		w.Empty, w.Cards = len(any) == 0, len(cards) > 0
		for s := range t.machine.Sales() { // what is not in the journal yet
			mine, card := books.EndedIn(day, &s)
			w.Empty, w.Cards = w.Empty && !mine, w.Cards || card
		}
		return w, nil
	})
	if err != nil {
		return books.Books{}, err
	}
	if no, ok := (sale.KeyBinding{Movement: rep.Movement}).MadeDay(); ok && rep.Replayed {
		return t.ClosedDay(ctx, no)
	}
	return t.booksOf(rep.Day)
}

// ClosedDay returns the report of a closed day as it was at the close.
func (t *Till) ClosedDay(ctx context.Context, no int) (books.Books, error) {
	d, err := t.o.Journal.Day(ctx, no)
	if errors.Is(err, sale.ErrNotFound) {
		return books.Books{}, &sale.Refusal{Kind: sale.ErrNotFound, Words: fmt.Sprintf("there is no closed day %d: see the day's report for the numbers of those closed on it", no)}
	}
	if err != nil {
		return books.Books{}, broken(err)
	}
	return t.booksOf(d)
}

// ClosedOn returns the numbers of the days that were closed under a date, YYYY-MM-DD.
func (t *Till) ClosedOn(ctx context.Context, date string) ([]int, error) {
	list, err := t.o.Journal.DaysOn(ctx, date)
	if err != nil {
		return nil, broken(err)
	}
	var numbers []int
	for _, d := range list {
		numbers = append(numbers, d.No)
	}
	return numbers, nil
}

func (t *Till) booksOf(d sale.Day) (books.Books, error) {
	var b books.Books
	if err := json.Unmarshal(d.Books, &b); err != nil {
		return b, &sale.Refusal{Kind: sale.ErrUnavailable, Words: fmt.Sprintf("the report of day %d cannot be read: %v", d.No, err)}
	}
	b.From, b.To, b.Language = b.From.In(t.machine.Calendar().Zone()), b.To.In(t.machine.Calendar().Zone()), t.o.Policy.Language
	return b, nil
}

// DayTrouble says in words why a day that was to be closed is not; empty if none is.
func (t *Till) DayTrouble() (words string) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if t.turn(ctx, func() { words = t.machine.DayTrouble() }) != nil {
		return "" // a till that does not answer is said elsewhere
	}
	return words
}

// gather sums a day up and compares it, and says so to the loop. It does not
// give up: the day is closed once its report can be made.
func (t *Till) gather(ctx context.Context, e sale.GatherDay) {
	for {
		d, err := t.gathered(ctx, e)
		if err == nil {
			t.post(core.DayGathered{Day: d})
			return
		}
		t.o.Log.Error("the day cannot be summed up; trying again", "day", e.No, "err", err)
		t.post(core.DayUnread{No: e.No, Words: words(err)})
		select {
		case <-time.After(gatherAgain):
		case <-ctx.Done():
			return // the next run takes it up
		}
	}
}

func (t *Till) gathered(ctx context.Context, e sale.GatherDay) (sale.Day, error) {
	d := sale.Day{No: e.No, Date: e.Date, OpenedAt: e.Opened, By: e.By}
	var sales []sale.Sale
	seen := map[sale.ID]bool{}
	keep := func(s sale.Sale) bool {
		if !seen[s.ID] {
			seen[s.ID] = true
			sales = append(sales, s)
		}
		return true
	}
	since := e.No
	var err error
	if e.Batch.End == sale.BatchClosed {
		since, err = books.BatchSince(e.No, e.Batch.Serial, func(no int) (books.Books, error) { return t.ClosedDay(ctx, no) })
	}
	for no := since; no <= e.No && err == nil; no++ {
		err = t.eachSale(ctx, sale.Filter{Day: no}, keep)
	}
	if err != nil {
		return d, err
	}
	err = t.turn(ctx, func() { // whatever is open is in the loop's hands
		for s := range t.machine.Sales() {
			if s.Open() {
				keep(s)
			}
		}
	})
	if err != nil {
		return d, err
	}
	b := books.SumClosing(e, t.o.Clock().UTC().Truncate(time.Second), t.o.Policy.Currency, slices.Values(sales))
	if t.o.Policy.Cash {
		b.CountCash(sale.Amount(t.o.Policy.CashFloat), e.Counted)
	}
	if t.o.Terminal != nil {
		b.Closing.Terminal = books.MatchBatch(since, e.No, e.Batch, e.LostClose, sales)
	}
	if t.o.Gateway != nil {
		b.Closing.Gateway = t.matchGateway(ctx, e.No, sales)
	}
	d.Books, err = json.Marshal(b)
	return d, err
}

// matchGateway asks the gateway about every wallet sale and refund that ended in
// a day, a few at a time, and compares. What it says of closed orders the loop hears.
func (t *Till) matchGateway(ctx context.Context, no int, sales []sale.Sale) *books.GatewayMatch {
	ctx, cancel := context.WithTimeout(ctx, compareLimit)
	defer cancel()
	asked := books.Questions(no, sales)
	slices.SortStableFunc(asked, func(a, b books.Question) int { return a.Sale.CreatedAt.Compare(b.Sale.CreatedAt) })
	answers := make([]sale.GatewayAnswer, len(asked))
	var asking sync.WaitGroup
	turns := make(chan struct{}, compareAtOne)
	for i, q := range asked {
		turns <- struct{}{}
		asking.Go(func() {
			defer func() { <-turns }()
			switch {
			case ctx.Err() != nil:
				answers[i] = sale.GatewayAnswer{Words: "no time was left to ask"}
			case q.Refund != nil:
				answers[i] = t.o.Gateway.QueryRefund(ctx, q.Refund.ID)
			default:
				answers[i] = t.o.Gateway.Query(ctx, q.Sale.MchOrderNo)
			}
		})
	}
	asking.Wait()
	for i, q := range asked {
		if books.PaidThoughClosed(q, answers[i]) {
			t.closedOrderPaid(q.Sale.ID, answers[i])
		}
	}
	return books.MatchGateway(asked, answers)
}

// closedOrderPaid tells the machine that a closed order is paid. The sale is read in the
// same turn: the one that was compared is minutes old, and the watch may have heard the
// same since. What cannot be read now stands in the comparison, for a person.
func (t *Till) closedOrderPaid(id sale.ID, a sale.GatewayAnswer) {
	_ = t.turn(t.ctx, func() { // it fails only where posd stops
		s, err := t.o.Journal.Sale(t.ctx, id)
		if err != nil {
			t.o.Log.Error("a closed order is paid, and its sale cannot be read", "sale", id, "err", err)
			return
		}
		t.step(core.ClosedOrderPaid{Sale: s, Answer: a})
	})
}
