package pax_test

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
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
					if got := p.raw(len(l.Bytes)); !bytes.Equal(got, l.Bytes) {
						t.Errorf("line %d: sent % X, the transcript has % X", next, got, l.Bytes)
						return
					}
				}
			}
			p.silence()
		}
		link := &pipeLink{serve: serve}
		box := pax.New(link, pax.Defaults(), quiet)
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

// repeat makes a call as a transcript notes it, and gives its result in the same form.
func repeat(ctx context.Context, t *testing.T, box *pax.Terminal, call string) string {
	var verb, kind, ref, tender, other, number string
	var cents, otherCents int64
	dash := func(s string) string { return strings.TrimPrefix(s, "-") }
	or := func(s string) string {
		if s == "" {
			return "-"
		}
		return s
	}
	switch verb, _, _ = strings.Cut(call, " "); verb {
	case "greet":
		_, err := box.Greet(ctx)
		return fmt.Sprint(err == nil)
	case "charge":
		if _, err := fmt.Sscan(call, &verb, &kind, &ref, &cents, &tender, &other, &number); err != nil {
			t.Fatalf("%q: %v", call, err)
		}
		o := sale.CardOrder{Kind: sale.CardKind(kind), Ref: ref, Amount: sale.Amount(cents), Tender: sale.Tender(dash(tender))}
		if o.Kind == sale.CardVoid {
			o.Original = &sale.CardOriginal{Kind: sale.CardSale, Ref: other, Transaction: number, Amount: o.Amount}
		}
		a := box.Charge(ctx, o)
		return fmt.Sprintf("%s %d", a.Verdict, a.Approved)
	case "find":
		if _, err := fmt.Sscan(call, &verb, &kind, &ref, &cents, &other, &otherCents); err != nil {
			t.Fatalf("%q: %v", call, err)
		}
		l := sale.CardLookup{Ref: ref, Kind: sale.CardKind(kind), Amount: sale.Amount(cents)}
		if dash(other) != "" {
			l.Control = &sale.CardControl{Ref: other, Amount: sale.Amount(otherCents)}
		}
		f := box.Find(ctx, l)
		return fmt.Sprintf("%s %s %d", or(string(f.Result)), or(string(f.Control)), len(f.Late))
	}
	t.Fatalf("unknown call %q", call)
	return ""
}

// TestTraceIsATest records sales of every kind, with faults, and replays the
// recording.
func TestTraceIsATest(t *testing.T) {
	var trace bytes.Buffer
	onCounter(t, pax.Defaults(), paxsim.Options{Think: 3 * time.Second}, func(c *counter) {
		c.box.Trace(&trace)
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
		c.box.Charge(c.ctx, sale.CardOrder{Kind: sale.CardVoid, Ref: refNo(8), Amount: 500, Original: &sale.CardOriginal{Kind: sale.CardSale, Ref: ref1, Transaction: paid.Card.Transaction, Amount: 500}})
	})
	recorded := filepath.Join(transcripts, "recorded.txt")
	if *update {
		if err := os.WriteFile(recorded, append([]byte("# Recorded from the simulator: a sale, a decline, lost, late and damaged answers, a cut line, a void.\n"), trace.Bytes()...), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	lines, err := pax.ParseTranscript(&trace)
	if err != nil {
		t.Fatal(err)
	}
	calls := 0
	for _, l := range lines {
		if l.Kind == pax.Concluded {
			calls++
		}
		for _, secret := range []string{"1022", "541333"} {
			if bytes.Contains(l.Bytes, []byte(secret)) {
				t.Errorf("%s stands in %q", secret, l.Bytes)
			}
		}
	}
	if calls != 12 {
		t.Errorf("%d conclusions", calls)
	}
	replay(t, lines)
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
