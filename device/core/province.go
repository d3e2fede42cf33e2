package core

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"posd/device/sale"
)

// law is what a province's law asks of a shop's defaults; empty where it asks nothing.
type law struct {
	language  sale.Language
	tipBasis  string
	surcharge string
}

// provinces are those of Canada and its territories.
var provinces = map[string]law{
	"AB": {}, "BC": {}, "MB": {}, "NB": {}, "NL": {}, "NS": {}, "NT": {}, "NU": {}, "ON": {}, "PE": {}, "SK": {}, "YT": {},
	"QC": {
		// Charter of the French Language, CQLR c. C-11: s. 50.2 (to be served in French), s. 57
		// (invoices and receipts are drawn up in French).
		language: sale.French,
		// Consumer Protection Act, CQLR c. P-40.1, as amended by the act of 2024 on abusive
		// practices and price transparency, in force since 7 May 2025: a tip that is
		// suggested is computed on the price before taxes.
		tipBasis: "subtotal",
		// The same act, s. 224 c: no higher price than the one advertised.
		surcharge: "never",
	},
}

// ByLaw fills in what the law of the province asks for; given tells which keys
// the shop has decided itself.
func (p *Policy) ByLaw(given func(key string) bool) {
	l := provinces[p.Province]
	if l.language != "" && !given("language") {
		p.Language = l.language
	}
	if l.tipBasis != "" && !given("tip_basis") {
		p.TipBasis = l.tipBasis
	}
	if l.surcharge != "" && !given("surcharge") {
		p.Surcharge = l.surcharge
	}
}

// tipFaults finds what is wrong with province, tips and surcharge.
func (p Policy) tipFaults(bad func(key string, value any, remedy string)) {
	if _, known := provinces[p.Province]; p.Province != "" && !known {
		bad("province", p.Province, "write two letters: "+strings.Join(slices.Sorted(maps.Keys(provinces)), ", "))
	}
	if p.Tip != tipOff && p.Tip != tipTerminal && p.Tip != tipDisplay {
		bad("tip", p.Tip, "use off, terminal or display")
	}
	if p.TipBasis != "subtotal" && p.TipBasis != "total" {
		bad("tip_basis", p.TipBasis, "use subtotal or total")
	}
	if p.Surcharge != "allowed" && p.Surcharge != "never" {
		bad("surcharge", p.Surcharge, "use allowed or never")
	}
	if len(p.TipPercents) == 0 || len(p.TipPercents) > 4 || slices.ContainsFunc(p.TipPercents, func(n int) bool { return n < 1 || n > 100 }) {
		bad("tip_percents", fmt.Sprint(p.TipPercents), "list one to four whole percents, such as [15, 18, 20]")
	}
}
