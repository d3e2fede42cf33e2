package core

import (
	"testing"
	"time"
)

// TestADayIsClosedUnderItsOwnName closes a day in every quarter of an hour of the
// nights on which clocks change: it has the name under which a report of that
// moment is found.
func TestADayIsClosedUnderItsOwnName(t *testing.T) {
	for _, night := range []struct{ zone, noon string }{
		{"America/Toronto", "2026-03-08T12:00:00Z"}, {"America/Toronto", "2026-11-01T12:00:00Z"},
		{"Europe/Berlin", "2026-03-29T06:00:00Z"}, {"Europe/Berlin", "2026-10-25T06:00:00Z"},
	} {
		p := DefaultPolicy()
		p.TimeZone = night.zone
		calendar, err := p.Calendar()
		if err != nil {
			t.Fatal(err)
		}
		noon, err := time.Parse(time.RFC3339, night.noon)
		if err != nil {
			t.Fatal(err)
		}
		for at := noon.Add(-14 * time.Hour); at.Before(noon); at = at.Add(15 * time.Minute) {
			m, err := New(p, Equipment{}, Makers{})
			if err != nil {
				t.Fatal(err)
			}
			m.Step(Input{Wall: at, Event: Started{}})
			closed := 0
			for _, e := range m.Step(Input{Wall: at, Event: DayAsked{By: "Ana"}}).After {
				if g, ok := e.(GatherDay); ok {
					closed++
					if want := calendar.Day(at); g.Of.Date != want {
						t.Errorf("closed at %s as %s, want %s", at.In(calendar.Zone()), g.Of.Date, want)
					}
				}
			}
			if closed != 1 {
				t.Fatalf("%d days were closed", closed)
			}
		}
	}
}
