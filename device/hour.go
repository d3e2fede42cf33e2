package device

import (
	"context"
	"errors"
	"time"

	"posd/device/sale"
)

const (
	lookAtClock = time.Minute      // how often the hour is looked at
	closeAgain  = 10 * time.Minute // pause after a close that was refused
)

// closeByHour closes the business day at the configured hour. It compares the
// names of days, not spans of time: a clock that jumps closes one day too many
// or one too few, and no sale is in two of them or in none.
func (t *Till) closeByHour(ctx context.Context) {
	byHour, err := sale.NewCalendar(t.machine.Calendar().Zone(), t.o.Policy.ClosesAt)
	if err != nil {
		return // Validate has said so
	}

	var last string // the day that was closed last, or under way when posd was first started
	if t.turn(ctx, func() {
		_, opened := t.machine.OpenDay()
		last = byHour.Day(opened)
	}) != nil {
		return
	}
	if last < "1970" { // none was closed yet
		last = byHour.Day(t.o.Clock())
	}
	tick := time.NewTicker(lookAtClock)
	defer tick.Stop()
	var again time.Time
	var behind time.Time
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if t.clockBehind(ctx, &behind) {
			continue
		}
		today := byHour.Day(t.o.Clock())
		if today == last || time.Now().Before(again) {
			continue
		}
		_, err := t.CloseDay(ctx, "posd", false)
		switch {
		case err == nil, errors.Is(err, sale.ErrNotPossible): // closed, or nothing to close
			last = today
		case ctx.Err() == nil:
			t.o.Log.Warn("the day could not be closed at its hour; trying again", "err", err)
			again = time.Now().Add(closeAgain)
		}
	}
}

// trustAfter is for how long a clock may be behind the journal until it is taken
// for right, and the entries for those of a clock that was ahead.
const trustAfter = 24 * time.Hour

// clockBehind reports whether the clock says a time before the journal's latest
// entry, and says so when it begins: the hour of such a clock closes no day.
// since is when it was first seen behind, by the running time.
func (t *Till) clockBehind(ctx context.Context, since *time.Time) bool {
	last := time.UnixMilli(t.entered.Load())
	if last.UnixMilli() == 0 { // nothing was written in this run
		seq, err := t.o.Journal.LastSeq(ctx)
		if err != nil || seq == 0 {
			return false
		}
		found, err := t.o.Journal.Events(ctx, seq-1, 1)
		if err != nil || len(found) == 0 {
			return false
		}
		last = found[0].At
	}
	now := t.o.Clock()
	switch {
	case !now.Before(last.Truncate(time.Second)):
		*since = time.Time{}
		return false
	case since.IsZero():
		*since = time.Now()
		t.o.Log.Warn("the clock is behind the journal's latest entry: no day is closed at its hour until it is right, or has gone on for a day", "clock", now.UTC(), "latest", last.UTC())
	case time.Since(*since) >= trustAfter:
		t.entered.Store(now.UnixMilli())
		*since = time.Time{}
		return false
	}
	return true
}
