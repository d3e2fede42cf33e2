package main

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"posd/device/sale"
)

// TestARefundTooSoonIsAskedAbout: the answer of the real process says so before anything
// is sent, and a person's word sends it.
func TestARefundTooSoonIsAskedAbout(t *testing.T) {
	s, g := newGatewayShop(t, "")
	v := s.wallet(2000)
	s.back(v.ID, "refund", `{"amount":500,"by":"Ann"}`)
	s.givenBack(v.ID, sale.MovementDone)
	code, body := s.post("sales/"+string(v.ID)+"/refund", `{"amount":500,"by":"Ann"}`)
	var p struct{ Type, Detail string }
	if err := json.Unmarshal(body, &p); err != nil || code != http.StatusConflict || p.Type != "refund-limit" || !strings.Contains(p.Detail, "promise nothing") {
		t.Fatalf("%d %s (%v)", code, body, err)
	}
	g.set(func() {
		if len(g.refunds) != 1 {
			t.Errorf("%d refunds reached the gateway", len(g.refunds))
		}
	})
	s.back(v.ID, "refund", `{"amount":500,"by":"Ann","anyway":true}`)
	s.until(v.ID, "given back", func(v sale.Sale) bool { return len(v.Refunds) == 2 && v.Refunds[1].State == sale.MovementDone })
}

// TestAnOldOrderIsGivenBackOnAPersonsWord: past the till, the gateway says when it was paid.
func TestAnOldOrderIsGivenBackOnAPersonsWord(t *testing.T) {
	g := newFakeGateway(t)
	paid := time.Now().Add(-200 * 24 * time.Hour).UnixMilli()
	g.set(func() {
		g.odd = func(c fakeCall) fakeSays {
			if c.what != "query_order" {
				return fakeSays{}
			}
			return fakeOK("mchOrderNo", c.no, "payOrderId", "P1", "amount", 2865, "currency", "CAD", "channelId", "UPI_QR", "status", 2, "paySuccTime", paid)
		}
	})
	config := filepath.Join(t.TempDir(), "posd.toml")
	if err := os.WriteFile(config, []byte("[api]\nlisten = \"127.0.0.1:1\"\nsocket = \"\"\n"+g.section()), 0o600); err != nil {
		t.Fatal(err)
	}
	refund := func(more ...string) (int, string) {
		code, _, errs := command(append([]string{"order", "refund", "OLD1", "-amount", "5.00", "-config", config}, more...)...)
		return code, errs
	}
	sent := func() (n int) {
		g.set(func() { n = len(g.refunds) })
		return n
	}
	code, errs := refund()
	if code != exitRefused || !strings.Contains(errs, "180 days") || !strings.Contains(errs, "anyway") || sent() != 0 {
		t.Errorf("exit %d, %d sent: %s", code, sent(), errs)
	}
	if code, errs := refund("-anyway"); code != 0 || sent() != 1 {
		t.Errorf("exit %d, %d sent: %s", code, sent(), errs)
	}
}
