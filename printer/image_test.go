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

	"posd/device/sale"
	"posd/printer"
)

// TestPreviewIsWhatIsPrinted compares the preview with the simulated paper dot
// by dot. The rule of a lean printer is drawn with wider dashes, so those are
// left out.
func TestPreviewIsWhatIsPrinted(t *testing.T) {
	var profiles []string
	for _, p := range printer.Profiles {
		if !p.Lean && p.Table == 16 {
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

// sameDots compares all of the preview above its cut; the paper below may be longer.
func sameDots(preview, paper image.Image) (x, y int, ok bool) {
	if preview.Bounds().Dx() != paper.Bounds().Dx() || preview.Bounds().Dy() > paper.Bounds().Dy() {
		return preview.Bounds().Dx(), preview.Bounds().Dy(), false
	}
	for y := range preview.Bounds().Dy() - 24 {
		for x := range preview.Bounds().Dx() {
			a, _, _, _ := preview.At(x, y).RGBA()
			b, _, _, _ := paper.At(x, y).RGBA()
			if a != b {
				return x, y, false
			}
		}
	}
	return 0, 0, true
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
