package printer_test

import (
	"bytes"
	"image"
	"image/png"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"
	"golang.org/x/image/draw"

	"posd/device/sale"
	"posd/display"
	"posd/printer"
)

// TestPreviewIsWhatIsPrinted compares the preview with the simulated paper dot
// by dot.
func TestPreviewIsWhatIsPrinted(t *testing.T) {
	var profiles []string
	for _, p := range printer.Profiles {
		if p.Table == 16 { // the simulator's tables are Epson's
			profiles = append(profiles, p.Name)
		}
	}
	all := samples()
	for i, name := range slices.Sorted(maps.Keys(all)) {
		cfg := testConfig()
		cfg.Profile, cfg.Language = profiles[i%len(profiles)], sale.Languages[i/2%len(sale.Languages)]
		onCounter(t, cfg, simOptions(cfg), func(t *testing.T, c *counter) {
			c.p.Print(t.Context(), all[name])
			synctest.Wait()
			paper, ok := c.sim.Image(len(c.sim.Receipts()))
			if !ok {
				t.Fatalf("%s %s: nothing printed", cfg.Profile, name)
			}
			data, err := c.p.Layout().PNG(all[name])
			if err != nil {
				t.Fatal(err)
			}
			preview, err := png.Decode(bytes.NewReader(data))
			if err != nil {
				t.Fatal(err)
			}
			if x, y, ok := sameDots(preview, paper); !ok {
				t.Errorf("%s %s %s: preview and paper differ at %d,%d", cfg.Profile, cfg.Language, name, x, y)
				keep(t, name+"-preview.png", preview)
				keep(t, name+"-paper.png", paper)
			}
		})
	}
}

// pictured are the kinds whose pictures are kept: forty, every kind in two
// languages (one in Latin letters, one in Chinese), every language on every
// paper.
var pictured = []string{"card-approved", "card-declined", "card-cancelled", "card-extras", "card-signature-merchant",
	"card-duplicate", "card-partial", "card-refund", "card-refund-own", "card-void-own", "card-return", "card-return-merchant",
	"card-return-declined", "card-auth", "card-auth-cancelled", "card-complete", "card-interac-flash", "wallet-paid", "wallet-refund", "wallet-closed"}

func TestPicturesAreAsTheGoldens(t *testing.T) {
	var sheet []image.Image
	for i, name := range pictured {
		for j, lang := range []sale.Language{sale.Languages[i%2], sale.Languages[2+i/2%2]} {
			profile := []string{"generic-80", "epson-tm-t88", "generic-58"}[(i/4+i+j)%3]
			cfg := testConfig()
			cfg.Profile, cfg.Language, cfg.Matrix = profile, lang, display.Matrix
			data, err := cfg.Layout().PNG(samples()[name])
			if err != nil {
				t.Fatal(err)
			}
			got, err := png.Decode(bytes.NewReader(data))
			if err != nil {
				t.Fatal(err)
			}
			sheet = append(sheet, got)
			path := filepath.Join(golden, "png", name+"."+string(lang)+"."+profile+".png")
			if *update {
				os.MkdirAll(filepath.Dir(path), 0o755)
				if err := os.WriteFile(path, data, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			kept, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			want, err := png.Decode(bytes.NewReader(kept))
			if err != nil {
				t.Fatal(err)
			}
			// Dots are compared, not files: another encoder packs them otherwise.
			if _, _, ok := sameDots(got, want); !ok || got.Bounds() != want.Bounds() {
				t.Errorf("%s differs (-update writes it anew)", path)
			}
		}
	}
	if *update {
		writeContactSheet(t, filepath.Join(golden, "contact-sheet.png"), sheet)
	}
}

// writeContactSheet puts pictures side by side at half their size, ten to a row.
func writeContactSheet(t *testing.T, path string, pictures []image.Image) {
	t.Helper()
	const columns, w, h = 10, 330, 1010
	out := image.NewGray(image.Rect(0, 0, columns*w, (len(pictures)+columns-1)/columns*h))
	for i := range out.Pix {
		out.Pix[i] = 0xC0
	}
	for i, p := range pictures {
		// A column of the sheet is two kinds, each in two languages.
		at := image.Pt(i/4*w, i%4*h)
		size := p.Bounds().Size().Div(2)
		draw.ApproxBiLinear.Scale(out, image.Rectangle{at, at.Add(size)}, p, p.Bounds(), draw.Src, nil)
	}
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := png.Encode(f, out); err != nil {
		t.Fatal(err)
	}
}

// TestCodesOnPaperCanBeRead decodes the code out of the simulated paper, where
// the printer draws it itself and where it is sent as a picture.
func TestCodesOnPaperCanBeRead(t *testing.T) {
	for _, profile := range []string{"generic-80", "generic-58", "epson-tm-t88iii"} {
		cfg := testConfig()
		cfg.Profile, cfg.Matrix = profile, display.Matrix
		onCounter(t, cfg, simOptions(cfg), func(t *testing.T, c *counter) {
			r := samples()["wallet-paid"]
			if res := c.p.Print(t.Context(), r); res.State != sale.PrintDone {
				t.Fatalf("%s: %+v", profile, res)
			}
			paper, _ := c.sim.Image(1)
			bits, err := gozxing.NewBinaryBitmapFromImage(paper)
			if err != nil {
				t.Fatal(err)
			}
			text, err := qrcode.NewQRCodeReader().Decode(bits, nil)
			if err != nil || text.GetText() != r.Sale.MchOrderNo {
				t.Errorf("%s: read %v, %v", profile, text, err)
			}
		})
	}
}

// sameDots compares all of the preview above its cut; the paper below may be longer.
func sameDots(preview, paper image.Image) (x, y int, ok bool) {
	if preview.Bounds().Dx() != paper.Bounds().Dx() || preview.Bounds().Dy() > paper.Bounds().Dy() {
		return preview.Bounds().Dx(), preview.Bounds().Dy(), false
	}
	a, b := rows(preview), rows(paper)
	for y := range preview.Bounds().Dy() - 24 {
		if i, w := y*preview.Bounds().Dx(), preview.Bounds().Dx(); !bytes.Equal(a[i:i+w], b[i:i+w]) {
			for x := range w {
				if a[i+x] != b[i+x] {
					return x, y, false
				}
			}
		}
	}
	return 0, 0, true
}

// rows are the dots of a picture, a byte to each: previews are kept by colour
// number, white first, simulated paper by brightness.
func rows(img image.Image) []byte {
	out := make([]byte, 0, img.Bounds().Dx()*img.Bounds().Dy())
	switch img := img.(type) {
	case *image.Paletted:
		return img.Pix
	case *image.Gray:
		for _, n := range img.Pix {
			out = append(out, 1-n/0xFF)
		}
	}
	return out
}

// keep writes a picture of a failed test where it can be looked at.
func keep(t *testing.T, name string, img image.Image) {
	path := filepath.Join(os.TempDir(), name)
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := png.Encode(f, img); err != nil {
		t.Fatal(err)
	}
	t.Log("look at", path)
}
