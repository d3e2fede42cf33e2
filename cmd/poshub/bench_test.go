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
func measured(b *testing.B, commits int, f func()) {
	b.Helper()
	began, worked := time.Now(), worked(b)
	f()
	b.ReportMetric(float64(commits)/time.Since(began).Seconds(), "commits/s")
	b.ReportMetric(float64(worked().Microseconds())/float64(commits), "cpu-µs/commit")
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
func ingest(b *testing.B, k *books, all []fleet.Message) {
	b.Helper()
	w := writerOf(b, k)
	defer w.close()
	cal, _ := sale.NewCalendar(time.UTC, "00:00")
	l := newLedger(w, cal, quiet)
	measured(b, len(all), func() {
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

const bareTable = "CREATE TABLE bare (n TEXT, e TEXT, c BIGINT, body TEXT, PRIMARY KEY (n, e, c))"

// bare stores the same bytes by bare inserts into one table, as many in a transaction.
func bare(b *testing.B, k *books, all []fleet.Message) {
	b.Helper()
	w := writerOf(b, k)
	defer w.close()
	if _, err := k.db.Exec(bareTable); err != nil {
		b.Fatal(err)
	}
	measured(b, len(all), func() {
		inTransactions(b, all, func(some []fleet.Message) error {
			return w.transact(b.Context(), func() error {
				for _, m := range some {
					if _, err := w.exec(b.Context(), "INSERT INTO bare VALUES (?, ?, ?, ?)", m.Name.String(), m.Epoch, m.Commit, string(m.Body)); err != nil {
						return err
					}
				}
				return nil
			})
		})
	})
}

// BenchmarkHub measures what a hub books a second on SQLite, beside bare inserts of the same bytes.
func BenchmarkHub(b *testing.B) {
	all := dayOfTills(b, 20, 250)
	for _, how := range []struct {
		name string
		run  func(*testing.B, *books, []fleet.Message)
	}{{"SQLite/bare-inserts", bare}, {"SQLite/books", ingest}} {
		b.Run(how.name, func(b *testing.B) {
			for range b.N {
				k, err := openBooks(b.Context(), Books{Path: filepath.Join(b.TempDir(), "books.db")})
				if err != nil {
					b.Fatal(err)
				}
				how.run(b, k, all)
				k.db.Close()
			}
		})
	}
}

// BenchmarkDayOfAThousandShops asks for the takings of one day of 1,000 shops, in
// books that hold the sums of 10,000 sales of each: 10 days of 14 hours by 4 methods.
func BenchmarkDayOfAThousandShops(b *testing.B) {
	k, err := openBooks(b.Context(), Books{Path: filepath.Join(b.TempDir(), "books.db")})
	if err != nil {
		b.Fatal(err)
	}
	defer k.db.Close()
	w, err := k.writer(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	defer w.close()
	err = w.transact(context.Background(), func() error {
		for shop := range 1000 {
			for day := range 10 {
				for hour := range 14 {
					for _, method := range []string{"card", "wechat", "alipay", "unionpay"} {
						if _, err := w.exec(b.Context(), "INSERT INTO takings VALUES (?, ?, ?, ?, 'CAD', 18, 36000, 0)", fmt.Sprintf("2026-11-%02d", day+1), fmt.Sprintf("shop%d/t", shop), hour+8, method); err != nil {
							return err
						}
					}
				}
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	for _, by := range []string{"hour", "shop", "method", "till"} {
		b.Run("by-"+by, func(b *testing.B) {
			for range b.N {
				if found, err := k.takings(b.Context(), by, "2026-11-05", "2026-11-05"); err != nil || len(found) == 0 {
					b.Fatal(len(found), err)
				}
			}
		})
	}
}
