package main

import (
	"context"
	"fmt"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"posd/device/sale"
	"posd/sync/fleet"
)

// dayOfTills returns what tills publish of a journal with that many sales: the same
// bytes under each counter's name, mixed as they arrive.
func dayOfTills(b *testing.B, tills, sales int) (out []fleet.Message) {
	b.Helper()
	c := newTill(b, b.TempDir(), "t")
	for n := range sales {
		c.sell(sale.Amount(1000 + n))
	}
	all := c.messages(0, nil)
	for _, m := range all {
		for i := range tills {
			m.Name = fleet.Name{Chain: "c", Shop: fmt.Sprintf("shop%d", i), Till: "t"}
			out = append(out, m)
		}
	}
	return out
}

// measured reports commits a second, and how much of a processor one takes: that
// does not depend on what else the machine does.
func measured(b *testing.B, commits int, f func()) (perSecond float64) {
	b.Helper()
	began, worked := time.Now(), worked(b)
	f()
	perSecond = float64(commits) / time.Since(began).Seconds()
	b.ReportMetric(perSecond, "commits/s")
	b.ReportMetric(float64(worked().Microseconds())/float64(commits), "cpu-µs/commit")
	return perSecond
}

// worked returns a function that says how long this process has worked since.
func worked(b *testing.B) func() time.Duration {
	b.Helper()
	at := func() time.Duration {
		var u syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
			b.Fatal(err)
		}
		return time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	began := at()
	return func() time.Duration { return at() - began }
}

// inTransactions hands the messages over as the hub books them.
func inTransactions(b *testing.B, all []fleet.Message, each func([]fleet.Message) error) {
	b.Helper()
	for from := 0; from < len(all); from += atOnce {
		if err := each(all[from:min(from+atOnce, len(all))]); err != nil {
			b.Fatal(err)
		}
	}
}

// ingest books messages as the hub does: checked while those before them are booked.
func ingest(b *testing.B, k *books, all []fleet.Message) float64 {
	b.Helper()
	w := writerOf(b, k)
	defer w.close()
	cal, _ := sale.NewCalendar(time.UTC, "00:00")
	l := newLedger(w, cal, quiet)
	return measured(b, len(all), func() {
		ahead := make(chan []checked)
		go func() {
			defer close(ahead)
			inTransactions(b, all, func(some []fleet.Message) error { ahead <- checkAll(some); return nil })
		}()
		for some := range ahead {
			if err := l.book(b.Context(), some, nil); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func writerOf(b *testing.B, k *books) *writer {
	b.Helper()
	w, err := k.writer(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	return w
}

// floor stores the same bytes in one table without looking at them, as many in a
// transaction: how is the database's own way.
func floor(how func(ctx context.Context, w *writer, some []fleet.Message) error) func(*testing.B, *books, []fleet.Message) float64 {
	return func(b *testing.B, k *books, all []fleet.Message) float64 {
		w := writerOf(b, k)
		defer w.close()
		if _, err := k.db.Exec("CREATE TABLE bare (n TEXT, e TEXT, c BIGINT, body TEXT, PRIMARY KEY (n, e, c))"); err != nil {
			b.Fatal(err)
		}
		return measured(b, len(all), func() {
			inTransactions(b, all, func(some []fleet.Message) error {
				return w.transact(b.Context(), func() error { return how(b.Context(), w, some) })
			})
		})
	}
}

func bareInserts(ctx context.Context, w *writer, some []fleet.Message) error {
	for _, m := range some {
		if _, err := w.exec(ctx, "INSERT INTO bare VALUES (?, ?, ?, ?)", m.Name.String(), m.Epoch, m.Commit, string(m.Body)); err != nil {
			return err
		}
	}
	return nil
}

// sideBySide measures the database's floor and the hub's books in one run, and what
// part of the floor the books reach.
func sideBySide(b *testing.B, name string, floor func(*testing.B, *books, []fleet.Message) float64, fresh func(*testing.B) Books) {
	all := dayOfTills(b, 20, 1000)
	run := func(b *testing.B, f func(*testing.B, *books, []fleet.Message) float64) (rate float64) {
		for range b.N {
			k, err := openBooks(b.Context(), fresh(b))
			if err != nil {
				b.Fatal(err)
			}
			rate = f(b, k, all)
			k.db.Close()
		}
		return rate
	}
	var of float64
	b.Run(name, func(b *testing.B) { of = run(b, floor) })
	b.Run("books", func(b *testing.B) {
		if rate := run(b, ingest); of > 0 {
			b.ReportMetric(rate/of, "of-"+name)
		}
	})
}

// BenchmarkHub measures what a hub books a second on SQLite, beside bare inserts of
// the same bytes. The other floor, what a server takes, is BenchmarkCatchUp's.
func BenchmarkHub(b *testing.B) {
	sideBySide(b, "bare-inserts", floor(bareInserts), func(b *testing.B) Books { return Books{Path: filepath.Join(b.TempDir(), "books.db")} })
}
