package books

import (
	"fmt"

	"posd/device/sale"
)

// CashCount is the drawer at the end of a day. Cash has no other side whose books
// could be matched: it is counted.
type CashCount struct {
	Float    sale.Amount  `json:"float"`             // with which the day began
	Net      sale.Amount  `json:"net"`               // taken less given back
	Expected sale.Amount  `json:"expected"`          // to be there
	Counted  *sale.Amount `json:"counted,omitempty"` // what was there; left out: nobody has counted
	Apart    sale.Amount  `json:"apart"`             // counted less expected
}

// CountCash says what is to be in the drawer that began with float, and how what
// was counted compares with it.
func (b *Books) CountCash(float sale.Amount, counted *sale.Amount) {
	k := &CashCount{Float: float, Counted: counted}
	for _, g := range b.Methods {
		if g.Name == string(sale.Cash) {
			k.Net = g.Net
		}
	}
	k.Expected = k.Float + k.Net
	if counted != nil {
		k.Apart = *counted - k.Expected
	}
	b.Cash = k
}

// lines lists the drawer; a day without cash has none.
func (k *CashCount) lines() []bookLine {
	if k == nil {
		return nil
	}
	const part = "Cash in the drawer"
	line := func(name string, a sale.Amount) bookLine {
		return bookLine{part: part, name: name, line: BookLine{0, a}, sum: true, always: true}
	}
	all := []bookLine{line("float", k.Float), line("cash, net", k.Net), line("to be there", k.Expected)}
	if k.Counted != nil {
		all = append(all, line("counted", *k.Counted), line("apart", k.Apart))
	}
	return all
}

// remark is the sentence about the drawer of a closed day, if there is one.
func (k *CashCount) remark(b *Books) []string {
	switch {
	case k == nil:
		return nil
	case k.Counted == nil:
		return []string{b.say("The cash was not counted.")}
	case k.Apart == 0:
		return []string{b.say("The cash in the drawer agrees.")}
	}
	return []string{fmt.Sprintf(b.say("The cash in the drawer is %s apart: count it again."), k.Apart)}
}
