package api

import (
	"encoding/base64"
	"strings"
	"testing"
)

func TestPrintsOfTheShopsOwn(t *testing.T) {
	f := newFake()
	h := New(f, options(f))
	key := func(k string) []string { return []string{"Idempotency-Key", k} }
	pic := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("picture", 100_000)))
	for _, x := range []struct {
		name, method, path, body string
		head                     []string
		status                   int
		want                     string
	}{
		{"text", "POST", "/v1/prints", `{"form":"text","data":"soup\n4.50","by":"Ana"}`, key("k1"), 201, `"id":"P1"`},
		{"again", "POST", "/v1/prints", `{"form":"text","data":"soup"}`, key("used"), 200, `"id":"P1"`},
		{"a picture longer than other bodies", "POST", "/v1/prints", `{"form":"image","data":"` + pic + `"}`, key("k2"), 201, `"form":"image"`},
		{"no base64", "POST", "/v1/prints", `{"form":"escpos","data":"€"}`, key("k3"), 422, "base64"},
		{"a test slip", "POST", "/v1/prints", `{"form":"test"}`, key("k6"), 201, `"form":"test"`},
		{"no key", "POST", "/v1/prints", `{"form":"text","data":"soup"}`, nil, 400, "Idempotency-Key"},
		{"nothing", "POST", "/v1/prints", `{"form":"text","data":""}`, key("k4"), 422, "data"},
		{"too long", "POST", "/v1/prints", `{"form":"image","data":"` + pic + pic + `"}`, key("k5"), 413, "larger"},
		{"as it stands", "GET", "/v1/prints/P1", "", nil, 200, `"state":"queued"`},
		{"at its end", "GET", "/v1/prints/P1?wait=10s", "", nil, 200, `"state":"printed"`},
		{"for ever", "GET", "/v1/prints/P1?wait=10h", "", nil, 422, "wait=10h"},
		{"unknown", "GET", "/v1/prints/P9", "", nil, 404, ""},
	} {
		if w := ask(t, h, x.method, x.path, x.body, x.head...); w.Code != x.status || !strings.Contains(w.Body.String(), x.want) {
			t.Errorf("%s: %d %.300s", x.name, w.Code, w.Body)
		}
	}
	if want := `print text "soup\n4.50" by Ana`; len(f.asked) == 0 || f.asked[0] != want {
		t.Errorf("the till was asked %q", f.asked)
	}
}
