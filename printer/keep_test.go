package printer_test

import (
	"bytes"
	"image"
	"image/png"
	"log/slog"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"posd/device/sale"
	"posd/printer"
)

// logo is a picture of squares of a size.
func logo(size int) image.Image {
	img := image.NewGray(image.Rect(0, 0, 400, 150))
	for i := range img.Pix {
		if (i%400/size+i/400/size)%2 == 0 {
			img.Pix[i] = 0xFF
		}
	}
	return img
}

func keeping(size int) printer.Config {
	cfg := testConfig()
	cfg.Profile, cfg.Logo = "epson-tm-m30", logo(size)
	return cfg
}

// again is another run of the program on the same printer.
func (c *counter) again(cfg printer.Config) {
	c.link.Close()
	c.p = printer.New(c.link, cfg, slog.New(slog.DiscardHandler))
}

func TestALogoIsSentOnceAndNamedAfterwards(t *testing.T) {
	cfg := keeping(25)
	r := samples()["card-approved"]
	onCounter(t, cfg, simOptions(cfg), func(t *testing.T, c *counter) {
		print := func() (bytes int) {
			before := c.sim.State().Bytes
			if res := c.p.Print(t.Context(), r); res.State != sale.PrintDone {
				t.Fatalf("%+v", res)
			}
			all := c.sim.Receipts()
			if got, want := squeeze(all[len(all)-1]), squeeze(c.p.Layout().Text(r)); got != want {
				t.Errorf("printed\n%s\nlaid out\n%s", got, want)
			}
			return c.sim.State().Bytes - before
		}
		stands := func(when string, kept, writes int) {
			t.Helper()
			if s := c.sim.State(); s.Kept != kept || s.Writes != writes || len(s.Unknown) > 0 {
				t.Errorf("%s the printer keeps %d, was written %d times, does not understand %q", when, s.Kept, s.Writes, s.Unknown)
			}
		}
		whole := print() // before the printer was ever asked
		stands("at first", 0, 0)
		c.p.Probe(t.Context())
		stands("once asked", 2, 2)
		if named := print(); named > whole-10_000 {
			t.Errorf("%d bytes with the picture, %d with its name", whole, named)
		}
		c.p.Probe(t.Context())
		c.again(cfg)
		c.p.Probe(t.Context())
		stands("in the next run", 2, 2)
		print()
		c.again(keeping(50))
		c.p.Probe(t.Context())
		stands("with another logo", 4, 4)
		print()
		samePaper(t, c, r)
	})
}

// samePaper holds the latest paper against the preview, dot by dot.
func samePaper(t *testing.T, c *counter, r sale.Receipt) {
	t.Helper()
	paper, _ := c.sim.Image(len(c.sim.Receipts()))
	data, err := c.p.Layout().PNG(r)
	if err != nil {
		t.Fatal(err)
	}
	preview, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	if x, y, ok := sameDots(preview, paper); !ok {
		t.Errorf("preview and paper differ at %d,%d", x, y)
	}
}

// TestALogoCutOffIsSentAgain loses the cable while the logo is sent, with a
// restart of the program and without: half a logo must never be taken for it.
func TestALogoCutOffIsSentAgain(t *testing.T) {
	cfg := keeping(25)
	r := samples()["card-approved"]
	for left := 0; left < 26_000; left += 2603 {
		for _, restart := range []bool{false, true} {
			onCounter(t, cfg, simOptions(cfg), func(t *testing.T, c *counter) {
				c.link.wire = func(conn net.Conn) net.Conn { return &cutWire{conn, left} }
				c.p.Probe(t.Context())
				c.link.wire = nil
				c.link.Close()
				if restart {
					c.again(cfg)
				}
				c.p.Probe(t.Context())
				if res := c.p.Print(t.Context(), r); res.State != sale.PrintDone {
					t.Errorf("cut after %d, restart %v: %+v", left, restart, res)
				}
				samePaper(t, c, r)
			})
			if t.Failed() {
				t.Fatalf("cut after %d, restart %v", left, restart)
			}
		}
	}
}

func TestAPrinterThatKeepsNothingGetsThePicture(t *testing.T) {
	cfg := keeping(25)
	r := samples()["card-approved"]
	opt := simOptions(cfg)
	opt.NoMemory = true
	onCounter(t, cfg, opt, func(t *testing.T, c *counter) {
		for range 3 {
			c.p.Probe(t.Context())
			if res := c.p.Print(t.Context(), r); res.State != sale.PrintDone {
				t.Errorf("%+v", res)
			}
			synctest.Wait()
			samePaper(t, c, r)
			c.link.Close()
			time.Sleep(time.Minute)
		}
		tried := 0
		for _, odd := range c.sim.Unknown() {
			if strings.HasPrefix(odd, "GS ( L 30 43 ") {
				tried++
			}
		}
		if tried != 2 { // the logo and its mark, in the first run's first try
			t.Errorf("it was given a picture %d times: %q", tried, c.sim.Unknown())
		}
	})
}
