package display

import (
	"errors"
	"fmt"

	qrcode "github.com/skip2/go-qrcode"
)

// maxCode is what the largest symbol holds at level M in byte mode.
const maxCode = 2331

// QuietZone is the light border a symbol needs on every side, in modules.
const QuietZone = 4

// Matrix returns the QR symbol of text at level M without its quiet zone:
// m[y][x], true is dark. It is the only QR encoder of posd: level M, because a
// screen is not scratched and Q or H would only shrink the modules.
func Matrix(text string) ([][]bool, error) {
	if text == "" {
		return nil, errors.New("draw a QR: there is no text to put into it")
	}
	if len(text) > maxCode {
		return nil, fmt.Errorf("draw a QR: the text has %d bytes, a symbol of level M holds at most %d", len(text), maxCode)
	}
	q, err := qrcode.New(text, qrcode.Medium)
	if err != nil {
		return nil, fmt.Errorf("draw a QR of %d bytes: %w", len(text), err)
	}
	q.DisableBorder = true // counts only before the first Bitmap
	return q.Bitmap(), nil
}
