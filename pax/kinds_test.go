package pax_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"posd/device/sale"
	"posd/pax"
	"posd/pax/paxsim"
)

// approved charges what must be approved.
func (c *counter) approved(o sale.CardRequest) sale.CardAnswer {
	c.Helper()
	a := c.box.Charge(c.ctx, o)
	if a.Verdict != sale.VerdictApproved || a.Kind != o.Kind || a.Ref != o.Ref {
		c.Fatalf("%s: %+v", o.Kind, a)
	}
	return a
}

// TestVoidOfEveryKind voids a sale, a return, an authorisation and a completion
// over both rails, however the terminal shows afterwards what was voided.
func TestVoidOfEveryKind(t *testing.T) {
	for _, byKind := range []bool{false, true} {
		for _, tender := range []sale.Tender{sale.Credit, sale.Debit} {
			for _, shown := range []string{"marked", "kept", "gone"} {
				for _, kind := range []sale.CardKind{sale.CardSale, sale.CardReturn, sale.CardAuth, sale.CardComplete} {
					t.Run(fmt.Sprintf("%s %s, by kind %t, %s", tender, kind, byKind, shown), func(t *testing.T) {
						cfg := pax.Defaults()
						cfg.VoidByKind = byKind
						want := "16"
						if byKind {
							want = map[sale.CardKind]string{sale.CardSale: "17", sale.CardReturn: "18", sale.CardAuth: "19", sale.CardComplete: "20"}[kind]
						}
						onCounter(t, cfg, paxsim.Options{Voided: shown}, func(c *counter) { voidOnce(c, kind, tender, want) })
					})
				}
			}
		}
	}
}

func voidOnce(c *counter, kind sale.CardKind, tender sale.Tender, asked string) {
	o := sale.CardRequest{Kind: kind, Ref: ref1, Amount: 500, Tender: tender}
	if kind == sale.CardComplete {
		held := c.approved(sale.CardRequest{Kind: sale.CardAuth, Ref: refNo(9), Amount: 900, Tender: tender})
		o = completionOf(ref1, held, 500)
	}
	a := c.approved(o)
	if a.Tender != tender {
		c.Errorf("asked for %s, the answer says %s", tender, a.Tender)
	}
	void := voidOf(ref2, a)
	void.Original.Tender = "" // the terminal's record says it
	if v := c.approved(void); v.Approved != 500 {
		c.Errorf("void: %+v", v)
	}
	if r := c.sim.State().Records; r[len(r)-1].Type != asked {
		c.Errorf("asked for a void of type %s, want %s", r[len(r)-1].Type, asked)
	}
	if f := c.box.Find(c.ctx, sale.CardLookup{Ref: ref2, Kind: sale.CardVoid, Amount: 500}); f.Result != sale.FoundIt || f.Answer.Tender != tender {
		c.Errorf("look-up of the void: %+v", f)
	}
	c.box.Charge(c.ctx, voidOf(ref3, a))
	if n := c.approvals(ref3); n != 0 {
		c.Errorf("voided twice")
	}
	if b := c.box.CloseBatch(c.ctx); b.End != sale.BatchClosed || len(b.Totals) != 0 {
		c.Errorf("what was voided is in the totals: %+v", b)
	}
}

func TestAlreadyVoidedIsSaid(t *testing.T) {
	onCounter(t, pax.Defaults(), paxsim.Options{}, func(c *counter) {
		a := c.approved(saleOf(ref1, 500))
		c.approved(voidOf(ref2, a))
		if again := c.box.Charge(c.ctx, voidOf(ref3, a)); again.Verdict != sale.VerdictNotSent || !strings.Contains(again.Words, "voided already") {
			c.Errorf("got %+v", again)
		}
	})
}

// TestOnlyTheRightKindIsBuiltOn: a completion takes an authorisation, and a void
// does not undo a void.
func TestOnlyTheRightKindIsBuiltOn(t *testing.T) {
	onCounter(t, pax.Defaults(), paxsim.Options{}, func(c *counter) {
		a := c.approved(saleOf(ref1, 500))
		for _, o := range []sale.CardRequest{completionOf(ref2, a, 500), {Kind: sale.CardVoid, Ref: ref2, Amount: 500, Original: &sale.CardOriginal{Kind: sale.CardVoid, Ref: ref1, Transaction: "1", Amount: 500}}} {
			if b := c.box.Charge(c.ctx, o); b.Verdict != sale.VerdictNotSent || c.sim.State().Frames["R02"] != 0 {
				c.Errorf("%s: %+v", o.Kind, b)
			}
		}
	})
}

// TestAuthorisationsAreNotInTheTotals: the terminal settles what was completed.
func TestAuthorisationsAreNotInTheTotals(t *testing.T) {
	onCounter(t, pax.Defaults(), paxsim.Options{}, func(c *counter) {
		held := c.approved(sale.CardRequest{Kind: sale.CardAuth, Ref: ref1, Amount: 9000})
		c.approved(completionOf(ref2, held, 4200))
		c.approved(sale.CardRequest{Kind: sale.CardAuth, Ref: ref3, Amount: 700})
		c.approved(sale.CardRequest{Kind: sale.CardReturn, Ref: refNo(4), Amount: 200})
		b := c.box.CloseBatch(c.ctx)
		if len(b.Totals) != 1 || b.Totals[0] != (sale.BatchTotal{Tender: sale.Credit, Count: 2, Amount: 4000}) {
			c.Errorf("got %+v", b)
		}
	})
}

func TestDeclinesOfEveryKind(t *testing.T) {
	onCounter(t, pax.Defaults(), paxsim.Options{}, func(c *counter) {
		paid := c.approved(saleOf(ref1, 500))
		held := c.approved(sale.CardRequest{Kind: sale.CardAuth, Ref: ref2, Amount: 900})
		for _, o := range []sale.CardRequest{
			{Kind: sale.CardAuth, Ref: refNo(3), Amount: 100},
			{Kind: sale.CardReturn, Ref: refNo(4), Amount: 100},
			{Kind: sale.CardReturn, Ref: refNo(5), Amount: 100, Tender: sale.Debit},
			completionOf(refNo(6), held, 100),
			voidOf(refNo(7), paid),
		} {
			c.fault("decline")
			if a := c.box.Charge(c.ctx, o); a.Verdict != sale.VerdictDeclined || a.Reason != sale.ReasonIssuer || c.approvals(o.Ref) != 0 || a.Extra != "" {
				c.Errorf("%s: %+v", o.Kind, a)
			}
		}
		c.approved(completionOf(refNo(8), held, 100)) // a declined one did not use it up
		c.approved(voidOf(refNo(9), paid))
	})
}

// TestApprovalsThatDiffer: what was approved is not quite what was asked.
func TestApprovalsThatDiffer(t *testing.T) {
	for fault, want := range map[string]sale.CardAnswer{
		"partial=1000":  {Approved: 1000, Partial: true},
		"offline":       {Approved: 2865, Offline: true},
		"no-surcharge":  {Approved: 2865},
		"surcharge=50":  {Approved: 2915, Surcharge: 50},
		"tip=300":       {Approved: 3165, Tip: 300},
		"cashback=2000": {Approved: 4865, Cashback: 2000},
	} {
		t.Run(fault, func(t *testing.T) {
			onCounter(t, pax.Defaults(), paxsim.Options{}, func(c *counter) {
				c.fault(fault)
				a := c.approved(saleOf(ref1, 2865))
				f := c.box.Find(c.ctx, sale.CardLookup{Ref: ref1, Kind: sale.CardSale, Amount: 2865})
				if f.Result != sale.FoundIt {
					c.Fatalf("look-up: %+v", f)
				}
				for from, got := range map[string]sale.CardAnswer{"the answer": a, "the record": f.Answer} {
					if got.Approved != want.Approved || got.Partial != want.Partial || got.Offline != want.Offline || got.Tip != want.Tip || got.Cashback != want.Cashback || got.Surcharge != want.Surcharge || got.Extra == "" {
						c.Errorf("%s: %+v", from, got)
					}
				}
			})
		})
	}
}

// TestStoredOfflineIsTold: terminals number what they approved offline by ranges
// of their own; one that does not is believed as it is.
func TestStoredOfflineIsTold(t *testing.T) {
	find := func(c *counter) sale.CardFinding {
		return c.box.Find(c.ctx, sale.CardLookup{Ref: ref1, Kind: sale.CardSale, Amount: 500})
	}
	for _, tc := range []struct {
		stored         string
		before, failed sale.Found
		offline        bool
	}{
		{"numbered", sale.FoundIt, sale.FoundUnclear, true},
		{"plain", sale.FoundIt, sale.FoundNot, false},
		{"hidden", sale.FoundNot, sale.FoundNot, false},
	} {
		for _, refused := range []bool{false, true} {
			onCounter(t, pax.Defaults(), paxsim.Options{Stored: tc.stored}, func(c *counter) {
				c.fault("offline")
				if a := c.approved(saleOf(ref1, 500)); !a.Offline {
					c.Errorf("answer: %+v", a)
				}
				if f := find(c); f.Result != tc.before || f.Answer.Offline != tc.offline {
					c.Errorf("%s, before the upload: %+v", tc.stored, f)
				}
				if n := c.sim.Upload(refused); n != 1 {
					c.Errorf("%d were uploaded", n)
				}
				after := sale.FoundIt
				if refused {
					after = tc.failed
				}
				if f := find(c); f.Result != after || f.Answer.Offline {
					c.Errorf("%s, refused %t: %+v", tc.stored, refused, f)
				}
			})
		}
	}
}

// TestAPersonsWordPassesTheDuplicateCheck: the same sale again, on purpose.
func TestAPersonsWordPassesTheDuplicateCheck(t *testing.T) {
	for _, tender := range []sale.Tender{sale.Credit, sale.Debit} {
		onCounter(t, pax.Defaults(), paxsim.Options{Duplicates: true}, func(c *counter) {
			o := saleOf(ref1, 500)
			o.Tender = tender
			c.approved(o)
			o.Ref = ref2
			if a := c.box.Charge(c.ctx, o); a.Verdict != sale.VerdictDeclined || a.Reason != sale.ReasonDuplicateOf || a.Foreign != ref1 {
				c.Errorf("%s: %+v", tender, a)
			}
			o.Ref, o.AllowDuplicate = ref3, true
			c.approved(o)
			if n := c.approvals(ref1) + c.approvals(ref2) + c.approvals(ref3); n != 2 {
				c.Errorf("%s: %d approvals", tender, n)
			}
		})
	}
}

// TestReferenceCheckFindsOurOwn: the terminal's other duplicate check compares references.
func TestReferenceCheckFindsOurOwn(t *testing.T) {
	onCounter(t, pax.Defaults(), paxsim.Options{DuplicateRefs: true}, func(c *counter) {
		c.approved(saleOf(ref1, 500))
		c.approved(saleOf(ref1, 500))
		if n := c.approvals(ref1); n != 1 {
			c.Errorf("%d approvals", n)
		}
	})
}

func TestInvoiceNumberComesBack(t *testing.T) {
	onCounter(t, pax.Defaults(), paxsim.Options{}, func(c *counter) {
		a, b := c.approved(saleOf(ref1, 500)), c.approved(saleOf(ref2, 500))
		if len(a.Card.Invoice) != 6 || a.Card.Invoice == b.Card.Invoice || !strings.Contains(a.Extra.Reveal(), `"termInvoiceNum":"`+a.Card.Invoice+`"`) {
			c.Errorf("got %q and %q in %s", a.Card.Invoice, b.Card.Invoice, a.Extra.Reveal())
		}
		f := c.box.Find(c.ctx, sale.CardLookup{Ref: ref1, Kind: sale.CardSale, Amount: 500})
		if f.Answer.Card.Invoice != a.Card.Invoice {
			c.Errorf("the record has %q", f.Answer.Card.Invoice)
		}
		if v := c.approved(voidOf(ref3, a)); v.Card.Invoice != a.Card.Invoice {
			c.Errorf("the void has %q", v.Card.Invoice)
		}
	})
	cfg := pax.Defaults()
	cfg.Invoice = "none"
	onCounter(t, cfg, paxsim.Options{}, func(c *counter) {
		if a := c.approved(saleOf(ref1, 500)); a.Card.Invoice != "" || !strings.Contains(a.Extra.Reveal(), `"termInvoiceNum":"1"`) {
			c.Errorf("got %q in %s", a.Card.Invoice, a.Extra.Reveal())
		}
	})
}

// TestBatchCodes: only words that say that nothing was settled leave the batch open.
func TestBatchCodes(t *testing.T) {
	for code, want := range map[string]sale.BatchEnd{
		"000004": sale.BatchUnsure, "000300": sale.BatchClosed, "100023": sale.BatchUnsure, "100006": sale.BatchUnsure, "100009": sale.BatchUnsure, "987654": sale.BatchUnsure,
		"100002": sale.BatchOpen, "100003": sale.BatchOpen, "100008": sale.BatchOpen,
	} {
		onCounter(t, pax.Defaults(), paxsim.Options{}, func(c *counter) {
			c.fault("code=" + code + ",B00")
			if b := c.box.CloseBatch(c.ctx); b.End != want || !strings.Contains(b.Words, code) {
				c.Errorf("%s: %+v", code, b)
			}
		})
	}
}

// TestFoundAttemptOwesNothing: once a lost sale is found, the next customer may
// abort without being taken for the one before.
func TestFoundAttemptOwesNothing(t *testing.T) {
	onCounter(t, pax.Defaults(), paxsim.Options{Deaf: time.Second}, func(c *counter) {
		c.fault("lose-answer")
		c.box.Charge(c.ctx, saleOf(ref1, 500))
		if f := c.box.Find(c.ctx, sale.CardLookup{Ref: ref1, Kind: sale.CardSale, Amount: 500}); f.Result != sale.FoundIt {
			c.Fatalf("got %+v", f)
		}
		c.fault("abort")
		if a := c.box.Charge(c.ctx, saleOf(ref2, 500)); a.Verdict != sale.VerdictCancelled {
			c.Errorf("got %+v", a)
		}
	})
}
