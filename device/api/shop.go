package api

import (
	"fmt"
	"net/netip"
	"time"

	"posd/device/sale"
)

// Pages says how the pages behave; section [pages] of the configuration.
type Pages struct {
	// AskAbove is the amount in cents above which the cashier's page asks once
	// before it takes it; 0 for never. Default 100000.
	AskAbove int64 `toml:"ask_above"`
	// Sounds says whether the cashier's page is heard. Default true.
	Sounds bool `toml:"sounds"`
	// ReceiptListen is the address in the shop's network at which customers fetch the
	// receipt that a code on the glass leads to, in clear; empty for none. Default "".
	ReceiptListen string `toml:"receipt_listen"`
	// ReceiptFor is how long they can, at most until posd stops. Default 1h.
	ReceiptFor time.Duration `toml:"receipt_for"`
}

// DefaultPages are the pages of a shop that says nothing about them.
func DefaultPages() Pages { return Pages{AskAbove: 100000, Sounds: true, ReceiptFor: time.Hour} }

// Validate returns every fault.
func (p Pages) Validate() (faults []error) {
	if p.AskAbove < 0 || p.AskAbove > int64(sale.MaxAmount) {
		faults = append(faults, fmt.Errorf("ask_above = %d is not possible: write whole cents, 0 for never, at most %d", p.AskAbove, sale.MaxAmount))
	}
	if p.ReceiptListen != "" && !inLAN(p.ReceiptListen) {
		faults = append(faults, fmt.Errorf("receipt_listen = %q is no address of a private network: write this box's own and a port, such as \"192.168.1.10:8481\", or \"\" for none", p.ReceiptListen))
	}
	if p.ReceiptFor < time.Minute || p.ReceiptFor > 24*time.Hour {
		faults = append(faults, fmt.Errorf("receipt_for = %s is not possible: use 1m to 24h", p.ReceiptFor))
	}
	return faults
}

// inLAN reports whether addr is an address of this box or of a private network, with a port.
func inLAN(addr string) bool {
	at, err := netip.ParseAddrPort(addr)
	ip := at.Addr().Unmap()
	return err == nil && (ip.IsPrivate() || ip.IsLinkLocalUnicast() || ip.IsLoopback())
}
