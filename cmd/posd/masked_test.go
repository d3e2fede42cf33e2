package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"posd/device/sale"
)

func TestNoFullCardNumberIsTakenAnywhereInExtra(t *testing.T) {
	for _, extra := range []string{
		`{"cardNum":"4111 1111 1111 1111"}`, `{"cardNum":"41111111"}`, `{"note":"4111111111111111"}`, `{"a":{"b":["5555-5555-5555-4444"]}}`,
		`{"4111111111111111":"x"}`, `{"n":4111111111111111}`, `{"note":"card4111111111111111end"}`, `{"note":"\u0034111111111111111"}`,
		`{"pan":"378282246310005"}`, `{"pan":"2221000000000009"}`, `{"pan":"6212345678900000003"}`, "4111111111111111", "pan=4111.1111.1111.1111;x",
		`{"ref":"25957 4111111111111111"}`,
	} {
		if masked(sale.Secret(extra)) {
			t.Errorf("taken: %s", extra)
		}
	}
	sample, err := os.ReadFile("../../testdata/iotpay/request-cc-pax-extra.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, extra := range []string{
		string(sample), `{"cardNum":"XXXXXXXXXXXX1166"}`, `{"timeStamp":"20210120-19402057","seqNum":"000001000061","emvTC":"ARQC: 3D36ACBD44BE512B"}`,
		`{"productId":"120989823"}`, `{"openId":"o2RvowBf7sOVJf8kJksUEMceaDqo"}`, "any text", "", `{"emvAID":"A0000000041010"}`, `{"n":"4111111111111112"}`,
	} {
		if !masked(sale.Secret(extra)) {
			t.Errorf("refused: %s", extra)
		}
	}
}

func TestWhatTheDocumentsDisagreeAboutIsNotedAndSent(t *testing.T) {
	extra := filepath.Join(t.TempDir(), "extra")
	if err := os.WriteFile(extra, []byte("any text"), 0o600); err != nil {
		t.Fatal(err)
	}
	for line, note := range map[string]string{
		"-channel UPI_QR -currency USD":                                      "note: USD by UPI_QR",
		"-channel ALIPAY_QR -no 2cd16747-e779-4871-8059-5723de46b477":        "note: mchOrderNo has 36 characters",
		"-channel CC_PAX -extra " + extra:                                    "note: extra is no JSON object",
		"-channel UPI_QR -os IOS -return-url https://shop.example/back":      "",
		"-channel ALIPAY_QR -extra " + extra:                                 "",
		"-channel CC_PAX -notify-url https://shop.example/x -extra " + extra: "note: extra",
	} {
		a := newAccount(t)
		code, out, errs := a.order(append([]string{"create", "-amount", "1.00"}, strings.Fields(line)...)...)
		if code != exitDone || !strings.Contains(errs, note) || (note == "") != !strings.Contains(errs, "note:") {
			t.Errorf("%s: exit %d, want a note %q\n%s%s", line, code, note, out, errs)
		}
	}
}

func TestARefundThatIsNotDoneIsNotCalledSo(t *testing.T) {
	for _, c := range []struct {
		fault, prints string
		code          int
	}{
		{"refund-pending", "not given back yet", exitUnsure},
		{"refund-pending=PROCESSING", "not given back yet", exitUnsure},
		{"refund-fails", "failed: nothing was given back", exitDeclined},
		{"refund-told=2", "given back", exitDone},
		{"fail-after-commit=system error@refund_order", "do not say whether it was done", exitUnsure},
		{"fail-after-commit=NOT ENOUGH@refund_order", "do not say whether it was done", exitUnsure},
		{"fail=refundAmount is more than the paid amount@refund_order", "refused, with a right signature", exitDeclined},
	} {
		a := newAccount(t)
		_, _, errs := a.order("create", "-channel", "UPI_QR", "-amount", "28.65")
		no := number(t, "order", errs)
		if err := a.Pay(no); err != nil {
			t.Fatal(err)
		}
		a.fault(t, c.fault)
		code, out, errs := a.refundQuickly(no)
		if code != c.code || !strings.Contains(out, c.prints) {
			t.Errorf("%s: exit %d, want %d and %q\n%s%s", c.fault, code, c.code, c.prints, out, errs)
		}
		back := number(t, "refund", errs)
		// Repeated at once under its number: the first may still be on its way.
		a.ClearFault("")
		a.fault(t, "not-found@query_refund")
		before := a.State().Requests["refund_order"]
		if code, _, errs := a.order("refund", no, "-amount", "28.65", "-no", back); code != exitUnsure || !strings.Contains(errs, "still be on its way") {
			t.Errorf("%s, repeated: exit %d\n%s", c.fault, code, errs)
		}
		if n := a.State().Requests["refund_order"]; n != before {
			t.Errorf("%s: repeated at once", c.fault)
		}
	}
}

// refundQuickly is the refund command with next to no pause between its questions.
func (a *account) refundQuickly(no string) (code int, out, errs string) {
	at := where{config: a.config}
	c := orderRefundCommand(&desk{at: &at, every: time.Millisecond})
	var stdout, stderr bytes.Buffer
	c.SetArgs([]string{no, "--amount", "28.65"})
	c.SetOut(&stdout)
	c.SetErr(&stderr)
	c.SilenceUsage = true
	if err := c.Execute(); err != nil {
		var e *ended
		if code = exitRefused; errors.As(err, &e) {
			code = e.code
		}
	}
	return code, stdout.String(), stderr.String()
}
