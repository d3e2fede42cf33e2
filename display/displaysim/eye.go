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

// readImage holds the picture at four angles, as a telephone is held: the
// decoder misses about one code in two hundred that it reads when it is turned.
func readImage(img image.Image) (string, error) {
	var text string
	var err error
	for range 4 {
		if text, err = readUpright(img); err == nil {
			break
		}
		img = turned(img)
	}
	return text, err
}

// turned returns the picture turned by a quarter.
func turned(img image.Image) image.Image {
	r := img.Bounds()
	out := image.NewRGBA(image.Rect(0, 0, r.Dy(), r.Dx()))
	for y := range r.Dy() {
		for x := range r.Dx() {
			out.Set(r.Dy()-1-y, x, img.At(r.Min.X+x, r.Min.Y+y))
		}
	}
	return out
}

func readUpright(img image.Image) (string, error) {
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
