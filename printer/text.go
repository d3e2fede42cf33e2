package printer

import (
	"fmt"
	"strings"

	"posd/device/sale"
)

// Text returns a receipt as plain text, a line of paper to a line.
func (l Layout) Text(r sale.Receipt) string { return text(l.Lines(r), l.page(l.Language).Columns) }

// text returns lines as plain text: styles are dropped, a code is written as
// [QR text], and a cut is not shown.
func text(lines []Line, columns int) string {
	var b strings.Builder
	for _, l := range lines {
		var s string
		switch l.Kind {
		case KindCut:
			continue
		case KindRule:
			s = dashes(columns)
		case KindLogo:
			s = fmt.Sprintf("[picture %dx%d]", l.logo.stride()*8, l.logo.h)
		case KindQR:
			s = placed("[QR "+l.Text+"]", Centre, columns)
		default:
			s = placed(l.Text, l.Align, columns)
			if l.Right != "" {
				gap := columns - width(l.Text) - width(l.Right)
				s = l.Text + strings.Repeat(" ", max(gap, 1)) + l.Right
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
