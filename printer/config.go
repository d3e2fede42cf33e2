package printer

import (
	"fmt"
	"image"
	"slices"
	"strings"
	"time"

	"posd/device/sale"
)

// Config is what a shop says about its printer and its receipts.
type Config struct {
	// Profile names the model: see Profiles. Default "generic-80".
	Profile string `toml:"profile"`
	// Columns of a line of normal text: 32, 42 or 48. Default 0: as the profile says.
	Columns int `toml:"columns"`
	// Dots of a line. Default 0: as the profile says.
	Dots int `toml:"dots"`
	// CodeTable is the printer's number of the code table. Default -1: as the profile says.
	CodeTable int `toml:"code_table"`
	// Encoding names what that table holds: see Encodings. Default "": as the profile says.
	Encoding string `toml:"encoding"`
	// Hanzi is the printer's own Chinese font: "gb2312", "gb18030", "none" (Chinese
	// is then sent as pictures), or "" as the profile says. Default "".
	Hanzi string `toml:"hanzi"`
	// QR says how codes are printed: "native", "picture", or "" as the profile says. Default "".
	QR string `toml:"qr"`
	// QRModule is the size of a module of a code in dots. Default 0: 6 on 80 mm paper, 5 on 58 mm.
	QRModule int `toml:"qr_module"`
	// CardQR prints the sale's number as a code on card receipts too. Default true.
	CardQR bool `toml:"card_qr"`

	// Signature says what a credit card that was swiped or keyed has, where the
	// terminal does not say how its holder was verified: "line", to be signed on the
	// merchant's copy, or "none": NO SIGNATURE TRANSACTION. Default "line".
	Signature string `toml:"signature"`

	// Language of the shop: merchant copies, and customers whose language is not known. Default "en".
	Language sale.Language `toml:"language"`
	// SecondLanguage prints every word in two languages. Default "": one language.
	SecondLanguage sale.Language `toml:"second_language"`
	// WalletLanguage is the language of wallet receipts. Default "": the shop's.
	WalletLanguage sale.Language `toml:"wallet_language"`
	// Shop is the head and foot of every receipt.
	Shop Shop `toml:"shop"`

	// Piece is the largest number of bytes sent without a pause, for printers
	// with small buffers and no flow control. Default 0: as the profile says.
	Piece int `toml:"piece"`
	// Pause is the pause between pieces; on a line without flow control the time
	// that the line itself takes comes on top. Default 20ms.
	Pause time.Duration `toml:"pause"`
	// WriteLimit is how long the printer may take no byte at all. Default 10s.
	WriteLimit time.Duration `toml:"write_limit"`
	// AnswerLimit is how long a question about status may stay unanswered. Default 500ms.
	AnswerLimit time.Duration `toml:"answer_limit"`
	// PrintLimit is how long a whole receipt may take until the printer says that it is printed. Default 20s.
	PrintLimit time.Duration `toml:"print_limit"`
	// ResumeLimit is how long a receipt that stopped in the middle waits for
	// new paper or a closed cover before it is given to the cashier. Default 1m.
	ResumeLimit time.Duration `toml:"resume_limit"`
	// ProbeEvery is how often the printer is asked how it is while idle; 0 never. Default 30s.
	ProbeEvery time.Duration `toml:"probe_every"`

	// ReleaseAfter is how long the line is kept after a job before it is let go, so
	// that another till may use the printer; 0 keeps it. Default 0; 2s on a network.
	ReleaseAfter time.Duration `toml:"release_after"`

	// Drawer is where the cash drawer is plugged in: "pin2", "pin5", or "" for none. Default "".
	Drawer string `toml:"drawer"`

	// Logo stands above the shop's name. The daemon hands it in.
	Logo image.Image `toml:"-"`
	// Zone is the shop's time zone. The daemon hands it in; UTC without.
	Zone *time.Location `toml:"-"`
	// Matrix draws QR codes for previews and for printers that cannot. The daemon hands it in.
	Matrix func(text string) ([][]bool, error) `toml:"-"`
}

// Shop is the head and foot of every receipt.
type Shop struct {
	// Name is printed large. Default "".
	Name string `toml:"name"`
	// Address lines: street; city, province and postal code; telephone. Default none.
	Address []string `toml:"address"`
	// TaxNumber is printed under the address if given. Default "".
	TaxNumber string `toml:"tax_number"`
	// TaxNumbers are printed under the address as they are written, each with the names of
	// its taxes: "GST/HST 123456789 RT0001", "QST 1234567890 TQ0001", "PST 1234-5678". Default none.
	TaxNumbers []string `toml:"tax_numbers"`
	// ReturnPolicy is printed under the receipt and wrapped. Default "".
	ReturnPolicy string `toml:"return_policy"`
	// Footer lines end a receipt. Default none.
	Footer []string `toml:"footer"`
}

// What Config.Signature may say.
const (
	signatureLine = "line"
	signatureNone = "none"
)

// Defaults returns the configuration of an 80 mm printer of no known make.
func Defaults() Config {
	return Config{
		Profile:     "generic-80",
		CodeTable:   -1,
		CardQR:      true,
		Signature:   signatureLine,
		Language:    sale.English,
		Pause:       20 * time.Millisecond,
		WriteLimit:  10 * time.Second,
		AnswerLimit: 500 * time.Millisecond,
		PrintLimit:  20 * time.Second,
		ResumeLimit: time.Minute,
		ProbeEvery:  30 * time.Second,
	}
}

// Validate returns every fault of the configuration, each with its remedy.
func (c Config) Validate() []error {
	var faults []error
	bad := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }
	if _, err := FindProfile(c.Profile); err != nil {
		bad("profile: %w", err)
	}
	if c.Columns != 0 && (c.Columns < 24 || c.Columns > 64) {
		bad("columns = %d: write 32, 42 or 48, or 0 for the profile's", c.Columns)
	}
	if c.Dots != 0 && (c.Dots < 200 || c.Dots > 1000) {
		bad("dots = %d: write 384, 512 or 576, or 0 for the profile's", c.Dots)
	}
	if p := c.profile(); p.Columns*cellW > p.Dots {
		bad("columns = %d with dots = %d: a column is %d dots wide, so that many do not fit; lower columns", p.Columns, p.Dots, cellW)
	}
	if c.CodeTable < -1 || c.CodeTable > 255 {
		bad("code_table = %d: write the number from the printer's self-test, 0 to 255, or -1 for the profile's", c.CodeTable)
	}
	if c.Encoding != "" && !slices.Contains(Encodings(), c.Encoding) {
		bad("encoding = %q: use one of %s, or leave it empty for the profile's", c.Encoding, strings.Join(Encodings(), ", "))
	}
	if !slices.Contains([]string{"", "none", "gb2312", "gb18030"}, c.Hanzi) {
		bad(`hanzi = %q: write "gb2312", "gb18030" or "none", or leave it empty for the profile's`, c.Hanzi)
	}
	if !slices.Contains([]string{"", "native", "picture"}, c.QR) {
		bad(`qr = %q: write "native" or "picture", or leave it empty for the profile's`, c.QR)
	}
	if c.QRModule < 0 || c.QRModule > 16 {
		bad("qr_module = %d: write 1 to 16 dots, or 0 to choose by the paper", c.QRModule)
	}
	if !slices.Contains([]string{"", "pin2", "pin5"}, c.Drawer) {
		bad(`drawer = %q: write "pin2" or "pin5", the pin of the printer's drawer socket, or leave it empty`, c.Drawer)
	}
	if !slices.Contains([]string{signatureLine, signatureNone}, c.Signature) {
		bad(`signature = %q: write "line" or "none"`, c.Signature)
	}
	if c.Piece != 0 && (c.Piece < 16 || c.Piece > 65536) {
		bad("piece = %d: write 16 to 65536 bytes, or 0 for the profile's", c.Piece)
	}
	for _, l := range []struct {
		key      string
		value    sale.Language
		optional bool
	}{{"language", c.Language, false}, {"second_language", c.SecondLanguage, true}, {"wallet_language", c.WalletLanguage, true}} {
		if !(l.optional && l.value == "") && !slices.Contains(sale.Languages, l.value) {
			bad("%s = %q: use one of %v", l.key, l.value, sale.Languages)
		}
	}
	for _, d := range []struct {
		key   string
		value time.Duration
		least time.Duration
	}{
		{"write_limit", c.WriteLimit, 100 * time.Millisecond}, {"answer_limit", c.AnswerLimit, 10 * time.Millisecond},
		{"print_limit", c.PrintLimit, 100 * time.Millisecond}, {"resume_limit", c.ResumeLimit, 0},
		{"pause", c.Pause, 0},
	} {
		if d.value < d.least || d.value > time.Hour {
			bad("%s = %v: write a time from %v to 1h", d.key, d.value, d.least)
		}
	}
	if c.ReleaseAfter < 0 || c.ReleaseAfter > time.Hour {
		bad("release_after = %v: write a time up to 1h, or 0s to keep the line", c.ReleaseAfter)
	}
	if c.ProbeEvery != 0 && c.ProbeEvery < time.Second {
		bad("probe_every = %v: write 1s or more, or 0s for never", c.ProbeEvery)
	}
	return faults
}

// profile returns the configured model with the shop's own changes.
func (c Config) profile() Profile {
	p, err := FindProfile(c.Profile)
	if err != nil {
		p = Profiles[0]
	}
	if c.Columns != 0 {
		p.Columns = c.Columns
	}
	if c.Dots != 0 {
		p.Dots = c.Dots
	}
	if c.CodeTable >= 0 {
		p.Table = byte(c.CodeTable)
	}
	if c.Encoding != "" {
		p.Encoding = c.Encoding
	}
	if c.Piece != 0 {
		p.Pieces = c.Piece
	}
	switch c.Hanzi {
	case "":
	case "none":
		p.Hanzi = ""
	default:
		p.Hanzi = c.Hanzi
	}
	if c.QR != "" {
		p.QR = c.QR == "native"
	}
	return p
}

// lostWords names what of the shop's head and foot is left out of every receipt,
// because neither the printer nor the embedded font has its letters; empty if
// nothing.
func (c Config) lostWords() string {
	for _, t := range append(append([]string{c.Shop.Name, c.Shop.ReturnPolicy}, c.Shop.Address...), c.Shop.Footer...) {
		for _, w := range strings.Fields(t) {
			if lost(w) {
				return w
			}
		}
	}
	return ""
}

// Layout returns the one source of lines for this shop and this printer.
func (c Config) Layout() Layout {
	p := c.profile()
	zone := c.Zone
	if zone == nil {
		zone = time.UTC
	}
	var logo *picture
	if c.Logo != nil {
		logo = newLogo(c.Logo, p.Dots)
	}
	return Layout{
		logo: logo, dash: p.dash(),
		Columns: p.Columns, Dots: p.Dots, Encoding: p.Encoding, QRModule: c.QRModule, CardQR: c.CardQR, NoSignature: c.Signature == signatureNone,
		Language: c.Language, Second: c.SecondLanguage, WalletLanguage: c.WalletLanguage,
		Shop: c.Shop, Zone: zone, Matrix: c.Matrix,
	}
}
