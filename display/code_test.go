package display_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"posd/device/sale"
	"posd/display"
	"posd/display/displaysim"
)

// codes are real shapes of 34, 60, 112, 120 and 300 characters.
func codes() map[int]string {
	all := map[int]string{
		34:  url34,
		60:  "https://qr.alipayplus.com/281002040000000000000000123456abcd",
		112: "https://qr.95516.com/00010000/01234567890123456789012345678901?sign=abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGH",
		120: "00020101021226480014com.example.qr0126000102030405060708090a0b0c5204581253031245406123.455802CA5909Chez Leon6006Ottawa63",
		300: "https://pay.example.com/c/" + strings.Repeat("a1B2c3D4e5F6g7H8", 17) + "zz",
	}
	for n, s := range all {
		if len(s) != n {
			panic(fmt.Sprintf("a code of %d characters has %d", n, len(s)))
		}
	}
	return all
}

var codeDrivers = []string{"nextion", "dmd70", "bonrix", "mertech"}

// pngOf shows a screen on a simulated display and returns what the customer sees.
func pngOf(t *testing.T, far *displaysim.Device, s sale.Screen, change func(*display.Config)) (png []byte, st display.Status) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		c := counterWith(t, far, change)
		defer c.stop()
		c.Show(s)
		time.Sleep(3 * time.Second)
		synctest.Wait()
		png, st = c.far.PNG(), c.Status()
	})
	return png, st
}

// codePNG is pngOf for a code on a driver's device.
func codePNG(t *testing.T, driver, code string) ([]byte, display.Status) {
	t.Helper()
	far, err := displaysim.New(driver, "", displaysim.Options{})
	if err != nil {
		t.Fatal(err)
	}
	s := sale.Screen{Kind: sale.ScreenCode, Sale: "S1", Amount: 12345, Currency: "CAD", Method: sale.Alipay, Code: code}
	return pngOf(t, far, s, func(c *display.Config) { c.Driver = driver })
}

// bareNextionPNG is codePNG on a panel whose project has no QR component.
func bareNextionPNG(t *testing.T, code string) ([]byte, display.Status) {
	t.Helper()
	s := sale.Screen{Kind: sale.ScreenCode, Sale: "S1", Amount: 12345, Currency: "CAD", Method: sale.Alipay, Code: code}
	return pngOf(t, displaysim.NewBareNextion(displaysim.Options{}), s, nil)
}

func TestEveryCodeIsReadableOrRefused(t *testing.T) {
	for _, driver := range codeDrivers {
		for n, code := range codes() {
			png, st := codePNG(t, driver, code)
			got, err := displaysim.ReadCode(png)
			if driver == "nextion" && n == 300 {
				if !errors.Is(err, displaysim.ErrNoCode) || !strings.Contains(st.Trouble, "300 characters") {
					t.Errorf("nextion is to refuse 300 characters: read %q, %v, status %+v", got, err, st)
				}
				continue
			}
			if err != nil || got != code || st.Trouble != "" {
				t.Errorf("%s, %d characters: read %q, %v, status %+v", driver, n, got, err, st)
			}
		}
	}
}

func TestPanelWithoutACodeComponentDrawsEveryCode(t *testing.T) {
	for n, code := range codes() {
		png, st := bareNextionPNG(t, code)
		got, err := displaysim.ReadCode(png)
		if n == 300 {
			if st.Trouble == "" {
				t.Error("300 characters are more than the panel takes")
			}
			continue
		}
		if err != nil || got != code || st.Trouble != "" {
			t.Errorf("%d characters: read %q, %v, status %+v", n, got, err, st)
		}
	}
}

// A module is a whole number of pixels and at least 0.4 mm, or the code is refused.
func TestTooSmallGlassIsRefusedWithWords(t *testing.T) {
	for _, c := range []struct {
		side, um int
		n        int
		ok       bool
	}{
		{240, 178, 34, true},   // 2.8 inch
		{240, 178, 120, true},  // v7, 4 pixels of 0.178
		{128, 154, 300, false}, // 77 modules in 128 pixels: one pixel
		{128, 300, 34, true},
		{128, 100, 34, false}, // 3 pixels of 0.1 mm
	} {
		cfg := display.Defaults()
		cfg.Driver, cfg.CodeSide, cfg.PixelUM = "bonrix", c.side, c.um
		d, err := display.New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		err = d.(interface{ Fits(string) error }).Fits(codes()[c.n])
		if (err == nil) != c.ok {
			t.Errorf("%d pixels of %d um, %d characters: %v", c.side, c.um, c.n, err)
		}
		if err != nil && !strings.Contains(err.Error(), "too dense") {
			t.Errorf("the words do not help: %v", err)
		}
	}
}

// The symbol stands in light ground of four modules on all sides, whatever its
// size, on every glass.
func TestQuietZoneIsLight(t *testing.T) {
	for _, driver := range codeDrivers {
		for n := 15; n <= 180; n += 55 {
			code := strings.Repeat("x", n)
			far, _ := displaysim.New(driver, "", displaysim.Options{})
			s := sale.Screen{Kind: sale.ScreenCode, Amount: 100, Currency: "CAD", Code: code}
			var problem string
			synctest.Test(t, func(t *testing.T) {
				c := counterWith(t, far, func(c *display.Config) { c.Driver = driver })
				defer c.stop()
				c.Show(s)
				time.Sleep(3 * time.Second)
				synctest.Wait()
				problem = quietZone(far, code)
			})
			if problem != "" {
				t.Errorf("%s, %d characters: %s", driver, n, problem)
			}
		}
	}
}

// quietZone looks for the symbol in a picture, at every place and size.
func quietZone(far *displaysim.Device, code string) string {
	m, err := display.Matrix(code)
	if err != nil {
		return err.Error()
	}
	img := far.Image()
	w, h := img.Rect.Dx(), img.Rect.Dy()
	dark := make([]bool, w*h)
	for i := range dark {
		p := img.Pix[4*i:]
		dark[i] = int(p[0])+int(p[1])+int(p[2]) < 3*0x80
	}
	stands := func(x, y, px int) bool {
		for j := -display.QuietZone; j < len(m)+display.QuietZone; j++ {
			for i := -display.QuietZone; i < len(m)+display.QuietZone; i++ {
				want := j >= 0 && i >= 0 && j < len(m) && i < len(m) && m[j][i]
				cx, cy := x+(i+display.QuietZone)*px, y+(j+display.QuietZone)*px
				if dark[cy*w+cx] != want || dark[(cy+px-1)*w+cx+px-1] != want {
					return false
				}
			}
		}
		return true
	}
	for px := 12; px >= 1; px-- {
		side, corner := px*(len(m)+2*display.QuietZone), px*display.QuietZone
		for y := 0; y+side <= h; y++ {
			for x := 0; x+side <= w; x++ {
				at := (y+corner)*w + x + corner // the first dark module
				if dark[at] && !dark[at-1] && !dark[at-w] && stands(x, y, px) {
					return ""
				}
			}
		}
	}
	return "no symbol of whole pixels with a light border of four modules"
}

func TestMatrixSaysWhyItCannot(t *testing.T) {
	if _, err := display.Matrix(""); err == nil || !strings.Contains(err.Error(), "no text") {
		t.Errorf("empty: %v", err)
	}
	if _, err := display.Matrix(strings.Repeat("a", 2332)); err == nil || !strings.Contains(err.Error(), "2332 bytes") {
		t.Errorf("too long: %v", err)
	}
	m, err := display.Matrix(strings.Repeat("a", 2331))
	if err != nil || len(m) != 177 {
		t.Errorf("the longest: %d modules, %v", len(m), err)
	}
	for n, want := range map[int]int{34: 29, 60: 33, 112: 45, 120: 45} {
		if m, err := display.Matrix(strings.Repeat("a", n)); err != nil || len(m) != want || len(m[0]) != want || !m[0][0] {
			t.Errorf("%d characters: %d modules, %v", n, len(m), err)
		}
	}
}
