package printer_test

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"

	"posd/device/sale"
	"posd/printer"
)

// own prints something of the shop's own, prepared first, and returns what came out.
func (c *counter) own(t *testing.T, form sale.PrintForm, data []byte, duplicate bool) string {
	t.Helper()
	kept, err := c.p.PreparePrint(form, data)
	if err != nil {
		t.Fatal(err)
	}
	before := len(c.sim.Receipts())
	if res := c.p.PrintOwn(t.Context(), sale.Print{Job: "J1", Form: form, Data: kept, Duplicate: duplicate}); res.State != sale.PrintDone || res.Job != "J1" {
		t.Fatalf("%+v", res)
	}
	synctest.Wait()
	all := c.sim.Receipts()
	if len(all) != before+1 {
		t.Fatalf("%d papers came out, not cut: %q", len(all)-before, c.sim.Unfinished())
	}
	if st := c.sim.State(); len(st.Unknown) > 0 || st.Drawer > 0 || st.Writes > 0 {
		t.Errorf("%+v", st)
	}
	return all[before]
}

// striped is a picture wider than the paper with letters' grey edges.
func striped(w, h int) image.Image {
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			img.Set(x, y, color.Gray{Y: uint8((x/40 + y/40) % 2 * 255)})
		}
	}
	return img
}

func TestTheShopsOwnTextPicturesAndCommandsArePrinted(t *testing.T) {
	cfg := testConfig()
	onCounter(t, cfg, simOptions(cfg), func(t *testing.T, c *counter) {
		text := "Soup of the day   4.50\n\n  Crème brûlée\n" + strings.Repeat("1234567890", 5)
		if got, want := squeeze(c.own(t, sale.PrintText, []byte(text), false)), "Soup of the day   4.50\n\n  Crème brûlée\n123456789012345678901234567890123456789012345678\n90"; got != want {
			t.Errorf("text: %q", got)
		}
		var pic bytes.Buffer
		if err := jpeg.Encode(&pic, striped(1152, 2000), nil); err != nil {
			t.Fatal(err)
		}
		if got := c.own(t, sale.PrintImage, pic.Bytes(), true); !strings.Contains(got, "D U P L I C A T E") && !strings.Contains(got, "DUPLICATE") || !strings.Contains(got, "[picture 576x1000]") {
			t.Errorf("picture: %q", got)
		}
		raw := "\x1b@\x1b!\x10TOTAL\x1b!\x00 5.00\n\x1ba\x01centred\n\x1d(k\x04\x001A2\x00\x1d(k\x05\x001P0HI\x1d(k\x03\x001Q0"
		if got := c.own(t, sale.PrintRaw, []byte(raw), false); !strings.Contains(got, "TOTAL 5.00") || !strings.Contains(got, "[QR HI]") {
			t.Errorf("commands: %q", got)
		}
		if got := c.own(t, sale.PrintRaw, []byte(raw+"\n\x1dVB\x00"), false); !strings.Contains(got, "TOTAL 5.00") {
			t.Errorf("commands with a cut of their own: %q", got)
		}
		if res := c.p.Print(t.Context(), samples()["card-approved"]); res.State != sale.PrintDone {
			t.Errorf("the receipt behind them: %+v", res)
		}
		synctest.Wait()
		all := c.sim.Receipts()
		if got, want := squeeze(all[len(all)-1]), squeeze(c.p.Layout().Text(samples()["card-approved"])); got != want {
			t.Errorf("the receipt behind them:\n%s\nwant\n%s", got, want)
		}
	})
}

// A picture in raw commands that holds what printers obey at once is changed by dots.
func TestRawPicturesAreDefused(t *testing.T) {
	cfg := testConfig()
	cfg.Drawer = "pin2"
	onCounter(t, cfg, simOptions(cfg), func(t *testing.T, c *counter) {
		c.own(t, sale.PrintRaw, []byte("\x1dv0\x00\x04\x00\x02\x00\x10\x14\x01\x00\x10\x04\x10\x05"), false)
	})
}

func TestWhatIsNoPrintIsRefusedInWords(t *testing.T) {
	cfg := testConfig()
	p := printer.New(&pipeLink{}, cfg, discard)
	big := &bytes.Buffer{}
	png.Encode(big, image.NewPaletted(image.Rect(0, 0, 4000, 4000), color.Palette{color.White, color.Black}))
	for _, x := range []struct {
		form sale.PrintForm
		data string
		want string
	}{
		{sale.PrintText, "", "nothing to print"},
		{sale.PrintText, "\xff", "UTF-8"},
		{sale.PrintText, strings.Repeat("\n", 1000), "lines"},
		{sale.PrintText, strings.Repeat("x", 5000), "characters"},
		{sale.PrintText, strings.Repeat("x", 1<<20), "kB"},
		{sale.PrintImage, "GIF89a", "PNG or JPEG"},
		{sale.PrintImage, big.String(), "4000 x 4000"},
		{sale.PrintImage, big.String()[:100], ""},
		{"pdf", "x", "not known"},
		{sale.PrintRaw, "\x1bp\x00\x19\xfa", "opens the drawer"},
		{sale.PrintRaw, "\x10\x14\x01\x00\x01", "drawer"},
		{sale.PrintRaw, "\x10\x04\x01", "asks"},
		{sale.PrintRaw, "\x1d(E\x03\x00\x01IN", "not let through"},
		{sale.PrintRaw, "\x1d(C\x05\x00\x00\x00\x30\x30\x30", "not let through"},
		{sale.PrintRaw, "\x1d(L\x06\x000\x43\x30\x30\x30\x30", "67 is not let through"},
		{sale.PrintRaw, "\x1cq\x01", "memory"},
		{sale.PrintRaw, "\x1b=\x02", "off"},
		{sale.PrintRaw, "\x1bc5\x01", "keys"},
		{sale.PrintRaw, "\x1da\xff", "reports"},
		{sale.PrintRaw, "\x1dI\x01", "asks"},
		{sale.PrintRaw, "\x02", "cut off"},
		{sale.PrintRaw, "\x02x", "02"},
		{sale.PrintRaw, "\x1dv0\x00\x48\x00\xff\xff", "cut off"},
		{sale.PrintRaw, "\x1d8L\xff\xff\xff\xff0p", "cut off"},
		{sale.PrintRaw, "\x1b*\x21\xff\xff", "cut off"},
		{sale.PrintRaw, "\x1dkI\x03\x10\x04x", "obey at once"},
	} {
		if _, err := p.PreparePrint(x.form, []byte(x.data)); err == nil || !strings.Contains(err.Error(), x.want) {
			t.Errorf("%s %.40q: %v", x.form, x.data, err)
		}
	}
	cfg.Profile = "star-escpos"
	if _, err := printer.New(&pipeLink{}, cfg, discard).PreparePrint(sale.PrintRaw, []byte("x\n")); err == nil || !strings.Contains(err.Error(), "star-escpos") {
		t.Errorf("%v", err)
	}
}

// FuzzRaw holds what is let through against a printer that shares no code with the
// scanner: it understands all of it, opens no drawer and keeps nothing.
func FuzzRaw(f *testing.F) {
	for _, s := range []string{"plain\n", "\x1b@\x1bE\x01bold\n\x1dVA\x03", "\x1b*\x21\x02\x00abcdef", "\x1dk\x04CODE\x00", "\x1dkI\x04{BAB", "\x1bD\x08\x10\x00\tx", "\x1d(L\x0e\x000p0\x01\x011\x08\x00\x01\x00x\x1d(L\x02\x0002"} {
		f.Add([]byte(s))
	}
	cfg := testConfig()
	f.Fuzz(func(t *testing.T, data []byte) {
		kept, err := printer.New(&pipeLink{}, cfg, discard).PreparePrint(sale.PrintRaw, data)
		if err != nil {
			return
		}
		onCounter(t, cfg, simOptions(cfg), func(t *testing.T, c *counter) {
			c.p.PrintOwn(t.Context(), sale.Print{Job: "J1", Form: sale.PrintRaw, Data: kept})
			synctest.Wait()
			if st := c.sim.State(); st.Drawer > 0 || st.Writes > 0 || st.Kept > 0 {
				t.Errorf("%q: %+v", data, st)
			}
			if res := c.p.Print(t.Context(), samples()["card-approved"]); res.State != sale.PrintDone {
				t.Errorf("%q: the receipt behind it: %+v", data, res)
			}
			synctest.Wait()
			all := c.sim.Receipts()
			if got, want := squeeze(all[len(all)-1]), squeeze(c.p.Layout().Text(samples()["card-approved"])); got != want {
				t.Errorf("%q: the receipt behind it:\n%s", data, got)
			}
		})
	})
}

var discard = slog.New(slog.DiscardHandler)
