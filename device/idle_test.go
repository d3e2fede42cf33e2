package device

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

// busyJournal is one that somebody reads for a while: it cannot keep house to the end.
type busyJournal struct {
	Journal
	tries []time.Time
	until int // this many tries are in vain
}

func (b *busyJournal) Idle(context.Context) (bool, error) {
	b.tries = append(b.tries, time.Now())
	return len(b.tries) > b.until, nil
}

// TestTheJournalKeepsHouseOnceNobodyReadsIt: a reader that stays is waited for, ever more
// rarely, and then no more is asked of the journal until something is written.
func TestTheJournalKeepsHouseOnceNobodyReadsIt(t *testing.T) {
	atCounter(t, func(c *counter) {
		c.stop()
		busy := &busyJournal{Journal: c.journal, until: 3}
		c.through = busy
		c.begin()
		sold := time.Now()
		c.paid(1000, "8")
		c.wait(time.Hour)
		c.stop() // what is looked at is the till's no more
		synctest.Wait()
		want := []time.Duration{idleAfter, 3 * idleAfter, 7 * idleAfter, 15 * idleAfter}
		if len(busy.tries) != len(want) {
			t.Fatalf("asked %d times: %v", len(busy.tries), busy.tries)
		}
		for i, at := range busy.tries {
			if got := at.Sub(sold); got < want[i] || got > want[i]+30*time.Second {
				t.Errorf("try %d came %s after the sale, not %s", i+1, got, want[i])
			}
		}
		c.begin()
	})
}
