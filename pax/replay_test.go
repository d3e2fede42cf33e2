package pax_test

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"posd/device/sale"
	"posd/pax"
	"posd/pax/paxsim"
)

const transcripts = "../testdata/pax"

// TestTranscripts replays every transcript that holds conclusions: the terminal
// of the transcript says what it said, when it said it, and the box must send
// and conclude what it did. A transcript of posd's -trace dropped into the
// folder is such a test.
func TestTranscripts(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(transcripts, "*.txt"))
	if err != nil || len(files) == 0 {
		t.Fatal("no transcripts", err)
	}
	replayed := 0
	for _, file := range files {
		lines := readTranscript(t, file)
		calls := 0
		for _, l := range lines {
			if l.Kind == pax.Concluded {
				calls++
			}
		}
		if calls == 0 {
			continue // single frames: see the tests of frames and messages
		}
		replayed++
		t.Run(filepath.Base(file), func(t *testing.T) { replay(t, lines) })
	}
	if replayed == 0 {
		t.Error("no transcript holds a conclusion")
	}
}

func readTranscript(t *testing.T, file string) []pax.Line {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines, err := pax.ParseTranscript(f)
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return lines
}

func replay(t *testing.T, lines []pax.Line) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		next := 0 // shared by the connections, which follow each other
		serve := func(conn net.Conn) {
			defer conn.Close()
			p := &player{t: t, conn: conn}
			for ; next < len(lines); next++ {
				switch l := lines[next]; {
				case l.Kind == pax.Remark && l.Text == "line opened" && p.scanned:
					return // the other side opens it again
				case l.Kind == pax.Remark && l.Text == "line opened":
					p.scanned = true
				case l.Kind == pax.Received:
					time.Sleep(time.Until(start.Add(l.At)))
					conn.Write(l.Bytes)
				case l.Kind == pax.Sent:
					if got := p.raw(len(l.Bytes)); !same(got, l.Bytes) {
						t.Errorf("line %d: sent % X, the transcript has % X", next, got, l.Bytes)
						return
					}
				}
			}
			p.silence()
		}
		link := &pipeLink{serve: serve}
		box := pax.New(link, settings(t, lines), quiet)
		for _, l := range lines {
			if l.Kind != pax.Concluded {
				continue
			}
			time.Sleep(time.Until(start.Add(l.At)))
			call, want, _ := strings.Cut(l.Text, ": ")
			if got := repeat(t.Context(), t, box, call); got != want {
				t.Errorf("%s: %s, the transcript has %s", call, got, want)
			}
		}
		link.Close()
		time.Sleep(time.Hour) // the terminal says the rest to nobody
	})
}

// same compares frames; the time in a batch close is the box's clock.
func same(a, b []byte) bool {
	if closing := []byte("\x02B00\x1c"); bytes.HasPrefix(a, closing) && bytes.HasPrefix(b, closing) {
		return len(a) == len(b)
	}
	return bytes.Equal(a, b)
}

// settings is the configuration that a transcript was made with.
func settings(t *testing.T, lines []pax.Line) pax.Config {
	cfg := pax.Defaults()
	for _, l := range lines {
		words, ok := strings.CutPrefix(l.Text, "settings ")
		if l.Kind != pax.Remark || !ok {
			continue
		}
		for word := range strings.FieldsSeq(words) {
			key, value, _ := strings.Cut(word, "=")
			switch key {
			case "tender":
				cfg.Tender = value
			case "invoice":
				cfg.Invoice = value
			case "void_by_kind":
				cfg.VoidByKind = value == "true"
			case "ack_again":
				cfg.AckAgain, _ = time.ParseDuration(value)
			default:
				t.Fatalf("unknown setting %q", word)
			}
		}
	}
	return cfg
}

// repeat makes a call as a transcript notes it, and gives its result in the same form.
func repeat(ctx context.Context, t *testing.T, box *pax.Terminal, call string) string {
	or := func(s string) string {
		if s == "" {
			return "-"
		}
		return s
	}
	words := strings.Fields(call)
	word := func() string {
		if len(words) == 0 {
			t.Fatalf("%q is too short", call)
		}
		w := words[0]
		words = words[1:]
		return strings.TrimPrefix(w, "-")
	}
	cents := func() sale.Amount {
		n, err := strconv.ParseInt(word(), 10, 64)
		if err != nil {
			t.Fatalf("%q: %v", call, err)
		}
		return sale.Amount(n)
	}
	switch word() {
	case "greet":
		_, err := box.Greet(ctx)
		return fmt.Sprint(err == nil)
	case "batch":
		b := box.CloseBatch(ctx)
		return fmt.Sprintf("%s %s %d", b.End, or(b.Number), len(b.Totals))
	case "charge":
		o := sale.CardRequest{Kind: sale.CardKind(word()), Ref: word(), Amount: cents(), Tender: sale.Tender(word())}
		for len(words) > 0 {
			if word() == "again" {
				o.AllowDuplicate = true
				continue
			}
			o.Original = &sale.CardOriginal{Kind: sale.CardKind(word()), Ref: word(), Transaction: word(), Amount: cents()}
		}
		a := box.Charge(ctx, o)
		return fmt.Sprintf("%s %d", a.Verdict, a.Approved)
	case "find":
		l := sale.CardLookup{Kind: sale.CardKind(word()), Ref: word(), Amount: cents()}
		if control := word(); control != "" {
			l.Control = &sale.CardControl{Ref: control, Amount: cents()}
		}
		f := box.Find(ctx, l)
		return fmt.Sprintf("%s %s %d", or(string(f.Result)), or(string(f.Control)), len(f.Late))
	}
	t.Fatalf("unknown call %q", call)
	return ""
}

// recordings are stories at the simulator; each is kept as a transcript.
var recordings = []struct {
	name, about string
	sim         paxsim.Options
	story       func(c *counter)
	results     []string // of the calls, in order
}{
	{"recorded", "a sale, a decline, lost, late and damaged answers, a cut line, a void", paxsim.Options{Think: 3 * time.Second}, func(c *counter) {
		c.box.Greet(c.ctx)
		paid := c.box.Charge(c.ctx, saleOf(ref1, 500))
		c.fault("decline")
		c.box.Charge(c.ctx, saleOf(ref2, 700))
		c.fault("lose-answer=5s")
		c.box.Charge(c.ctx, saleOf(ref3, 900))
		c.box.Find(c.ctx, sale.CardLookup{Ref: ref3, Kind: sale.CardSale, Amount: 900})
		c.box.Find(c.ctx, sale.CardLookup{Ref: refNo(4), Kind: sale.CardSale, Amount: 900, Control: &sale.CardControl{Ref: ref3, Amount: 900}})
		c.fault("bad-lrc-once")
		c.box.Charge(c.ctx, saleOf(refNo(5), 900))
		c.fault("unplug-at=out:40")
		c.box.Charge(c.ctx, saleOf(refNo(6), 900))
		c.box.Find(c.ctx, sale.CardLookup{Ref: refNo(6), Kind: sale.CardSale, Amount: 900})
		c.fault("late-answer=200s")
		c.box.Charge(c.ctx, saleOf(refNo(7), 900))
		time.Sleep(time.Minute)
		c.box.Find(c.ctx, sale.CardLookup{Ref: refNo(7), Kind: sale.CardSale, Amount: 900})
		c.box.Charge(c.ctx, voidOf(refNo(8), paid))
	}, []string{"true", "approved 500", "declined 0", "unsure 0", "found - 0", "not-found found 0", "approved 900", "unsure 0", "found - 0", "unsure 0", "found - 1", "approved 500"}},
	{"recorded-auth", "an authorisation completed for less, one voided, one declined, a completion voided", paxsim.Options{}, func(c *counter) {
		held := c.box.Charge(c.ctx, sale.CardRequest{Kind: sale.CardAuth, Ref: ref1, Amount: 5000})
		done := c.box.Charge(c.ctx, completionOf(ref2, held, 4200))
		c.box.Charge(c.ctx, completionOf(ref3, held, 100)) // it is used
		c.box.Find(c.ctx, sale.CardLookup{Ref: ref2, Kind: sale.CardComplete, Amount: 4200})
		other := c.box.Charge(c.ctx, sale.CardRequest{Kind: sale.CardAuth, Ref: refNo(4), Amount: 300})
		c.box.Charge(c.ctx, voidOf(refNo(5), other))
		c.fault("decline")
		c.box.Charge(c.ctx, sale.CardRequest{Kind: sale.CardAuth, Ref: refNo(6), Amount: 300})
		c.box.Charge(c.ctx, voidOf(refNo(7), done))
		c.box.Find(c.ctx, sale.CardLookup{Ref: refNo(7), Kind: sale.CardVoid, Amount: 4200})
	}, []string{"approved 5000", "approved 4200", "unsure 0", "found - 0", "approved 300", "approved 300", "declined 0", "approved 4200", "found - 0"}},
	{"recorded-return", "returns by amount: approved, declined, its answer lost, to a debit card, voided", paxsim.Options{}, func(c *counter) {
		back := c.box.Charge(c.ctx, sale.CardRequest{Kind: sale.CardReturn, Ref: ref1, Amount: 700})
		c.fault("decline")
		c.box.Charge(c.ctx, sale.CardRequest{Kind: sale.CardReturn, Ref: ref2, Amount: 700})
		c.fault("lose-answer=5s")
		c.box.Charge(c.ctx, sale.CardRequest{Kind: sale.CardReturn, Ref: ref3, Amount: 800})
		c.box.Find(c.ctx, sale.CardLookup{Ref: ref3, Kind: sale.CardReturn, Amount: 800})
		c.box.Charge(c.ctx, sale.CardRequest{Kind: sale.CardReturn, Ref: refNo(4), Amount: 900, Tender: sale.Debit})
		c.box.Charge(c.ctx, voidOf(refNo(5), back))
	}, []string{"approved 700", "declined 0", "unsure 0", "found - 0", "approved 900", "approved 700"}},
	{"recorded-batch", "a batch closed, its answer lost, refused, and closed in part", paxsim.Options{}, func(c *counter) {
		debit := saleOf(ref2, 300)
		debit.Tender = sale.Debit
		c.box.Charge(c.ctx, saleOf(ref1, 500))
		c.box.Charge(c.ctx, debit)
		c.box.CloseBatch(c.ctx)
		c.fault("lose-answer=5s,B00")
		c.box.CloseBatch(c.ctx)
		c.fault("code=100008,B00")
		c.box.CloseBatch(c.ctx)
		c.fault("code=000004,B00")
		c.box.CloseBatch(c.ctx)
	}, []string{"approved 500", "approved 300", "closed 8 2", "unsure - 0", "open - 0", "unsure - 0"}},
	{"recorded-duplicate", "the terminal's duplicate check, and a person's word against it", paxsim.Options{Duplicates: true}, func(c *counter) {
		again := saleOf(ref3, 500)
		again.AllowDuplicate = true
		c.box.Charge(c.ctx, saleOf(ref1, 500))
		c.box.Charge(c.ctx, saleOf(ref2, 500))
		c.box.Charge(c.ctx, again)
	}, []string{"approved 500", "declined 0", "approved 500"}},
	{"recorded-offline", "approvals without the bank, with lost answers; uploaded, and refused at the upload", paxsim.Options{}, func(c *counter) {
		find := func(ref string) { c.box.Find(c.ctx, sale.CardLookup{Ref: ref, Kind: sale.CardSale, Amount: 500}) }
		c.fault("offline=always")
		c.box.Charge(c.ctx, saleOf(ref1, 500))
		c.fault("lose-answer=5s")
		c.box.Charge(c.ctx, saleOf(ref2, 500))
		find(ref2)
		c.sim.Upload(false)
		find(ref2)
		c.box.Charge(c.ctx, saleOf(ref3, 500))
		c.sim.Upload(true)
		find(ref3)
	}, []string{"approved 500", "unsure 0", "found - 0", "found - 0", "approved 500", "unclear - 0"}},
}

// TestTraceIsATest records stories of every kind, with faults, and replays the
// recordings.
func TestTraceIsATest(t *testing.T) {
	for _, tc := range recordings {
		t.Run(tc.name, func(t *testing.T) {
			var trace bytes.Buffer
			onCounter(t, pax.Defaults(), tc.sim, func(c *counter) {
				c.box.Trace(&trace)
				tc.story(c)
			})
			if *update {
				text := append([]byte("# Recorded from the simulator: "+tc.about+".\n"), trace.Bytes()...)
				if err := os.WriteFile(filepath.Join(transcripts, tc.name+".txt"), text, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			lines, err := pax.ParseTranscript(&trace)
			if err != nil {
				t.Fatal(err)
			}
			var results []string
			for _, l := range lines {
				if l.Kind == pax.Concluded {
					_, result, _ := strings.Cut(l.Text, ": ")
					results = append(results, result)
				}
				for _, secret := range []string{"1022", "2812", "541333"} {
					if bytes.Contains(l.Bytes, []byte(secret)) {
						t.Errorf("%s stands in %q", secret, l.Bytes)
					}
				}
			}
			if !slices.Equal(results, tc.results) {
				t.Errorf("got  %q\nwant %q", results, tc.results)
			}
			replay(t, lines)
		})
	}
}

// TestTraceHoldsNoCard puts a card everywhere a terminal might.
func TestTraceHoldsNoCard(t *testing.T) {
	const pan, expiry, holder = "4111111111111111", "1229", "DOE/JANE"
	card := strings.Join([]string{pan, "4", expiry, "", "", "", "01", holder, "", "", "0", "", "", "", "", "%B" + pan + "^" + holder + "^" + expiry, "", ""}, "\x1f")
	var trace bytes.Buffer
	play := func(p *player) {
		p.greet("0123456789")
		p.expect()
		p.say(0x34, 0x31, 0x31, 0x31, 0x31, pax.ACK) // noise that looks like a card
		p.frame("0", "A31", "1.58", "000000", "OK", pan, expiry)
		p.expect()
		p.say(pax.EOT)
		p.frame("0", "B01", "1.58", "000000", "OK "+pan, "000\x1fCLOSED "+pan, "1", "100", "20210120235905", "40880013", "1", "12", "1", pan, "TOR\x1f"+pan+"\x1f"+expiry)
		p.expect()
		p.say(pax.EOT)
		p.frame("0", "T01", "1.58", "000000", "OK "+pan, "000\x1fAPPROVED "+pan, "01", "100", card, "1\x1f"+ref1, "90210\x1f"+holder, holder, pan, "CARDHOLDER="+holder+"\x1fTRACK2="+pan+"\x1fAID=A0\x1fEXPDATE="+expiry, pan, pan)
		p.expect()
		p.say(pax.EOT)
		p.silence()
	}
	withTerminal(t, pax.Defaults(), play, func(ctx context.Context, box *pax.Terminal, link *pipeLink) {
		box.Trace(&trace)
		if a := box.Charge(ctx, saleOf(ref1, 100)); a.Verdict != sale.VerdictApproved {
			t.Errorf("got %+v", a)
		}
	})
	all := trace.String()
	lines, err := pax.ParseTranscript(&trace)
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range lines {
		for _, secret := range []string{pan, pan[:6], expiry, holder, "90210"} {
			if bytes.Contains(l.Bytes, []byte(secret)) || strings.Contains(l.Text, secret) {
				t.Errorf("%s stands in %q", secret, l.Bytes)
			}
		}
	}
	if !strings.Contains(all, "T01") || !strings.Contains(all, "A31") {
		t.Errorf("frames are missing:\n%s", all)
	}
}
