package store

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"posd/device/sale"
)

// TestWhatGrowsIsFoundByIndex holds the questions of every sale, claim and
// start against SQLite's plan: none may walk a table that grows with the years.
func TestWhatGrowsIsFoundByIndex(t *testing.T) {
	s := mustOpen(t, t.TempDir())
	for name, c := range map[string]struct {
		query string
		want  string
	}{
		"claim":           {"SELECT no FROM reports WHERE state = 'queued' AND due_at <= 'x' ORDER BY due_at LIMIT 64", "SEARCH reports USING INDEX reports_by_due"},
		"claim row":       {"SELECT * FROM reports WHERE state = 'queued' AND due_at > 'x' ORDER BY due_at LIMIT 64", "SEARCH reports USING INDEX reports_by_due"},
		"stats":           {"SELECT state, count(*), sum(amount_cents), min(queued_at), min(due_at) FROM reports GROUP BY state", "SCAN reports USING COVERING INDEX reports_by_due"},
		"open":            {"SELECT n FROM sales WHERE state IN ('waiting', 'unsure')", "sales_open"},
		"open by state":   {"SELECT * FROM sales WHERE state = 'unsure' AND state IN ('waiting', 'unsure') ORDER BY n DESC LIMIT 9", "sales_open"},
		"open movements":  {"SELECT sale FROM movements WHERE state IN ('waiting', 'unsure')", "movements_open"},
		"unfinished jobs": {"SELECT * FROM jobs WHERE state NOT IN ('sent', 'printed', 'failed')", "jobs_unfinished"},
		"bill":            {"SELECT * FROM sales WHERE reference = 'x' AND reference <> '' ORDER BY n DESC", "sales_by_reference"},
		"oldest report":   {"SELECT queued_after_s FROM reports WHERE state <> 'set-aside' ORDER BY n LIMIT 1", "SCAN reports"},
		"newest":          {"SELECT * FROM sales ORDER BY n DESC LIMIT 100", "SCAN sales"},
		"attempts":        {"SELECT * FROM attempts WHERE sale = 'x' ORDER BY pos", "PRIMARY KEY (sale=?)"},
		"reference":       {"SELECT 1 FROM attempts WHERE ref = 'x'", "(ref=?)"},
		"key":             {"SELECT * FROM keys WHERE key = 'x'", "PRIMARY KEY (key=?)"},
		"restored":        {lastRestored, "SCAN e USING INDEX events_restored"},
		"events":          {"SELECT * FROM events WHERE seq > 1 ORDER BY seq LIMIT 9", "INTEGER PRIMARY KEY (rowid>?)"},
	} {
		var plan strings.Builder
		rows, err := s.read.Query("EXPLAIN QUERY PLAN " + c.query)
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
			var id, parent, unused int
			var detail string
			if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
				t.Fatal(err)
			}
			fmt.Fprintln(&plan, detail)
		}
		rows.Close()
		if !strings.Contains(plan.String(), c.want) || strings.Contains(plan.String(), "TEMP B-TREE") && name != "open by state" {
			t.Errorf("%s: SQLite would %s, not %s", name, plan.String(), c.want)
		}
	}
}

// TestReaderSeesOneMoment lets readers look while a sale and its attempts
// change together, over and over.
func TestReaderSeesOneMoment(t *testing.T) {
	s := mustOpen(t, t.TempDir())
	v := intent(1)[0].(sale.SaleRow).Sale
	mustCommit(t, s, []sale.Row{sale.SaleRow{Sale: v}})
	ctx, stop := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	defer wg.Wait()
	defer stop()
	seen := make(chan int, 4)
	for range 4 {
		wg.Go(func() {
			n := 0
			for ctx.Err() == nil {
				got, err := s.Sale(context.Background(), v.ID)
				if err != nil {
					t.Error(err)
					break
				}
				if last := got.Attempts[len(got.Attempts)-1]; got.Words != last.Words {
					t.Errorf("the sale says %q and its attempt %q", got.Words, last.Words)
				}
				n++
			}
			seen <- n
		})
	}
	for i := range 200 {
		v.Words = fmt.Sprint(i)
		v.Attempts[0].Words = v.Words
		mustCommit(t, s, []sale.Row{sale.SaleRow{Sale: v}})
		if i%20 == 0 {
			if _, err := s.Idle(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
	stop()
	for range 4 {
		if n := <-seen; n == 0 {
			t.Error("a reader never came to see anything")
		}
	}
}

// TestReaderThatStaysHurtsNobody is a person with sqlite3 who leaves a
// transaction open, or a tool that copies the log.
func TestReaderThatStaysHurtsNobody(t *testing.T) {
	d := t.TempDir()
	s, err := Open(t.Context(), Config{Dir: d}, quietLog)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	mustCommit(t, s, intent(1))
	tx, err := s.read.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	var n int
	if err := tx.QueryRow("SELECT count(*) FROM sales").Scan(&n); err != nil {
		t.Fatal(err)
	}
	mustCommit(t, s, final(1))
	var turns int64
	for range 10 {
		if _, err := s.Idle(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	v, err := one(s.write, "SELECT n FROM turns")
	if err != nil {
		t.Fatal(err)
	}
	if turns = v.(int64); turns > turnTries {
		t.Errorf("the log was written to %d times for a reader that stays", turns)
	}
	tx.Rollback()
	mustCommit(t, s, intent(2))
	if _, err := s.Idle(t.Context()); err != nil {
		t.Fatal(err)
	}
	if s.dirty {
		t.Error("the log was not turned over when the reader had gone")
	}
}

// TestTimesSortAsTheyPass holds the form of an instant: it goes into an index
// as text.
func TestTimesSortAsTheyPass(t *testing.T) {
	at := []time.Time{
		{}, time.Unix(0, 0), time.Unix(0, 1), noon.Add(-time.Nanosecond), noon, noon.Add(1), noon.Add(time.Millisecond - 1), noon.Add(time.Millisecond),
		noon.Add(time.Second), noon.AddDate(7000, 0, 0),
	}
	for i, t1 := range at {
		got, err := asTime(formatTime(t1))
		if err != nil || !got.Equal(t1) {
			t.Errorf("%s came back as %s, %v", t1, got, err)
		}
		if i > 0 && formatTime(at[i-1]) >= formatTime(t1) {
			t.Errorf("%q does not sort before %q", formatTime(at[i-1]), formatTime(t1))
		}
	}
	if got := formatTime(noon); got != "2026-11-21T12:00:00.000+00:00" {
		t.Error(got)
	}
}
