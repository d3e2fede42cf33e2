package api

import "testing"

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
