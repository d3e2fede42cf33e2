package api

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

// TestAStartMakesNoPages: nothing is allocated for pages before a browser asks for one.
func TestAStartMakesNoPages(t *testing.T) {
	h := &handlers{}
	pages := testing.AllocsPerRun(3, func() { h.pages() })
	all := testing.AllocsPerRun(3, func() { New(&fake{}, Options{}) })
	if pages > 500 {
		t.Errorf("the routes of the pages take %.0f allocations", pages)
	}
	t.Logf("a start of the API takes %.0f allocations, %.0f of them for pages", all, pages)
}

// TestAStartMakesNoSchemas: the types of a route are looked through when it is first asked.
func TestAStartMakesNoSchemas(t *testing.T) {
	start := func() http.Handler { return New(&fake{}, Options{}) }
	bare := testing.AllocsPerRun(3, func() { start() })
	asked := testing.AllocsPerRun(3, func() {
		start().ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "http://127.0.0.1/healthz", nil))
	})
	if bare > 5000 {
		t.Errorf("a start takes %.0f allocations", bare)
	}
	if asked > bare+5000 {
		t.Errorf("the first answer takes %.0f allocations", asked-bare)
	}
	t.Logf("a start takes %.0f allocations, the first answer %.0f more", bare, asked-bare)
}
