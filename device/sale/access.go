package sale

import (
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
