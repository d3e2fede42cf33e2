package main

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"posd/device/sale"
)

func pngFile(t *testing.T, dir, name string, img image.Image) string {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestALogoThatCannotBeUsedIsSaidInWords(t *testing.T) {
	dir := t.TempDir()
	put := func(name string, text []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	whole, err := os.ReadFile(pngFile(t, dir, "whole.png", image.NewGray(image.Rect(0, 0, 64, 64))))
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ path, want string }{
		"missing":          {filepath.Join(dir, "none.png"), "there is no such file"},
		"a folder":         {dir, "cannot be read"},
		"no picture":       {put("words.png", []byte("not a picture")), "no picture"},
		"empty":            {put("empty.png", nil), "no picture"},
		"damaged":          {put("cut.png", whole[:len(whole)/2]), "damaged"},
		"too large a file": {put("big.png", make([]byte, logoBytes+1)), "more than 4 MiB"},
		"too many dots":    {pngFile(t, dir, "wide.png", image.NewPaletted(image.Rect(0, 0, logoPixels+1, 1), color.Palette{color.White})), "4001 x 1"},
	} {
		t.Run(name, func(t *testing.T) {
			img, err := (&Printer{LogoFile: c.path}).logo()
			if err == nil || img != nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), c.path) {
				t.Errorf("%v, %v; want words %q and the path", img, err, c.want)
			}
		})
	}
	if faults := (&Printer{LogoFile: "logo.png"}).logoFault(); len(faults) != 1 || !strings.HasPrefix(faults[0].Error(), "logo = ") {
		t.Errorf("a path that is not absolute: %v", faults)
	}
	if img, err := (&Printer{}).logo(); img != nil || err != nil {
		t.Errorf("no logo: %v, %v", img, err)
	}
}

// TestTheLogoStandsOnTheReceipt compares the previews with and without: the
// one key changes what is drawn.
func TestTheLogoStandsOnTheReceipt(t *testing.T) {
	dir := t.TempDir()
	black := image.NewGray(image.Rect(0, 0, 100, 40))
	at := pngFile(t, dir, "logo.png", black)
	height := func(more string) int {
		c, err := parse("posd.toml", []byte("[shop]\nname = \"Shop\"\n[daemon]\nlock_dir = \""+dir+"\"\n[printer]\nline = \"/dev/none\"\n"+more))
		if err != nil {
			t.Fatal(err)
		}
		p, err := plugIn(c, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		defer p.close()
		body, err := p.layout(c).PNG(sale.Receipt{Sale: as(sale.Paid), Copy: sale.CustomerCopy, At: time.Unix(0, 0)})
		if err != nil {
			t.Fatal(err)
		}
		img, err := png.Decode(bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		return img.Bounds().Dy()
	}
	if with, without := height("logo = \""+at+"\"\n"), height(""); with != without+40 {
		t.Errorf("%d dots high with a logo of 40, %d without", with, without)
	}
	c, err := parse("posd.toml", []byte("[printer]\nline = \"/dev/none\"\nlogo = \"/nowhere/logo.png\"\n"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := plugIn(c, slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), "/nowhere/logo.png") {
		t.Errorf("a logo that is not there: %v", err)
	}
}
