package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var updateHouse = flag.Bool("update-house", false, "write the import list anew")

// root is the module's folder, seen from this package.
const root = "../.."

// TestImportsAreTheHouse holds who imports whom against testdata/imports.txt.
// Everything points at device, only cmd points at everything, and each outside
// module has one door: a new line in that file is a decision, not an accident.
func TestImportsAreTheHouse(t *testing.T) {
	houseGolden(t, "imports.txt", importList(t))
}

// TestSimulatorsShareOnlyBytes holds which identifiers of its parent each
// simulator uses: constants and the frame splitter, or a misunderstanding of
// the driver would be confirmed by its own simulator.
func TestSimulatorsShareOnlyBytes(t *testing.T) {
	var b strings.Builder
	for _, sim := range []string{"pax/paxsim", "display/displaysim", "printer/printersim", "sync/iotpay/iotpaysim"} {
		fmt.Fprintf(&b, "%s\n", sim)
		for _, id := range parentIdentifiers(t, sim) {
			fmt.Fprintf(&b, "\t%s\n", id)
		}
	}
	houseGolden(t, "simulators.txt", b.String())
}

// TestTheDaemonHoldsNoSimulator asks the linker's view: no path leads from
// cmd/posd to a simulator.
func TestTheDaemonHoldsNoSimulator(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", ".").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	for dep := range strings.Lines(string(out)) {
		if dep = strings.TrimSpace(dep); strings.HasPrefix(dep, "posd/") && strings.HasSuffix(dep, "sim") {
			t.Errorf("cmd/posd holds %s", dep)
		}
	}
}

func houseGolden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join(root, "testdata", name)
	if *updateHouse {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got == string(want) {
		return
	}
	was := slices.Collect(strings.Lines(string(want)))
	is := slices.Collect(strings.Lines(got))
	for _, l := range is {
		if !slices.Contains(was, l) {
			t.Errorf("new:  %s", l)
		}
	}
	for _, l := range was {
		if !slices.Contains(is, l) {
			t.Errorf("gone: %s", l)
		}
	}
	t.Errorf("%s is not what it was; if that is meant: go test ./cmd/posd -run House -update-house", path)
}

// importList returns each package with what it imports besides std, tests excepted.
func importList(t *testing.T) string {
	cmd := exec.Command("go", "list", "-json=ImportPath,Imports", "./...")
	cmd.Dir = root
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var b strings.Builder
	for dec := json.NewDecoder(bytes.NewReader(out)); dec.More(); {
		var p struct {
			ImportPath string
			Imports    []string
		}
		if err := dec.Decode(&p); err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&b, "%s\n", strings.TrimPrefix(p.ImportPath, "posd/"))
		slices.Sort(p.Imports)
		for _, imp := range p.Imports {
			if ours, ok := strings.CutPrefix(imp, "posd/"); ok {
				fmt.Fprintf(&b, "\t%s\n", ours)
			} else if first, _, _ := strings.Cut(imp, "/"); strings.Contains(first, ".") {
				fmt.Fprintf(&b, "\t%s\n", imp)
			}
		}
	}
	return b.String()
}

// parentIdentifiers returns the identifiers of the parent package that a simulator's files use.
func parentIdentifiers(t *testing.T, dir string) []string {
	parent := filepath.Dir(dir)
	var ids []string
	err := filepath.WalkDir(filepath.Join(root, dir), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			return err
		}
		name := ""
		for _, imp := range f.Imports {
			if imp.Path.Value == `"posd/`+parent+`"` {
				name = filepath.Base(parent)
				if imp.Name != nil {
					name = imp.Name.Name
				}
			}
		}
		ast.Inspect(f, func(n ast.Node) bool {
			if sel, ok := n.(*ast.SelectorExpr); ok {
				if x, ok := sel.X.(*ast.Ident); ok && x.Name == name && x.Obj == nil && !slices.Contains(ids, sel.Sel.Name) {
					ids = append(ids, sel.Sel.Name)
				}
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(ids)
	return ids
}

// TestTopLevelFoldersAreTheHouse keeps the folders to those that were decided.
func TestTopLevelFoldersAreTheHouse(t *testing.T) {
	want := "cmd device pax display printer store sync systemd configs testdata"
	entries, err := os.ReadDir(root)
	if err != nil {
		t.Fatal(err)
	}
	ignored := ignoredFolders(t)
	for _, e := range entries {
		if e.IsDir() && !strings.HasPrefix(e.Name(), ".") && !slices.Contains(strings.Fields(want), e.Name()) && !slices.Contains(ignored, e.Name()) {
			t.Errorf("folder %s is not one of: %s", e.Name(), want)
		}
	}
	if files, _ := filepath.Glob(filepath.Join(root, "sync", "*.go")); len(files) > 0 {
		t.Errorf("folder sync holds Go files itself: %v", files)
	}
}

// ignoredFolders returns the folders at the top that git ignores, such as bin.
func ignoredFolders(t *testing.T) []string {
	f, err := os.Open(filepath.Join(root, ".gitignore"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var names []string
	for s := bufio.NewScanner(f); s.Scan(); {
		if line := strings.Trim(s.Text(), "/"); line != "" && !strings.ContainsAny(line, "*#") {
			names = append(names, line)
		}
	}
	return names
}
