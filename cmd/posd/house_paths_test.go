package main

import (
	"bufio"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	// fullPath is a path from the module's root.
	fullPath = regexp.MustCompile(`(?:^|[^\w./-])((?:cmd|device|pax|display|printer|store|sync|systemd|configs|testdata)/[\w./*+@-]*\w)`)
	// bareName is a file's name alone.
	bareName = regexp.MustCompile(`(?:^|[^\w./*{}-])([\w+-]+\.(?:go|js|css|html|md|toml|sql|patch|sh))(?:[^\w/]|$)`)
	// joined are the parts of a path that a test puts together.
	joined = regexp.MustCompile(`filepath\.Join\(((?:"[^"%]*"(?:, )?)+)\)`)
)

// TestHouseNamesOnlyPathsThatExist refuses documents and comments that name a
// file which is not there, and tests that put such a path together: both are
// left behind when a file moves.
func TestHouseNamesOnlyPathsThatExist(t *testing.T) {
	there := map[string]bool{} // every file and folder, and every file's name alone
	eachFile(t, func(file string) {
		there[path.Base(file)] = true
		for at := file; at != "."; at = path.Dir(at) {
			there[at] = true
		}
	})
	eachFile(t, func(file string) {
		goFile := strings.HasSuffix(file, ".go")
		if !goFile && path.Ext(file) != ".md" && path.Base(file) != "Makefile" && path.Ext(file) != ".patch" || strings.HasPrefix(file, "testdata/") && path.Ext(file) == ".md" || file == "cmd/posd/house_paths_test.go" {
			return
		}
		f, err := os.Open(filepath.Join(root, file))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		lines := bufio.NewScanner(f)
		lines.Buffer(nil, 1<<20)
		for n := 1; lines.Scan(); n++ {
			for _, name := range pathsNamed(file, lines.Text()) {
				if !exists(there, name) {
					t.Errorf("%s:%d: there is no %s", file, n, name)
				}
			}
		}
	})
}

// pathsNamed returns the paths of the project that a line names.
func pathsNamed(file, line string) (names []string) {
	switch {
	case strings.HasSuffix(file, ".patch"): // what it changes, not what it adds to comments
		if at, ok := strings.CutPrefix(line, "+++ b/"); ok {
			names = append(names, at)
		}
		return names
	case strings.HasSuffix(file, "_test.go"):
		for _, m := range joined.FindAllStringSubmatch(line, -1) {
			parts := strings.Split(strings.ReplaceAll(m[1], `"`, ""), ", ")
			if parts[0] == ".." && slices.Contains(parts, "testdata") {
				names = append(names, path.Join(append([]string{path.Dir(file)}, parts...)...))
			}
		}
	}
	if strings.HasSuffix(file, ".go") {
		_, comment, ok := strings.Cut(" "+line, "//")
		if !ok || strings.HasSuffix(strings.TrimSpace(strings.Split(line, "//")[0]), ":") && strings.Contains(line, "://") {
			return names
		}
		line = comment
	}
	for _, m := range fullPath.FindAllStringSubmatch(line, -1) {
		names = append(names, m[1])
	}
	for _, m := range bareName.FindAllStringSubmatch(line, -1) {
		names = append(names, m[1])
	}
	return names
}

// exists reports whether a path, perhaps with a * in it or the name of a
// package's member at its end, is there.
func exists(there map[string]bool, name string) bool {
	if there[name] || strings.HasPrefix(name, "testdata/fuzz") {
		return true
	}
	if strings.Contains(name, "*") {
		found, err := filepath.Glob(filepath.Join(root, name))
		return err == nil && len(found) > 0
	}
	dir, last := path.Split(name)
	pkg, member, ok := strings.Cut(last, ".")
	return ok && there[dir+pkg] && member != "" && member[0] <= 'Z' // device/sale.ID
}

func TestHousePathsAreFound(t *testing.T) {
	there := map[string]bool{"device": true, "device/sale": true, "device/sell.go": true, "sell.go": true, "testdata": true, "testdata/pax": true}
	for line, want := range map[string]string{
		"| what a sale may become | `device/sale/sale.go` (table) |": "device/sale/sale.go",
		"see device/sell.go, gone.go and device/sale.ID":             "gone.go",
		"the files of testdata/pax and of testdata/gone":             "testdata/gone",
		"https://example.com/device/page.html and and/or":            "",
	} {
		bad := ""
		for _, name := range pathsNamed("README.md", line) {
			if !exists(there, name) {
				bad += name
			}
		}
		if bad != want {
			t.Errorf("%q: refused %q, want %q", line, bad, want)
		}
	}
	if got := pathsNamed("store/x_test.go", `	path := filepath.Join("..", "testdata", "store", "gone.db")`); len(got) != 1 || got[0] != "testdata/store/gone.db" {
		t.Errorf("a test's path: %q", got)
	}
	if got := pathsNamed("store/x.go", `	x := "device/gone.go" // see gone.go`); len(got) != 1 || got[0] != "gone.go" {
		t.Errorf("a comment's path: %q", got)
	}
}
