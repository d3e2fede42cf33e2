package api

import (
	"strings"
	"testing"
)

func TestEveryTypeOfProblemHasAPage(t *testing.T) {
	f := newFake()
	h := New(f, options(f))
	for _, kind := range problemTypes() {
		w := ask(t, h, "GET", "/problems/"+kind, "")
		if w.Code != 200 || remedies[kind] == "" || !strings.Contains(w.Body.String(), kind) {
			t.Errorf("%s: %d %s", kind, w.Code, w.Body)
		}
	}
	for kind := range remedies {
		if titles[kind] == "" {
			t.Errorf("%s has no title", kind)
		}
	}
	if w := ask(t, h, "GET", "/problems/nothing", ""); w.Code != 404 {
		t.Errorf("an unknown type: %d", w.Code)
	}
}
