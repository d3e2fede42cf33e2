package api

import (
	"bytes"
	"testing"
)

// TestPagesAreSmall holds what all pages and all that they load weigh together,
// before they are packed: a browser on a small box reads every byte of it.
func TestPagesAreSmall(t *testing.T) {
	const most = 160_000
	entries, err := files.ReadDir("pages")
	if err != nil {
		t.Fatal(err)
	}
	total := 0
	for _, e := range entries {
		total += len(asset(e.Name()))
	}
	t.Logf("%d bytes in %d files", total, len(entries))
	if total > most {
		t.Errorf("the pages are %d bytes, at most %d are allowed", total, most)
	}
}

// TestNoTextGoesOverALine: a page's lines are trimmed one by one as they are served.
func TestNoTextGoesOverALine(t *testing.T) {
	entries, err := files.ReadDir("pages")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		body, err := files.ReadFile("pages/" + e.Name())
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for line := range bytes.Lines(body) {
			if n++; bytes.Count(line, []byte("`"))%2 != 0 {
				t.Errorf("%s:%d: a text goes over the end of the line", e.Name(), n)
			}
		}
	}
}
