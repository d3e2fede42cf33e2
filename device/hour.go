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
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
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
