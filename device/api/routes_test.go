package api

import (
	"strings"
	"testing"
)

func TestTheTableHasWordsForEveryRouteAndNoOthers(t *testing.T) {
	f := newFake()
	h := New(f, options(f))
	d := description(t)
	told := map[string]bool{}
	for path, methods := range d.Paths {
		for method := range methods {
			told[strings.ToUpper(method)+" "+path] = true
		}
	}
	for _, r := range (&handlers{till: f, Options: options(f)}).routes() {
		if r.id == "" {
			continue
		}
		if !told[r.method+" "+r.path] {
			t.Errorf("%s %s is not described", r.method, r.path)
		}
		delete(told, r.method+" "+r.path)
	}
	for at := range told {
		t.Errorf("%s is described and not in the table", at)
	}
	for path, allow := range map[string]string{"/v1/sales": "GET, HEAD, POST, OPTIONS", "/v1/sales/S1": "GET, HEAD, OPTIONS", "/v1/display": "PUT, OPTIONS", "/v1/events": "GET, HEAD, OPTIONS",
		"/v1/prune": "GET, HEAD, POST, OPTIONS", "/": "GET, HEAD, OPTIONS", "/openapi.json": "GET, HEAD, OPTIONS"} {
		if w := ask(t, h, "OPTIONS", path, ""); w.Code != 204 || w.Header().Get("Allow") != allow || w.Body.Len() > 0 {
			t.Errorf("OPTIONS %s: %d, Allow %q, %s", path, w.Code, w.Header().Get("Allow"), w.Body)
		}
		w := ask(t, h, "DELETE", path, "")
		if w.Code != 405 || w.Header().Get("Allow") != allow || !strings.Contains(w.Body.String(), "use "+allow) {
			t.Errorf("DELETE %s: %d, Allow %q, want %q", path, w.Code, w.Header().Get("Allow"), allow)
		}
	}
}
