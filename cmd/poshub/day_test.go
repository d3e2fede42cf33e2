package main

import (
	"errors"
	"flag"
	"fmt"
	"path/filepath"
	"testing"
)

var salesFlag = flag.Int("sales", 100_000, "how many sales the books hold that BenchmarkDayOfAThousandShops asks")

// shops and days over which generated sales are spread.
const generatedShops, generatedDays = 1000, 10

// generate fills books with sales, told in SQL that both databases take: ten days of
// a thousand shops, their sums, and each shop's closed days.
func generate(b *testing.B, k *books, sales int) {
	b.Helper()
	exec := func(text string) {
		if _, err := k.db.ExecContext(b.Context(), text); err != nil {
			b.Fatal(err, text)
		}
	}
	const step = 100_000
	for from := 0; from < sales; from += step {
		exec(fmt.Sprintf(`WITH d (x) AS (VALUES (0),(1),(2),(3),(4),(5),(6),(7),(8),(9)),
			s (n) AS (SELECT %d + a.x + 10 * b.x + 100 * c.x + 1000 * e.x + 10000 * f.x FROM d a, d b, d c, d e, d f ORDER BY 1)
			INSERT INTO sales SELECT 'shop' || CAST(n %% %d AS TEXT) || '/t', '01T' || CAST(10000000000 + n AS TEXT),
			'2026-11-' || CAST(11 + n / %d AS TEXT) || 'T' || CAST(10 + n / 1000 %% 12 AS TEXT) || ':00:00Z', '2026-11-' || CAST(11 + n / %d AS TEXT), 10 + n / 1000 %% 12,
			CASE n / 12000 %% 4 WHEN 0 THEN 'card' WHEN 1 THEN 'wechat' WHEN 2 THEN 'alipay' ELSE 'unionpay' END, 'sale', 'paid', 'CAD',
			100 + n * 7 %% 19997, 100 + n * 7 %% 19997, 100 + n * 7 %% 19997, 0, 'BILL-' || CAST(n AS TEXT), CAST(1000 + n * 3 %% 8999 AS TEXT),
			'M' || CAST(10000000000 + n AS TEXT), 'P' || CAST(10000000000 + n AS TEXT), 'done', '', '' FROM s`, from, generatedShops, sales/generatedDays, sales/generatedDays))
	}
	exec("INSERT INTO takings SELECT date, till, hour, method, currency, count(*), sum(taken), sum(back) FROM sales GROUP BY date, till, hour, method, currency")
	exec("INSERT INTO days SELECT till, row_number() OVER (PARTITION BY till ORDER BY date), date, date || 'T23:00:00Z', 'owner', '{}' FROM (SELECT DISTINCT till, date FROM takings) AS closed")
	exec("INSERT INTO epochs SELECT DISTINCT till, '1-0', 1, '', 0, 1, 20000, 'h' FROM takings")
}

// asksOfADay are the questions about one day that the page asks of books.
func asksOfADay(b *testing.B, k *books) {
	const day = "2026-11-15"
	n := *salesFlag / 2
	some := func(found int, err error) error {
		if err == nil && found == 0 {
			err = errors.New("nothing found")
		}
		return err
	}
	ask := func(name string, f func() (int, error)) {
		b.Run(name, func(b *testing.B) {
			for range b.N {
				if err := some(f()); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	for _, by := range []string{"hour", "shop", "method", "till", "day"} {
		ask("takings-by-"+by, func() (int, error) { found, err := k.takings(b.Context(), by, day, day); return len(found), err })
	}
	ask("closed-days", func() (int, error) { found, err := k.days(b.Context(), day); return len(found), err })
	ask("tills", func() (int, error) { found, err := k.tills(b.Context()); return len(found), err })
	for name, w := range map[string]wanted{
		"reference": {reference: fmt.Sprintf("BILL-%d", n)}, "order": {order: fmt.Sprintf("P%d", 10000000000+n)}, "id": {order: fmt.Sprintf("01T%d", 10000000000+n)},
		"amount-of-day": {amount: int64(100 + n*7%19997), date: "2026-11-16"}, "last4-of-day": {last4: fmt.Sprint(1000 + n*3%8999), date: "2026-11-16"}, "date": {date: day},
	} {
		ask("sale-by-"+name, func() (int, error) { found, err := k.find(b.Context(), w); return len(found), err })
	}
}

// BenchmarkDayOfAThousandShops asks books of generated sales, ten days of 1,000 shops,
// on SQLite: -args -sales 10000000 takes 6 GB of disk.
func BenchmarkDayOfAThousandShops(b *testing.B) {
	k, err := openBooks(b.Context(), Books{Path: filepath.Join(b.TempDir(), "books.db")})
	if err != nil {
		b.Fatal(err)
	}
	defer k.db.Close()
	generate(b, k, *salesFlag)
	b.ResetTimer()
	asksOfADay(b, k)
}
