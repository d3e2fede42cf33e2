package printer_test

import (
	"bufio"
	"context"
	"log/slog"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"posd/device/sale"
	"posd/printer"
)

// scripted is a printer that answers as a test says: reply gets every question
// (DLE EOT 1 to 4, or GS r as 0) and the time since the start.
func scripted(t *testing.T, cfg printer.Config, reply func(question byte) (answer []byte, after time.Duration), f func(t *testing.T, p *printer.Printer)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		near, far := net.Pipe()
		go func() {
			in := bufio.NewReader(far)
			var last [3]byte
			for {
				b, err := in.ReadByte()
				if err != nil {
					return
				}
				last = [3]byte{last[1], last[2], b}
				question := byte(0xFF)
				if last[0] == 0x10 && last[1] == 0x04 && b <= 4 {
					question = b
				} else if last == [3]byte{0x1D, 'r', 1} {
					question = 0
				}
				if question == 0xFF {
					continue
				}
				if answer, after := reply(question); answer != nil {
					time.AfterFunc(after, func() { far.Write(answer) })
				}
			}
		}()
		link := &pipeLink{conn: near, epoch: 1, ctx: context.Background()}
		f(t, printer.New(link, cfg, slog.New(slog.DiscardHandler)))
		near.Close()
		far.Close()
		synctest.Wait()
	})
}

func TestLateAnswerIsNotTheNextQuestions(t *testing.T) {
	// The drawer's bit in the answer to question 1 stands where question 2 says
	// "cover open".
	reply := func(q byte) ([]byte, time.Duration) {
		switch q {
		case 0:
			return []byte{0}, 0
		case 1:
			return []byte{0x16}, 600 * time.Millisecond
		}
		return []byte{0x12}, 600 * time.Millisecond
	}
	scripted(t, testConfig(), reply, func(t *testing.T, p *printer.Printer) {
		if res := p.Print(t.Context(), samples()["card-approved"]); res.State != sale.PrintDone {
			t.Errorf("%+v", res)
		}
		if s := p.Status(); s.CoverOpen {
			t.Errorf("%+v", s)
		}
	})
}

func TestAnswerWithoutPaperIsNotProof(t *testing.T) {
	// A printer that goes on without paper: it answers in sequence all the same,
	// and says nothing in real time.
	first := true
	reply := func(q byte) ([]byte, time.Duration) {
		switch {
		case q != 0:
			return []byte{0x12}, 0
		case first:
			first = false
			return []byte{0}, 0
		}
		return []byte{0x0C}, 0
	}
	scripted(t, testConfig(), reply, func(t *testing.T, p *printer.Printer) {
		res := p.Print(t.Context(), samples()["card-approved"])
		if res.State != sale.PrintFailed || !res.Maybe || !strings.Contains(res.Words, "paper out") {
			t.Errorf("%+v", res)
		}
	})
}

func TestOldAnswerIsNotTheNextReceipts(t *testing.T) {
	// The first receipt's answer comes after it was given up, just before the
	// second one's would.
	answers := 0
	reply := func(q byte) ([]byte, time.Duration) {
		if q != 0 {
			return []byte{0x12}, 0
		}
		answers++
		switch answers {
		case 1: // the question that clears the line
			return []byte{0}, 0
		case 2: // the first receipt's
			return []byte{0}, 25 * time.Second
		case 3: // cleared again, right behind it
			return []byte{0}, 5500 * time.Millisecond
		}
		return nil, 0 // the second receipt's never comes
	}
	scripted(t, testConfig(), reply, func(t *testing.T, p *printer.Printer) {
		if res := p.Print(t.Context(), samples()["card-approved"]); res.State != sale.PrintFailed || !res.Maybe {
			t.Errorf("first: %+v", res)
		}
		if res := p.Print(t.Context(), samples()["wallet-paid"]); res.State == sale.PrintDone {
			t.Errorf("second: %+v", res)
		}
	})
}

func TestPrinterWithoutGSrIsSentAfterAShortWait(t *testing.T) {
	reply := func(q byte) ([]byte, time.Duration) {
		if q == 0 {
			return nil, 0
		}
		return []byte{0x12}, 0
	}
	scripted(t, testConfig(), reply, func(t *testing.T, p *printer.Printer) {
		for i, most := range []time.Duration{25 * time.Second, 5 * time.Second} {
			began := time.Now()
			if res := p.Print(t.Context(), samples()["card-approved"]); res.State != sale.PrintSent {
				t.Errorf("%+v", res)
			}
			if took := time.Since(began); took > most {
				t.Errorf("receipt %d took %v", i+1, took)
			}
		}
	})
}

func TestStopIsObeyedBetweenPieces(t *testing.T) {
	cfg := testConfig()
	cfg.Piece, cfg.Pause = 64, 20*time.Millisecond
	opt := simOptions(cfg)
	opt.XonXoff, opt.Buffer, opt.Line = true, 512, 50*time.Millisecond
	onCounter(t, cfg, opt, func(t *testing.T, c *counter) {
		if res := c.p.Print(t.Context(), numbered(1)); res.State != sale.PrintDone {
			t.Errorf("%+v", res)
		}
		if s := c.sim.State(); s.Dropped != 0 || s.Receipts != 1 {
			t.Errorf("%+v", s)
		}
		c.sim.SetFault("xoff")
		if res := c.p.Print(t.Context(), numbered(2)); res.State != sale.PrintFailed || !res.Maybe {
			t.Errorf("%+v", res)
		}
	})
}

func TestAPrinterThatStopsAgainAndAgainEnds(t *testing.T) {
	cfg := testConfig()
	cfg.Profile = "epson-tm-t88"
	onCounter(t, cfg, simOptions(cfg), func(t *testing.T, c *counter) {
		stop := make(chan struct{})
		c.sim.SetFault("cover=5")
		go func() {
			for {
				select {
				case <-stop:
					return
				case <-time.After(10 * time.Second):
					c.sim.SetFault("cover=1") // closed, and open again a line later
				}
			}
		}()
		began := time.Now()
		res := c.p.Print(t.Context(), numbered(1))
		close(stop)
		if res.State != sale.PrintFailed || !res.Maybe || time.Since(began) > cfg.PrintLimit+3*cfg.ResumeLimit+10*time.Second {
			t.Errorf("%+v after %v", res, time.Since(began))
		}
	})
}

func TestAZeroOfADyingLineIsNotProof(t *testing.T) {
	asked, dead := 0, false
	reply := func(q byte) ([]byte, time.Duration) {
		switch {
		case dead:
			return nil, 0
		case q != 0:
			return []byte{0x12}, 0
		}
		if asked++; asked == 2 { // the receipt's own question: the power goes
			dead = true
		}
		return []byte{0}, 0
	}
	scripted(t, testConfig(), reply, func(t *testing.T, p *printer.Printer) {
		if res := p.Print(t.Context(), samples()["card-approved"]); res.State != sale.PrintFailed || !res.Maybe {
			t.Errorf("%+v", res)
		}
	})
}

func TestPrinterThatAnswersOnlyInSequenceIsBelieved(t *testing.T) {
	reply := func(q byte) ([]byte, time.Duration) {
		if q != 0 {
			return nil, 0
		}
		return []byte{0}, 300 * time.Millisecond
	}
	scripted(t, testConfig(), reply, func(t *testing.T, p *printer.Printer) {
		for range 3 {
			if res := p.Print(t.Context(), samples()["card-approved"]); res.State != sale.PrintDone {
				t.Errorf("%+v", res)
			}
		}
	})
}
