package display

import (
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
	// Driver: nextion or linedisplay; default nextion.
	Driver string `toml:"driver"`
	// Dialect of a linedisplay; default escpos.
	Dialect string `toml:"dialect"`
	// Columns of a linedisplay; 20, the default and the only width.
	Columns int `toml:"columns"`
	// Language where the sale does not say another: en, fr, zh-Hans or zh-Hant; default en.
	Language sale.Language `toml:"language"`
	// Charset of the device's font: utf-8, cp1252 or ascii. Empty, the default,
	// is utf-8 for a nextion and ascii for a linedisplay.
	Charset Charset `toml:"charset"`
	// Brightness in percent, 1 to 100; default 100: a code needs the light.
	Brightness int `toml:"brightness"`
	// ShopName stands on the welcome screen, at most 20 columns; default empty.
	ShopName string `toml:"shop_name"`
	// AnswerWait is how long a device may take to answer a command; default 1s.
	AnswerWait time.Duration `toml:"answer_wait"`
	// CodeSide is the side of the panel's QR component in pixels; default 208.
	CodeSide int `toml:"code_side"`
	// CodeMax is how many characters the panel's QR component takes (its
	// txt_maxl); default 190.
	CodeMax int `toml:"code_max"`
	// PixelUM is the size of one pixel in micrometres; default 198 (4.3 inch, 480x272).
	PixelUM int `toml:"pixel_um"`
}

// Defaults returns the configuration of a 4.3 inch Nextion.
func Defaults() Config {
	return Config{
		Name: "customer", Driver: "nextion", Dialect: "escpos", Columns: poleColumns, Language: sale.English,
		Brightness: 100, AnswerWait: time.Second, CodeSide: 208, CodeMax: 190, PixelUM: 198,
	}
}

// Drivers lists the names of all drivers.
func Drivers() []string { return slices.Sorted(maps.Keys(drivers)) }

// Dialects lists the dialects of a linedisplay.
func Dialects() []string { return slices.Sorted(maps.Keys(dialects)) }

var drivers = map[string]func(Config) Driver{
	"nextion":     func(c Config) Driver { return newNextion(c) },
	"linedisplay": func(c Config) Driver { return newLinedisplay(c) },
}

// New returns the driver that c names. It starts nothing.
func New(c Config) (Driver, error) {
	if errs := c.Validate(); len(errs) > 0 {
		return nil, fmt.Errorf("display %q: %w", c.Name, errs[0])
	}
	if c.Charset == "" {
		c.Charset = UTF8
		if c.Driver == "linedisplay" {
			c.Charset = ASCII
		}
	}
	return drivers[c.Driver](c), nil
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
		bad("dialect", c.Dialect, "use one of "+strings.Join(Dialects(), ", "))
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
	if c.Driver == "linedisplay" && c.Charset == UTF8 {
		bad("charset", string(c.Charset), "a text pole has one byte to a letter: use cp1252 or ascii")
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
	if c.CodeSide < 100 || c.CodeSide > 1000 {
		bad("code_side", c.CodeSide, "use the side of the QR component in pixels, 100 to 1000")
	}
	if c.CodeMax < 50 || c.CodeMax > 900 {
		bad("code_max", c.CodeMax, "use the component's txt_maxl, 50 to 900")
	}
	if c.PixelUM < 50 || c.PixelUM > 1000 {
		bad("pixel_um", c.PixelUM, "use the size of a pixel in micrometres, 50 to 1000")
	}
	return errs
}

func (c Config) voice() voice { return voice{lang: c.Language, shop: plain(c.ShopName)} }
