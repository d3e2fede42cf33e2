package store

import (
	"database/sql"
	"path/filepath"
	"testing"
	"time"
)

// BenchmarkDurableAccept makes the intent of a card sale durable, in turns with one row
// of raw SQLite and with a plain file's write and fdatasync.
func BenchmarkDurableAccept(b *testing.B) {
	s, fl := benchStore(b), newFloor(b, 1024)
	raw, err := sql.Open("sqlite3", "file:"+filepath.Join(b.TempDir(), "raw.db")+"?_journal_mode=WAL&_synchronous=FULL")
	if err != nil {
		b.Fatal(err)
	}
	defer raw.Close()
	raw.SetMaxOpenConns(1)
	if _, err := raw.Exec("CREATE TABLE t (id INTEGER PRIMARY KEY, v BLOB)"); err != nil {
		b.Fatal(err)
	}
	row := make([]byte, 1024)
	n := 0
	for b.Loop() {
		var ours, sqlite, file []time.Duration
		for range 1000 {
			n++
			ours = append(ours, took(func() { mustCommit(b, s, intent(n)) }))
			sqlite = append(sqlite, took(func() {
				if _, err := raw.Exec("INSERT INTO t (v) VALUES (?)", row); err != nil {
					b.Fatal(err)
				}
			}))
			file = append(file, took(func() { fl.write(b) }))
		}
		b.ReportMetric(0, "ns/op")
		var sum time.Duration
		for _, d := range ours {
			sum += d
		}
		b.ReportMetric(float64(len(ours))/sum.Seconds(), "accepts/s")
		for name, d := range map[string][]time.Duration{"": ours, "sqlite-": sqlite, "file-": file} {
			b.ReportMetric(micros(quantile(d, 0.5)), name+"p50-µs")
			b.ReportMetric(micros(quantile(d, 0.99)), name+"p99-µs")
		}
	}
}
