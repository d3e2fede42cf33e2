package api

import (
	"context"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"posd/device/sale"
)

// lending is a Lent over receipts that name their sale, and its clock.
func lending(now *time.Time) *Lent {
	return Lend(LentOptions{Address: "192.168.1.10:8481", For: time.Hour, Shop: "Tea & Co", Language: sale.French, Log: slog.New(slog.DiscardHandler), Clock: func() time.Time { return *now },
		Text: func(_ context.Context, id sale.ID) (string, error) {
			if id == "S404" {
				return "", sale.ErrNotFound
			}
			return "receipt of " + string(id) + " \"<VISA ****1166>\"", nil
		},
		PNG: func(_ context.Context, id sale.ID) ([]byte, error) { return []byte("picture of " + id), nil }})
}

// fetch asks the customers' server as a telephone does.
func fetch(l *Lent, method, path string) (int, string) {
	w := httptest.NewRecorder()
	l.Server(context.Background()).Handler.ServeHTTP(w, httptest.NewRequest(method, path, nil))
	return w.Code, w.Body.String()
}

func TestReceiptsAreLentByTheirAddressAlone(t *testing.T) {
	now := time.Now()
	l := lending(&now)
	first := l.address("S1")
	path, ok := strings.CutPrefix(first, "http://192.168.1.10:8481")
	if !ok || len(path) < len("/r/")+26 {
		t.Fatalf("the address is %q", path)
	}
	if l.address("S1") != first || l.address("S2") == first {
		t.Error("every page must show the same address of a sale, and of another sale another")
	}
	if code, body := fetch(l, "GET", path); code != 200 || !strings.Contains(body, "receipt of S1 &#34;&lt;VISA ****1166&gt;&#34;") || !strings.Contains(body, "Tea &amp; Co") {
		t.Errorf("%d %s", code, body)
	}
	if code, body := fetch(l, "GET", path+"/receipt.png"); code != 200 || body != "picture of S1" {
		t.Errorf("%d %s", code, body)
	}
	lost, _ := strings.CutPrefix(l.address("S404"), "http://192.168.1.10:8481")
	for _, wrong := range []string{"/", "/r/", "/r/S1", path[:len(path)-1], path + "A", strings.ToLower(path), "/r/S1/receipt.png", path + "/other", "/v1/sales", "/assets/words.js", lost} {
		if code, body := fetch(l, "GET", wrong); code != 404 || strings.Contains(body, "S1") || !strings.Contains(body, "Ce reçu n’est plus ici") {
			t.Errorf("%s: %d %s", wrong, code, body)
		}
	}
	if code, body := fetch(l, "POST", path); code != 404 && code != 405 || strings.Contains(body, "S1") {
		t.Errorf("POST: %d %s", code, body)
	}
}

func TestALentReceiptExpires(t *testing.T) {
	now := time.Now()
	l := lending(&now)
	path := strings.TrimPrefix(l.address("S1"), "http://192.168.1.10:8481")
	now = now.Add(time.Hour - time.Second)
	if code, _ := fetch(l, "GET", path); code != 200 {
		t.Errorf("within its hour: %d", code)
	}
	now = now.Add(time.Second)
	for _, p := range []string{path, path + "/receipt.png"} {
		if code, body := fetch(l, "GET", p); code != 404 || strings.Contains(body, "S1") {
			t.Errorf("%s after its hour: %d %s", p, code, body)
		}
	}
	for i := range 2 * mostLent {
		l.address(sale.ID(fmt.Sprintf("T%d", i)))
	}
	if len(l.tokens) > mostLent || len(l.given) != len(l.tokens) {
		t.Errorf("%d tokens are kept, in a list of %d", len(l.tokens), len(l.given))
	}
}

// TestNothingIsLentUnlessConfigured: off by default, and on only beside a payment that is over.
func TestNothingIsLentUnlessConfigured(t *testing.T) {
	if p := DefaultPages(); p.ReceiptListen != "" || p.Validate() != nil {
		t.Errorf("the default is %+v: %v", p, p.Validate())
	}
	for addr, ok := range map[string]bool{"": true, "192.168.1.10:8481": true, "127.0.0.1:0": true, "0.0.0.0:8481": false, "8.8.8.8:80": false, "till.local:8481": false, "192.168.1.10": false} {
		p := DefaultPages()
		if p.ReceiptListen = addr; (p.Validate() == nil) != ok {
			t.Errorf("receipt_listen = %q: %v", addr, p.Validate())
		}
	}
	now := time.Now()
	h := &handlers{Options: Options{Log: slog.New(slog.DiscardHandler), Clock: time.Now}}
	h.Matrix = func(string) ([][]bool, error) { return [][]bool{{true}}, nil }
	h.codes.draw = h.Matrix
	for _, lent := range []*Lent{nil, lending(&now)} {
		h.Lent = lent
		for _, kind := range sale.ScreenKinds {
			want := lent != nil && (kind == sale.ScreenPaid || kind == sale.ScreenThanks)
			if v := h.screenView(sale.Screen{Kind: kind, Sale: "S1"}); (v.Receipt != nil) != want {
				t.Errorf("%s, lending %v: a code for a receipt is shown: %v", kind, lent != nil, v.Receipt != nil)
			}
		}
	}
}
