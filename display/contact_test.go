package display_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/image/font"
	"golang.org/x/image/font/basicfont"
	"golang.org/x/image/math/fixed"

	"posd/device/sale"
	"posd/display"
	"posd/display/displaysim"
)

// The contact sheet holds what customers see, a column for each family of
// devices and a row for each kind of screen; languages, wallets and dialects
// rotate so that each of them meets every device and every kind of screen.
//
//	go test ./display -run ContactSheet -update     writes testdata/display/contact.png

var sheetDevices = []string{"nextion", "linedisplay", "dmd70", "bonrix", "mertech"}

var sheetRows = [][]sale.ScreenKind{
	{sale.ScreenThanks, sale.ScreenWelcome}, {sale.ScreenChoose, sale.ScreenItems}, {sale.ScreenCard, sale.ScreenProcessing}, {sale.ScreenCode},
	{sale.ScreenPassword}, {sale.ScreenPaid}, {sale.ScreenReturn}, {sale.ScreenReturned}, {sale.ScreenHeld}, {sale.ScreenDeclined, sale.ScreenCancelled}, {sale.ScreenAskCashier, sale.ScreenOffline},
}

const sheetPad, sheetLabel = 8, 16

// tile is one picture of the sheet.
type tile struct {
	name string
	img  *image.RGBA
}

func sheetTile(t *testing.T, row, col int) tile {
	driver, dialect := sheetDevices[col], ""
	cfg := display.Defaults()
	cfg.Driver, cfg.ShopName = driver, "Chez Léon"
	cfg.Language = sale.Languages[(row+col)%len(sale.Languages)]
	kinds := sheetRows[row]
	s := sale.Screen{Kind: kinds[col%len(kinds)], Sale: "01JD0000000000000000000042", Amount: 123456, Currency: "CAD"}
	if driver == "linedisplay" {
		dialect = displaysim.Dialects()[row%len(displaysim.Dialects())]
		cfg.Dialect = dialect
		if dialect == "escpos" {
			cfg.Charset = display.CP1252
		}
	}
	switch s.Kind {
	case sale.ScreenItems:
		s.Items = []sale.Item{{Name: "Soup", Amount: 80000}, {Name: "Dim sum", Amount: 43456}}
	case sale.ScreenCode, sale.ScreenPassword:
		s.Method = []sale.Method{sale.WeChat, sale.Alipay, sale.UnionPay}[(row+col)%3]
		s.Code = codes()[[]int{34, 60, 112, 120}[(row+col)%4]]
	case sale.ScreenWelcome, sale.ScreenThanks, sale.ScreenOffline:
		s.Amount, s.Currency = 0, ""
	}
	far, err := displaysim.New(driver, dialect, displaysim.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var img *image.RGBA
	synctest.Test(t, func(t *testing.T) {
		c := counterWith(t, far, func(c *display.Config) { *c = cfg })
		defer c.stop()
		if s.Code != "" {
			until := time.Now().Add(90 * time.Second)
			s.Until = &until
		}
		c.Show(s)
		time.Sleep(3 * time.Second)
		synctest.Wait()
		img = far.Image()
		if st := c.Status(); st.Trouble != "" {
			t.Errorf("%s, %s: %s", driver, s.Kind, st.Trouble)
		}
	})
	return tile{strings.TrimSpace(driver+" "+dialect) + fmt.Sprintf(", %s, %s", s.Kind, cfg.Language), img}
}

// place is where a tile lies on the sheet.
func place(row, col int, tiles [][]tile) image.Rectangle {
	x, y := sheetPad, sheetPad
	for c := range col {
		wide := 0
		for r := range tiles {
			wide = max(wide, tiles[r][c].img.Rect.Dx())
		}
		x += wide + sheetPad
	}
	for r := range row {
		y += rowHeight(tiles[r]) + sheetLabel + sheetPad
	}
	return tiles[row][col].img.Bounds().Add(image.Pt(x, y+sheetLabel))
}

func rowHeight(row []tile) int {
	h := 0
	for _, t := range row {
		h = max(h, t.img.Bounds().Dy())
	}
	return h
}

func TestContactSheet(t *testing.T) {
	tiles := make([][]tile, len(sheetRows))
	for r := range sheetRows {
		for c := range sheetDevices {
			tiles[r] = append(tiles[r], sheetTile(t, r, c))
		}
	}
	last := place(len(sheetRows)-1, len(sheetDevices)-1, tiles)
	sheet := newSheet(image.Rect(0, 0, last.Max.X+sheetPad, place(len(sheetRows)-1, 2, tiles).Max.Y+sheetPad))
	for r := range tiles {
		for c, tl := range tiles[r] {
			if err := sheet.put(place(r, c, tiles), tl); err != nil {
				t.Fatal(err)
			}
		}
	}
	file := filepath.Join("..", "testdata", "display", "contact.png")
	if flag.Lookup("update").Value.String() == "true" {
		var out bytes.Buffer
		enc := png.Encoder{CompressionLevel: png.BestCompression}
		if err := enc.Encode(&out, sheet.Paletted); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, out.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	want, err := png.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	before, ok := want.(*image.Paletted)
	if !ok || before.Rect != sheet.Rect {
		t.Fatalf("%s is another kind of sheet: %T of %v (look, then -update)", file, want, want.Bounds())
	}
	for r := range tiles {
		for c, tl := range tiles[r] {
			if at, ok := differs(sheet.Paletted, before, place(r, c, tiles)); ok {
				t.Errorf("%s differs from %s at %v (look at both, then -update)", tl.name, file, at)
			}
		}
	}
}

// sheet collects the colours that it needs.
type sheet struct {
	*image.Paletted
	index map[uint32]uint8
}

func newSheet(r image.Rectangle) *sheet {
	return &sheet{image.NewPaletted(r, color.Palette{color.RGBA{200, 200, 205, 255}, color.RGBA{0, 0, 0, 255}}), map[uint32]uint8{}}
}

// put copies a tile and writes its name above it.
func (s *sheet) put(at image.Rectangle, tl tile) error {
	last, lastIndex := uint32(0), uint8(0)
	for y := range at.Dy() {
		row := s.Pix[s.PixOffset(at.Min.X, at.Min.Y+y):]
		from := tl.img.Pix[tl.img.PixOffset(0, y):]
		for x := range at.Dx() {
			key := binary.BigEndian.Uint32(from[4*x:])
			if key != last {
				i, ok := s.index[key]
				if !ok {
					if i = uint8(len(s.Palette)); i == 255 {
						return errors.New("more colours on the sheet than a palette holds")
					}
					s.index[key] = i
					s.Palette = append(s.Palette, color.RGBA{from[4*x], from[4*x+1], from[4*x+2], from[4*x+3]})
				}
				last, lastIndex = key, i
			}
			row[x] = lastIndex
		}
	}
	d := font.Drawer{Dst: s, Src: image.Black, Face: basicfont.Face7x13, Dot: fixed.P(at.Min.X, at.Min.Y-4)}
	d.DrawString(tl.name)
	return nil
}

// differs returns where two sheets differ first within a tile.
func differs(a, b *image.Paletted, in image.Rectangle) (at image.Point, yes bool) {
	for y := in.Min.Y; y < in.Max.Y; y++ {
		for x := in.Min.X; x < in.Max.X; x++ {
			i, j := a.Pix[a.PixOffset(x, y)], b.Pix[b.PixOffset(x, y)]
			if a.Palette[i] != b.Palette[j] {
				return image.Pt(x, y).Sub(in.Min), true
			}
		}
	}
	return image.Point{}, false
}
