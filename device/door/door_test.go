package door

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"testing"

	"posd/device/sale"
)

func TestWhoMayComeIn(t *testing.T) {
	c := Config{Allow: []string{"192.168.1.0/24", "::1"}, Origins: []string{"https://shop.example"}, By: "till"}
	for _, x := range []struct {
		remote, origin, site string
		want                 bool
	}{
		{"192.168.1.20:4000", "", "", true},
		{"[::ffff:192.168.1.20]:4000", "", "", true},
		{"[::1]:4000", "", "none", true},
		{"192.168.1.20:4000", "https://shop.example", "cross-site", true},
		{"192.168.1.20:4000", "https://evil.example", "", false},
		{"192.168.1.20:4000", "null", "", false},
		{"192.168.1.20:4000", "", "cross-site", false},
		{"192.168.1.20:4000", "", "same-site", false},
		{"192.168.2.20:4000", "https://shop.example", "", false},
		{"127.0.0.1:4000", "", "", false},
		{"nonsense", "", "", false},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = x.remote
		for k, v := range map[string]string{"Origin": x.origin, "Sec-Fetch-Site": x.site} {
			if v != "" {
				r.Header.Set(k, v)
			}
		}
		w := httptest.NewRecorder()
		if got := c.Admits(w, r); got != x.want {
			t.Errorf("%+v: admitted %v", x, got)
		}
		if said := w.Header().Get("Access-Control-Allow-Origin"); said != "" && (!x.want || said != x.origin) {
			t.Errorf("%+v: the browser was told %q", x, said)
		}
	}
}

func TestFaultsAreSaidAllAtOnce(t *testing.T) {
	if faults := Defaults().Validate(); len(faults) != 0 {
		t.Errorf("defaults: %v", faults)
	}
	bad := Config{Allow: []string{"shop", "10.0.0.0/33"}, Origins: []string{"shop.example", "https://shop.example/path"}}
	if faults := bad.Validate(); len(faults) != 5 {
		t.Errorf("%d faults, want 5: %v", len(faults), faults)
	}
	if faults := (Config{By: "x"}).Validate(); len(faults) != 1 {
		t.Errorf("an empty list: %v", faults)
	}
}

func TestAGateThatIsShutWaitsForWhoIsInside(t *testing.T) {
	var g Gate
	if !g.Enter() {
		t.Fatal("nobody is let in")
	}
	shut := make(chan struct{})
	go func() { g.Shut(); close(shut) }()
	for g.Enter() {
		g.Leave()
	}
	select {
	case <-shut:
		t.Error("it did not wait")
	default:
	}
	g.Leave()
	<-shut
}

func TestWhatProvesThatNothingWasBegun(t *testing.T) {
	for _, x := range []struct {
		err          error
		first, later bool // the key was never used before, or it is not known
	}{
		{&sale.Refusal{Kind: sale.ErrTillBusy}, true, true},
		{&sale.Refusal{Kind: sale.ErrSameBill}, true, true},
		{&sale.Refusal{Kind: sale.ErrNotPossible}, true, true},
		{&sale.Refusal{Kind: sale.ErrNoDevice}, true, true},
		{&sale.Refusal{Kind: sale.ErrInvalid}, true, true},
		{&sale.Refusal{Kind: sale.ErrUnavailable}, true, false},
		{&sale.Refusal{Kind: sale.ErrKeyReused}, true, false},
		{&sale.Refusal{Kind: sale.ErrNotFound}, true, false},
		{fmt.Errorf("ask the till: %w", &sale.Refusal{Kind: sale.ErrTillBusy}), true, true},
		{sale.ErrTillBusy, false, false}, // no refusal of the till's
		{context.DeadlineExceeded, false, false},
	} {
		if first, later := NothingBegun(x.err, false), NothingBegun(x.err, true); first != x.first || later != x.later {
			t.Errorf("%T of %v: %v, and %v if it was asked before; want %v, %v", x.err, errors.Unwrap(x.err), first, later, x.first, x.later)
		}
	}
}
