package pax_test

import (
	"bufio"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"posd/device/sale"
	"posd/pax"
	"posd/pax/paxsim"
)

// overHTTP is a box and a simulated terminal that talk HTTP on loopback.
func overHTTP(t *testing.T) (*pax.Terminal, *paxsim.Terminal) {
	t.Helper()
	sim := paxsim.New(paxsim.Options{Think: time.Millisecond, Pause: time.Millisecond})
	srv := httptest.NewServer(sim.HTTP())
	t.Cleanup(srv.Close)
	box, err := pax.NewHTTP(srv.URL, pax.Defaults(), quiet)
	if err != nil {
		t.Fatal(err)
	}
	return box, sim
}

func TestSaleOverHTTP(t *testing.T) {
	box, sim := overHTTP(t)
	a := box.Charge(t.Context(), saleOf(ref1, 2865))
	if a.Verdict != sale.VerdictApproved || a.Approved != 2865 || a.Card.Serial != "0123456789" {
		t.Errorf("got %+v", a)
	}
	if f := box.Find(t.Context(), sale.CardLookup{Ref: ref1, Kind: sale.CardSale, Amount: 2865}); !f.Reached || f.Result != sale.FoundIt {
		t.Errorf("got %+v", f)
	}
	if f := box.Find(t.Context(), sale.CardLookup{Ref: ref2, Kind: sale.CardSale, Amount: 2865, Control: &sale.CardControl{Ref: ref1, Amount: 2865}}); f.Result != sale.FoundNot || f.Control != sale.FoundIt {
		t.Errorf("got %+v", f)
	}
	if err := sim.SetFault("bad-lrc-once"); err != nil {
		t.Fatal(err)
	}
	if a := box.Charge(t.Context(), saleOf(ref2, 1)); a.Verdict != sale.VerdictUnsure {
		t.Errorf("damaged answer: %+v", a)
	}
	if err := box.Abort(t.Context()); err == nil {
		t.Error("nothing runs, and a wish to cancel is taken")
	}
}

func TestNobodyListensIsNotSent(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	box, err := pax.NewHTTP("http://"+l.Addr().String(), pax.Defaults(), quiet)
	if err != nil {
		t.Fatal(err)
	}
	a := box.Charge(t.Context(), saleOf(ref1, 1))
	if a.Verdict != sale.VerdictNotSent || strings.Contains(a.Words, "?") {
		t.Errorf("got %+v", a)
	}
}

// TestMoneyFrameGoesOutOnce: a server that reads T00 and hangs up sees one
// frame. net/http would repeat a GET on a connection it used before.
func TestMoneyFrameGoesOutOnce(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	sim := paxsim.New(paxsim.Options{Pause: time.Millisecond})
	var money atomic.Int32
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				for r := bufio.NewReader(conn); ; { // keeps the connection, as servers do
					req, err := http.ReadRequest(r)
					if err != nil {
						return
					}
					if strings.HasPrefix(req.URL.RawQuery, "AlQw") { // STX T 0
						money.Add(1)
						return
					}
					rec := httptest.NewRecorder()
					sim.HTTP().ServeHTTP(rec, req)
					res := rec.Result()
					res.ContentLength = int64(rec.Body.Len())
					res.Write(conn)
				}
			}()
		}
	}()
	box, err := pax.NewHTTP("http://"+l.Addr().String(), pax.Defaults(), quiet)
	if err != nil {
		t.Fatal(err)
	}
	if a := box.Charge(t.Context(), saleOf(ref1, 1)); a.Verdict != sale.VerdictUnsure {
		t.Errorf("got %+v", a)
	}
	if n := money.Load(); n != 1 {
		t.Errorf("the money frame went out %d times", n)
	}
}

func TestAddressOfTheTerminal(t *testing.T) {
	for _, bad := range []string{"", "10.0.0.5:10009", "https://10.0.0.5:10009", "http://", "http://h/?x"} {
		if _, err := pax.NewHTTP(bad, pax.Defaults(), quiet); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}

// TestAnAnswerWithoutAHeaderIsNotQuoted: net/http's own words would hold the
// frame, and with it what must not be known of a card.
func TestAnAnswerWithoutAHeaderIsNotQuoted(t *testing.T) {
	box, sim := overHTTP(t)
	if err := sim.SetFault("no-header"); err != nil {
		t.Fatal(err)
	}
	a := box.Charge(t.Context(), saleOf(ref1, 2865))
	if a.Verdict != sale.VerdictUnsure || !strings.Contains(a.Words, "no HTTP answer") || strings.Contains(a.Words, "1022") || strings.Contains(a.Words, "T01") {
		t.Errorf("got %+v", a)
	}
}
