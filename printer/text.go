package printer

import (
	"fmt"
	"strings"

	"posd/device/sale"
)

// Text returns a receipt as plain text, a line of paper to a line.
func (l Layout) Text(r sale.Receipt) string { return l.text(l.Lines(r)) }

// text returns lines as plain text: styles are dropped, a code is written as
// [QR text], and a cut is not shown.
func (l Layout) text(lines []Line) string {
	columns := l.complete().Columns
	var b strings.Builder
	for _, line := range lines {
		var s string
		switch line.Kind {
		case KindCut:
			continue
		case KindRule:
			s = dashes(columns)
		case KindLogo:
			s = fmt.Sprintf("[picture %dx%d]", line.logo.stride()*8, line.logo.h)
		case KindQR:
			s = placed("[QR "+line.Text+"]", Centre, columns)
		default:
			s = placed(line.Text, line.Align, columns)
			if line.Right != "" {
				gap := columns - width(line.Text) - width(line.Right)
				s = line.Text + strings.Repeat(" ", max(gap, 1)) + line.Right
			}
		}
		b.WriteString(strings.TrimRight(s, " ") + "\n")
	}
	return b.String()
}

// placed returns s with the spaces that its alignment needs.
func placed(s string, a Align, columns int) string {
	room := max(columns-width(s), 0)
	switch a {
	case Centre:
		return strings.Repeat(" ", room/2) + s
	case Right:
		return strings.Repeat(" ", room) + s
	}
	return s
}

func dashes(n int) string { return strings.Repeat("-", n) }
