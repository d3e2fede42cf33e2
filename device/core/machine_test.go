package core

import (
	"fmt"
	"testing"
	"time"

	"posd/device/sale"
)

// testMakers make numbers that can be told apart, and reports that can be read.
var testMakers = Makers{
	ID: func(t time.Time, entropy []byte) string { return fmt.Sprintf("%012d%x", t.UnixMilli(), entropy[:7]) },
	Report: func(no string, amount sale.Amount, currency string, extra sale.Secret) (sale.Secret, error) {
		return sale.Secret(fmt.Sprintf("%s %d %s", no, amount, extra.Reveal())), nil
	},
	Wallet: func(sale.Secret) (sale.Channel, error) { return sale.WXMicropay, nil },
}

func TestWhatIsDueIsStoredThoughASaleAtThatMomentCannotBe(t *testing.T) {
	c, err := New(DefaultPolicy(), Equipment{Terminal: true, Gateway: true}, testMakers)
	if err != nil {
		t.Fatal(err)
	}
	mono := time.Duration(0)
	step := func(w Event) Effects {
		mono += time.Second
		return c.Step(Input{Wall: time.Unix(1_800_000_000, 0).Add(mono), Mono: mono, Entropy: [32]byte{byte(mono >> 30)}, Event: w})
	}
	sell := func(key string, amount sale.Amount) Effects {
		return step(SellAsked{Token: 1, Key: key, Digest: key, Amount: amount, Method: sale.WeChat})
	}
	out := sell("a", 100)
	id := out.Intent.Sale
	step(Stored{Sales: []sale.ID{id}})
	step(OrderCreated{Sale: id, Answer: sale.GatewayAnswer{No: c.live[id].s.MchOrderNo, Result: sale.GatewayOK, Verified: true, Code: "weixin://x"}})
	step(CancelAsked{Token: 2, Sale: c.live[id].s})
	mono += time.Hour // its next question has long been due
	out = sell("b", 200)
	for _, r := range out.Rows {
		if s, ok := r.(sale.SaleRow); ok && s.Sale.ID == id {
			t.Error("the intent of one sale carries rows of another")
		}
	}
	if at, ok := c.Next(); !ok || at > mono {
		t.Error("what was due is forgotten")
	}
}
