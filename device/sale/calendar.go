package sale

import (
	"cmp"
	"fmt"
	"time"
)

// Calendar names business days. A shop whose day ends at 04:00 counts the small
// hours to the day before:
//
//	                00:00      04:00                     24:00      04:00
//	clock   --- Friday | Saturday |                          | Sunday |
//	day     -- "Friday" ----------| "Saturday" -----------------------| "Sunday"
//
// It is the wall clock that says when a day ends, not a number of hours: on the
// nights on which clocks change a day has 23 or 25. The zero Calendar is the
// machine's own zone, its days end at midnight.
type Calendar struct {
	zone         *time.Location
	hour, minute int
}

// NewCalendar returns the calendar of a shop in zone whose business day ends at
// an hour written as 04:00.
func NewCalendar(zone *time.Location, ends string) (Calendar, error) {
	at, err := time.Parse("15:04", ends)
	if err != nil {
		return Calendar{}, fmt.Errorf("%q is no hour of the day: write it as 04:00", ends)
	}
	return Calendar{zone, at.Hour(), at.Minute()}, nil
}

// Zone returns the shop's time zone.
func (c Calendar) Zone() *time.Location { return cmp.Or(c.zone, time.Local) }

// Day names the business day that an instant is in: the last one that has begun.
func (c Calendar) Day(at time.Time) string {
	y, m, d := at.In(c.Zone()).Date()
	for _, day := range []int{d + 1, d} { // the next has begun already where clocks went back over midnight
		if !c.begins(y, m, day).After(at) {
			return dateOf(y, m, day)
		}
	}
	return dateOf(y, m, d-1)
}

// Bounds returns the instants of the business day called date: from is in it, to
// is in the next one.
func (c Calendar) Bounds(date string) (from, to time.Time, err error) {
	t, err := time.Parse(time.DateOnly, date)
	if err != nil {
		return from, to, fmt.Errorf("%q is no day: write it as 2026-11-21", date)
	}
	y, m, d := t.Date()
	return c.begins(y, m, d), c.begins(y, m, d+1), nil
}

func dateOf(y int, m time.Month, d int) string {
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Format(time.DateOnly)
}

// begins returns the first instant of a date at which the wall clock shows the
// hour or has passed it: an hour that comes twice counts the first time, one
// that is left out counts when the clock jumps over it.
func (c Calendar) begins(y int, m time.Month, d int) time.Time {
	wall := time.Date(y, m, d, c.hour, c.minute, 0, 0, time.UTC)
	before, after := wall.AddDate(0, 0, -1).In(c.Zone()), wall.AddDate(0, 0, 1).In(c.Zone())
	for _, t := range []time.Time{before, after} { // the offset before a change comes first
		_, offset := t.Zone()
		at := wall.Add(-time.Duration(offset) * time.Second).In(c.Zone())
		if _, real := at.Zone(); real == offset {
			return at
		}
	}
	_, jump := before.ZoneBounds()
	return jump
}
