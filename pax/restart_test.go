package pax_test

import (
	"context"
	"testing"

	"posd/device/sale"
	"posd/pax"
)

// A box that starts while the terminal still repeats its answer to the box of
// before hears that conversation's end first.
func TestTheEndOfAnEarlierConversationIsNoAnswer(t *testing.T) {
	withTerminal(t, pax.Defaults(), func(p *player) {
		p.expect() // A00
		p.say(pax.EOT, pax.ACK)
		p.frame("0", "A01", "1.58", "000000", "OK", "0123456789", "A920PRO", "10", "", "", "", "APPNAME=X")
		p.expect()
		p.say(pax.EOT)
		p.expect() // R02
		p.say(pax.ACK)
		p.frame("0", "R03", "1.58", "100023", "NOT FOUND")
		p.expect()
		p.say(pax.EOT)
		p.silence()
	}, func(ctx context.Context, box *pax.Terminal, _ *pipeLink) {
		f := box.Find(ctx, sale.CardLookup{Ref: ref1, Kind: sale.CardSale, Amount: 2865})
		if !f.Reached || f.Result != sale.FoundNot {
			t.Errorf("got %+v", f)
		}
	})
}
