package printer

import (
	"context"
	"fmt"
	"time"

	"posd/device/sale"
)

// Slip is a paper that is no receipt: a day report, a test. Its words are the
// caller's; how it is wrapped, folded and printed is the same.
type Slip struct {
	Title string
	Parts []SlipPart
	Code  string // as a QR at the end; empty for none
}

// SlipPart is a heading with its rows, between two rules.
type SlipPart struct {
	Heading string
	Rows    []SlipRow
}

// SlipRow is a label with a value flush right; without a value it is a line of text.
type SlipRow struct {
	Label, Value string
	Strong       bool // a total
}

// SlipLines lays a slip out under the shop's head.
func (l Layout) SlipLines(s Slip) []Line {
	p := l.page(l.Language)
	p.head(sale.Receipt{})
	p.text(Bold|Tall, Centre, s.Title)
	for _, part := range s.Parts {
		p.rule()
		p.text(Bold, Left, part.Heading)
		for _, row := range part.Rows {
			style := Style(0)
			if row.Strong {
				style = Bold
			}
			if row.Value == "" {
				p.text(style, Left, row.Label)
			} else {
				p.pair(style, row.Label, row.Value)
			}
		}
	}
	p.rule()
	if s.Code != "" {
		p.blank()
		p.lines = append(p.lines, Line{Kind: KindQR, Text: s.Code, Align: Centre}, Line{})
	}
	p.lines = append(p.lines, Line{Kind: KindCut})
	return p.lines
}

// PrintSlip prints a slip; the result means what it means for receipts.
func (p *Printer) PrintSlip(ctx context.Context, job string, s Slip) sale.PrintResult {
	began := time.Now()
	if s.Code != "" && p.encoder.moduleOf(s.Code) == 0 {
		words := fmt.Sprintf("a code of %d characters does not fit on this paper", len(s.Code))
		p.log.Warn("slip not printed", "job", job, "title", s.Title, "words", words)
		return sale.PrintResult{Job: job, State: sale.PrintFailed, Words: words}
	}
	res := p.do(ctx, "", func(dst []byte) []byte { return p.encoder.receipt(dst, p.layout.SlipLines(s)) })
	res.Job = job
	p.log.Info("slip", "job", job, "title", s.Title, "printed", res.State, "words", res.Words, "took", time.Since(began))
	return res
}

// testSlip shows on paper whether the configuration fits the printer: a ruler
// as wide as the columns, the letters of the code table, a line in Chinese, and
// a code.
func (p *Printer) testSlip() Slip {
	model := p.encoder.profile
	ruler := make([]byte, model.Columns)
	for i := range ruler {
		ruler[i] = '0' + byte((i+1)%10)
	}
	return Slip{
		Title: speak(p.cfg.Language, p.cfg.SecondLanguage).TestTitle,
		Parts: []SlipPart{
			{Rows: []SlipRow{
				{Label: "profile", Value: model.Name},
				{Label: "columns", Value: fmt.Sprint(model.Columns)},
				{Label: "dots", Value: fmt.Sprint(model.Dots)},
				{Label: "code table", Value: fmt.Sprintf("%d = %s", model.Table, model.Encoding)},
			}},
			{Rows: []SlipRow{
				{Label: string(ruler)},
				{Label: "àâäçéèêëîïôöùûüÿœæ"}, {Label: "ÀÂÄÇÉÈÊËÎÏÔÖÙÛÜŸŒÆ"}, {Label: "$ € £ ¥ « » ’ “ ” – — … °"},
				{Label: "简体中文 微信支付 繁體中文 支付寶"},
			}},
		},
		Code: "POSD TEST",
	}
}
