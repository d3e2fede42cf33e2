package printer_test

import (
	"strings"
	"testing"

	"posd/device/sale"
)

// Hebrew and Arabic stand on paper from right to left, and Arabic letters join;
// a script that nobody here can draw is left out, never printed as question marks.
func TestNamesInEveryScriptArePrintedOrLeftOut(t *testing.T) {
	c := testConfig()
	c.Shop.Name, c.Shop.Address = "שלום Café", []string{"مرحبا بكم في المقهى", "ไทย Thai Food", "नमस्ते", "Cafe\u0301 ø Š ß € Жук 한글", strings.Repeat("x", 80)}
	r := sale.Receipt{Sale: cardSale(), Copy: sale.CustomerCopy}
	text := c.Layout().Text(r)
	for _, want := range []string{"שלום Café", "مرحبا بكم في المقهى", "Thai Food", "Café ø Š ß € Жук 한글", strings.Repeat("x", 48), strings.Repeat("x", 32)} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing", want)
		}
	}
	if strings.ContainsAny(text, "?\u0e44\u0928") {
		t.Errorf("letters that cannot be printed:\n%s", text)
	}
	png, err := c.Layout().PNG(r)
	if err != nil {
		t.Fatal(err)
	}
	checkGolden(t, "png/scripts.png", string(png))
}
