package main

import (
	"bytes"
	"encoding/xml"
	"errors"
	"image/color"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/image/colornames"
)

// lives makes samples of a posd that is started ten times and then lives as long again;
// column grows begins at 1000 in each life and grows by so much a sample, for a while.
func lives(grows int, by, until int64) (all []sample) {
	for n := range 2000 {
		s := sample{at: time.Duration(n) * time.Second, start: min(1+n/100, 11)}
		for i := range s.costs {
			s.costs[i] = 1000
		}
		age := int64(n - 100*(s.start-1))
		s.costs[grows] += by * min(age, until)
		all = append(all, s)
	}
	return all
}

// What grows as long as a posd lives is seen; what it takes while it warms up is not growth.
func TestGrowthIsSeen(t *testing.T) {
	for i, c := range columns {
		for name, k := range map[string]struct {
			samples []sample
			flat    bool
		}{"nothing": {lives(i, 0, 0), true}, "while it warms up": {lives(i, 5, 200), true}, "for ever": {lives(i, 1, 1<<40), false}} {
			for j, got := range costs(k.samples) {
				if want := k.flat || j != i; got.Flat != want {
					t.Errorf("%s grows: %s: %v", c.name, name, got)
				}
			}
		}
	}
	if got := costs(nil); got != nil {
		t.Errorf("of nothing: %v", got)
	}
}

func TestPictureHasALinePerColumnAndRestart(t *testing.T) {
	path := filepath.Join(t.TempDir(), "soak")
	if err := drawn(lives(0, 1, 1<<40)).write(path); err != nil {
		t.Fatal(err)
	}
	written, err := os.ReadFile(path + ".svg")
	if err != nil {
		t.Fatal(err)
	}
	for d := xml.NewDecoder(bytes.NewReader(written)); ; {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
	for what, want := range map[string]int{`stroke="navy"`: len(columns), `stroke="orange"`: 10 * len(columns)} {
		if n := strings.Count(string(written), what); n != want {
			t.Errorf("%d times %s, want %d", n, what, want)
		}
	}
	if written, err = os.ReadFile(path + ".png"); err != nil {
		t.Fatal(err)
	}
	img, err := png.Decode(bytes.NewReader(written))
	if err != nil {
		t.Fatal(err)
	}
	dots := map[color.Color]int{}
	for y := range img.Bounds().Dy() {
		for x := range img.Bounds().Dx() {
			dots[img.At(x, y)]++
		}
	}
	// A curve has a dot in each of its columns at least, a restart one in each of its rows
	// but where a curve crosses it.
	if n := dots[colornames.Navy]; n < plotWidth*len(columns) {
		t.Errorf("%d dots of curves", n)
	}
	if n := dots[colornames.Orange]; n < 9*plotHeight*len(columns) {
		t.Errorf("%d dots of restarts", n)
	}
}
