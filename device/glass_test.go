package device

import (
	"context"
	"errors"
	"testing"
	"time"

	"posd/device/core"
	"posd/device/sale"
)

// TestGlassAfterASale holds what the customer sees once a sale has ended, and
// what replaces it. Times are from the end of the sale; a result stands 8 s.
func TestGlassAfterASale(t *testing.T) {
	type at struct {
		after time.Duration
		kind  sale.ScreenKind
	}
	bill := func(c *counter) { c.display([]sale.Item{{Name: "Tea", Amount: 350}}, "", false) }
	for name, tc := range map[string]struct {
		answer sale.CardAnswer
		when   time.Duration // act happens then
		act    func(c *counter)
		want   []at
	}{
		"a payment is thanked for, then welcome": {answer: approve(500),
			want: []at{{0, sale.ScreenPaid}, {7900 * time.Millisecond, sale.ScreenPaid}, {8100 * time.Millisecond, sale.ScreenThanks}, {11900 * time.Millisecond, sale.ScreenThanks}, {12100 * time.Millisecond, sale.ScreenWelcome}, {time.Hour, sale.ScreenWelcome}}},
		"a refusal is not": {answer: sale.CardAnswer{Verdict: sale.VerdictDeclined, Words: "DECLINED"},
			want: []at{{0, sale.ScreenDeclined}, {8100 * time.Millisecond, sale.ScreenWelcome}}},
		"a new bill replaces thanks at once": {answer: approve(500), when: 9 * time.Second, act: bill,
			want: []at{{8900 * time.Millisecond, sale.ScreenThanks}, {9 * time.Second, sale.ScreenItems}, {time.Minute, sale.ScreenItems}}},
		"a new sale replaces thanks at once": {answer: approve(500), when: 9 * time.Second, act: func(c *counter) { c.sell(sale.Card, 700) },
			want: []at{{8900 * time.Millisecond, sale.ScreenThanks}, {9 * time.Second, sale.ScreenCard}, {13 * time.Second, sale.ScreenCard}}},
		"an empty bill brings the welcome back": {answer: approve(500), when: 9 * time.Second, act: func(c *counter) { c.display(nil, "", false) },
			want: []at{{8900 * time.Millisecond, sale.ScreenThanks}, {9 * time.Second, sale.ScreenWelcome}}},
		"a bill during the result follows it without thanks": {answer: approve(500), when: 3 * time.Second, act: bill,
			want: []at{{3 * time.Second, sale.ScreenPaid}, {7900 * time.Millisecond, sale.ScreenPaid}, {8100 * time.Millisecond, sale.ScreenItems}}},
		"a sale during the result leaves nothing of it": {answer: approve(500), when: 3 * time.Second, act: func(c *counter) { c.sell(sale.Card, 700) },
			want: []at{{3 * time.Second, sale.ScreenCard}, {9 * time.Second, sale.ScreenCard}}},
	} {
		t.Run(name, func(t *testing.T) {
			atCounter(t, func(c *counter) {
				s := c.sell(sale.Card, 500)
				c.terminal.answers <- tc.answer
				c.wait(0)
				began := time.Now()
				for _, w := range tc.want {
					if tc.act != nil && w.after >= tc.when {
						c.wait(tc.when - time.Since(began))
						tc.act(c)
						tc.act = nil
					}
					c.wait(w.after - time.Since(began))
					g := c.glass.last()
					if g.Kind != w.kind {
						t.Errorf("after %s glass shows %s, want %s", w.after, g.Kind, w.kind)
					}
					if g.Kind == sale.ScreenThanks && (g.Sale != s.ID || g.Amount != 0 || g.Code != "") {
						t.Errorf("thanks carry more than they say: %+v", g)
					}
				}
			})
		})
	}
}

func TestPartOfTheMoneyIsNotThankedFor(t *testing.T) {
	atCounter(t, func(c *counter) {
		c.change = func(p *core.Policy) { p.Partial = "accept" }
		c.restart()
		s := c.sell(sale.Card, 500)
		part := approve(300)
		part.Partial = true
		c.terminal.answers <- part
		c.wait(time.Second)
		if s = c.now(s.ID); s.State != sale.Paid || s.Due != 200 || c.glass.last().Kind != sale.ScreenPaid {
			t.Fatalf("sale is %s, due %s, glass shows %s", s.State, s.Due, c.glass.last().Kind)
		}
		c.wait(8 * time.Second)
		if k := c.glass.last().Kind; k != sale.ScreenWelcome {
			t.Errorf("with a rest due glass shows %s", k)
		}
	})
}

func TestThanksSpeakTheCardsLanguage(t *testing.T) {
	atCounter(t, func(c *counter) {
		c.sell(sale.Card, 500)
		a := approve(500)
		a.Card.Language = sale.French
		c.terminal.answers <- a
		c.wait(9 * time.Second)
		if g := c.glass.last(); g.Kind != sale.ScreenThanks || g.Language != sale.French {
			t.Errorf("glass shows %s in %s", g.Kind, g.Language)
		}
	})
}

func TestCustomerIsAskedHowToPayTheSum(t *testing.T) {
	items := []sale.Item{{Name: "Tea", Amount: 350}, {Name: "Loyalty", Amount: -50}}
	for name, tc := range map[string]struct {
		items  []sale.Item
		choose bool
		kind   sale.ScreenKind
		amount sale.Amount
		lines  int
	}{
		"asked":                         {items, true, sale.ScreenChoose, 300, 0},
		"not asked":                     {items, false, sale.ScreenItems, 300, 2},
		"nothing to pay is refused":     {nil, true, sale.ScreenWelcome, 0, 0},
		"a sum below a cent is refused": {items[1:], true, sale.ScreenWelcome, 0, 0},
		"a bill of nothing is welcome":  {nil, false, sale.ScreenWelcome, 0, 0},
		"a sum below nothing is a bill": {items[1:], false, sale.ScreenItems, -50, 1},
	} {
		t.Run(name, func(t *testing.T) {
			atCounter(t, func(c *counter) {
				err := c.till.Display(context.Background(), tc.items, "", tc.choose)
				c.wait(0)
				if refused := tc.choose && tc.kind != sale.ScreenChoose; refused != errors.Is(err, sale.ErrInvalid) {
					t.Errorf("the till says %v", err)
				}
				if g := c.glass.last(); g.Kind != tc.kind || g.Amount != tc.amount || len(g.Items) != tc.lines {
					t.Errorf("glass shows %+v", g)
				}
			})
		})
	}
}

func TestQuestionGivesWayToTheSaleAndDoesNotReturn(t *testing.T) {
	atCounter(t, func(c *counter) {
		c.display([]sale.Item{{Name: "Tea", Amount: 350}}, "", true)
		c.sell(sale.Card, 350)
		if k := c.glass.last().Kind; k != sale.ScreenCard {
			t.Errorf("during the sale glass shows %s", k)
		}
		c.terminal.answers <- sale.CardAnswer{Verdict: sale.VerdictDeclined, Words: "DECLINED"}
		c.wait(time.Minute)
		if k := c.glass.last().Kind; k != sale.ScreenWelcome {
			t.Errorf("after the sale glass shows %s", k)
		}
	})
}

// display puts a bill on the customer display.
func (c *counter) display(items []sale.Item, message string, choose bool) {
	c.t.Helper()
	if err := c.till.Display(context.Background(), items, message, choose); err != nil {
		c.t.Fatal(err)
	}
	c.wait(0)
}
