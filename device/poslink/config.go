package poslink

import (
	"fmt"
	"net"
	"strings"
	"time"

	"posd/device/door"
	"posd/device/sale"
)

// Config says where posd stands in the terminal's place, and for whom.
type Config struct {
	door.Config
	// Listen is the TCP address for registers that speak POSLINK over TCP, such
	// as 127.0.0.1:10009. Default "": nowhere.
	Listen string `toml:"listen"`
	// HTTP is the address for registers that speak it over HTTP. Default "": nowhere.
	HTTP string `toml:"http"`
	// Cancel is a TCP address of its own for A14, answered by A15 there; on
	// Listen A14 is answered by EOT. Default "": nowhere.
	Cancel string `toml:"cancel"`
	// Serial is the serial number that registers are given as the terminal's. Default POSD000001.
	Serial string `toml:"serial"`
	// Reference says what a register's own reference is worth: none, or bill
	// where it is one number per bill, so that a bill that is paid is refused as
	// a duplicate. Most registers send a constant. Default none.
	Reference string `toml:"reference"`
	// Gift is the wallet that a register's gift tender (T06) stands for: wechat,
	// alipay or unionpay. Default "": gift cards are refused.
	Gift sale.Method `toml:"gift"`
	// CloseDay says that a register's batch close (B00) closes the business day;
	// without it such a wish is refused in words. Default false.
	CloseDay bool `toml:"close_day"`
	// HoldFor is how long a sale of which posd cannot tell how it ended keeps its
	// register waiting before it is told so. Default 2m30s.
	HoldFor time.Duration `toml:"hold_for"`
	// RepeatFor is how long an answer that did not arrive is given again to the
	// same frame; later the frame is a new sale. Default 5m.
	RepeatFor time.Duration `toml:"repeat_for"`
}

// Values of Config.Reference.
const (
	referenceNone = "none"
	referenceBill = "bill"
)

// Defaults returns the documented defaults.
func Defaults() Config {
	return Config{
		Config: door.Defaults(), Serial: "POSD000001", Reference: referenceNone,
		HoldFor: 150 * time.Second, RepeatFor: 5 * time.Minute,
	}
}

// Validate returns every fault of the configuration at once.
func (c Config) Validate() []error {
	faults := c.Config.Validate()
	fault := func(format string, a ...any) { faults = append(faults, fmt.Errorf(format, a...)) }
	if c.Listen == "" && c.HTTP == "" {
		fault("listen and http are empty: name at least one address for registers, such as listen = \"127.0.0.1:10009\", or remove the section")
	}
	for _, l := range []struct{ key, addr string }{{"listen", c.Listen}, {"http", c.HTTP}, {"cancel", c.Cancel}} {
		if _, port, err := net.SplitHostPort(l.addr); l.addr != "" && (err != nil || port == "") {
			fault("%s = %q: write host and port, such as 127.0.0.1:10009", l.key, l.addr)
		}
	}
	if c.Serial == "" || len(c.Serial) > 32 || ascii(c.Serial) != c.Serial {
		fault("serial = %q: write 1 to 32 printable ASCII characters", c.Serial)
	}
	if c.Reference != referenceNone && c.Reference != referenceBill {
		fault("reference = %q: write %s or %s", c.Reference, referenceNone, referenceBill)
	}
	if c.Gift != "" && (!c.Gift.Wallet() || c.Gift == sale.Scan) {
		fault("gift = %q: write wechat, alipay or unionpay, or \"\" for none", c.Gift)
	}
	for _, d := range []struct {
		key string
		d   time.Duration
	}{{"hold_for", c.HoldFor}, {"repeat_for", c.RepeatFor}} {
		if d.d <= 0 || d.d > time.Hour {
			fault("%s = %q: write a time above 0s and up to 1h0m0s", d.key, d.d)
		}
	}
	return faults
}

func printable(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f })
}
