package api

import (
	"net/http"
	"strings"
	"testing"

	"posd/device/sale"
)

// broom is a Prune that notes what it is asked.
type broom struct {
	asked []PruneRequest
	err   error
}

func (b *broom) Start(r PruneRequest) (Pruning, error) {
	b.asked = append(b.asked, r)
	return Pruning{Running: true, Before: at}, b.err
}

func (b *broom) Last() (Pruning, bool) { return Pruning{Before: at, Sales: 7}, len(b.asked) > 0 }

func TestPruneIsBegunAndAskedAfter(t *testing.T) {
	f, b := newFake(), &broom{}
	o := options(f)
	o.Prune = b
	h := New(f, o)
	if w := ask(t, h, "GET", "/v1/prune", ""); w.Code != http.StatusNotFound {
		t.Errorf("before any: %d %s", w.Code, w.Body)
	}
	if w := ask(t, h, "POST", "/v1/prune", `{"keepDays":90}`); w.Code != http.StatusAccepted || len(b.asked) != 1 || b.asked[0].KeepDays != 90 {
		t.Errorf("%d %s, asked %+v", w.Code, w.Body, b.asked)
	}
	if w := ask(t, h, "GET", "/v1/prune", ""); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), `"sales":7`) {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	for _, body := range []string{`{"keepDays":-1}`, `{"keepDays":"90"}`, `{"days":90}`} {
		if w := ask(t, h, "POST", "/v1/prune", body); w.Code != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d %s", body, w.Code, w.Body)
		}
	}
	b.err = &sale.Refusal{Kind: sale.ErrNotPossible, Words: "one is under way"}
	if w := ask(t, h, "POST", "/v1/prune", `{"keepDays":90}`); w.Code != http.StatusConflict || !strings.Contains(w.Body.String(), "one is under way") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}
