package main

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	_ "image/gif" // the formats a logo may have
	_ "image/jpeg"
	_ "image/png"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// What a logo may be at most. Paper is 576 dots wide; more than this is a
// photograph by mistake, and unpacking it would cost memory for nothing.
const (
	logoBytes  = 4 << 20
	logoPixels = 4000 // a side
)

// logoFault judges the key without opening the file: client commands, whose
// user may not be allowed to read it, load the configuration, too.
func (p *Printer) logoFault() []error {
	if p.LogoFile != "" && !filepath.IsAbs(p.LogoFile) {
		return []error{fmt.Errorf(`logo = %q is not an absolute path: write it from the root, such as "/etc/posd/logo.png", or "" for none`, p.LogoFile)}
	}
	return nil
}

// logo reads the picture that stands above the shop's name; nil if there is none.
func (p *Printer) logo() (image.Image, error) {
	if p.LogoFile == "" {
		return nil, nil
	}
	bad := func(format string, args ...any) (image.Image, error) {
		return nil, fmt.Errorf("logo = %q in [printer]: %w", p.LogoFile, fmt.Errorf(format, args...))
	}
	f, err := os.Open(p.LogoFile)
	if errors.Is(err, fs.ErrNotExist) {
		return bad(`there is no such file: put the picture there, or write logo = "" for none`)
	} else if err != nil {
		return bad("the file cannot be opened: %w", err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, logoBytes+1))
	if err != nil {
		return bad("the file cannot be read: %w", err)
	}
	if len(text) > logoBytes {
		return bad("the file has more than %d MiB: scale the picture down to the paper, about 400 dots wide", logoBytes>>20)
	}
	size, _, err := image.DecodeConfig(bytes.NewReader(text))
	if err != nil {
		return bad("this is no picture that posd can read (%w): save it as PNG, JPEG or GIF", err)
	}
	if size.Width > logoPixels || size.Height > logoPixels || size.Width < 1 || size.Height < 1 {
		return bad("the picture has %d x %d dots, and at most %d x %d are taken: scale it down to the paper, about 400 dots wide", size.Width, size.Height, logoPixels, logoPixels)
	}
	img, _, err := image.Decode(bytes.NewReader(text))
	if err != nil {
		return bad("the picture is damaged (%w): save it again as PNG", err)
	}
	return img, nil
}
