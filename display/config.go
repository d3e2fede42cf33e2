package display

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"posd/device/sale"
)

// Config is one customer display. Its line (path, baud rate) is configured
// beside it.
type Config struct {
	// Name of the display in logs and on the page; default "customer".
	Name string `toml:"name"`
	// Driver: nextion, linedisplay, dmd70, bonrix or mertech; default nextion.
	Driver string `toml:"driver"`
	// Dialect of a linedisplay: escpos, cd5220, utc, utce, aedex, dsp800 or led8;
	// default escpos.
	Dialect string `toml:"dialect"`
	// Columns of a linedisplay; 20, the default and the only width.
	Columns int `toml:"columns"`
	// Language where the sale does not say another: en, fr, zh-Hans or zh-Hant; default en.
	Language sale.Language `toml:"language"`
	// Charset of the device's font: utf-8, cp1252 or ascii. Empty, the default,
	// is utf-8 for nextion and bonrix, cp1252 for dmd70, ascii for linedisplay.
	Charset Charset `toml:"charset"`
	// Brightness in percent, 1 to 100; default 100: a code needs the light.
	Brightness int `toml:"brightness"`
	// ShopName stands on the welcome screen, at most 20 columns; default empty.
	ShopName string `toml:"shop_name"`
	// AnswerWait is how long a device may take to answer a command; default 1s.
	AnswerWait time.Duration `toml:"answer_wait"`
	// BootWait is how long a bonrix box may take to start after its port was
	// opened; default 2s.
	BootWait time.Duration `toml:"boot_wait"`
	// CodeSide is the side in pixels of the square that a code may fill. 0, the
	// default, is what the driver's usual glass has: nextion 208 (its QR
	// component), dmd70 416, bonrix 240, mertech 240.
	CodeSide int `toml:"code_side"`
	// CodeMax is how many characters of a code the device takes (a nextion's
	// txt_maxl). 0, the default: nextion 190, bonrix 700, mertech 1000, dmd70 1000.
	CodeMax int `toml:"code_max"`
	// PixelUM is the size of one pixel in micrometres. 0, the default: nextion 198
	// (4.3 inch), dmd70 191 (7 inch), bonrix 154 (3.5 inch), mertech 146.
	PixelUM int `toml:"pixel_um"`
	// CodeTimer says that a nextion's project has the timer which takes a code
	// off the glass when posd falls silent; default false.
	CodeTimer bool `toml:"code_timer"`
	// BoxCurrency writes the currency's code into a bonrix box's amount, for
	// boxes whose theme draws no currency sign; default false.
	BoxCurrency bool `toml:"box_currency"`
}

// Defaults returns the configuration of a 4.3 inch Nextion.
func Defaults() Config {
	return Config{
		Name: "customer", Driver: "nextion", Dialect: "escpos", Columns: poleColumns, Language: sale.English,
		Brightness: 100, AnswerWait: time.Second, BootWait: 2 * time.Second,
	}
}

// Drivers lists the names of all drivers.
func Drivers() []string { return slices.Sorted(maps.Keys(drivers)) }

// Dialects lists the dialects of a linedisplay.
func Dialects() []string { return slices.Sorted(maps.Keys(dialects)) }

// aboutDialects names the dialects with the poles that speak them.
func aboutDialects() string {
	var all []string
	for _, d := range Dialects() {
		all = append(all, d+" ("+dialects[d].about+")")
	}
	return strings.Join(all, ", ")
}

// kind is what the devices of a driver usually are.
type kind struct {
	charset Charset
	glass   glass
}

var drivers = map[string]kind{
	"nextion":     {UTF8, glass{side: 208, quietOutside: true, pitchUM: 198, maxText: 190}},
	"linedisplay": {ASCII, glass{}},
	"dmd70":       {CP1252, glass{side: 416, pitchUM: 191, maxText: 1000}},
	"bonrix":      {UTF8, glass{side: 240, pitchUM: 154, maxText: 700}},
	"mertech":     {UTF8, glass{side: 240, pitchUM: 146, maxText: 1000}},
}

// New returns the driver that c names. It starts nothing.
func New(c Config) (Driver, error) {
	if errs := c.Validate(); len(errs) > 0 {
		return nil, fmt.Errorf("display %q: %w", c.Name, errs[0])
	}
	c.Charset = cmp.Or(c.Charset, drivers[c.Driver].charset)
	switch c.Driver {
	case "linedisplay":
		return newLinedisplay(c), nil
	case "dmd70":
		return newDMD70(c), nil
	case "bonrix":
		return newBonrix(c), nil
	case "mertech":
		return newMertech(c), nil
	default:
		return newNextion(c), nil
	}
}

// glass returns the driver's glass with what the configuration says of it.
func (c Config) glass() glass {
	g := drivers[c.Driver].glass
	g.side, g.maxText, g.pitchUM = cmp.Or(c.CodeSide, g.side), cmp.Or(c.CodeMax, g.maxText), cmp.Or(c.PixelUM, g.pitchUM)
	return g
}

// Validate returns every fault of c.
func (c Config) Validate() []error {
	var errs []error
	bad := func(key string, value any, remedy string) {
		errs = append(errs, fmt.Errorf("%s = %#v: %s", key, value, remedy))
	}
	if c.Name == "" {
		bad("name", c.Name, "give the display a name")
	}
	if _, ok := drivers[c.Driver]; !ok {
		bad("driver", c.Driver, "use one of "+strings.Join(Drivers(), ", "))
	}
	if _, ok := dialects[c.Dialect]; !ok && c.Driver == "linedisplay" {
		bad("dialect", c.Dialect, "use one of "+aboutDialects())
	}
	if c.Columns != poleColumns {
		bad("columns", c.Columns, fmt.Sprintf("the words are made for %d columns", poleColumns))
	}
	if !slices.Contains(sale.Languages, c.Language) {
		bad("language", string(c.Language), "use en, fr, zh-Hans or zh-Hant")
	}
	if !slices.Contains([]Charset{"", UTF8, CP1252, ASCII}, c.Charset) {
		bad("charset", string(c.Charset), "use utf-8, cp1252 or ascii, or leave it out")
	}
	if (c.Driver == "linedisplay" || c.Driver == "dmd70") && c.Charset == UTF8 {
		bad("charset", string(c.Charset), "a "+c.Driver+" has one byte to a letter: use cp1252 or ascii")
	}
	if c.Brightness < 1 || c.Brightness > 100 {
		bad("brightness", c.Brightness, "use 1 to 100 percent")
	}
	if columns(c.ShopName) > poleColumns {
		bad("shop_name", c.ShopName, fmt.Sprintf("it has %d columns, at most %d fit", columns(c.ShopName), poleColumns))
	}
	if c.AnswerWait < 50*time.Millisecond || c.AnswerWait > 5*time.Second {
		bad("answer_wait", c.AnswerWait.String(), "use 50ms to 5s")
	}
	if c.BootWait < 0 || c.BootWait > 10*time.Second {
		bad("boot_wait", c.BootWait.String(), "use 0s to 10s")
	}
	if c.CodeSide != 0 && (c.CodeSide < 100 || c.CodeSide > 1000) {
		bad("code_side", c.CodeSide, "use the side of the code's square in pixels, 100 to 1000, or 0 for the driver's own")
	}
	if c.CodeMax != 0 && (c.CodeMax < 50 || c.CodeMax > 1000) {
		bad("code_max", c.CodeMax, "use how many characters the device takes, 50 to 1000, or 0 for the driver's own")
	}
	if c.PixelUM != 0 && (c.PixelUM < 50 || c.PixelUM > 1000) {
		bad("pixel_um", c.PixelUM, "use the size of a pixel in micrometres, 50 to 1000, or 0 for the driver's own")
	}
	return errs
}

func (c Config) voice() voice {
	return voice{lang: c.Language, shop: plain(c.ShopName), font: font{charset: c.Charset}}
}
