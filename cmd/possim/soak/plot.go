package main

import (
	"fmt"
	"os"
	"strings"
)

const (
	plotWidth  = 900
	plotHeight = 110
	plotLeft   = 150 // for the names
)

// writeSVG draws the samples, one panel a column from 0 to its most, and a line where
// posd was started again.
func writeSVG(path string, all []sample) error {
	var b strings.Builder
	height := len(columns)*(plotHeight+20) + 20
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" font-family="sans-serif" font-size="12">`+"\n", plotLeft+plotWidth+20, height)
	fmt.Fprintf(&b, `<rect width="100%%" height="100%%" fill="white"/>`+"\n")
	if len(all) > 0 {
		for i := range columns {
			panel(&b, all, i, 20+i*(plotHeight+20))
		}
	}
	b.WriteString("</svg>\n")
	return os.WriteFile(path, []byte(b.String()), 0o644)
}

// panel draws column i with its upper edge at top.
func panel(b *strings.Builder, all []sample, i, top int) {
	most := int64(1)
	for _, s := range all {
		most = max(most, s.costs[i])
	}
	end := max(all[len(all)-1].at, 1)
	x := func(s sample) float64 { return plotLeft + plotWidth*float64(s.at)/float64(end) }
	fmt.Fprintf(b, `<text x="5" y="%d">%s</text><text x="5" y="%d" fill="gray">0 to %d</text>`+"\n", top+14, columns[i].name, top+30, most)
	fmt.Fprintf(b, `<rect x="%d" y="%d" width="%d" height="%d" fill="none" stroke="lightgray"/>`+"\n", plotLeft, top, plotWidth, plotHeight)
	var points []string
	for n, s := range all {
		if n > 0 && s.start != all[n-1].start {
			fmt.Fprintf(b, `<path d="M%.1f %dv%d" stroke="orange"/>`+"\n", x(s), top, plotHeight)
		}
		points = append(points, fmt.Sprintf("%.1f,%.1f", x(s), float64(top+plotHeight)-plotHeight*float64(s.costs[i])/float64(most)))
	}
	fmt.Fprintf(b, `<polyline points="%s" fill="none" stroke="navy"/>`+"\n", strings.Join(points, " "))
}
