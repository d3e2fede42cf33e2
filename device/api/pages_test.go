package api

import (
	"bytes"
	"path"
	"regexp"
	"slices"
	"strings"
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

// TestTrimmedScriptsSayTheSame holds each script as served against its source: the same
// signs in the same order, and between double quotes the same texts, blank for blank.
func TestTrimmedScriptsSayTheSame(t *testing.T) {
	quoted := regexp.MustCompile(`"(?:[^"\\]|\\.)*"|` + "`[^`]*`")
	blanks := regexp.MustCompile(`\s+`)
	entries, err := files.ReadDir("pages")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if path.Ext(e.Name()) != ".js" {
			continue
		}
		body, err := files.ReadFile("pages/" + e.Name())
		if err != nil {
			t.Fatal(err)
		}
		var source []string
		for line := range strings.SplitSeq(string(body), "\n") {
			bare := quoted.ReplaceAllStringFunc(line, func(q string) string { return strings.Repeat("x", len(q)) })
			if at := regexp.MustCompile(`(^|\s)//( |$)`).FindStringIndex(bare); at != nil {
				line = line[:at[0]]
			}
			source = append(source, line)
		}
		was, is := strings.Join(source, "\n"), string(asset(e.Name()))
		if a, b := blanks.ReplaceAllString(was, ""), blanks.ReplaceAllString(is, ""); a != b {
			i := 0
			for i < min(len(a), len(b)) && a[i] == b[i] {
				i++
			}
			t.Errorf("%s: what is served is not what is written, from %.60q on, which became %.60q", e.Name(), a[i:], b[i:])
		}
		if a, b := quoted.FindAllString(was, -1), quoted.FindAllString(is, -1); !slices.Equal(a, b) {
			t.Errorf("%s: the texts are not those that are written", e.Name())
		}
	}
}

// TestOnlyBlanksLeaveALine holds the trimming of a line, with the lines that it must not touch.
func TestOnlyBlanksLeaveALine(t *testing.T) {
	for line, want := range map[string]string{
		`const a = (b, c) => ({ d: "e, f" }); // g`: `const a=(b,c)=>({d:"e, f"});`,
		"x = `a, ${b} , c`; ":                       "x = `a, ${b} , c`; ",
		`x = /a , b/.test(y, z)`:                    `x = /a , b/.test(y, z)`,
		`x = 'a , b', y`:                            `x = 'a , b', y`,
		`x = "\" , ", y`:                            `x = "\" , ", y`,
		`return a + + b`:                            `return a + + b`,
		`case "a , b" : c()`:                        `case "a , b":c()`,
	} {
		if got := strings.TrimSuffix(string(tightLine([]byte(line+"\n"))), "\n"); got != want {
			t.Errorf("%s became %s, want %s", line, got, want)
		}
	}
}
