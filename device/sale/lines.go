package sale

import "fmt"

// Lines say what an amount is made of, as far as the request tells. posd adds them
// up and prints them; what is taken is the amount.
type Lines struct {
	Subtotal Amount `json:"subtotal,omitempty"` // before taxes
	Taxes    []Tax  `json:"taxes,omitempty"`
	Items    []Item `json:"items,omitempty"`
}

// Tax is one tax of a bill by its name on the receipt, such as GST, HST, QST or PST.
type Tax struct {
	Name   string `json:"name"`
	Amount Amount `json:"amount"`
}

// A receipt is paper: so many lines it holds, and so long is a name.
const (
	mostItems = 200
	mostTaxes = 8
	mostName  = 64
)

// Fault says why the lines are not those of an amount, or nothing.
func (l Lines) Fault(amount Amount) string {
	if len(l.Items) > mostItems || len(l.Taxes) > mostTaxes {
		return fmt.Sprintf("at most %d items and %d taxes are possible", mostItems, mostTaxes)
	}
	before, taxes := amount, Amount(0)
	for _, t := range l.Taxes {
		if t.Name == "" || len(t.Name) > mostName || !Printable(t.Name) || t.Amount < 0 || t.Amount > MaxAmount {
			return fmt.Sprintf("each tax needs a name of at most %d printable characters and an amount in cents, not below 0", mostName)
		}
		taxes += t.Amount
	}
	if l.Subtotal != 0 || len(l.Taxes) > 0 {
		if l.Subtotal <= 0 || l.Subtotal+taxes != amount {
			return fmt.Sprintf("subtotal %s and taxes %s do not add up to the amount %s", l.Subtotal, taxes, amount)
		}
		before = l.Subtotal
	}
	for _, i := range l.Items {
		if i.Name == "" || len(i.Name) > mostName || !Printable(i.Name) || max(i.Amount, -i.Amount) > MaxAmount {
			return fmt.Sprintf("each item needs a name of at most %d printable characters and an amount in cents", mostName)
		}
	}
	if sum := Total(l.Items); len(l.Items) > 0 && sum != before {
		return fmt.Sprintf("the items add up to %s, not to %s: the subtotal, or the amount without one", sum, before)
	}
	return ""
}

// Any reports whether the request told anything.
func (l Lines) Any() bool { return l.Subtotal != 0 || len(l.Taxes)+len(l.Items) > 0 }
