package displaysim

import (
	"fmt"
	"slices"
	"strings"
)

// New returns the device that speaks with a driver: "nextion", or
// "linedisplay" with a dialect.
func New(driver, dialect string, opt Options) (*Device, error) {
	switch driver {
	case "nextion":
		return NewNextion(opt), nil
	case "linedisplay":
		if dialect == "" {
			dialect = "escpos"
		}
		if _, ok := tongues[dialect]; !ok {
			return nil, fmt.Errorf("no simulated pole speaks %q: use one of %s", dialect, strings.Join(Dialects(), ", "))
		}
		return NewLine(dialect, opt), nil
	}
	return nil, fmt.Errorf("no display is simulated for driver %q: use nextion or linedisplay", driver)
}

// Dialects lists what simulated poles speak.
func Dialects() []string {
	var all []string
	for d := range tongues {
		all = append(all, d)
	}
	slices.Sort(all)
	return all
}
