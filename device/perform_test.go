package device

import (
	"go/ast"
	"go/parser"
	"go/token"
	"testing"
)

// TestEveryEffectIsPerformed reads which effects there are, and which the shell
// does: one without a case would end the daemon.
func TestEveryEffectIsPerformed(t *testing.T) {
	effects := map[string]bool{} // whether it has a case
	each(t, "core/effect.go", func(n ast.Node) {
		if f, ok := n.(*ast.FuncDecl); ok && f.Name.Name == "effect" && f.Recv != nil {
			effects[f.Recv.List[0].Type.(*ast.Ident).Name] = false
		}
	})
	each(t, "perform.go", func(n ast.Node) {
		if c, ok := n.(*ast.CaseClause); ok {
			for _, e := range c.List {
				if s, ok := e.(*ast.SelectorExpr); ok {
					effects[s.Sel.Name] = true
				}
			}
		}
	})
	if len(effects) < 15 {
		t.Fatalf("only %d effects were found", len(effects))
	}
	for name, done := range effects {
		if !done {
			t.Errorf("effect %s is not performed", name)
		}
	}
}

// each hands every node of a file to do.
func each(t *testing.T, path string, do func(ast.Node)) {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(f, func(n ast.Node) bool {
		do(n)
		return true
	})
}
