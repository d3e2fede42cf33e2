package sale

import (
	"fmt"
	"strconv"
	"strings"
)

// Amount is money in cents of the sale's currency.
type Amount int64

// MaxAmount is the largest amount posd takes: 9,999,999.99, which fits every
// wire it is sent on.
const MaxAmount Amount = 999_999_999

// ParseAmount reads "28.65" (two decimals, no sign, no grouping) or "2865c".
// Anything else is refused: a till never guesses where the point belongs.
func ParseAmount(s string) (Amount, error) {
	bad := func() (Amount, error) {
		return 0, fmt.Errorf("amount %q is not understood: write 28.65 or 2865c", s)
	}
	digits, ok := strings.CutSuffix(s, "c")
	if !ok {
		whole, cents, ok := strings.Cut(s, ".")
		if !ok || whole == "" || len(cents) != 2 {
			return bad()
		}
		digits = whole + cents
	}
	for _, r := range digits {
		if r < '0' || r > '9' {
			return bad()
		}
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil {
		return bad()
	}
	a := Amount(n)
	return a, a.Valid()
}

// Valid returns an error unless 0 < a <= MaxAmount.
func (a Amount) Valid() error {
	if a <= 0 {
		return fmt.Errorf("amount %s is not above zero", a)
	}
	if a > MaxAmount {
		return fmt.Errorf("amount %s is above the largest one possible, %s", a, MaxAmount)
	}
	return nil
}

// String returns the amount with a point and two decimals: 28.65.
func (a Amount) String() string {
	sign := ""
	if a < 0 {
		sign, a = "-", -a
	}
	return fmt.Sprintf("%s%d.%02d", sign, a/100, a%100)
}
