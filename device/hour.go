package device

import (
	"context"
	"errors"
	"fmt"
	"time"

	"posd/device/sale"
)

const (
	lookAtClock = time.Minute      // how often the hour is looked at
	closeAgain  = 10 * time.Minute // pause after a close that was refused
)

// byTheClock looks at the wall clock once a minute: whether it can be right, and
// whether the day is to be closed.
func (t *Till) byTheClock(ctx context.Context) {
	var since time.Time // when it was first seen behind, by the running time
	t.clockBehind(ctx, &since)
	closes := t.closesByHour(ctx)
	tick := time.NewTimer(sale.UntilRound(time.Now(), lookAtClock))
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			tick.Reset(sale.UntilRound(time.Now(), lookAtClock))
		}
		if !t.clockBehind(ctx, &since) && closes != nil {
			closes.ifDue(ctx)
		}
	}
}

// hourly closes the business day at the configured hour. It compares the names of
// days, not spans of time: a clock that jumps closes one day too many or one too
// few, and no sale is in two of them or in none.
type hourly struct {
	t     *Till
	days  sale.Calendar
	last  string    // the day that was closed last, or under way when posd was first started
	again time.Time // a close that was refused is tried again
}

// closesByHour returns nil where a person closes the day.
func (t *Till) closesByHour(ctx context.Context) *hourly {
	if t.o.Policy.ClosesAt == "" {
		return nil
	}
	days, err := sale.NewCalendar(t.machine.Calendar().Zone(), t.o.Policy.ClosesAt)
	if err != nil {
		return nil // Validate has said so
	}
	h := &hourly{t: t, days: days}
	if t.turn(ctx, func() {
		_, opened := t.machine.OpenDay()
		h.last = days.Day(opened)
	}) != nil {
		return nil
	}
	if h.last < "1970" { // none was closed yet
		h.last = days.Day(t.o.Clock())
	}
	return h
}

func (h *hourly) ifDue(ctx context.Context) {
	today := h.days.Day(h.t.o.Clock())
	if today == h.last || time.Now().Before(h.again) {
		return
	}
	_, err := h.t.CloseDay(ctx, CloseRequest{By: "posd"})
	switch {
	case err == nil, errors.Is(err, sale.ErrNotPossible): // closed, or nothing to close
		h.last = today
	case ctx.Err() == nil:
		h.t.o.Log.Warn("the day could not be closed at its hour; trying again", "err", err)
		h.again = time.Now().Add(closeAgain)
	}
}

// trustAfter is for how long a clock may be behind the journal until it is taken
// for right, and the entries for those of a clock that was ahead.
const trustAfter = 24 * time.Hour

// ClockBehind says in words that the wall clock is behind what is in the journal
// already; empty while it is not.
func (t *Till) ClockBehind() string {
	if words := t.behind.Load(); words != nil {
		return *words
	}
	return ""
}

// clockBehind reports whether the clock says a time before the journal's latest
// entry, and says so when it begins: the hour of such a clock closes no day.
func (t *Till) clockBehind(ctx context.Context, since *time.Time) bool {
	last := time.UnixMilli(t.entered.Load())
	if last.UnixMilli() == 0 { // nothing was written in this run
		var err error
		if last, err = LatestEntry(ctx, t.o.Journal); err != nil || last.IsZero() {
			return false
		}
	}
	now := t.o.Clock()
	words := BehindWords(now, last)
	switch {
	case words == "":
	case since.IsZero():
		*since = time.Now()
		t.o.Log.Warn("the clock is behind the journal's latest entry: no day is closed at its hour until it is right, or has gone on for a day", "clock", now.UTC(), "latest", last.UTC())
	case time.Since(*since) >= trustAfter:
		t.entered.Store(now.UnixMilli())
		words = ""
	}
	if words == "" {
		*since = time.Time{}
		t.behind.Store(nil)
		return false
	}
	t.behind.Store(&words)
	return true
}

// LatestEntry returns when the journal's latest event was entered, by the clock of
// then; zero if there is none.
func LatestEntry(ctx context.Context, j interface {
	LastSeq(ctx context.Context) (int64, error)
	Events(ctx context.Context, after int64, limit int) ([]sale.StoredEvent, error)
}) (time.Time, error) {
	seq, err := j.LastSeq(ctx)
	if err != nil || seq == 0 {
		return time.Time{}, err
	}
	found, err := j.Events(ctx, seq-1, 1)
	if err != nil || len(found) == 0 {
		return time.Time{}, err
	}
	return found[0].At, nil
}

// BehindWords says that a clock which says now is behind an entry of the journal, or nothing.
func BehindWords(now, latest time.Time) string {
	if !now.Before(latest.Truncate(time.Second)) {
		return ""
	}
	return fmt.Sprintf("the clock says %s, and the journal's latest entry is of %s: set the clock, or let the box reach a time server; receipts and days bear the wrong date, and no day is closed at its hour meanwhile",
		now.UTC().Format(time.DateTime), latest.UTC().Format(time.DateTime))
}
