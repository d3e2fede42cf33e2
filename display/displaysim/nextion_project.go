package displaysim

import (
	"image"
	"image/color"
	"strconv"
)

const nxWidth, nxHeight = 480, 272

// nxPart is a component as the project designed it.
type nxPart struct {
	name   string
	box    image.Rectangle
	scale  int // of the font
	pco    int
	bco    int // -1: none
	code   bool
	most   int // txt_maxl
	static bool
	number bool // a variable, not seen
}

type nxPage struct {
	name  string
	back  int
	parts []nxPart
}

var shopProject = []nxPage{
	{"idle", 65535, []nxPart{
		{name: "t0", box: image.Rect(0, 70, 480, 150), scale: 3, pco: 0, bco: -1, most: 64},
		{name: "t1", box: image.Rect(0, 150, 480, 210), scale: 2, pco: 33808, bco: -1, most: 64},
	}},
	{"pay", 65535, []nxPart{
		{name: "card", box: image.Rect(0, 0, 272, 272), bco: 65535, static: true},
		{name: "qr0", box: image.Rect(32, 32, 240, 240), code: true, most: 190},
		{name: "t1", box: image.Rect(278, 30, 474, 80), scale: 2, pco: 65535, bco: 33808, most: 64},
		{name: "t0", box: image.Rect(278, 100, 474, 170), scale: 2, pco: 0, bco: -1, most: 32},
		{name: "t2", box: image.Rect(278, 190, 474, 240), scale: 2, pco: 33808, bco: -1, most: 16},
		{name: "va0", bco: -1, number: true},
	}},
	{"result", 65535, []nxPart{
		{name: "t0", box: image.Rect(0, 60, 480, 140), scale: 3, pco: 0, bco: -1, most: 64},
		{name: "t1", box: image.Rect(0, 150, 480, 220), scale: 3, pco: 0, bco: -1, most: 64},
	}},
}

// primitive draws over the page; the next page wipes it.
func (n *nextion) primitive(word string, args []string) int {
	text := ""
	if word == "qrcode" || word == "xstr" {
		text, args = args[len(args)-1], args[:len(args)-1]
	}
	v := make([]int, len(args))
	for i, a := range args {
		x, err := strconv.Atoi(a)
		if err != nil {
			return codeVariable
		}
		v[i] = x
	}
	switch word {
	case "cls":
		n.over = []func(*image.RGBA){func(m *image.RGBA) { fill(m, m.Rect, rgb565(v[0])) }}
	case "fill":
		n.over = append(n.over, func(m *image.RGBA) { fill(m, image.Rect(v[0], v[1], v[0]+v[2], v[1]+v[3]), rgb565(v[4])) })
	case "qrcode": // x,y,size,bg,fg,logo[,border],"text"
		border := 0
		if len(v) == 7 {
			border = v[6]
		}
		box := image.Rect(v[0], v[1], v[0]+v[2], v[1]+v[2])
		n.over = append(n.over, func(m *image.RGBA) {
			fill(m, box, rgb565(v[3]))
			symbol(m, box.Inset(border), text, rgb565(v[4]), rgb565(v[3]))
		})
		n.shown++
	}
	return codeDone // lines, circles and xstr are read but not drawn
}

func (n *nextion) paint() *image.RGBA {
	n.expire()
	img := image.NewRGBA(image.Rect(0, 0, nxWidth, nxHeight))
	fill(img, img.Rect, color.Black)
	if n.sleep {
		return img
	}
	page := n.project[n.page]
	fill(img, img.Rect, rgb565(page.back))
	for _, p := range page.parts {
		if n.set[p.name+".vis"] == "0" {
			continue
		}
		n.paintPart(img, p)
	}
	for _, f := range n.over {
		f(img)
	}
	return dimmed(img, n.dim)
}

func (n *nextion) paintPart(img *image.RGBA, p nxPart) {
	colour := func(attr string, designed int) int {
		if v, err := strconv.Atoi(n.set[p.name+attr]); err == nil {
			return v
		}
		return designed
	}
	if back := colour(".bco", p.bco); back >= 0 && !p.code {
		fill(img, p.box, rgb565(back))
	}
	s := n.set[p.name+".txt"]
	switch {
	case p.code && s != "":
		symbol(img, p.box, s, color.Black, color.White)
	case s != "":
		at := p.box.Min.Add(image.Pt((p.box.Dx()-textWidth(s, p.scale))/2, (p.box.Dy()-lineHeight*p.scale)/2))
		text(img, p.box, at, s, p.scale, rgb565(colour(".pco", p.pco)))
	}
}
