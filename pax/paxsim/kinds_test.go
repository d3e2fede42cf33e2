package paxsim

import (
	"context"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"posd/pax"
)

// original is a request about an earlier transaction, by its number.
func original(command, kind, cents, ref, number string) []string {
	return []string{command, "1.43", kind, cents, "", ref + us + us + us + number}
}

func lookUp(ref string) []string {
	return []string{"R02", "1.43", "00", "", "", "", "", "", ref}
}

// TestAuthorisationIsUsedOnce: it is completed or voided, once, and only what was
// completed is settled.
func TestAuthorisationIsUsedOnce(t *testing.T) {
	on(t, Options{}, func(c *client, sim *Terminal) {
		for _, step := range []struct {
			ask  []string
			code string
			text string
		}{
			{[]string{"T00", "1.43", "03", "5000", "", "A1"}, "000000", "OK"},                      // 1
			{original("T00", "04", "100", "X1", "7"), "100023", "NOT FOUND"},                       // unknown
			{original("T02", "04", "100", "X1", "1"), "100023", "NOT FOUND"},                       // other rails
			{original("T00", "04", "0", "X1", "1"), "100003", "AMOUNT INVALID"},                    //
			{original("T00", "04", "4200", "C1", "1"), "000000", "OK"},                             // 2
			{original("T00", "04", "4200", "C2", "1"), "100021", "ALREADY COMPLETED"},              //
			{original("T00", "16", "", "V1", "1"), "100021", "ALREADY COMPLETED"},                  //
			{[]string{"T00", "1.43", "03", "900", "", "A2"}, "000000", "OK"},                       // 3
			{original("T00", "19", "", "V2", "3"), "000000", "OK"},                                 // 4
			{original("T00", "04", "100", "C3", "3"), "100021", "ALREADY VOIDED"},                  //
			{original("T00", "04", "100", "C4", "2"), "100023", "NOT FOUND"},                       // a completion is none
			{[]string{"T00", "1.43", "03", "700", "", "A3"}, "000000", "OK"},                       // 5, stays open
			{[]string{"T02", "1.43", "02", "300", "", "R1"}, "000000", "OK"},                       // 6, by amount
			{[]string{"T00", "1.43", "02", "150", "", "R2"}, "000000", "OK"},                       // 7
			{[]string{"B00", "1.43", "20210120235900"}, "000000", "OK"},                            //
			{original("T00", "04", "100", "C5", "5"), "100023", "NOT FOUND"},                       // gone with the batch
			{[]string{"T00", "1.43", "09", "100", "", "X2"}, "100004", "TRANS TYPE NOT SUPPORTED"}, //
		} {
			got := c.ask(step.ask...)
			if got[3] != step.code || got[4] != step.text {
				c.Errorf("%q: %q", step.ask, got[3:5])
			}
			if step.ask[0] == "B00" && (got[6] != "2=1=0=0=0=0=0" || got[7] != "4050=-300=0=0=0=0=0") {
				c.Errorf("totals %q %q", got[6], got[7])
			}
		}
	})
}

// TestVoidTypes: 16 takes anything, 17 to 20 take their own, nothing takes a void.
func TestVoidTypes(t *testing.T) {
	for kind, takes := range map[string]string{"16": "01 02 03 04", "17": "01", "18": "02", "19": "03", "20": "04"} {
		for _, of := range []string{"01", "02", "03", "04"} {
			on(t, Options{}, func(c *client, sim *Terminal) {
				number := "1"
				if of == "04" {
					c.ask("T00", "1.43", "03", "900", "", "A1")
					c.ask(original("T00", "04", "500", "S1", "1")...)
					number = "2"
				} else {
					c.ask("T00", "1.43", of, "500", "", "S1")
				}
				want := "100023"
				if strings.Contains(takes, of) {
					want = "000000"
				}
				got := c.ask(original("T00", kind, "", "V1", number)...)
				if got[3] != want || want == "000000" && (got[6] != kind || !strings.HasPrefix(got[7], "500"+us)) {
					c.Errorf("%s of %s: %q", kind, of, got)
				}
				if want != "000000" {
					return
				}
				if got := c.ask(lookUp("S1")...); got[9] != kind || got[10] != of {
					c.Errorf("%s of %s, what it voided: %q", kind, of, got[9:11])
				}
				if got := c.ask(lookUp("V1")...); got[9] != kind || got[10] != of {
					c.Errorf("%s of %s, itself: %q", kind, of, got[9:11])
				}
				if got := c.ask(original("T00", "16", "", "V2", string('1'+number[0]-'0'))...); got[3] != "100023" {
					c.Errorf("a void of a void: %q", got[3:5])
				}
			})
		}
	}
}

func TestVoidedCanBeKeptOrGone(t *testing.T) {
	for shown, want := range map[string][2]string{"marked": {"000000", "16"}, "kept": {"000000", "01"}, "gone": {"100023", ""}} {
		on(t, Options{Voided: shown}, func(c *client, sim *Terminal) {
			c.ask(sale("R1", "100")...)
			c.ask(original("T00", "16", "", "V1", "1")...)
			got := c.ask(lookUp("R1")...)
			if got[3] != want[0] || want[1] != "" && got[9] != want[1] {
				c.Errorf("%s: %q", shown, got)
			}
		})
	}
}

// TestOfflineWaitsForItsUpload: what was approved without the host outlives the
// batch, and counts once the host took it.
func TestOfflineWaitsForItsUpload(t *testing.T) {
	for _, tc := range []struct {
		stored         string
		refused        bool
		before, after  string // transaction numbers in R03, or nothing
		totals, remain string
	}{
		{"numbered", false, "5001", "1", "100=0=0=0=0=0=0", ""},
		{"numbered", true, "5001", "9001", "0=0=0=0=0=0=0", "failed"},
		{"plain", false, "1", "1", "100=0=0=0=0=0=0", ""},
		{"plain", true, "1", "", "0=0=0=0=0=0=0", "failed"},
		{"hidden", false, "", "1", "100=0=0=0=0=0=0", ""},
	} {
		on(t, Options{Stored: tc.stored}, func(c *client, sim *Terminal) {
			if err := sim.SetFault("offline"); err != nil {
				c.Fatal(err)
			}
			if got := c.ask(sale("R1", "100")...); got[3] != "000001" {
				c.Errorf("sale: %q", got)
			}
			number := func(want string) {
				c.Helper()
				got := c.ask(lookUp("R1")...)
				if want == "" {
					if got[3] != "100023" {
						c.Errorf("%+v: found %q", tc, got)
					}
					return
				}
				if got[3] != "000000" || !strings.HasPrefix(got[13], want+us) {
					c.Errorf("%+v: %q, want number %s", tc, got, want)
				}
			}
			number(tc.before)
			if got := c.ask("B00", "1.43"); got[7] != "0=0=0=0=0=0=0" || len(sim.State().Records) != 1 || sim.State().Records[0].Stored != "offline" {
				c.Errorf("settled before its upload: %q, %+v", got, sim.State().Records)
			}
			if n := sim.Upload(tc.refused); n != 1 {
				c.Errorf("%d were uploaded", n)
			}
			number(tc.after)
			if records := sim.State().Records; len(records) != 1 || records[0].Stored != tc.remain {
				c.Errorf("%+v", records)
			}
			if got := c.ask("B00", "1.43"); got[7] != tc.totals {
				c.Errorf("%+v: totals %q", tc, got[7])
			}
			if n := sim.Upload(false); n != 0 {
				c.Errorf("%d were uploaded twice", n)
			}
		})
	}
}

func TestReferencesAreCompared(t *testing.T) {
	on(t, Options{DuplicateRefs: true}, func(c *client, sim *Terminal) {
		c.ask(sale("R1", "100")...)
		if got := c.ask(sale("R1", "900")...); got[3] != "100011" || !strings.HasPrefix(got[7], "100"+us) {
			c.Errorf("got %q", got)
		}
		if got := c.ask("T00", "1.43", "01", "900", us+us+us+us+us+"1", "R1"); got[3] != "000000" {
			c.Errorf("override: %q", got)
		}
	})
}

// TestLineBreaksInsideARequest: nothing after the byte is heard, and a request
// that came whole is done.
func TestLineBreaksInsideARequest(t *testing.T) {
	request := pax.AppendFrame(nil, sale("R1", "100")...)
	for after := range len(request) + 2 {
		on(t, Options{}, func(c *client, sim *Terminal) {
			c.ask("A00", "1.43")
			if err := sim.SetFault("unplug-at=in:" + strconv.Itoa(after)); err != nil {
				c.Fatal(err)
			}
			c.Write(request)
			answered := c.token(time.Minute).Kind != pax.TokenNone
			if c.token(time.Minute); answered {
				c.Write([]byte("xxx")) // instead of an ACK
			}
			time.Sleep(time.Minute)
			want := 0
			if after >= len(request) {
				want = 1
			}
			if got := sim.State(); answered != (want == 1) || got.Approvals["R1"] != want || len(got.Faults) != 0 {
				c.Errorf("cut after %d of %d: %d approvals, faults %v", after, len(request), got.Approvals["R1"], got.Faults)
			}
		})
	}
}

func TestGluedAndSplitAnswers(t *testing.T) {
	on(t, Options{}, func(c *client, sim *Terminal) {
		if err := sim.SetFault("glued"); err != nil {
			c.Fatal(err)
		}
		c.Write(pax.AppendFrame(nil, sale("R1", "100")...))
		buf := make([]byte, 2048)
		n, _ := c.Read(buf)
		if buf[0] != pax.ACK || buf[1] != pax.STX || buf[n-2] != pax.ETX {
			c.Errorf("not in one piece: % X", buf[:n])
		}
		c.Write([]byte{pax.ACK})
		c.control(pax.EOT)
		if err := sim.SetFault("split=R02"); err != nil {
			c.Fatal(err)
		}
		c.Write(pax.AppendFrame(nil, lookUp("R1")...))
		c.control(pax.ACK)
		if n, _ := c.Read(buf); n != 1 {
			c.Errorf("%d bytes at once", n)
		}
		c.scan.Next(buf[:1])
		if got := c.answer(); got[1] != "R03" {
			c.Errorf("got %q", got)
		}
	})
}

func TestAfterACardWasRead(t *testing.T) {
	on(t, Options{}, func(c *client, sim *Terminal) {
		if err := sim.SetFault("code-after-card=101401"); err != nil {
			c.Fatal(err)
		}
		got := c.ask(sale("R1", "100")...)
		if got[3] != "101401" || got[5] != "" || got[6] != "01" || !strings.HasPrefix(got[8], "1166"+us) || !strings.HasPrefix(got[9], us+"R1") || !strings.Contains(got[13], "AID=") {
			c.Errorf("got %q", got)
		}
		if len(sim.State().Records) != 0 {
			c.Error("it was kept")
		}
	})
}

// TestTooLateForA14: the host is asked.
func TestTooLateForA14(t *testing.T) {
	on(t, Options{Think: time.Second, Host: 5 * time.Second}, func(c *client, sim *Terminal) {
		c.Write(pax.AppendFrame(nil, sale("R1", "100")...))
		c.control(pax.ACK)
		time.Sleep(2 * time.Second)
		if got := c.ask("A14", "1.43"); got[1] != "A15" {
			c.Errorf("got %q", got)
		}
		if got := c.answer(); got[3] != "000000" {
			c.Errorf("got %q", got)
		}
	})
}

// TestA14HasAPortOfItsOwn: it takes nothing else, and cancels what runs on another.
func TestA14HasAPortOfItsOwn(t *testing.T) {
	on(t, Options{Think: time.Minute, Cancel: "deaf"}, func(c *client, sim *Terminal) {
		near, far := net.Pipe()
		ctx, stop := context.WithCancel(c.Context())
		done := make(chan error)
		go func() { done <- sim.ServeCancel(ctx, far) }()
		beside := &client{T: c.T, Conn: near}
		beside.Write(pax.AppendFrame(nil, "A00", "1.43"))
		if tok := beside.token(5 * time.Second); tok.Kind != pax.TokenNone {
			c.Errorf("A00 is answered by %v", tok)
		}
		c.Write(pax.AppendFrame(nil, sale("R1", "100")...))
		c.control(pax.ACK)
		c.Write(pax.AppendFrame(nil, "A14", "1.43"))
		if tok := c.token(5 * time.Second); tok.Kind != pax.TokenNone {
			c.Errorf("A14 is heard on the sale's connection: %v", tok)
		}
		if got := beside.ask("A14", "1.43"); got[1] != "A15" {
			c.Errorf("got %q", got)
		}
		if got := c.answer(); got[3] != "100002" {
			c.Errorf("got %q", got)
		}
		stop()
		if err := <-done; err != nil {
			c.Error(err)
		}
	})
}
