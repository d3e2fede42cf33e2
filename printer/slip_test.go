package printer_test

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"posd/device/sale"
	"posd/printer"
)

func dayReport() printer.Slip {
	return printer.Slip{
		Title: "Z REPORT 0042",
		Parts: []printer.SlipPart{
			{Rows: []printer.SlipRow{{Label: "BUSINESS DAY", Value: "2026-11-21"}, {Label: "CLOSED", Value: "2026-11-22 02:00:00"}}},
			{Heading: "CARDS", Rows: []printer.SlipRow{
				{Label: "VISA (12)", Value: "431.20"}, {Label: "INTERAC (31)", Value: "1,204.75"}, {Label: "TOTAL (43)", Value: "CAD 1,635.95", Strong: true},
			}},
			{Heading: "WALLETS", Rows: []printer.SlipRow{{Label: "WECHAT PAY (3)", Value: "61.00"}, {Label: "TOTAL (3)", Value: "CAD 61.00", Strong: true}}},
			{Heading: "TO BE LOOKED AT", Rows: []printer.SlipRow{{Label: "Sale 01KAK3V7Q2M8R4T6W9XBCDEFGH: void not known to the gateway, correct at IOTPay by hand", Value: "28.65"}}},
		},
	}
}

func TestSlipsAreAsTheGoldens(t *testing.T) {
	for profile, columns := range map[string]string{"generic-80": "48", "epson-tm-t88": "42", "generic-58": "32"} {
		cfg := testConfig()
		cfg.Profile = profile
		checkGolden(t, filepath.Join("slip", columns, "day.txt"), cfg.Layout().SlipText(dayReport()))
		onCounter(t, cfg, simOptions(cfg), func(t *testing.T, c *counter) {
			test, err := c.p.PreparePrint(sale.PrintTest, nil)
			if err != nil {
				t.Fatal(err)
			}
			for _, res := range []sale.PrintResult{
				c.p.PrintSlip(t.Context(), "01KAK3V7Q2M8R4T6W9XBCDEFGZ", dayReport()),
				c.p.PrintOwn(t.Context(), sale.Print{Job: "01KAK3V7Q2M8R4T6W9XBCDEFGY", Form: sale.PrintTest, Data: test}),
			} {
				if res.State != sale.PrintDone {
					t.Errorf("%+v", res)
				}
			}
			checkGolden(t, filepath.Join("slip", columns, "test.txt"), cfg.Layout().SlipText(c.p.TestSlip()))
			for _, part := range []string{cfg.Profile, "ÀÂÄÇÉÈÊËÎÏÔÖÙÛÜŸŒÆ", "POSD TEST"} {
				if got := c.sim.Receipts()[1]; !strings.Contains(got, part) {
					t.Errorf("no %q on\n%s", part, got)
				}
			}
			if got := squeeze(c.sim.Receipts()[0]); got != squeeze(cfg.Layout().SlipText(dayReport())) {
				t.Errorf("printed\n%s", got)
			}
		})
	}
}

func TestTwoLanguagesStandTogether(t *testing.T) {
	cfg := testConfig()
	cfg.SecondLanguage = sale.French
	for profile, columns := range map[string]string{"generic-80": "48", "epson-tm-t88": "42", "generic-58": "32"} {
		cfg.Profile = profile
		for _, name := range []string{"card-approved", "wallet-refund"} {
			checkGolden(t, filepath.Join("en+fr", columns, name+".txt"), cfg.Layout().Text(samples()[name]))
		}
	}
}

func TestEachCopySpeaksItsReadersLanguage(t *testing.T) {
	cfg := testConfig()
	cfg.WalletLanguage = sale.ChineseSimplified
	french := cardSale()
	french.Card.Language = sale.French
	for _, c := range []struct {
		r    sale.Receipt
		says string
	}{
		{sale.Receipt{Sale: french, Copy: sale.CustomerCopy}, "RELEVE DE TRANSACTION"},
		{sale.Receipt{Sale: french, Copy: sale.MerchantCopy}, "TRANSACTION RECORD"},
		{sale.Receipt{Sale: cardSale(), Copy: sale.CustomerCopy}, "TRANSACTION RECORD"},
		{sale.Receipt{Sale: walletSale(), Copy: sale.CustomerCopy}, "微信支付"},
		{sale.Receipt{Sale: walletSale(), Copy: sale.MerchantCopy}, "WECHAT PAY"},
	} {
		if text := cfg.Layout().Text(c.r); !strings.Contains(text, c.says) {
			t.Errorf("no %s on\n%s", c.says, text)
		}
	}
}

func TestChineseIsTextWhereThePrinterHasIt(t *testing.T) {
	for _, profile := range []string{"generic-80-gb", "generic-58-gb"} {
		for _, lang := range []sale.Language{sale.ChineseSimplified, sale.ChineseTraditional} {
			cfg := testConfig()
			cfg.Profile, cfg.Language = profile, lang
			opt := simOptions(cfg)
			opt.Chinese = true
			onCounter(t, cfg, opt, func(t *testing.T, c *counter) {
				for name, r := range samples() {
					c.p.Print(t.Context(), r)
					synctest.Wait()
					all := c.sim.Receipts()
					if got, want := squeeze(all[len(all)-1]), squeeze(c.p.Layout().Text(r)); got != want {
						t.Errorf("%s %s %s: printed\n%s\nlaid out\n%s", profile, lang, name, got, want)
					}
				}
			})
		}
	}
}

func TestLogoIsDrawnAndPrinted(t *testing.T) {
	logo := image.NewNRGBA(image.Rect(0, 0, 800, 300))
	for y := range 300 {
		for x := range 800 {
			if (x/50+y/50)%2 == 0 {
				logo.Set(x, y, color.NRGBA{R: uint8(x / 4), A: 255})
			}
		}
	}
	cfg := testConfig()
	cfg.Logo = logo
	onCounter(t, cfg, simOptions(cfg), func(t *testing.T, c *counter) {
		if res := c.p.Print(t.Context(), samples()["card-approved"]); res.State != sale.PrintDone {
			t.Fatalf("%+v", res)
		}
		if got, want := squeeze(c.sim.Receipts()[0]), squeeze(c.p.Layout().Text(samples()["card-approved"])); got != want || !strings.HasPrefix(got, "[picture 576x216]\n") {
			t.Errorf("printed\n%s\nlaid out\n%s", got, want)
		}
		if odd := c.sim.Unknown(); len(odd) > 0 {
			t.Errorf("not understood: %q", odd)
		}
	})
}

func TestDrawerPulseIsNeverCut(t *testing.T) {
	cfg := testConfig()
	onCounter(t, cfg, simOptions(cfg), func(t *testing.T, c *counter) {
		if err := c.p.OpenDrawer(t.Context()); err == nil || !strings.Contains(err.Error(), "drawer") {
			t.Errorf("without a drawer: %v", err)
		}
	})
	cfg.Drawer = "pin5"
	onCounter(t, cfg, simOptions(cfg), func(t *testing.T, c *counter) {
		if err := c.p.OpenDrawer(t.Context()); err != nil {
			t.Error(err)
		}
		synctest.Wait()
		c.sim.SetFault("cover")
		c.p.Probe(t.Context())
		if err := c.p.OpenDrawer(t.Context()); err != nil {
			t.Error(err)
		}
		synctest.Wait()
		if st := c.sim.State(); st.Drawer != 2 || len(st.Unknown) > 0 {
			t.Errorf("%+v", st)
		}
	})
}

func TestLogoShowsWhatTheImageShows(t *testing.T) {
	// Left half black, right half transparent, twice as wide as the paper.
	logo := image.NewNRGBA(image.Rect(0, 0, 1152, 100))
	for y := range 100 {
		for x := range 576 {
			logo.Set(x, y, color.NRGBA{A: 255})
		}
	}
	cfg := testConfig()
	cfg.Logo = logo
	data, err := cfg.Layout().PNG(samples()["card-approved"])
	if err != nil {
		t.Fatal(err)
	}
	img, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	for x, want := range map[int]uint32{30: 0, 300: 0, 324: 0xFFFF, 590: 0xFFFF} {
		if got, _, _, _ := img.At(x, 24+20).RGBA(); got != want {
			t.Errorf("at %d the logo is %04X, want %04X", x, got, want)
		}
	}
}

func TestACodeOnPaperSpeaksTheCustomersLanguage(t *testing.T) {
	cfg := testConfig()
	until := time.Date(2026, 11, 21, 15, 4, 5, 0, time.UTC)
	var out strings.Builder
	for _, language := range sale.Languages {
		for _, m := range []sale.Method{sale.WeChat, sale.Alipay, sale.UnionPay} {
			out.WriteString(cfg.Layout().SlipText(cfg.Layout().CodeSlip(sale.Screen{Kind: sale.ScreenCode, Sale: "01KAK3V7Q2M8R4T6W9XBCDEFGZ", Amount: 1250,
				Currency: "CAD", Method: m, Code: "weixin://code", Until: &until, Language: language})))
		}
	}
	checkGolden(t, filepath.Join("slip", "48", "code.txt"), out.String())
}
