//go:build tools

package api

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"posd/device/sale"
)

// sheet is a page in all its states, one beside the other, three times smaller.
type sheet struct {
	shots [][]image.Image // a row for each language and size
}

func (s *sheet) row() { s.shots = append(s.shots, nil) }

func (s *sheet) add(c *counter, name string) {
	c.t.Helper()
	img, err := png.Decode(bytes.NewReader(c.picture(name)))
	if err != nil {
		c.t.Fatal(err)
	}
	last := len(s.shots) - 1
	s.shots[last] = append(s.shots[last], smaller(img, 3))
}

// smaller takes the mean of n by n points.
func smaller(img image.Image, n int) image.Image {
	b := img.Bounds()
	out := image.NewRGBA(image.Rect(0, 0, b.Dx()/n, b.Dy()/n))
	for y := range out.Rect.Dy() {
		for x := range out.Rect.Dx() {
			var r, g, bl uint32
			for i := range n * n {
				cr, cg, cb, _ := img.At(x*n+i%n, y*n+i/n).RGBA()
				r, g, bl = r+cr>>8, g+cg>>8, bl+cb>>8
			}
			k := uint32(n * n)
			out.SetRGBA(x, y, color.RGBA{uint8(r / k), uint8(g / k), uint8(bl / k), 255})
		}
	}
	return out
}

// write puts the sheet into a file.
func (s *sheet) write(t *testing.T, path string) {
	t.Helper()
	const gap = 6
	w, h := 0, gap
	for _, row := range s.shots {
		x, tall := gap, 0
		for _, img := range row {
			x += img.Bounds().Dx() + gap
			tall = max(tall, img.Bounds().Dy())
		}
		w, h = max(w, x), h+tall+gap
	}
	out := image.NewRGBA(image.Rect(0, 0, w, h))
	draw.Draw(out, out.Rect, image.NewUniform(color.Gray{90}), image.Point{}, draw.Src)
	y := gap
	for _, row := range s.shots {
		x, tall := gap, 0
		for _, img := range row {
			draw.Draw(out, img.Bounds().Add(image.Pt(x, y)), img, image.Point{}, draw.Src)
			x += img.Bounds().Dx() + gap
			tall = max(tall, img.Bounds().Dy())
		}
		y += tall + gap
	}
	var b bytes.Buffer
	if err := png.Encode(&b, out); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestContactSheets draws every page in its states: for eyes, in all languages and
// sizes, in the folder that POSD_SCREENS names; else one row, into a folder that is removed.
func TestContactSheets(t *testing.T) {
	dir, languages, sizes := os.Getenv("POSD_SCREENS"), sale.Languages, []struct{ w, h int64 }{{1024, 600}, {480, 800}}
	if dir == "" {
		dir, languages, sizes = t.TempDir(), languages[:1], sizes[:1]
	}
	c := newCounter(t)
	c.sells()
	unsure := sale.Sale{ID: "S01", Amount: 4200, Currency: "CAD", Method: sale.Card, State: sale.Unsure, Attention: posds, CreatedAt: time.Now().UTC()}
	ended := paid("S04", sale.CardSale, 990)
	went := time.Now().UTC()
	ended.WentUnsureAt, ended.FinalAt = &went, &went
	c.put(ended)
	var till, office, glass sheet
	for _, l := range languages {
		for _, size := range sizes {
			where := fmt.Sprintf("%s-%dx%d", l, size.w, size.h)
			c.opts.Language = l
			c.stop()
			c.start()
			c.size(size.w, size.h)
			c.mu.Lock()
			c.current, c.unsure, c.outcomes = nil, nil, nil
			c.mu.Unlock()
			till.row()
			c.open("/")
			js[any](c, `sessionStorage.clear(), 1`)
			c.until(`document.documentElement.lang === "` + string(l) + `" && document.querySelector("#last-S04")`)
			till.add(c, "sheet-till-empty-"+where)
			c.unsure, c.outcomes = []sale.Sale{unsure}, []sale.Sale{ended}
			c.open("/")
			c.until(`document.querySelector(".outcomes li")`)
			c.keys("2865")
			till.add(c, "sheet-till-inbox-"+where)
			for i, s := range states(posds) {
				if i == 3 {
					s.Method = sale.WeChat
				}
				c.now(s)
				c.until(`document.getElementById("sale").dataset.tone === "` + string(s.State) + `"`)
				till.add(c, fmt.Sprintf("sheet-till-%d-%s", i, where))
			}
			office.row()
			c.open("/manager")
			c.until(`document.querySelector("#devices td") && document.querySelector(".chart") && !document.querySelector(".begins")`)
			office.add(c, "sheet-manager-"+where)
			js[any](c, `document.querySelector("#sales").scrollIntoView(), 1`)
			office.add(c, "sheet-manager-sales-"+where)
			js[any](c, `document.querySelector("#sales td button").click()`)
			c.until(`document.getElementById("dialog").open`)
			office.add(c, "sheet-manager-sale-"+where)
			glass.row()
			c.open("/display")
			all := screens()
			for _, name := range []string{"welcome", "items", "choose", "tip", "card-lines", "code", "password", "paid", "paid-tip", "paid-cash", "declined", "cancelled", "ask-cashier"} {
				s := all[name]
				s.Language = l
				c.show(s)
				c.until(fmt.Sprintf(`document.getElementById("screen").dataset.kind === %q && Boolean(document.querySelector(".items")) === %t`, s.Kind, len(s.Items)+len(s.Taxes) > 0))
				glass.add(c, "sheet-display-"+name+"-"+where)
			}
		}
	}
	some := func(row []image.Image, which ...int) (few []image.Image) {
		for _, i := range which {
			few = append(few, row[i])
		}
		return few
	}
	overview := sheet{[][]image.Image{some(till.shots[0], 1, 2, 4), some(till.shots[0], 8, 5, 10), some(office.shots[0], 0, 1, 2), some(glass.shots[0], 3, 5, 8)}}
	overview.write(t, filepath.Join(dir, "overview.png"))
	for name, s := range map[string]*sheet{"cashier": &till, "manager": &office, "display": &glass} {
		s.write(t, filepath.Join(dir, name+".png"))
		if len(s.shots) != len(languages)*len(sizes) || slices.ContainsFunc(s.shots, func(row []image.Image) bool { return len(row) < 3 }) {
			t.Errorf("%s: a sheet of %d rows", name, len(s.shots))
		}
	}
}
