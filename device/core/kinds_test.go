package core

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"posd/device/sale"
)

// TestEveryKindOfEventIsListed holds the kinds that the stories and the sources tell
// beside the list that others are given.
func TestEveryKindOfEventIsListed(t *testing.T) {
	written := map[string]bool{}
	stories, err := filepath.Glob("../../testdata/step/*.txt")
	if err != nil || len(stories) == 0 {
		t.Fatalf("%d stories, %v", len(stories), err)
	}
	row := regexp.MustCompile(`(?m)^(?:row|lazy) +event (?:[A-Z]\d+ )?([a-z.-]+)`)
	for _, file := range stories {
		for _, m := range row.FindAllStringSubmatch(read(t, file), -1) {
			written[m[1]] = true
		}
	}
	sources, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	literal := regexp.MustCompile(`(?:Kind: |event\(l, |printEvent\(|kind :?= )"([a-z]+\.[a-z-]+)"`)
	for _, file := range sources {
		for _, m := range literal.FindAllStringSubmatch(read(t, file), -1) {
			written[m[1]] = true
		}
	}
	for kind := range written {
		if !slices.Contains(sale.EventKinds, kind) {
			t.Errorf("%s is not in sale.EventKinds", kind)
		}
	}
	for _, kind := range sale.EventKinds {
		beyond := strings.HasPrefix(kind, "token.") || strings.HasPrefix(kind, "person.") || kind == "chain.asked" || !strings.Contains(kind, ".")
		if !beyond && !written[kind] {
			t.Errorf("%s is listed, and neither a story nor a source tells it", kind)
		}
	}
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
