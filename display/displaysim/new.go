package displaysim

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

var makers = map[string]func(Options) *Device{
	"nextion": NewNextion, "dmd70": NewDMD70, "bonrix": NewBonrix, "mertech": NewMertech,
}

// New returns the device that speaks with a driver; a "linedisplay" speaks a
// dialect, by default escpos.
func New(driver, dialect string, opt Options) (*Device, error) {
	if driver == "linedisplay" {
		if dialect == "" {
			dialect = "escpos"
		}
		if !slices.Contains(Dialects(), dialect) {
			return nil, fmt.Errorf("no simulated pole speaks %q: use one of %s", dialect, strings.Join(Dialects(), ", "))
		}
		return NewLine(dialect, opt), nil
	}
	if make, ok := makers[driver]; ok {
		return make(opt), nil
	}
	return nil, fmt.Errorf("no display is simulated for driver %q: use one of %s", driver, strings.Join(Drivers(), ", "))
}

// Drivers lists the drivers that New has a device for.
func Drivers() []string {
	return slices.Sorted(slices.Values(append(slices.Collect(maps.Keys(makers)), "linedisplay")))
}

// Dialects lists what simulated poles speak.
func Dialects() []string {
	return slices.Sorted(slices.Values(append(slices.Collect(maps.Keys(tongues)), "led8")))
}
