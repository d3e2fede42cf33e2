package display_test

import (
	"bytes"
	"flag"
	"fmt"
	"image"
	"image/color"
	"image/draw"
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
	{sale.ScreenWelcome}, {sale.ScreenItems}, {sale.ScreenCard, sale.ScreenProcessing}, {sale.ScreenCode},
	{sale.ScreenPassword}, {sale.ScreenPaid}, {sale.ScreenDeclined, sale.ScreenCancelled}, {sale.ScreenAskCashier, sale.ScreenOffline},
}

const sheetPad, sheetLabel = 8, 16

// tile is one picture of the sheet.
type tile struct {
	name string
	img  image.Image
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
	case sale.ScreenWelcome, sale.ScreenOffline:
		s.Amount, s.Currency = 0, ""
	}
	far, err := displaysim.New(driver, dialect, displaysim.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var file []byte
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
		file = far.PNG()
		if st := c.Status(); st.Trouble != "" {
			t.Errorf("%s, %s: %s", driver, s.Kind, st.Trouble)
		}
	})
	img, err := png.Decode(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	return tile{strings.TrimSpace(driver+" "+dialect) + fmt.Sprintf(", %s, %s", s.Kind, cfg.Language), img}
}

// place is where a tile lies on the sheet.
func place(row, col int, tiles [][]tile) image.Rectangle {
	x, y := sheetPad, sheetPad
	for c := range col {
		x += tiles[0][c].img.Bounds().Dx() + sheetPad
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
			tl := sheetTile(t, r, c)
			if sheetDevices[c] == "linedisplay" && displaysim.Dialects()[r%7] == "led8" { // narrower: as wide as its column
				wide := image.NewRGBA(tiles[0][c].img.Bounds().Union(tl.img.Bounds()))
				draw.Draw(wide, tl.img.Bounds(), tl.img, image.Point{}, draw.Src)
				tl.img = wide
			}
			tiles[r] = append(tiles[r], tl)
		}
	}
	last := place(len(sheetRows)-1, len(sheetDevices)-1, tiles)
	sheet := image.NewPaletted(image.Rect(0, 0, last.Max.X+sheetPad, place(len(sheetRows)-1, 2, tiles).Max.Y+sheetPad), nil)
	sheet.Palette = color.Palette{color.RGBA{200, 200, 205, 255}, color.Black}
	index := map[color.RGBA]uint8{}
	for r := range tiles {
		for c, tl := range tiles[r] {
			at := place(r, c, tiles)
			b := tl.img.Bounds()
			for y := range b.Dy() {
				for x := range b.Dx() {
					px := color.RGBAModel.Convert(tl.img.At(x, y)).(color.RGBA)
					i, ok := index[px]
					if !ok {
						if i = uint8(len(sheet.Palette)); len(sheet.Palette) == 256 {
							t.Fatal("more than 256 colours on the sheet")
						}
						index[px] = i
						sheet.Palette = append(sheet.Palette, px)
					}
					sheet.SetColorIndex(at.Min.X+x, at.Min.Y+y, i)
				}
			}
			d := font.Drawer{Dst: sheet, Src: image.Black, Face: basicfont.Face7x13, Dot: fixed.P(at.Min.X, at.Min.Y-4)}
			d.DrawString(tl.name)
		}
	}
	file := filepath.Join("..", "testdata", "display", "contact.png")
	if flag.Lookup("update").Value.String() == "true" {
		var out bytes.Buffer
		enc := png.Encoder{CompressionLevel: png.BestCompression}
		if err := enc.Encode(&out, sheet); err != nil {
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
	for r := range tiles {
		for c, tl := range tiles[r] {
			if at, x, y := differs(sheet, want, place(r, c, tiles)); at {
				t.Errorf("%s differs from %s at %d,%d (look at both, then -update)", tl.name, file, x, y)
			}
		}
	}
}

func differs(a, b image.Image, in image.Rectangle) (yes bool, x, y int) {
	for y := in.Min.Y; y < in.Max.Y; y++ {
		for x := in.Min.X; x < in.Max.X; x++ {
			if color.RGBAModel.Convert(a.At(x, y)) != color.RGBAModel.Convert(b.At(x, y)) {
				return true, x - in.Min.X, y - in.Min.Y
			}
		}
	}
	return false, 0, 0
}
