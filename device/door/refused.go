package door

import (
	"errors"

	"posd/device/sale"
)

// NothingBegun reports whether an error of the till proves that nothing was begun, and so
// nothing charged, under the key that it was asked with.
//
// Only a refusal does; every other error, a time that ran out say, leaves it open. A first
// refusal is enough: nobody else knows the key. Where the till was asked under the key
// before, by an earlier run perhaps, and it is not known what came of that, a refusal counts
// only if it is one that the till gives after it has found the key unused. These are not:
//
//	ErrUnavailable  posd is stopping, or the journal cannot be read: the key was not looked up
//	ErrKeyReused    the key is in use: its request was written down, and reads differently
//	                now, after a change of the configuration say
//	ErrNotFound     a sale that the request names is looked up before the key is, or beside it
func NothingBegun(err error, askedBefore bool) bool {
	if r := (*sale.Refusal)(nil); !errors.As(err, &r) {
		return false
	}
	return !askedBefore || !errors.Is(err, sale.ErrUnavailable) && !errors.Is(err, sale.ErrKeyReused) && !errors.Is(err, sale.ErrNotFound)
}
