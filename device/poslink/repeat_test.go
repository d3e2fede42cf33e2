package poslink

import (
	"bytes"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"posd/device/sale"
	"posd/pax"
)

// register is the far end of a connection, written from the protocol's sheet.
type register struct {
	t    *testing.T
	conn net.Conn
	in   chan byte // what it received; closed at the end
}

// connect dials as a register; what it is sent is read at once, as a network stack does.
func connect(t *testing.T, s *Server, ip string) register {
	r := register{t, dial(s, ip), make(chan byte, 1<<16)}
	go func() {
		defer close(r.in)
		var buf [1024]byte
		for {
			n, err := r.conn.Read(buf[:])
			for _, b := range buf[:n] {
				r.in <- b
			}
			if err != nil {
				return
			}
		}
	}()
	return r
}

func (r register) send(frame []byte) {
	r.t.Helper()
	if _, err := r.conn.Write(frame); err != nil {
		r.t.Fatalf("send: %v", err)
	}
}

// byteWithin reads one byte.
func (r register) byteWithin(d time.Duration) (byte, bool) {
	select {
	case b, ok := <-r.in:
		return b, ok
	case <-time.After(d):
		return 0, false
	}
}

// answer reads ACK and then a frame, and returns its fields.
func (r register) answer() []string {
	r.t.Helper()
	if b, ok := r.byteWithin(time.Second); !ok || b != pax.ACK {
		r.t.Fatalf("got %x, %v where ACK was due", b, ok)
	}
	return r.frame()
}

func (r register) frame() []string {
	r.t.Helper()
	var body []byte
	for {
		b, ok := r.byteWithin(10 * time.Minute)
		if !ok {
			r.t.Fatalf("got %q where a frame was due", body)
		}
		if body = append(body, b); len(body) > 2 && body[len(body)-2] == pax.ETX {
			break
		}
	}
	n := len(body)
	if body[0] != pax.STX || pax.LRC(body[1:n-1]) != body[n-1] {
		r.t.Fatalf("%q is no frame", body)
	}
	return strings.Split(string(body[1:n-2]), "\x1c")
}

func (r register) ack() {
	r.t.Helper()
	r.send([]byte{pax.ACK})
	if b, ok := r.byteWithin(time.Second); !ok || b != pax.EOT {
		r.t.Fatalf("got %x, %v where EOT was due", b, ok)
	}
}

// within runs f against a fresh server and counter in virtual time.
func within(t *testing.T, cfg Config, f func(t *testing.T, s *Server, c *counter)) {
	synctest.Test(t, func(t *testing.T) {
		c := newCounter()
		s, stop := box(t, c, cfg)
		defer stop()
		f(t, s, c)
	})
}

// sell does one whole sale and returns the code that the register heard.
func sell(t *testing.T, s *Server, c *counter, frame []byte, end sale.State) string {
	t.Helper()
	r := connect(t, s, "127.0.0.1")
	r.send(frame)
	c.end(<-c.begun, end)
	code := r.answer()[3]
	r.ack()
	return code
}

func TestAnEqualSaleAfterADeliveredOneIsANewOne(t *testing.T) {
	within(t, Defaults(), func(t *testing.T, s *Server, c *counter) {
		frame := saleFrame("350", "1")
		for range 2 { // two equal coffees, under the reference that this register always sends
			if code := sell(t, s, c, frame, sale.Paid); code != codeOK {
				t.Fatalf("code %s", code)
			}
		}
		if n := c.captured(); n != 2 {
			t.Errorf("%d sales captured, 2 were sold", n)
		}
	})
}

func TestARepeatWhileTheSaleRunsIsAttached(t *testing.T) {
	within(t, Defaults(), func(t *testing.T, s *Server, c *counter) {
		frame := saleFrame("350", "1")
		first := connect(t, s, "127.0.0.1")
		first.send(frame)
		id := <-c.begun
		if b, _ := first.byteWithin(time.Second); b != pax.ACK {
			t.Fatal("no ACK")
		}
		first.conn.Close() // gave up waiting, and asks again on another connection
		second := connect(t, s, "127.0.0.1")
		second.send(frame)
		synctest.Wait()
		go func() { time.Sleep(time.Minute); c.end(id, sale.Paid) }()
		if got := second.answer(); got[3] != codeOK {
			t.Errorf("code %s", got[3])
		}
		second.ack()
		if len(c.sales) != 1 {
			t.Errorf("%d sales begun, want the one", len(c.sales))
		}
	})
}

func TestAnAnswerThatDidNotArriveIsGivenAgain(t *testing.T) {
	for name, restart := range map[string]bool{"in the same run": false, "after a restart": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, frame := newCounter(), saleFrame("350", "1")
				s, stop := box(t, c, Defaults())
				r := connect(t, s, "127.0.0.1")
				r.send(frame)
				r.byteWithin(time.Second) // ACK
				r.conn.Close()            // the cable is out
				c.end(<-c.begun, sale.Paid)
				synctest.Wait()
				if restart {
					stop()
					s, stop = box(t, c, Defaults())
				}
				again := connect(t, s, "127.0.0.1")
				again.send(frame)
				if got := again.answer(); got[3] != codeOK {
					t.Errorf("code %s", got[3])
				}
				again.ack()
				if n := c.captured(); n != 1 {
					t.Errorf("%d sales captured, want 1", n)
				}
				if code := sell(t, s, c, frame, sale.Paid); code != codeOK || c.captured() != 2 {
					t.Errorf("the next customer's equal sale: code %s, %d captured", code, c.captured())
				}
				stop()
			})
		})
	}
}

func TestAnAnswerNobodyAskedForAgainIsNotTheNextCustomers(t *testing.T) {
	for name, restart := range map[string]bool{"in the same run": false, "after a restart": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, frame := newCounter(), saleFrame("350", "1")
				s, stop := box(t, c, Defaults())
				r := connect(t, s, "127.0.0.1")
				r.send(frame)
				r.byteWithin(time.Second)
				r.conn.Close()
				c.end(<-c.begun, sale.Paid)
				time.Sleep(Defaults().RepeatFor + time.Second)
				synctest.Wait()
				if restart {
					stop()
					s, stop = box(t, c, Defaults())
				}
				if code := sell(t, s, c, frame, sale.Paid); code != codeOK || c.captured() != 2 {
					t.Errorf("code %s, %d captured: the second customer did not pay", code, c.captured())
				}
				stop()
			})
		})
	}
}

func TestAnUnsureSaleIsHeldThenToldAndNeverDoubled(t *testing.T) {
	within(t, Defaults(), func(t *testing.T, s *Server, c *counter) {
		frame := saleFrame("350", "1")
		r := connect(t, s, "127.0.0.1")
		r.send(frame)
		id := <-c.begun
		c.end(id, sale.Unsure)
		began := time.Now()
		got := r.answer()
		if got[3] != codeNoAnswer || !strings.Contains(got[4], "CHECK TERMINAL") {
			t.Errorf("told %s %q", got[3], got[4])
		}
		if held := time.Since(began); held < Defaults().HoldFor {
			t.Errorf("told after %s, want at least %s", held, Defaults().HoldFor)
		}
		r.ack()
		again := connect(t, s, "127.0.0.1")
		again.send(frame)
		go func() { time.Sleep(time.Minute); c.end(id, sale.Paid) }()
		if got := again.answer(); got[3] != codeOK {
			t.Errorf("once it is known the register hears %s", got[3])
		}
		again.ack()
		if len(c.sales) != 1 {
			t.Errorf("%d sales begun, want 1", len(c.sales))
		}
	})
}

func TestAnotherFrameWhileASaleWaitsIsBusy(t *testing.T) {
	within(t, Defaults(), func(t *testing.T, s *Server, c *counter) {
		r := connect(t, s, "127.0.0.1")
		r.send(saleFrame("350", "1"))
		id := <-c.begun
		other := connect(t, s, "192.0.2.7")
		other.send(saleFrame("900", "2"))
		if got := other.answer(); got[3] != codeRefused || !strings.Contains(got[4], "BUSY") {
			t.Errorf("told %s %q", got[3], got[4])
		}
		other.ack()
		c.end(id, sale.Declined)
		if got := r.answer(); got[3] != codeDeclined {
			t.Errorf("the sale under way ended %s", got[3])
		}
		r.ack()
		if code := sell(t, s, c, saleFrame("350", "1"), sale.Paid); code != codeOK {
			t.Errorf("after a decline the same frame is a new sale; told %s", code)
		}
	})
}

func TestABillThatIsPaidIsADuplicateWhereReferencesAreBills(t *testing.T) {
	cfg := Defaults()
	cfg.Reference = referenceBill
	within(t, cfg, func(t *testing.T, s *Server, c *counter) {
		sell(t, s, c, saleFrame("350", "BILL-7"), sale.Paid)
		r := connect(t, s, "127.0.0.1")
		r.send(saleFrame("350", "BILL-7"))
		if got := r.answer(); got[3] != codeDuplicate || c.captured() != 1 {
			t.Errorf("told %s, %d captured", got[3], c.captured())
		}
		r.ack()
		again := pax.AppendFrame(nil, "T00", "1.35", typeSale, "350", "\x1f\x1f\x1f\x1f\x1f1", "BILL-7", "", "", "", "", "")
		if code := sell(t, s, c, again, sale.Paid); code != codeOK || c.captured() != 2 {
			t.Errorf("a cashier who means it is told %s, %d captured", code, c.captured())
		}
	})
}

func TestCancelOnASecondConnection(t *testing.T) {
	within(t, Defaults(), func(t *testing.T, s *Server, c *counter) {
		r := connect(t, s, "127.0.0.1")
		r.send(saleFrame("350", "1"))
		<-c.begun
		synctest.Wait()
		stop := connect(t, s, "127.0.0.1")
		stop.send(pax.AppendFrame(nil, "A14", "1.35"))
		if b, ok := stop.byteWithin(time.Second); !ok || b != pax.EOT {
			t.Errorf("A14 answered by %x, want EOT alone", b)
		}
		if got := r.answer(); got[3] != codeAborted {
			t.Errorf("the sale ended %s, want aborted", got[3])
		}
		r.ack()
		foreign := connect(t, s, "192.0.2.7")
		foreign.send(pax.AppendFrame(nil, "A14", "1.35"))
		if foreign.byteWithin(time.Second); c.cancels != 1 {
			t.Errorf("%d cancels, want one: another register's A14 is not about this sale", c.cancels)
		}
	})
}

func TestTheSameFrameOnOneConnectionGetsTheSameAnswer(t *testing.T) {
	within(t, Defaults(), func(t *testing.T, s *Server, c *counter) {
		frame := saleFrame("350", "1")
		r := connect(t, s, "127.0.0.1")
		r.send(frame)
		c.end(<-c.begun, sale.Paid)
		first := r.answer()
		r.send(frame) // lost the answer, and asks again
		if b := r.frame(); strings.Join(b, "|") != strings.Join(first, "|") {
			t.Errorf("another answer: %q", b)
		}
		r.ack()
		if len(c.sales) != 1 {
			t.Errorf("%d sales", len(c.sales))
		}
	})
}

func TestVoidByTransactionNumberAndByHostReference(t *testing.T) {
	within(t, Defaults(), func(t *testing.T, s *Server, c *counter) {
		sell(t, s, c, saleFrame("350", "1"), sale.Paid)
		void := pax.AppendFrame(nil, "T00", "1.35", typeVoid, "", "", "2\x1f\x1f\x1f1", "", "", "", "", "")
		r := connect(t, s, "127.0.0.1")
		r.send(void)
		got := r.answer()
		if got[3] != codeOK || !strings.HasPrefix(got[7], "350\x1f") {
			t.Errorf("void answered %s, amounts %q", got[3], got[7])
		}
		r.ack()
		missing := pax.AppendFrame(nil, "T00", "1.35", typeVoid, "", "", "3\x1f\x1f\x1f77", "", "", "", "", "")
		r = connect(t, s, "127.0.0.1")
		r.send(missing)
		if got := r.answer(); got[3] != codeNotFound || !strings.Contains(got[4], "ABORTED") {
			t.Errorf("void of an unknown sale answered %s %q", got[3], got[4])
		}
		r.ack()
	})
}

func TestDetailIsNeverNotFoundWhileItIsNotKnown(t *testing.T) {
	within(t, Defaults(), func(t *testing.T, s *Server, c *counter) {
		ask := func(ref string) []string {
			r := connect(t, s, "127.0.0.1")
			r.send(pax.AppendFrame(nil, "R02", "1.35", "00", "", "", "", "", "", ref, ""))
			got := r.answer()
			r.ack()
			return got
		}
		if got := ask("7"); got[3] != codeNotFound {
			t.Errorf("never heard of: %s", got[3])
		}
		r := connect(t, s, "127.0.0.1")
		r.send(saleFrame("350", "7"))
		id := <-c.begun
		synctest.Wait()
		c.end(id, sale.Unsure)
		if got := ask("7"); got[3] == codeNotFound || got[3] == codeOK {
			t.Errorf("not known yet: %s", got[3])
		}
		c.end(id, sale.Paid)
		r.answer()
		r.ack()
		if got := ask("7"); got[3] != codeOK || !bytes.HasPrefix([]byte(got[11]), []byte("350\x1f")) {
			t.Errorf("paid: %q", got)
		}
	})
}

// A repeat that comes after posd was killed asks under the key of before. If its key
// cannot be looked up nothing is known, and least of all that nothing was begun.
func TestAJournalThatCannotBeReadLosesNoPayment(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCounter()
		s, stop := box(t, c, Defaults())
		frame := saleFrame("350", "1")
		ask := func() (code string) {
			r := connect(t, s, "127.0.0.1")
			defer r.conn.Close()
			r.send(frame)
			if code = r.answer()[3]; code != codeNoAnswer {
				r.ack()
			}
			return code
		}
		lost := connect(t, s, "127.0.0.1")
		lost.send(frame)
		id := <-c.begun
		lost.conn.Close()
		stop()
		c.end(id, sale.Paid)
		s, stop = box(t, c, Defaults())
		defer func() { stop() }()
		c.unread = &sale.Refusal{Kind: sale.ErrUnavailable, Words: "the journal cannot be read"}
		if code := ask(); code != codeNoAnswer {
			t.Errorf("of a sale that is paid the register heard %s", code)
		}
		c.unread = nil
		if code := ask(); code != codeOK || c.captured() != 1 {
			t.Errorf("asked again: %s, %d sales captured", code, c.captured())
		}
	})
}

// posd was killed between noting a transaction and asking for it. The same frame of a
// customer long afterwards begins it, once.
func TestATransactionThatWasNotedAndNotBegunIsBegunOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCounter()
		s, stop := box(t, c, Defaults())
		frame := saleFrame("350", "1")
		x, _, err := s.desk.take("127.0.0.1", frame[1:len(frame)-2], "1")
		if err != nil || x.Sale != "" {
			t.Fatalf("%+v, %v", x, err)
		}
		stop()
		s, stop = box(t, c, Defaults())
		defer func() { stop() }()
		time.Sleep(Defaults().RepeatFor + time.Minute)
		if code := sell(t, s, c, frame, sale.Paid); code != codeOK || len(c.sales) != 1 {
			t.Errorf("heard %s, and %d sales were begun", code, len(c.sales))
		}
	})
}
