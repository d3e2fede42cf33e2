package displaysim

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/png"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"
)

// ErrNoCode says that there is no QR in the picture.
var ErrNoCode = errors.New("there is no QR in the picture")

// ReadCode is the customer's eye: it finds the QR in a PNG and returns its
// text, as a wallet's camera would.
func ReadCode(file []byte) (string, error) {
	img, err := png.Decode(bytes.NewReader(file))
	if err != nil {
		return "", fmt.Errorf("look at the display: %w", err)
	}
	return readImage(img)
}

func readImage(img image.Image) (string, error) {
	bits, err := gozxing.NewBinaryBitmapFromImage(img)
	if err != nil {
		return "", fmt.Errorf("look at the display: %w", err)
	}
	r, err := qrcode.NewQRCodeReader().Decode(bits, nil)
	if err != nil {
		if _, none := err.(gozxing.NotFoundException); none {
			return "", ErrNoCode
		}
		return "", fmt.Errorf("read the QR: %w", err)
	}
	return r.GetText(), nil
}
