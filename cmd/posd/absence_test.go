package main

import (
	"strings"
	"testing"
	"time"

	"posd/device/sale"
)

// TestApprovedIsNotOverruledByNotFound: the terminal said approved, in whatever
// way, and then knows nothing of it.
func TestApprovedIsNotOverruledByNotFound(t *testing.T) {
	s := newShop(t, "")
	s.paid(100)
	for name, odd := range map[string]func(r *fakeRecord){
		"without a reference":  func(r *fakeRecord) { r.ref = "" },
		"without an amount":    func(r *fakeRecord) { r.amount = "" },
		"an amount as 28.65":   func(r *fakeRecord) { r.amount = "28.65" },
		"the reference cut":    func(r *fakeRecord) { r.ref = r.ref[:12] },
		"of another reference": func(r *fakeRecord) { r.ref = "ZZZZ000000000000" },
	} {
		s.terminal.then("T00", func(c *fakeConn, _ string, f []string) {
			answer := c.f.approve(f, odd)
			c.f.set(func() { delete(c.f.memory, sub(f, 3, 0)) })
			c.reply(answer...)
		})
		v := s.sell(2865, "")
		t.Log(name, v.ID)
		s.person(v.ID, "approv")
		s.resolve(v.ID)
	}
}

func TestASwappedTerminalProvesNothing(t *testing.T) {
	t.Run("with a control of the other one", func(t *testing.T) {
		s := newShop(t, "")
		s.paid(100)
		s.terminal.plug("1850000099")
		lost := s.sell(2865, "")
		if v := s.until(lost.ID, "ended", func(v sale.Sale) bool { return v.State.Final() }); v.Reason != sale.ReasonNotSent {
			t.Fatalf("another terminal than the stored intent names was asked: %s (%s)", v.State, v.Words)
		}
		s.terminal.then("T00", takenAndLost)
		s.terminal.then("R02", func(c *fakeConn, _ string, _ []string) { c.Close() })
		lost = s.sell(2865, "")
		s.until(lost.ID, "unsure", func(v sale.Sale) bool { return v.State == sale.Unsure })
		s.terminal.plug("1850000042")
		s.person(lost.ID, "1850000042")
		s.terminal.plug("1850000099")
		s.until(lost.ID, "paid", func(v sale.Sale) bool { return v.State == sale.Paid })
	})
	t.Run("before anything was sold on it", func(t *testing.T) {
		s := newShop(t, "")
		s.terminal.then("T00", func(c *fakeConn, cmd string, f []string) {
			c.f.plug("1850000099") // the cable goes into the spare one
			c.f.set(func() { c.f.drawer["1850000042"][sub(f, 3, 0)] = &fakeRecord{} })
		})
		s.person(s.sell(2865, "").ID, "1850000099")
	})
	t.Run("which prints its number in two ways", func(t *testing.T) {
		s := newShop(t, "")
		s.terminal.set(func() { s.terminal.serial = "SN0001850000042" })
		s.terminal.hangUp()
		s.terminal.then("T00", approvedWith(func(*fakeRecord) {}))
		s.terminal.then("T00", takenAndLost)
		s.paid(100)
		s.terminal.set(func() { s.terminal.serial = "1850000042" })
		s.paid(200)
	})
}

func TestFreshIsNotProof(t *testing.T) {
	for name, c := range map[string]struct {
		how    fakeAnswer
		before func(s *shop)
		after  func(s *shop)
	}{
		"the batch was closed on the keypad": {how: takenAndCleared},
		"look-ups are switched off":          {how: takenSilently, before: func(s *shop) { s.terminal.set(func() { s.terminal.blind = true }) }},
		"the line was lost":                  {how: func(c *fakeConn, _ string, _ []string) { c.f.hangUp() }},
		"posd was started again":             {how: unheard, after: func(s *shop) { s.restart() }},
	} {
		t.Run(name, func(t *testing.T) {
			s := newShop(t, "")
			if c.before != nil {
				c.before(s)
			}
			s.terminal.then("T00", c.how)
			v := s.sell(2865, "")
			for s.terminal.count("T00") == 0 {
				time.Sleep(10 * time.Millisecond)
			}
			if c.after != nil {
				c.after(s)
			}
			s.person(v.ID)
		})
	}
}

func TestAnOfflineApprovalIsNoControl(t *testing.T) {
	s := newShop(t, "")
	s.terminal.then("T00", coded("000001", func(r *fakeRecord) { r.number = "5001" }))
	s.paid(100)
	s.terminal.then("T00", unheard)
	s.person(s.sell(2865, "").ID)
}

func TestARefutedProofIsRemembered(t *testing.T) {
	s := newShop(t, "")
	s.paid(100)
	s.terminal.then("T00", takenAndCleared)
	v := s.sell(2865, "")
	s.person(v.ID)
	if code, out, errs := s.run("day", "close", "-without-terminal", "-by", "Ana"); code != 0 {
		t.Fatalf("exit %d\n%s%s", code, out, errs)
	}
	s.restart()
	s.person(v.ID)
	before := s.terminal.count("R02")
	for s.terminal.count("R02") < before+4 {
		if got := s.show(v.ID); got.State != sale.Unsure {
			t.Fatalf("it is %s (%s)", got.State, got.Words)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

func TestALostVoidThatMarkedItsOriginalIsDone(t *testing.T) {
	s := newShop(t, "")
	s.terminal.marks = true
	v := s.paid(2865)
	s.terminal.then("T00", takenSilently)
	s.back(v.ID, "void", `{"by":"Ana"}`)
	s.givenBack(v.ID, sale.MovementDone)
	if got := s.show(v.ID); got.Refundable() != 0 {
		t.Errorf("%s can be given back once more", got.Refundable())
	}
}

func TestATipBesideTheAmountIsNoPart(t *testing.T) {
	s := newShop(t, "")
	s.terminal.then("T00", approvedWith(func(r *fakeRecord) { r.amount = subs("2865", "0", "500") }))
	v := s.paid(2865)
	if v.Incident == "" || v.Tip != 500 || len(v.Refunds) != 0 || v.Due != 0 {
		t.Errorf("incident %q, tip %s, refunds %+v, due %s", v.Incident, v.Tip, v.Refunds, v.Due)
	}
}

func TestFoundIsNotPaid(t *testing.T) {
	refused := func(r *fakeRecord) { r.host = subs("05", "DECLINED") }
	s := newShop(t, "")
	s.terminal.then("T00", approvedWith(refused))
	if v := s.paid(2865); !strings.Contains(v.Incident, "DECLINED") {
		t.Errorf("incident %q", v.Incident)
	}
	s.terminal.then("T00", func(c *fakeConn, _ string, f []string) { c.ack(); c.f.approve(f, refused) })
	s.person(s.sell(700, "").ID, "DECLINED")
}

func TestAVoidOfWhatWasPartlyGivenBackIsRefused(t *testing.T) {
	s := newShop(t, "")
	v := s.paid(2865)
	s.back(v.ID, "refund", `{"amount":500,"by":"Ana"}`)
	s.givenBack(v.ID, sale.MovementDone)
	if code, text := s.post("sales/"+string(v.ID)+"/void", `{"by":"Ana"}`); code/100 == 2 {
		t.Errorf("accepted: %s", text)
	}
	for _, m := range s.terminal.money() {
		if m["type"] == "16" {
			t.Errorf("a void went out: %v", m)
		}
	}
}

func TestALateApprovalIsAnIncident(t *testing.T) {
	s := newShop(t, "")
	s.paid(100)
	late := make(chan struct{})
	s.terminal.then("T00", func(c *fakeConn, _ string, f []string) {
		go func() {
			<-late
			c.send(c.f.approve(f, nil)...)
		}()
	})
	v := s.sell(2865, "")
	s.until(v.ID, "cancelled", func(v sale.Sale) bool { return v.State == sale.Cancelled })
	close(late)
	s.until(v.ID, "an incident", func(v sale.Sale) bool { return v.Incident != "" })
}

func TestASecondVerdictIsAnIncident(t *testing.T) {
	s := newShop(t, "")
	for code, want := range map[string]sale.State{"100002": sale.Cancelled, "000100": sale.Declined} {
		s.terminal.then("T00", func(c *fakeConn, _ string, f []string) {
			c.ack()
			c.say("T01", "1.44", code, "FIRST")
			c.say(c.f.approve(f, nil)...)
			c.eot()
		})
		v := s.until(s.sell(2865, "").ID, "an incident", func(v sale.Sale) bool { return v.Incident != "" })
		if v.State != want {
			t.Errorf("after %s: %s (%s)", code, v.State, v.Words)
		}
	}
}

func TestAPersonResolvesAVoid(t *testing.T) {
	s := newShop(t, "")
	v := s.paid(2865)
	s.terminal.then("T00", takenAndCleared)
	s.back(v.ID, "void", `{"by":"Ana"}`)
	got := s.until(v.ID, "before a person", func(v sale.Sale) bool { return v.Attention != "" })
	m := got.Refunds[0]
	if !strings.Contains(got.Attention, "posd resolve "+m.ID) {
		t.Errorf("the way out is not named: %q", got.Attention)
	}
	if code, out, errs := s.run("resolve", m.ID, "-as", "done", "-reason", "on the bank's list", "-by", "Ana"); code != 0 {
		t.Fatalf("exit %d\n%s%s", code, out, errs)
	}
	s.givenBack(v.ID, sale.MovementDone)
	s.paid(300)
}

func TestAnEmptyOrUnequalBatchIsClosed(t *testing.T) {
	s := newShop(t, "")
	s.paid(100)
	s.terminal.then("B00", func(c *fakeConn, _ string, _ []string) { c.ack(); c.f.forget() })
	s.run("day", "close", "-by", "Ana")
	s.terminal.then("B00", refusedWith("100023", "NOT FOUND"))
	if code, out, errs := s.run("day", "close", "-by", "Ana"); code != 0 {
		t.Errorf("after a lost close: exit %d\n%s%s", code, out, errs)
	}
	s.paid(200)
	s.terminal.then("B00", func(c *fakeConn, _ string, _ []string) {
		c.reply("B01", "1.44", "000300", "OUT OF BALANCE", "00\x1fCLOSED\x1f\x1f\x1f\x1f5", "1=0", "200=0", "20261127120000", "77", "88")
	})
	if code, out, errs := s.run("day", "close", "-by", "Ana"); code != 0 || !strings.Contains(out, "000300") {
		t.Errorf("out of balance: exit %d\n%s%s", code, out, errs)
	}
}
