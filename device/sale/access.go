package sale

import (
	"errors"
	"fmt"
	"strings"
)

// Scopes are rights to ask posd for something, any number of them.
type Scopes uint8

// The rights.
const (
	ScopeSell    Scopes = 1 << iota // take payments, cancel them, show bills to the customer
	ScopeRefund                     // refund, void, keep, return
	ScopeManage                     // resolve, close the day, put reports back, prune, order past the till
	ScopeRead                       // see sales, receipts, reports, devices and numbers; change nothing
	ScopeDisplay                    // see what the customer sees; nothing else
)

// scopeNames are their names, in the order of the bits.
var scopeNames = []string{"sell", "refund", "manage", "read", "display"}

// AllScopes are all rights.
const AllScopes = ScopeSell | ScopeRefund | ScopeManage | ScopeRead | ScopeDisplay

// String lists the names, with commas.
func (s Scopes) String() string {
	var names []string
	for i, name := range scopeNames {
		if s&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	return strings.Join(names, ",")
}

// ParseScopes reads a list of names with commas between them.
func ParseScopes(text string) (Scopes, error) {
	var s Scopes
	for name := range strings.SplitSeq(text, ",") {
		i := 0
		for i < len(scopeNames) && scopeNames[i] != strings.TrimSpace(name) {
			i++
		}
		if i == len(scopeNames) {
			return 0, fmt.Errorf("%q is no scope: use %s, with commas between several", strings.TrimSpace(name), strings.Join(scopeNames, ", "))
		}
		s |= 1 << i
	}
	if s == 0 {
		return 0, errors.New("name at least one scope")
	}
	return s, nil
}
