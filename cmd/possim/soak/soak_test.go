package main

import (
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
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

func TestPictureIsXMLWithALinePerColumnAndARestart(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.svg")
	if err := writeSVG(path, lives(0, 1, 1<<40)); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for d := xml.NewDecoder(strings.NewReader(string(text))); ; {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
	for what, want := range map[string]int{"<polyline": len(columns), "orange": 10 * len(columns)} {
		if n := strings.Count(string(text), what); n != want {
			t.Errorf("%d times %s, want %d", n, what, want)
		}
	}
}
