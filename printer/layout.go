package printer

import (
	"strings"
	"time"
	"unicode"

	"posd/device/sale"
)

// Kind says what a line is.
type Kind uint8

// Kinds of line.
const (
	KindText Kind = iota
	KindRule      // across the paper
	KindQR        // Text is what the code says
	KindCut
	KindLogo // the shop's picture
)

// Style is how the text of a line looks.
type Style uint8

// Styles; they can be joined.
const (
	Bold Style = 1 << iota
	Wide       // double width: half as many columns
	Tall       // double height
)

// Align is where the text of a line stands.
type Align uint8

// Alignments.
const (
	Left Align = iota
	Centre
	Right
)

// Line is one line of a receipt, wrapped and folded: it fits the columns and
// holds only characters that can be printed.
type Line struct {
	Kind  Kind
	Text  string
	Right string // stands flush right on the same line; Align is Left then
	Style Style
	Align Align
	logo  *picture
}

// Layout turns receipts into lines. Text, picture and printer's bytes are all
// made from the same lines, so that what is previewed is what is printed.
type Layout struct {
	Columns        int
	Dots           int    // of the paper, for pictures
	Encoding       string // of the printer's code table: see Encodings
	QRModule       int    // dots of a module of a code; 0 chooses by the paper
	NoSignature    bool   // credit cards that were swiped or keyed are not signed for
	CardQR         bool   // the sale's number as a code on card receipts too
	Language       sale.Language
	Second         sale.Language // every word in two languages; empty for one
	WalletLanguage sale.Language // of wallet receipts; empty is Language
	Shop           Shop
	Zone           *time.Location
	Matrix         func(text string) ([][]bool, error) // draws codes in pictures
	logo           *picture
	dash           int // columns of a dash of a rule; 0 is 1
}

// Lines lays a receipt out.
func (l Layout) Lines(r sale.Receipt) []Line {
	p := l.page(l.language(r))
	p.head(r)
	movement, ok := findMovement(r)
	switch {
	case ok && r.Sale.Method != sale.Card:
		p.walletMovement(r, movement)
	case ok:
		p.cardMovement(r, movement)
	case r.Sale.Method != sale.Card:
		p.wallet(r)
	default:
		p.card(r)
	}
	p.foot(r)
	return p.lines
}

// language chooses a receipt's language: the cardholder's on the customer's
// copy, the shop's on the merchant's.
func (l Layout) language(r sale.Receipt) sale.Language {
	switch {
	case r.Copy == sale.MerchantCopy:
	case r.Sale.Method.Wallet() && l.WalletLanguage != "":
		return l.WalletLanguage
	case r.Sale.Card != nil && r.Sale.Card.Language != "":
		return r.Sale.Card.Language
	}
	return l.Language
}

// findMovement returns the refund or void the receipt is about.
func findMovement(r sale.Receipt) (sale.Movement, bool) {
	if r.Movement == "" {
		return sale.Movement{}, false
	}
	for _, m := range r.Sale.Refunds {
		if m.ID == r.Movement {
			return m, true
		}
	}
	return sale.Movement{ID: r.Movement, Kind: sale.Refund, State: sale.MovementUnsure}, true
}

// page collects the lines of one receipt.
type page struct {
	Layout
	words
	set   charset
	lines []Line
}

// complete fills in what a Layout made by hand may leave out.
func (l Layout) complete() Layout {
	if l.Columns <= 0 {
		l.Columns = 48
	}
	if l.Dots <= 0 {
		l.Dots = l.Columns * cellW
	}
	if l.Zone == nil {
		l.Zone = time.UTC
	}
	return l
}

func (l Layout) page(first sale.Language) *page {
	l = l.complete()
	second := l.Second
	if second == first {
		second = l.Language
	}
	if l.Second == "" {
		second = ""
	}
	p := &page{Layout: l, words: speak(first, second), set: newCharset(l.Encoding)}
	p.lines = make([]Line, 0, 64)
	return p
}

// head prints whose receipt it is.
func (p *page) head(r sale.Receipt) {
	if r.Duplicate {
		p.text(Bold|Wide, Centre, p.Duplicate)
		p.blank()
	}
	if p.logo != nil {
		p.lines = append(p.lines, Line{Kind: KindLogo, logo: p.logo})
	}
	p.text(Bold|Wide|Tall, Centre, p.Shop.Name)
	for _, a := range p.Shop.Address {
		p.text(0, Centre, a)
	}
	if p.Shop.TaxNumber != "" {
		p.text(0, Centre, p.TaxNumber+" "+p.Shop.TaxNumber)
	}
	for _, n := range p.Shop.TaxNumbers {
		p.text(0, Centre, n)
	}
	p.blank()
}

// foot prints the code, the shop's closing words, and cuts.
func (p *page) foot(r sale.Receipt) {
	p.blank()
	if code := p.code(r); code != "" {
		// The empty lines around a code are its quiet zone.
		p.lines = append(p.lines, Line{Kind: KindQR, Text: code, Align: Centre}, Line{})
		p.text(0, Centre, code)
	}
	if p.Shop.ReturnPolicy != "" {
		p.blank()
		p.text(0, Left, p.Shop.ReturnPolicy)
	}
	for i, f := range p.Shop.Footer {
		if i == 0 {
			p.blank()
		}
		p.text(0, Centre, f)
	}
	p.lines = append(p.lines, Line{Kind: KindCut})
}

// code returns what the receipt's QR says: the number by which the sale is found again.
func (p *page) code(r sale.Receipt) string {
	switch {
	case r.Sale.Method.Wallet() && r.Sale.MchOrderNo != "":
		return r.Sale.MchOrderNo
	case r.Sale.Method.Wallet() || p.CardQR:
		return string(r.Sale.ID)
	}
	return ""
}

// text adds s in as many lines as it needs.
func (p *page) text(style Style, align Align, s string) {
	cols := p.Columns
	if style&Wide != 0 {
		cols /= 2
	}
	for _, t := range wrap(p.set.fold(s), cols) {
		p.lines = append(p.lines, Line{Text: t, Style: style, Align: align})
	}
}

// verbatim adds a line of text as it stands, spaces included, broken where the
// paper ends.
func (p *page) verbatim(s string) {
	line, used := "", 0
	for _, r := range p.set.fold(strings.ReplaceAll(s, "\t", "    ")) {
		if unicode.IsControl(r) {
			continue
		}
		if used+runeWidth(r) > p.Columns {
			p.lines = append(p.lines, Line{Text: line})
			line, used = "", 0
		}
		line, used = line+string(r), used+runeWidth(r)
	}
	p.lines = append(p.lines, Line{Text: line})
}

// pair adds a label with its value flush right: on one line if they fit, else
// the value on lines of its own. Without a value nothing is added.
func (p *page) pair(style Style, label, value string) {
	if strings.TrimSpace(value) != "" {
		p.title(style, label, value)
	}
}

// title is pair for a label that stands even without a value.
func (p *page) title(style Style, label, value string) {
	cols := p.Columns
	if style&Wide != 0 {
		cols /= 2
	}
	labels, values := wrap(p.set.fold(label), cols), wrap(p.set.fold(value), cols)
	if len(labels) == 1 && len(values) == 1 && width(labels[0])+1+width(values[0]) <= cols {
		p.lines = append(p.lines, Line{Text: labels[0], Right: values[0], Style: style})
		return
	}
	for _, t := range labels {
		p.lines = append(p.lines, Line{Text: t, Style: style})
	}
	for _, t := range values {
		p.lines = append(p.lines, Line{Right: t, Style: style})
	}
}

// amount adds a label with money, left out when it is zero.
func (p *page) amount(label string, a sale.Amount) {
	if a != 0 {
		p.pair(0, label, a.String())
	}
}

// total adds the line that counts.
func (p *page) total(label, currency string, a sale.Amount) {
	p.pair(Bold|Tall, label, currency+" "+a.String())
}

func (p *page) rule() { p.lines = append(p.lines, Line{Kind: KindRule}) }

// blank adds an empty line, but never two and never as the first.
func (p *page) blank() {
	if n := len(p.lines); n > 0 && p.lines[n-1] != (Line{}) {
		p.lines = append(p.lines, Line{})
	}
}
