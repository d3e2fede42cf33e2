package display

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"posd/device/sale"
)

// BenchmarkCodeOnTheWire prints what one code costs, beside the least that the
// makers' formats allow (the column table-B):
//
//	go test ./display -run '^$' -bench CodeOnTheWire
//
// Times are 10 bits to a byte; encode-% is the share of our own work in the time
// at 115200 baud.
func BenchmarkCodeOnTheWire(b *testing.B) {
	for _, c := range []struct {
		name, driver, dialect string
		amount                sale.Amount
		table                 [2]int
		wire                  func(d Driver, p Picture) int
	}{
		{"nextion", "nextion", "", 1234, [2]int{102, 128}, nil},
		{"dmd70 functions 167+180+181", "dmd70", "", 12345, [2]int{63, 89}, func(d Driver, p Picture) int { return len(d.(*dmd70).symbol(p.Code)) }},
		{"bonrix", "bonrix", "", 12345, [2]int{74, 100}, nil},
		{"mertech", "mertech", "", 12345, [2]int{42, 68}, nil},
		{"escpos, words only", "linedisplay", "escpos", 1234, [2]int{41, 41}, nil},
		{"cd5220, words only", "linedisplay", "cd5220", 1234, [2]int{48, 48}, nil},
	} {
		for i, code := range []string{code34, code60} {
			b.Run(fmt.Sprintf("%s/%d", c.name, len(code)), func(b *testing.B) {
				d, err := New(testConfig(c.driver, c.dialect, sale.English))
				if err != nil {
					b.Fatal(err)
				}
				wire := c.wire
				if wire == nil {
					wire = func(d Driver, p Picture) int { return len(wireOf(d, p)) }
				}
				p := Picture{Screen: sale.Screen{Kind: sale.ScreenCode, Amount: c.amount, Currency: "CAD", Method: sale.UnionPay}}
				n := 0
				for k := 0; b.Loop(); k++ {
					last := byte('0' + k%10) // another code each time, so that nothing is remembered
					p.Code = code[:len(code)-1] + string(last)
					n = wire(d, p)
				}
				ms := func(baud float64) float64 { return float64(n) * 10 * 1000 / baud }
				perCode := float64(b.Elapsed().Nanoseconds()) / float64(b.N) / 1e6
				b.ReportMetric(0, "ns/op")
				b.ReportMetric(float64(n), "wire-B")
				if nx, ok := d.(*nextion); ok { // wallet's colour and remaining time, after the code is acknowledged
					p.Left = 2 * time.Minute
					_, trim := nx.leaf(p).commands(nil)
					b.ReportMetric(float64(len(strings.Join(trim, NextionEnd)+NextionEnd)), "then-B")
				}
				b.ReportMetric(float64(c.table[i]), "table-B")
				b.ReportMetric(ms(9600), "ms@9600")
				b.ReportMetric(ms(115200), "ms@115200")
				b.ReportMetric(100*perCode/(perCode+ms(115200)), "encode-%")
			})
		}
	}
}
