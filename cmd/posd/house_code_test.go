package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// longest is how many lines a function may have.
const longest = 70

// TestHouseFunctionsFitOneScreen refuses functions over 70 lines, tests excepted.
// Those that stand in testdata/long-functions.txt were there before; the list
// may only shrink.
func TestHouseFunctionsFitOneScreen(t *testing.T) {
	list, was := exceptions(t, "long-functions.txt")
	fset := token.NewFileSet()
	eachGoFile(t, func(path string) {
		if strings.HasSuffix(path, "_test.go") {
			return
		}
		file, err := parser.ParseFile(fset, filepath.Join(root, path), nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok {
				continue
			}
			name := filepath.ToSlash(filepath.Dir(path)) + " " + funcName(f)
			lines := fset.Position(f.End()).Line - fset.Position(f.Pos()).Line + 1
			if lines > longest && !was[name] {
				t.Errorf("%s: %s has %d lines, and a function at most %d: divide it", path, funcName(f), lines, longest)
			}
			if lines > longest {
				delete(was, name)
			}
		}
	})
	for name := range was {
		t.Errorf("%s: %q is short enough now, or gone: take it off the list", list, name)
	}
}

// exceptions reads a list of what was there before a rule: one name a line. Such
// lists may only shrink.
func exceptions(t *testing.T, name string) (path string, was map[string]bool) {
	t.Helper()
	path = filepath.Join(root, "testdata", name)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	was = map[string]bool{}
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			was[line] = true
		}
	}
	return path, was
}

// funcName is the name of a function with its receiver's type.
func funcName(f *ast.FuncDecl) string {
	if f.Recv == nil {
		return f.Name.Name
	}
	typ := f.Recv.List[0].Type
	if p, ok := typ.(*ast.StarExpr); ok {
		typ = p.X
	}
	if g, ok := typ.(*ast.IndexExpr); ok {
		typ = g.X
	}
	return fmt.Sprintf("%s.%s", typ, f.Name.Name)
}

// eachGoFile calls f with every Go file of the module, seen from its root.
func eachGoFile(t *testing.T, f func(path string)) {
	t.Helper()
	eachFile(t, func(path string) {
		if strings.HasSuffix(path, ".go") {
			f(path)
		}
	})
}

// eachFile calls f with every file that belongs to the project, seen from its root.
func eachFile(t *testing.T, f func(path string)) {
	t.Helper()
	ignored := ignoredFolders(t)
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(root, path)
		switch {
		case d.IsDir() && rel != "." && (strings.HasPrefix(d.Name(), ".") && rel != ".ci" || slices.Contains(ignored, rel)):
			return filepath.SkipDir
		case d.Type().IsRegular() && !strings.HasPrefix(d.Name(), "."):
			f(filepath.ToSlash(rel))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// goPackage is what the go command says of a package.
type goPackage struct {
	ImportPath, Dir, Export            string
	GoFiles, TestGoFiles, XTestGoFiles []string
}

// listPackages returns the module's packages and all that they import, with what
// the compiler exported of each.
func listPackages(t *testing.T) (all map[string]goPackage) {
	t.Helper()
	cmd := exec.Command("go", "list", "-deps", "-export", "-json=ImportPath,Dir,Export,GoFiles,TestGoFiles,XTestGoFiles", "./...")
	cmd.Dir = root
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	all = map[string]goPackage{}
	for dec := json.NewDecoder(bytes.NewReader(out)); dec.More(); {
		var p goPackage
		if err := dec.Decode(&p); err != nil {
			t.Fatal(err)
		}
		all[p.ImportPath] = p
	}
	return all
}

// TestHouseExportsNothingDead refuses exported functions, types, variables,
// constants and methods that no code uses: none of the program, and no test of
// another package. A package's own tests do not keep a name alive.
func TestHouseExportsNothingDead(t *testing.T) {
	all := listPackages(t)
	fset := token.NewFileSet()
	find := importer.ForCompiler(fset, "gc", func(path string) (io.ReadCloser, error) { return os.Open(all[path].Export) })
	uses := usage{}
	var declared []types.Object
	for _, path := range slices.Sorted(maps.Keys(all)) {
		if p := all[path]; strings.HasPrefix(path, "posd/") {
			declared = append(declared, uses.check(t, fset, find, p)...)
		}
	}
	list, was := exceptions(t, "unused-names.txt")
	for _, o := range declared {
		name := strings.TrimPrefix(nameOf(o), "posd/")
		if !uses.wanted(o) && was[name] {
			delete(was, name)
		} else if !uses.wanted(o) {
			pos := fset.Position(o.Pos())
			t.Errorf("%s/%s:%d: %s is exported and used by nobody: take it away, or use it", strings.TrimPrefix(o.Pkg().Path(), "posd/"), filepath.Base(pos.Filename), pos.Line, o.Name())
		}
	}
	for name := range was {
		t.Errorf("%s: %q is used now, or gone: take it off the list", list, name)
	}
}

// usage collects which names are used, by package, receiver and name.
type usage map[string]bool

// nameOf identifies an object over packages that were checked one by one.
func nameOf(o types.Object) string {
	name := o.Name()
	if f, ok := o.(*types.Func); ok {
		if recv := f.Signature().Recv(); recv != nil {
			typ := recv.Type()
			if p, ok := typ.(*types.Pointer); ok {
				typ = p.Elem()
			}
			if n, ok := typ.(*types.Named); ok {
				name = n.Obj().Name() + "." + name
			}
		}
	}
	return o.Pkg().Path() + "." + name
}

// check reads a package and its tests, notes what they use, and returns what
// the package declares for others.
func (u usage) check(t *testing.T, fset *token.FileSet, find types.Importer, p goPackage) (declared []types.Object) {
	t.Helper()
	for _, files := range [][]string{p.GoFiles, append(slices.Clone(p.GoFiles), p.TestGoFiles...), p.XTestGoFiles} {
		var parsed []*ast.File
		for _, name := range files {
			f, err := parser.ParseFile(fset, filepath.Join(p.Dir, name), nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			parsed = append(parsed, f)
		}
		info := types.Info{Uses: map[*ast.Ident]types.Object{}, Defs: map[*ast.Ident]types.Object{}}
		conf := types.Config{Importer: find, Error: func(error) {}} // a test of what export_test.go exports is not complete here
		conf.Check(p.ImportPath, fset, parsed, &info)
		for id, o := range info.Uses {
			if o.Pkg() == nil || !strings.HasPrefix(o.Pkg().Path(), "posd/") {
				continue
			}
			inTest := strings.HasSuffix(fset.Position(id.Pos()).Filename, "_test.go")
			if own := o.Pkg().Path() == p.ImportPath; !own || !inTest {
				u[nameOf(o)] = true
			}
		}
		if len(declared) > 0 || strings.HasPrefix(p.ImportPath, "posd/cmd/") {
			continue
		}
		for _, o := range info.Defs {
			if o == nil || !o.Exported() || strings.HasSuffix(fset.Position(o.Pos()).Filename, "_test.go") { // a folder may hold tests alone
				continue
			}
			_, method := o.(*types.Func)
			if o.Parent() == o.Pkg().Scope() || method && strings.Contains(nameOf(o)[len(o.Pkg().Path())+1:], ".") {
				declared = append(declared, o)
			}
		}
	}
	return declared
}

// asked are methods that only the standard library and other modules call.
var asked = strings.Fields(`Error Unwrap Is As String GoString Format LogValue ServeHTTP RoundTrip Read Write Close Len Less Swap Push Pop
	MarshalJSON UnmarshalJSON MarshalText UnmarshalText GetStatus ContentType Schema Resolve Validate Scan Value Bounds At ColorModel
	Addr Accept Connect Driver Debug Info Warn LocalAddr RemoteAddr SetDeadline SetReadDeadline SetWriteDeadline Network`)

// wanted reports whether somebody uses a declared name. A method is used, too, if
// any method of its name is: it may be called through an interface.
func (u usage) wanted(o types.Object) bool {
	f, ok := o.(*types.Func)
	if u[nameOf(o)] || !ok || f.Signature().Recv() == nil {
		return u[nameOf(o)]
	}
	if slices.Contains(asked, o.Name()) {
		return true
	}
	for name := range u {
		if strings.HasSuffix(name, "."+o.Name()) {
			return true
		}
	}
	return false
}
