package api

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"posd/device/sale"
)

// FuzzSaleBody holds that no body makes the API fail, and that only valid
// amounts and methods get through to the till.
func FuzzSaleBody(f *testing.F) {
	for _, s := range []string{aSale, `{"amount":28.65,"method":"card"}`, `{"amount":1e3,"method":"card"}`, `{"amount":null,"method":"card"}`, `{"amount":1,"method":"scan","authCode":"1"}`,
		`{"amount":1,"amount":2,"method":"card"}`, `[]`, `null`, `"x"`, ``, `{`, `{"amount":1,"method":"card"}{}`, "\xff\xfe", `{"AMOUNT":5,"method":"card"}`} {
		f.Add(s)
	}
	t := newFake()
	h := New(t, options(t))
	f.Fuzz(func(tt *testing.T, body string) {
		t.asked = nil
		r := httptest.NewRequest("POST", "/v1/sales", strings.NewReader(body))
		r.Host = "localhost"
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Idempotency-Key", "k")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if len(t.asked) > 0 {
			if _, err := sale.ParseMethod(string(t.sell.Method)); err != nil || t.sell.Amount.Valid() != nil {
				tt.Errorf("%q reached the till as %+v", body, t.sell)
			}
			return
		}
		if w.Code < 400 || w.Code >= 500 || w.Header().Get("Content-Type") != "application/problem+json" {
			tt.Errorf("%q: %d %s", body, w.Code, http.Header(w.Header()))
		}
	})
}
