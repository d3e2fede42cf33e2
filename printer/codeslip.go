package printer

import (
	"cmp"
	"context"

	"posd/device/sale"
)

// CodeSlip lays a wallet's code out for a customer to scan, in the language of
// the screen it stands in for.
func (l Layout) CodeSlip(s sale.Screen) Slip {
	language := s.Language
	if language == "" {
		language = l.Language
	}
	w := speak(language, l.Second)
	title := cmp.Or(string(s.Brand), w.mark(s.Method))
	rows := []SlipRow{
		{Label: w.SaleNo, Value: string(s.Sale)},
		{Label: w.Total, Value: s.Currency + " " + s.Amount.String(), Strong: true},
	}
	if s.Until != nil {
		rows = append(rows, SlipRow{Label: w.Until, Value: s.Until.In(l.complete().Zone).Format("15:04:05")})
	}
	return Slip{Title: title, Parts: []SlipPart{{Heading: w.ScanToPay, Rows: rows}}, Code: s.Code}
}

// PrintCode prints a wallet's code on a slip of its own.
func (p *Printer) PrintCode(ctx context.Context, s sale.Screen) sale.PrintResult {
	return p.PrintSlip(ctx, string(s.Sale), p.Layout().CodeSlip(s))
}
