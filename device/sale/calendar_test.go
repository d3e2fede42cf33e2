package sale

import (
	"flag"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func init() { flag.Set("rapid.nofailfile", "true") } // a failing case is printed, not left in the tree

func calendarOf(t interface{ Fatal(...any) }, zone, ends string) Calendar {
	l, err := time.LoadLocation(zone)
	if err != nil {
		t.Fatal(err)
	}
	c, err := NewCalendar(l, ends)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestBusinessDaysOnNightsOfAClockChange goes over every quarter of an hour of
// nights on which the clocks go on, back, or back over midnight, and holds the
// day against the wall clock: after the hour at which days end it is the date,
// before it the date before.
func TestBusinessDaysOnNightsOfAClockChange(t *testing.T) {
	for _, night := range []struct{ zone, date string }{
		{"America/Toronto", "2026-03-08"}, {"America/Toronto", "2026-11-01"}, // at 02:00
		{"America/Vancouver", "2026-03-08"}, {"America/Vancouver", "2026-11-01"},
		{"America/St_Johns", "2011-03-13"},    // at 00:01
		{"Australia/Lord_Howe", "2026-04-05"}, // by half an hour
		{"Asia/Shanghai", "2026-11-01"},       // never
		{"Europe/Berlin", "2026-03-29"}, {"Europe/Berlin", "2026-10-25"},
	} {
		c := calendarOf(t, night.zone, "04:00")
		noon, err := time.ParseInLocation("2006-01-02 15:04", night.date+" 12:00", c.Zone())
		if err != nil {
			t.Fatal(err)
		}
		for at := noon.Add(-24 * time.Hour); at.Before(noon.Add(24 * time.Hour)); at = at.Add(15 * time.Minute) {
			want := at.Format(time.DateOnly)
			if at.Hour() < 4 {
				y, m, d := at.Date()
				want = time.Date(y, m, d-1, 12, 0, 0, 0, time.UTC).Format(time.DateOnly)
			}
			if got := c.Day(at); got != want {
				t.Errorf("%s is in %s, want %s", at, got, want)
			}
		}
	}
}

func TestBusinessDaysBeginOnce(t *testing.T) {
	for _, one := range []struct{ zone, ends, date, from, to string }{
		{"America/Toronto", "04:00", "2026-03-07", "2026-03-07T09:00:00Z", "2026-03-08T08:00:00Z"},   // 23 hours
		{"America/Toronto", "04:00", "2026-10-31", "2026-10-31T08:00:00Z", "2026-11-01T09:00:00Z"},   // 25
		{"America/Toronto", "02:30", "2026-03-08", "2026-03-08T07:00:00Z", "2026-03-09T06:30:00Z"},   // 02:30 is left out: at the jump
		{"America/Toronto", "01:30", "2026-11-01", "2026-11-01T05:30:00Z", "2026-11-02T06:30:00Z"},   // 01:30 comes twice: the first
		{"America/St_Johns", "00:00", "2010-11-07", "2010-11-07T02:30:00Z", "2010-11-08T03:30:00Z"},  // back at 00:01, over midnight
		{"Pacific/Apia", "00:00", "2011-12-30", "2011-12-30T10:00:00Z", "2011-12-30T10:00:00Z"},      // a date that never was
		{"America/Sao_Paulo", "00:00", "2018-11-04", "2018-11-04T03:00:00Z", "2018-11-05T02:00:00Z"}, // midnight is left out
	} {
		from, to, err := calendarOf(t, one.zone, one.ends).Bounds(one.date)
		if got, want := fmt.Sprint(from.UTC().Format(time.RFC3339), to.UTC().Format(time.RFC3339)), fmt.Sprint(one.from, one.to); got != want || err != nil {
			t.Errorf("%s in %s, ends at %s: %s, %v; want %s", one.date, one.zone, one.ends, got, err, want)
		}
	}
}

// TestEveryInstantIsInOneBusinessDay holds for any zone, hour and instant that
// the day's bounds hold the instant, and that days follow one another.
func TestEveryInstantIsInOneBusinessDay(t *testing.T) {
	zones := []string{"America/Toronto", "America/St_Johns", "America/Havana", "America/Sao_Paulo", "Australia/Lord_Howe", "Pacific/Apia", "Africa/Casablanca", "Asia/Shanghai", "Europe/Dublin", "UTC"}
	rapid.Check(t, func(r *rapid.T) {
		ends := fmt.Sprintf("%02d:%02d", rapid.IntRange(0, 23).Draw(r, "hour"), rapid.SampledFrom([]int{0, 1, 30, 59}).Draw(r, "minute"))
		c := calendarOf(r, rapid.SampledFrom(zones).Draw(r, "zone"), ends)
		at := time.Unix(rapid.Int64Range(1_200_000_000, 2_000_000_000).Draw(r, "instant"), 0)
		if start, end := at.In(c.Zone()).ZoneBounds(); rapid.Bool().Draw(r, "near a change") && !start.IsZero() && !end.IsZero() {
			at = end.Add(time.Duration(rapid.IntRange(-30*3600, 30*3600).Draw(r, "off")) * time.Second)
		}
		day := c.Day(at)
		from, to, err := c.Bounds(day)
		if err != nil || at.Before(from) || !at.Before(to) {
			r.Fatalf("%s is in %s, which goes from %s to %s (%v)", at.In(c.Zone()), day, from, to, err)
		}
		if c.Day(to) <= day || c.Day(to.Add(-time.Nanosecond)) != day || c.Day(from) != day || c.Day(from.Add(-time.Nanosecond)) >= day {
			r.Fatalf("%s does not end where the next one begins: %s to %s", day, from, to)
		}
	})
}

func TestADayInAnotherFormIsRefused(t *testing.T) {
	for _, date := range []string{"", "21.11.2026", "2026-11-31", "today"} {
		if _, _, err := (Calendar{}).Bounds(date); err == nil {
			t.Errorf("%q was taken for a day", date)
		}
	}
	if _, err := NewCalendar(time.UTC, "4 o'clock"); err == nil {
		t.Error("an hour in another form was taken")
	}
	now := time.Now()
	if got, want := (Calendar{}).Day(now), now.Local().Format(time.DateOnly); got != want {
		t.Errorf("without a zone it is %s, want %s", got, want)
	}
}
