package display

import (
	"strings"

	"posd/device/sale"
)

// Money returns an amount as customers of that language write it: "CAD 1,234.56",
// in French "1 234,56 CAD". The currency stands as its code: a sign alone would
// not say whose dollar it is. At most 16 columns.
func Money(a sale.Amount, currency string, lang sale.Language) string {
	n := number(a, lang)
	switch {
	case currency == "":
		return n
	case lang == sale.French:
		return n + " " + currency
	default:
		return currency + " " + n
	}
}

// number groups the whole part by thousands.
func number(a sale.Amount, lang sale.Language) string {
	group, point := ",", "."
	if lang == sale.French {
		group, point = " ", ","
	}
	digits, sign := a.String(), ""
	if d, ok := strings.CutPrefix(digits, "-"); ok {
		digits, sign = d, "-"
	}
	whole, cents, _ := strings.Cut(digits, ".")
	var b strings.Builder
	b.WriteString(sign)
	for i, r := range whole {
		if i > 0 && (len(whole)-i)%3 == 0 {
			b.WriteString(group)
		}
		b.WriteRune(r)
	}
	return b.String() + point + cents
}
