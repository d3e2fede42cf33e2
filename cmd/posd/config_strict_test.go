package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Whatever stands in the file, reading it ends in a configuration or in faults
// with words, and a configuration can be written and read again.
func FuzzConfigurationFile(f *testing.F) {
	for _, pattern := range []string{"../../configs/demo.toml", "../../testdata/posd/*.toml"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(text)
		}
	}
	f.Add([]byte("display = [{line = \"/dev/a\"}, 3]\n[[terminal]]\n[terminal.extra]\ncodes.sale = 1\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		c, err := parse("FILE", text)
		var faults *Faults
		if errors.As(err, &faults) {
			for _, one := range faults.List {
				if one.Words == "" || one.Line < 0 || one.Line > strings.Count(string(text), "\n")+1 {
					t.Errorf("fault %+v", one)
				}
			}
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		again, err := parse("FILE", []byte(c.String()))
		if err != nil || again.String() != c.String() {
			t.Fatalf("%v\nwritten:\n%s\nread again:\n%s", err, c, again)
		}
	})
}

func TestNearestKeys(t *testing.T) {
	known := []string{"name", "baud", "data_bits", "code_shown_for", "line", "language"}
	for typed, want := range map[string]string{
		"nmae": "name", "Baud": "baud", "databits": "data_bits", "code_show_for": "code_shown_for",
		"lines": "line", "langage": "language", "colour": "", "x": "",
	} {
		if got := nearest(typed, known); got != want {
			t.Errorf("%s: %q, want %q", typed, got, want)
		}
	}
}
