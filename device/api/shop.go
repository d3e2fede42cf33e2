package api

import (
	"fmt"

	"posd/device/sale"
)

// Pages says how the pages behave; section [pages] of the configuration.
type Pages struct {
	// AskAbove is the amount in cents above which the cashier's page asks once
	// before it takes it; 0 for never. Default 100000.
	AskAbove int64 `toml:"ask_above"`
	// Sounds says whether the cashier's page is heard. Default true.
	Sounds bool `toml:"sounds"`
}

// DefaultPages are the pages of a shop that says nothing about them.
func DefaultPages() Pages { return Pages{AskAbove: 100000, Sounds: true} }

// Validate returns every fault.
func (p Pages) Validate() []error {
	if p.AskAbove < 0 || p.AskAbove > int64(sale.MaxAmount) {
		return []error{fmt.Errorf("ask_above = %d is not possible: write whole cents, 0 for never, at most %d", p.AskAbove, sale.MaxAmount)}
	}
	return nil
}
