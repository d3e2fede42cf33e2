package books

import (
	"encoding/csv"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"posd/device/sale"
)

var update = flag.Bool("update", false, "write the golden files anew")

var toronto = func() *time.Location {
	l, err := time.LoadLocation("America/Toronto")
	if err != nil {
		panic(err)
	}
	return l
}()

var (
	dayFrom = time.Date(2026, 11, 21, 4, 0, 0, 0, toronto)
	dayTo   = time.Date(2026, 11, 22, 4, 0, 0, 0, toronto)
)

// sold is a sale of the day, minutes after it began.
func sold(n, minutes int, method sale.Method, state sale.State, amount sale.Amount, more ...func(*sale.Sale)) sale.Sale {
	s := sale.Sale{
		ID: sale.ID(fmt.Sprintf("01KAEXAMPLE%015d", n)), CreatedAt: dayFrom.Add(time.Duration(minutes) * time.Minute).UTC(),
		Amount: amount, Currency: "CAD", Method: method, State: state, Reported: sale.ReportNotNeeded,
	}
	if state == sale.Paid {
		s.ApprovedAmount = amount
		if method == sale.Card {
			s.Card, s.Reported = &sale.CardInfo{Type: "VISA"}, sale.ReportDone
		}
	}
	for _, f := range more {
		f(&s)
	}
	return s
}

func gone(kind sale.MovementKind, state sale.MovementState, amount sale.Amount, at time.Time) func(*sale.Sale) {
	return func(s *sale.Sale) {
		s.Refunds = append(s.Refunds, sale.Movement{ID: fmt.Sprintf("M%s%d", s.ID[22:], len(s.Refunds)), Kind: kind, State: state, Amount: amount, CreatedAt: at.UTC(), FinalAt: &at, By: "Ana"})
	}
}

// fullDay holds one of everything that a line of the books is about.
func fullDay() []sale.Sale {
	noon := dayFrom.Add(8 * time.Hour)
	set := func(f func(*sale.Sale)) func(*sale.Sale) { return f }
	return []sale.Sale{
		sold(1, 0, sale.Card, sale.Paid, 2865),
		sold(2, 300, sale.Card, sale.Paid, 10000, set(func(s *sale.Sale) {
			s.Tip, s.Surcharge, s.Cashback, s.ApprovedAmount, s.Card.Type = 1500, 240, 2000, 13740, "INTERAC"
			s.Reported = sale.ReportQueued
		})),
		sold(3, 310, sale.Card, sale.Paid, 500, gone(sale.Void, sale.MovementDone, 500, noon), set(func(s *sale.Sale) { s.Reported = sale.ReportWithdrawn })),
		sold(4, 320, sale.Card, sale.Paid, 700, gone(sale.Refund, sale.MovementDone, 300, noon), set(func(s *sale.Sale) { s.MchOrderNo = "01KAORDER00000000000000004" })),
		sold(5, 330, sale.Card, sale.Paid, 5000, set(func(s *sale.Sale) {
			s.ApprovedAmount, s.Due, s.Reported, s.Offline = 4000, 1000, sale.ReportSetAside, true
		})),
		sold(6, 340, sale.Card, sale.Paid, 900, set(func(s *sale.Sale) { s.Card, s.Reported = nil, sale.ReportByHand })),
		sold(7, 350, sale.Card, sale.Declined, 1200),
		sold(8, 360, sale.Card, sale.Declined, 2000, gone(sale.Void, sale.MovementDone, 800, noon), set(func(s *sale.Sale) { s.Reason = sale.ReasonPartial })),
		sold(9, 370, sale.WeChat, sale.Paid, 333, gone(sale.Refund, sale.MovementRefused, 333, noon), gone(sale.Refund, sale.MovementUnsure, 333, noon)),
		sold(10, 380, sale.Alipay, sale.Paid, 1, set(func(s *sale.Sale) { s.ApprovedAmount, s.Incident = 2, "the gateway says 0.02 where 0.01 was asked" })),
		sold(11, 390, sale.Scan, sale.Paid, 4400, gone(sale.Refund, sale.MovementKept, 4400, noon), set(func(s *sale.Sale) { s.ChannelID = sale.WXMicropay })),
		sold(12, 400, sale.UnionPay, sale.Cancelled, 600),
		sold(13, 410, sale.WeChat, sale.Unsure, 700, set(func(s *sale.Sale) { s.GivenUp, s.Reason = true, sale.ReasonCashier })),
		sold(14, 420, sale.Card, sale.Unsure, 800, set(func(s *sale.Sale) { s.Reason, s.Words = sale.ReasonNoAnswer, "no answer within 3m" })),
		sold(15, 430, sale.Card, sale.Waiting, 900),
		sold(16, 24*60-1, sale.Card, sale.Paid, 99, set(func(s *sale.Sale) { s.Card.Type = "AMEX" })),
		sold(17, 440, sale.Card, sale.Paid, 1000, set(func(s *sale.Sale) { s.Currency = "USD" })),
		// Of other days: only what moved today counts.
		sold(18, -3*24*60, sale.Alipay, sale.Paid, 8000, gone(sale.Refund, sale.MovementDone, 1250, noon), gone(sale.Refund, sale.MovementDone, 50, dayTo)),
		sold(19, 24*60, sale.Card, sale.Paid, 77777),
		// What was to be done at the gateway by hand, and was.
		sold(20, 450, sale.Card, sale.Paid, 1100, entered(noon, "in the portal")),
		sold(21, 460, sale.Card, sale.Paid, 1300, gone(sale.Refund, sale.MovementDone, 200, noon), entered(noon.Add(time.Hour), ""),
			gone(sale.Refund, sale.MovementDone, 300, noon.Add(2*time.Hour))), // and again to be done
	}
}

// entered is a person's word; what was done until then is covered by it.
func entered(at time.Time, why string) func(*sale.Sale) {
	return func(s *sale.Sale) { s.Corrected = &sale.Word{By: "Ana", Reason: why, At: at} }
}

func TestTheBooksOfADay(t *testing.T) {
	for name, sales := range map[string][]sale.Sale{"full": fullDay(), "quiet": nil} {
		b := SumDay(dayFrom, dayTo, "CAD", slices.Values(sales))
		b.At = dayFrom.Add(12 * time.Hour).UTC()
		for ext, got := range map[string]string{"txt": b.Text(), "csv": string(b.CSV())} {
			path := filepath.Join("..", "..", "testdata", "books", name+"."+ext)
			if *update {
				if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("%s is now\n%s", path, got)
			}
		}
	}
}

// TestTotalsAreTheSumOverSales sums random days a second way, sale by sale and
// movement by movement, and shows that the groups and the CSV say the same.
func TestTotalsAreTheSumOverSales(t *testing.T) {
	for seed := range uint64(300) {
		rnd := rand.New(rand.NewPCG(seed, 7))
		sales := randomSales(rnd, rnd.IntN(60))
		b := SumDay(dayFrom, dayTo, "CAD", slices.Values(sales))

		var paid, undone, asked sale.Amount
		count := map[sale.State]int{}
		within := func(at time.Time) bool { return !at.Before(dayFrom) && at.Before(dayTo) }
		for _, s := range sales {
			taken := s.ApprovedAmount + s.Tip // of a processor that approves the bill and takes the tip beside it
			if within(s.CreatedAt) {
				count[s.State]++
				if s.State == sale.Paid {
					paid += taken
					asked += s.Amount
				}
			}
			for _, m := range s.Refunds {
				switch {
				case s.State != sale.Paid || m.State != sale.MovementDone || !within(m.CreatedAt):
				case m.Kind == sale.Void:
					undone += taken
				default:
					undone += m.Amount
				}
			}
		}
		if b.Total.Paid != (BookLine{count[sale.Paid], paid}) || b.Total.Refunds.Cents+b.Total.Voids.Cents != undone || b.Total.Net != paid-undone || b.Asked.Cents != asked {
			t.Fatalf("seed %d: %+v; the sales say %d paid, %d given back, %d asked", seed, b.Total, paid, undone, asked)
		}
		if b.Declined.Count != count[sale.Declined] || b.Cancelled.Count != count[sale.Cancelled] || b.Unsure.Count != count[sale.Unsure] || b.Waiting.Count != count[sale.Waiting] {
			t.Fatalf("seed %d: states: %+v", seed, count)
		}
		kinds := slices.Concat(b.Wallets, b.CardTypes)
		for what, groups := range map[string][]BookGroup{"methods": b.Methods, "wallets and cards": kinds} {
			var sum BookGroup
			for _, g := range groups {
				if g.Net != g.Paid.Cents-g.Refunds.Cents-g.Voids.Cents {
					t.Fatalf("seed %d: %+v does not add up", seed, g)
				}
				sum.Paid, sum.Refunds, sum.Voids = plus(sum.Paid, g.Paid), plus(sum.Refunds, g.Refunds), plus(sum.Voids, g.Voids)
				sum.Net += g.Net
			}
			if sum.Name = b.Total.Name; sum != b.Total {
				t.Fatalf("seed %d: the %s make %+v of %+v", seed, what, sum, b.Total)
			}
		}
		rows, err := csv.NewReader(strings.NewReader(string(b.CSV()))).ReadAll()
		if err != nil || rows[1][3] != "Taken" || rows[1][6] != fmt.Sprint(int64(paid)) {
			t.Fatalf("seed %d: %v, %q", seed, err, rows)
		}
	}
}

func plus(a, b BookLine) BookLine { return BookLine{a.Count + b.Count, a.Cents + b.Cents} }

func randomSales(rnd *rand.Rand, n int) []sale.Sale {
	pick := func(n int) int { return rnd.IntN(n) }
	states := []sale.MovementState{sale.MovementWaiting, sale.MovementDone, sale.MovementDone, sale.MovementRefused, sale.MovementUnsure, sale.MovementKept}
	var list []sale.Sale
	for i := range n {
		s := sold(i, pick(3*24*60)-24*60, sale.Methods[pick(5)], sale.States[pick(5)], sale.Amount(1+pick(100000)))
		s.ChannelID = []sale.Channel{"", sale.WXMicropay, sale.AlipayMicropay, sale.UPIMicropay}[pick(4)]
		s.Tip, s.GivenUp = sale.Amount(pick(2)*pick(500)), pick(2) == 0
		if s.Card != nil {
			s.Card.Type = []string{"", "VISA", "INTERAC", "AMEX"}[pick(4)]
		}
		for range pick(3) {
			gone([]sale.MovementKind{sale.Refund, sale.Void}[pick(2)], states[pick(len(states))], sale.Amount(1+pick(int(s.Amount))), s.CreatedAt.Add(time.Duration(pick(48*60))*time.Minute))(&s)
		}
		list = append(list, s)
	}
	return list
}

// TestDaysAddUp shows that no cent is in two days or in none.
func TestDaysAddUp(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 1))
	sales := randomSales(rnd, 500)
	whole := SumDay(dayFrom.AddDate(0, 0, -5), dayTo.AddDate(0, 0, 5), "CAD", slices.Values(sales)).Total.Net
	var sum sale.Amount
	for day := -5; day <= 5; day++ {
		sum += SumDay(dayFrom.AddDate(0, 0, day), dayTo.AddDate(0, 0, day), "CAD", slices.Values(sales)).Total.Net
	}
	if sum != whole {
		t.Errorf("the days make %s, all at once %s", sum, whole)
	}
}

func TestAListNamesTheFirstAndCountsAll(t *testing.T) {
	var sales []sale.Sale
	for i := range bookEntries + 5 {
		sales = append(sales, sold(i, i, sale.WeChat, sale.Unsure, 100))
	}
	b := SumDay(dayFrom, dayTo, "CAD", slices.Values(sales))
	if b.Unsure.Count != bookEntries+5 || len(b.Unsure.Sales) != bookEntries || !strings.Contains(b.Text(), "and 5 more") {
		t.Errorf("%d counted, %d named", b.Unsure.Count, len(b.Unsure.Sales))
	}
}

func TestAForeignWordIsNoFormula(t *testing.T) {
	s := sold(1, 1, sale.Card, sale.Unsure, 100, func(s *sale.Sale) { s.Attention = `=HYPERLINK("x")` })
	if text := string(SumDay(dayFrom, dayTo, "CAD", slices.Values([]sale.Sale{s})).CSV()); !strings.Contains(text, `'=HYPERLINK`) {
		t.Error(text)
	}
}
