package pax

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"posd/device/sale"
)

func body(t testing.TB, f []byte) []byte {
	t.Helper()
	var s Scanner
	tok, _ := s.Next(f)
	if tok.Kind != TokenFrame {
		t.Fatalf("no frame: % X", f)
	}
	return tok.Body
}

func TestRequestsAreThoseOfTheVectors(t *testing.T) {
	c := frames(t, "constructed.txt")
	for _, tc := range []struct {
		name      string
		got, want []byte
	}{
		{"C1", requestInitialize("1.43"), c["C1"]},
		{"C3", requestPayment("1.43", payment{Command: cmdCredit, Type: typeSale, Amount: 2865, Ref: "P1-000123", Invoice: "724172"}), c["C3"]},
		{"C10", requestPayment("1.43", payment{Command: cmdCredit, Type: typeVoid, Ref: "P1-000126", Transaction: "12"}), c["C10"]},
		{"C11", requestCancel("1.43"), c["C11"]},
		{"C13", requestReset("1.43"), c["C13"]},
		{"C15", requestBatchClose("1.43", "20210120235900"), c["C15"]},
		{"C17", requestDetail("1.43", "P1-000123"), c["C17"]},
		{"duplicates allowed", requestPayment("1.43", payment{Command: cmdCredit, Type: typeSale, Amount: 2865, Ref: "R", Again: true}), AppendFrame(nil, "T00", "1.43", "01", "2865", "\x1f\x1f\x1f\x1f\x1f1", "R", "", "", "", "", "")},
		{"duplicates allowed, debit", requestPayment("1.43", payment{Command: cmdDebit, Type: typeReturn, Amount: 2865, Ref: "R", Again: true}), AppendFrame(nil, "T02", "1.43", "02", "2865", "\x1f\x1f\x1f\x1f\x1f1", "R", "", "")},
		{"completion", requestPayment("1.43", payment{Command: cmdCredit, Type: typeComplete, Amount: 450, Ref: "R", Transaction: "5"}), AppendFrame(nil, "T00", "1.43", "04", "450", "", "R\x1f\x1f\x1f5", "", "", "", "", "")},
		{"a tip asked on the screen", requestPayment("1.35", payment{Command: cmdCredit, Type: typeSale, Amount: 1000, Ref: "777", AskTip: "1", Again: true}),
			[]byte("\x02T00\x1c1.35\x1c01\x1c1000\x1c\x1f\x1f\x1f\x1f\x1f1\x1c777\x1c\x1c\x1c\x1c\x1cTIPREQ=1\x03\x50")},
		{"a tip asked on the screen, debit", requestPayment("1.35", payment{Command: cmdDebit, Type: typeSale, Amount: 1000, Ref: "777", AskTip: "0"}), AppendFrame(nil, "T02", "1.35", "01", "1000", "", "777", "", "TIPREQ=0")},
		{"a tip chosen already", requestPayment("1.43", payment{Command: cmdCredit, Type: typeSale, Amount: 1000, Tip: 150, Ref: "R"}), AppendFrame(nil, "T00", "1.43", "01", "1000\x1f150", "", "R", "", "", "", "", "")},
		{"debit", requestPayment("1.43", payment{Command: cmdDebit, Type: typeSale, Amount: 100, Ref: "R"}), AppendFrame(nil, "T02", "1.43", "01", "100", "", "R", "", "")},
	} {
		if !bytes.Equal(tc.got, tc.want) {
			t.Errorf("%s\n got %q\nwant %q", tc.name, tc.got, tc.want)
		}
	}
	for ref, trap := range frames(t, "lrc.txt") {
		ref, _, _ = strings.Cut(ref, ":")
		// The vectors end after the trace group; what is missing is empty.
		want := AppendFrame(nil, append(strings.Split(string(body(t, trap)), string(FS)), "", "", "", "", "")...)
		if got := requestPayment("1.43", payment{Command: cmdCredit, Type: typeSale, Amount: 100, Ref: ref}); !bytes.Equal(got, want) {
			t.Errorf("%s: got %q, want %q", ref, got, want)
		}
	}
}

// sampleConfig is what no field of the terminal's carries in the gateway's sample.
func sampleConfig() ExtraConfig {
	c := Defaults().Extra
	c.TerminalNumber, c.BankTerminalNumber = "25957", "40880013"
	c.ApprovedText, c.IssuerCode, c.ThanksText = "Approved", "00", "Thank You"
	c.ComposeCVM = true
	return c
}

// sampleExtra is the gateway's own sample without its three empty keys.
const sampleExtra = `{"cardType":"M","cardNum":"XXXXXXXXXXXX1166","expireDate":"1022","emvLabel":"MASTERCARD","emvAID":"A0000000041010","emvTVR":"0000008000","emvTSI":"0000","emvTC":"ARQC: 3D36ACBD44BE512B","termNum":"25957","bankTermNum":"40880013","termInvoiceNum":"724172","seqNum":"000001000061","authNum":"01046Z","batchNum":"0008","trxMethod":"T","receiptDisp":"000 Approved 00 Thank You","timeStamp":"20210120-19402057","langCode":"E","trxDate":"01202021","trxTime":"164033","cvmResults":"1F0302","trxCode":"00"}`

func TestExtraIsTheGatewaysSample(t *testing.T) {
	c := frames(t, "constructed.txt")
	now := time.Date(2021, 1, 20, 19, 40, 20, 570_000_000, time.UTC)
	rd := reader{extra: sampleConfig(), now: now}
	r, err := parseReply(body(t, c["C4"]))
	if err != nil {
		t.Fatal(err)
	}
	a := rd.payment(r)
	if got := a.Extra.Reveal(); got != sampleExtra || a.ExtraErr != "" {
		t.Errorf("from T01\n got %s\nwant %s", got, sampleExtra)
	}
	r, err = parseReply(body(t, c["C18"]))
	if err != nil {
		t.Fatal(err)
	}
	l := rd.record(r, sought{ref: "P1-000123", kind: sale.CardSale, amount: 2865})
	if got := l.answer.Extra.Reveal(); l.found != sale.FoundIt || got != sampleExtra {
		t.Errorf("from R03: %s\n got %s\nwant %s", l.found, got, sampleExtra)
	}
}

// TestVectorsMeanWhatTheySay reads every constructed and observed answer.
func TestVectorsMeanWhatTheySay(t *testing.T) {
	c := frames(t, "constructed.txt")
	for title, f := range frames(t, "observed.txt") {
		c[title] = f
	}
	rd := reader{extra: Defaults().Extra, now: time.Now()}
	for _, tc := range []struct {
		frame   string
		asked   sale.CardRequest
		verdict sale.Verdict
		reason  sale.Reason
		words   string
	}{
		{"C4", saleAsked("P1-000123", 2865), sale.VerdictApproved, "", "APPROVED (000)"},
		{"C4", saleAsked("P1-000124", 2865), sale.VerdictUnsure, "", "APPROVED (000) but it names the reference P1-000123"},
		{"C4", sale.CardRequest{Kind: sale.CardVoid, Ref: "P1-000123", Amount: 2865}, sale.VerdictUnsure, "", "APPROVED (000) but it calls it a sale"},
		{"C5", saleAsked("P1-000124", 2865), sale.VerdictDeclined, sale.ReasonIssuer, "DECLINED (051)"},
		{"C6", saleAsked("P1-000123", 2865), sale.VerdictApproved, "", "DUP TRANSACTION (100011)"},
		{"C6", saleAsked("P1-000999", 2865), sale.VerdictDeclined, sale.ReasonDuplicateOf, "DUP TRANSACTION (100011) of reference P1-000123, transaction 12, 28.65"},
		{"C7", saleAsked("X", 1), sale.VerdictCancelled, sale.ReasonRefused, "AMOUNT INVALID (100003)"},
		{"C9", saleAsked("P1-000125", 2865), sale.VerdictApproved, "", "APPROVED (000)"},
		{"T01 aborted, A920PRO (the LRC is a space)", saleAsked("X", 1), sale.VerdictCancelled, sale.ReasonAborted, "ABORTED (100002)"},
		{"T03 timed out, A920PRO", saleAsked("X", 1), sale.VerdictCancelled, sale.ReasonTimeout, "TIMEOUT (100001)"},
		{"T01 timed out, S300 simulator", saleAsked("X", 1), sale.VerdictCancelled, sale.ReasonTimeout, "TIMEOUT (100001)"},
		{"T01 refused, A920PRO", saleAsked("X", 1), sale.VerdictUnsure, "", "OUT OF PAPER (100032)"},
	} {
		f, ok := c[tc.frame]
		if !ok {
			t.Fatalf("no frame %q", tc.frame)
		}
		r, err := parseReply(body(t, f))
		if err != nil {
			t.Errorf("%s: %v", tc.frame, err)
			continue
		}
		a := against(tc.asked, rd.payment(r), name(r.Code))
		if a.Verdict != tc.verdict || a.Reason != tc.reason || a.Words != tc.words || a.Ref != tc.asked.Ref {
			t.Errorf("%s for %s: %s (%s) %q, want %s (%s) %q", tc.frame, tc.asked.Ref, a.Verdict, a.Reason, a.Words, tc.verdict, tc.reason, tc.words)
		}
	}
	dup, _ := parseReply(body(t, c["C6"]))
	if a := against(saleAsked("P1-000999", 2865), rd.payment(dup), name(dup.Code)); a.Foreign != "P1-000123" || a.Extra != "" {
		t.Errorf("another's: %+v", a)
	}
	tap, _ := parseReply(body(t, c["C4"]))
	if a := against(saleAsked("P1-000999", 2865), rd.payment(tap), name(tap.Code)); a.Extra != "" {
		t.Errorf("a report could be made of another's sale: %+v", a)
	}
	r, _ := parseReply(body(t, c["C2"]))
	if id := parseIdentity(r); id != (sale.Identity{Serial: "0123456789", Model: "A920PRO", Version: "SIMPOS 1.00.00"}) {
		t.Errorf("identity %+v", id)
	}
	r, _ = parseReply(body(t, c["C19"]))
	if l := rd.record(r, sought{ref: "P1-000123", kind: sale.CardSale, amount: 1}); l.found != sale.FoundNot {
		t.Errorf("C19: %+v", l)
	}
}

func saleAsked(ref string, amount sale.Amount) sale.CardRequest {
	return sale.CardRequest{Kind: sale.CardSale, Ref: ref, Amount: amount}
}

// TestAbortAfterACardIsUnsure: once a card was read the host may have been asked.
func TestAbortAfterACardIsUnsure(t *testing.T) {
	for _, code := range []string{"100001", "100002"} {
		r, err := parseReply(body(t, AppendFrame(nil, "0", "T01", "1.58", code, "ABORTED", "", "01", "100", "1166\x1f4", "\x1fR")))
		if err != nil {
			t.Fatal(err)
		}
		if a := (reader{}).payment(r); a.Verdict != sale.VerdictUnsure {
			t.Errorf("%s after a card was read: %+v", code, a)
		}
	}
}

func TestNoCardDataInWords(t *testing.T) {
	for text, want := range map[string]string{
		"CARD 4111111111111111":                "CARD XXXXXXXXXXXX1111",
		"NOT 4111 1111 1111 1111 OK":           "NOT XXXX XXXX XXXX 1111 OK",
		"4111-1111-1111-1111":                  "XXXX-XXXX-XXXX-1111",
		"AMOUNT 28.65, REF 12345678":           "AMOUNT 28.65, REF 12345678",
		"D\xe9clin\xe9e":                       "Déclinée",
		"two\r\n\x00 lines":                    "two lines",
		"TRACK ;4111111111111111=12291010000?": "TRACK ;XXXXXXXXXXXX1111=XXXXXXX0000?",
	} {
		if got := printable([]byte(text)); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
	if got := clip([]byte("an amount of 12 cents 4111111111111111")); strings.Contains(got, "411") {
		t.Errorf("cut in the middle of a number: %q", got)
	}
	r, err := parseReply(body(t, AppendFrame(nil, "0", "T01", "1.58", "000100", "CARD 4111111111111111", "4111111111111111\x1fNOT 4111 1111 1111 1111\x1f4111111111111111", "01", "0", "4111111111111111\x1f4\x1f1230\x1f\x1f\x1f\x1f01\x1fSMITH/J", "\x1fR")))
	if err != nil {
		t.Fatal(err)
	}
	a := (reader{}).payment(r)
	if all := fmt.Sprintf("%+v", a); strings.Contains(all, "411") || strings.Contains(all, "SMITH") || strings.Contains(all, "1230") || a.Card.Number != "XXXXXXXXXXXX1111" {
		t.Errorf("got %s", all)
	}
}

var fuzzKinds = []sale.CardKind{sale.CardSale, sale.CardReturn, sale.CardVoid, sale.CardAuth, sale.CardComplete}

func FuzzReply(f *testing.F) {
	for _, file := range []string{"observed.txt", "constructed.txt", "recorded-auth.txt", "recorded-return.txt", "recorded-batch.txt"} {
		for _, l := range transcript(f, file) {
			if l.Kind == Received && len(l.Bytes) > 3 {
				for kind := range fuzzKinds {
					f.Add(l.Bytes[1:len(l.Bytes)-2], "P1-000123", int64(2865), uint8(kind))
				}
			}
		}
	}
	f.Fuzz(func(t *testing.T, b []byte, ref string, cents int64, kind uint8) {
		o := sale.CardRequest{Kind: fuzzKinds[int(kind)%len(fuzzKinds)], Ref: ref, Amount: sale.Amount(cents)}
		if buildsOn(o.Kind) {
			o.Original = &sale.CardOriginal{Kind: sale.CardAuth, Ref: "R", Transaction: "1"}
		}
		if check(o) != nil {
			return
		}
		r, err := parseReply(b)
		if err != nil {
			return
		}
		rd := reader{extra: Defaults().Extra}
		a := against(o, rd.payment(r), name(r.Code))
		if a.Ref != ref || a.Kind != o.Kind {
			t.Fatalf("answer for %q is about %q", ref, a.Ref)
		}
		if a.Verdict == sale.VerdictApproved && (!bytes.Contains(b, []byte(ref)) || a.Approved <= 0) {
			t.Fatalf("approved without our reference or an amount: %+v", a)
		}
		if took := o.Kind == sale.CardSale || o.Kind == sale.CardComplete; a.Verdict == sale.VerdictApproved && !took && (a.Approved != o.Amount || a.Extra != "") {
			t.Fatalf("approved for %s instead of %s: %+v", a.Approved, o.Amount, a)
		}
		if closed, err := parseBatch(r); err == nil && closed.End != sale.BatchClosed {
			t.Fatalf("a batch that can be read is %q", closed.End)
		}
		parseIdentity(r)
		if len(a.Extra) > MaxExtra {
			t.Fatalf("extra of %d bytes", len(a.Extra))
		}
		if l := rd.record(r, sought{ref: o.Ref, kind: o.Kind, amount: o.Amount}); l.found == sale.FoundIt && (l.answer.Ref != ref || l.answer.Approved > o.Amount+l.answer.Tip+l.answer.Cashback+l.answer.Surcharge) {
			t.Fatalf("found another: %+v", l.answer)
		}
	})
}
