package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"io"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"
	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"

	"posd/device/sale"
	"posd/sync/iotpay"
	"posd/sync/iotpay/iotpaysim"
)

const merchantKey = "a-merchant-key-of-32-characters!"

// account is a shop's account at a simulated gateway, and its configuration.
type account struct {
	*iotpaysim.Gateway
	config string
	seen   bytes.Buffer // everything the commands printed
}

func newAccount(t *testing.T) *account {
	t.Helper()
	a := &account{Gateway: iotpaysim.New(iotpaysim.Options{MchID: "10000701", Key: merchantKey, JobNo: "shop-1", PasswordAbove: 5000})}
	srv := httptest.NewServer(a.Handler())
	t.Cleanup(srv.Close)
	dir := t.TempDir()
	key := filepath.Join(dir, "key")
	if err := os.WriteFile(key, []byte(merchantKey+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	a.config = filepath.Join(dir, "posd.toml")
	text := fmt.Sprintf("[api]\nlisten = \"127.0.0.1:1\"\nsocket = \"\"\n[gateway]\nmch_id = \"10000701\"\njob_no = \"shop-1\"\nkey_file = %q\nbase_url = %q\nclient_ip = \"192.168.1.20\"\nquery_tries = 1\n", key, srv.URL+"/v1/")
	if err := os.WriteFile(a.config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if strings.Contains(a.seen.String(), merchantKey) {
			t.Error("the merchant key was printed")
		}
	})
	return a
}

// order runs one order command.
func (a *account) order(args ...string) (code int, out, errs string) {
	code, out, errs = command(append(append([]string{"order"}, args...), "-config", a.config)...)
	a.seen.WriteString(out + errs)
	return code, out, errs
}

func (a *account) fault(t *testing.T, text string) {
	t.Helper()
	if err := a.SetFault(text); err != nil {
		t.Fatal(err)
	}
}

// number returns what was printed as the number of an order or a refund.
func number(t *testing.T, what, errs string) string {
	t.Helper()
	m := regexp.MustCompile(`(?m)^` + what + ` (\S{26})$`).FindStringSubmatch(errs)
	if m == nil {
		t.Fatalf("no number was printed before sending:\n%s", errs)
	}
	return m[1]
}

func TestEveryChannelCanBeOrderedByHand(t *testing.T) {
	extra := filepath.Join(t.TempDir(), "extra.json")
	if err := os.WriteFile(extra, []byte(`{"cardNum":"XXXXXXXXXXXX1111","authNum":"123456","cardType":"V"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	for channel, c := range map[string]struct{ args, prints string }{
		"WX_NATIVE":       {"", "code"},
		"WX_JSAPI":        {"-open-id o-123", ""},
		"WX_APP":          {"-app-id wx-123", ""},
		"WX_MICROPAY":     {"-code 134567890123456789", "status"},
		"ALIPAY_QR":       {"", "code"},
		"ALIPAY_PC":       {"-return-url https://shop.example/back", "pay at"},
		"ALIPAY_WAP":      {"-return-url https://shop.example/back -os IOS", "pay at"},
		"ALIPAY_MOBILE":   {"-return-url https://shop.example/back -os ANDROID", "app"},
		"ALIPAY_MICROPAY": {"-code 284567890123456789", "status"},
		"UPI_QR":          {"", "code"},
		"UPI_SEQ":         {"", ""},
		"UPI_APP":         {"", ""},
		"UPI_MICROPAY":    {"-code 6223456789012345678", "status"},
		"CC_PAX":          {"-extra " + extra + " -source till/1 -tip 2.00", ""},
	} {
		t.Run(channel, func(t *testing.T) {
			a := newAccount(t)
			code, out, errs := a.order(append([]string{"create", "-channel", channel, "-amount", "28.65"}, strings.Fields(c.args)...)...)
			if code != exitDone {
				t.Fatalf("exit %d\n%s%s", code, out, errs)
			}
			no := number(t, "order", errs)
			if !strings.Contains(out, no) || !strings.Contains(out, "28.65 CAD") || !strings.Contains(out, "\n"+c.prints) {
				t.Errorf("%q is not in:\n%s", c.prints, out)
			}
			for _, secret := range []string{"134567890123456789", "284567890123456789", "6223456789012345678"} {
				if strings.Contains(out+errs, secret) {
					t.Errorf("the customer's code was printed:\n%s%s", out, errs)
				}
			}
		})
	}
}

func TestAnOrderIsAskedAfterAndGivenBack(t *testing.T) {
	a := newAccount(t)
	_, out, errs := a.order("create", "-channel", "alipay_qr", "-amount", "2865c", "-json")
	var placed orderView
	if err := json.Unmarshal([]byte(out), &placed); err != nil || placed.Code == "" || placed.Placed == nil || placed.Result != sale.GatewayOK {
		t.Fatalf("%v\n%s", err, out)
	}
	no := number(t, "order", errs)
	if code, out, errs := a.order("query", no); code != exitUnsure || !strings.Contains(out, "not paid (0)") {
		t.Errorf("an open order: exit %d\n%s%s", code, out, errs)
	}
	if code, _, errs := a.order("refund", no, "-amount", "1.00"); code != exitRefused || !strings.Contains(errs, "is not paid") {
		t.Errorf("a refund of an unpaid order: exit %d\n%s", code, errs)
	}
	if err := a.Pay(no); err != nil {
		t.Fatal(err)
	}
	code, out, errs := a.order("query", no)
	if code != exitDone || !strings.Contains(out, "paid (") || !strings.Contains(out, "28.65 CAD by ALIPAY_QR") {
		t.Errorf("a paid order: exit %d\n%s%s", code, out, errs)
	}
	if code, out, errs = a.order("query", placed.Placed.PayOrderID, "-pay-order"); code != exitDone || !strings.Contains(out, no) {
		t.Errorf("by the gateway's number: exit %d\n%s%s", code, out, errs)
	}
	if code, _, errs = a.order("refund", no, "-amount", "28.66"); code != exitRefused || !strings.Contains(errs, "more than the 28.65") {
		t.Errorf("more than was paid: exit %d\n%s", code, errs)
	}
	code, out, errs = a.order("refund", no, "-amount", "8.65")
	if code != exitDone || !strings.Contains(out, "given back") {
		t.Fatalf("refund: exit %d\n%s%s", code, out, errs)
	}
	back := number(t, "refund", errs)
	if code, out, errs = a.order("query", back, "-refund"); code != exitDone || !strings.Contains(out, "given back") {
		t.Errorf("asked after the refund: exit %d\n%s%s", code, out, errs)
	}
	// Repeated under its number it moves nothing.
	if code, out, errs = a.order("refund", no, "-amount", "8.65", "-no", back); code != exitDone {
		t.Errorf("repeated: exit %d\n%s%s", code, out, errs)
	}
	if code, _, errs = a.order("refund", no, "-amount", "9.00", "-no", back); code != exitRefused || !strings.Contains(errs, "another one") {
		t.Errorf("another amount under the number: exit %d\n%s", code, errs)
	}
	if s := a.State(); len(s.Refunds) != 1 || s.Requests["refund_order"] != 1 {
		t.Errorf("%d refunds after %d requests", len(s.Refunds), s.Requests["refund_order"])
	}
	if code, _, _ = a.order("query", "NEVERWAS"); code != exitDeclined {
		t.Errorf("an order that never was: exit %d", code)
	}
}

func TestALostAnswerIsNeverAGuess(t *testing.T) {
	for _, c := range []struct {
		fault string
		args  string
		code  int
		words string
	}{
		{"5xx-after-commit@create_order", "-channel ALIPAY_QR", exitUnsure, "posd order query "},
		{"unsigned-fail=no way", "-channel ALIPAY_QR", exitUnsure, "posd order query "},
		{"wrong-signature", "-channel ALIPAY_QR", exitUnsure, "posd order query "},
		{"exists", "-channel ALIPAY_QR", exitUnsure, "used before"},
		{"fail=no way", "-channel ALIPAY_QR", exitDeclined, ""},
		{"html-portal", "-channel ALIPAY_QR", exitUnsure, "posd order query "},
		// The debit may have been made whatever create_order says; the status tells.
		{"5xx-after-commit@create_order", "-channel WX_MICROPAY -code 134567890123456789", exitDone, ""},
		{"fail-after-commit=no way@create_order", "-channel WX_MICROPAY -code 134567890123456789", exitDone, ""},
		{"fail=no way", "-channel WX_MICROPAY -code 134567890123456789 -wait 1ms", exitUnsure, "posd order query "},
	} {
		a := newAccount(t)
		a.fault(t, c.fault)
		code, out, errs := a.order(append([]string{"create", "-amount", "28.65"}, strings.Fields(c.args)...)...)
		no := number(t, "order", errs)
		words := strings.Replace(c.words, "query ", "query "+no, 1)
		if code != c.code || !strings.Contains(errs, words) {
			t.Errorf("%s, %s: exit %d, want %d and %q\n%s%s", c.fault, c.args, code, c.code, words, out, errs)
		}
		if n := a.State().Requests["create_order"]; n > 1 {
			t.Errorf("%s, %s: sent %d times", c.fault, c.args, n)
		}
	}
}

func TestALostRefundIsRepeatedUnderItsNumberOnly(t *testing.T) {
	a := newAccount(t)
	_, _, errs := a.order("create", "-channel", "UPI_QR", "-amount", "28.65")
	no := number(t, "order", errs)
	if err := a.Pay(no); err != nil {
		t.Fatal(err)
	}
	a.fault(t, "cut-before@refund_order*1")
	code, _, errs := a.order("refund", no, "-amount", "28.65")
	back := number(t, "refund", errs)
	again := "posd order refund " + no + " -amount 28.65 -no " + back
	if code != exitUnsure || !strings.Contains(errs, again) {
		t.Fatalf("exit %d, want 4 and %q\n%s", code, again, errs)
	}
	at := where{config: a.config}
	d := &desk{at: &at, every: time.Millisecond}
	root := orderRefundCommand(d)
	root.SetArgs([]string{no, "--amount", "28.65", "--no", back})
	root.SetOut(io.Discard)
	root.SetErr(io.Discard)
	if err := root.ExecuteContext(context.Background()); err != nil {
		t.Fatal(err)
	}
	s := a.State()
	if len(s.Refunds) != 1 || s.Requests["query_refund"] != 3 {
		t.Errorf("%d refunds, after %d questions; want one after two, and one that says it is done", len(s.Refunds), s.Requests["query_refund"])
	}
}

func TestARefundOfTheTillsOwnSaleIsSentToTheTill(t *testing.T) {
	a := newAccount(t)
	_, _, errs := a.order("create", "-channel", "UPI_QR", "-amount", "28.65")
	no := number(t, "order", errs)
	a.Pay(no)
	s := newStub(t, map[string][]reply{"GET " + sales: {{status: 200, body: []sale.Sale{as(sale.Paid, func(s *sale.Sale) { s.MchOrderNo = no })}}}})
	code, _, errs := a.order("refund", no, "-amount", "28.65", "-url", s.URL)
	if code != exitRefused || !strings.Contains(errs, "posd refund 01J0000000000000000000SALE") {
		t.Errorf("exit %d\n%s", code, errs)
	}
	if n := a.State().Requests["refund_order"]; n != 0 {
		t.Errorf("%d refunds were asked for", n)
	}
}

func TestThePasswordIsWaitedFor(t *testing.T) {
	a := newAccount(t)
	config, err := load(a.config)
	if err != nil {
		t.Fatal(err)
	}
	client, err := iotpay.New(config.Gateway.Config, merchantKey, quiet)
	if err != nil {
		t.Fatal(err)
	}
	const no = "01J0000000000000000PASSWRD"
	order := iotpay.Order{No: no, Channel: sale.WXMicropay, Amount: 5001, Currency: "CAD", AuthCode: "134567890123456789", DeviceID: "scanner-1"}
	if _, answer := client.CreateOrder(t.Context(), order); answer.Result != sale.GatewayOK {
		t.Fatal(answer)
	}
	asked := make(chan struct{})
	go func() {
		for a.State().Requests["query_order"] == 0 {
			time.Sleep(time.Millisecond)
		}
		a.Pay(no)
		close(asked)
	}()
	view := orderView{No: no}
	d := &desk{every: time.Millisecond}
	d.follow(t.Context(), client, &view, time.Minute)
	<-asked
	if err := view.end(""); err != nil || view.State == nil || !view.State.Status.Paid() {
		t.Errorf("%v, %+v", err, view)
	}
}

func TestBadOrdersSendNothing(t *testing.T) {
	a := newAccount(t)
	clear := filepath.Join(t.TempDir(), "clear.json")
	if err := os.WriteFile(clear, []byte(`{"cardNum":"4111 1111 1111 1111"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ line, words string }{
		{"create -channel WX_NATIVE", "needs -amount"},
		{"create -channel WX_NATIVE -amount 28,65", "28.65 or 2865c"},
		{"create -channel PAYPAL -amount 28.65", "is not a channel"},
		{"create -channel ALIPAY_WAP -amount 28.65", "osType: missing"},
		{"create -channel UPI_QR -amount 28.65 -currency CNY", `"CNY" is not taken`},
		{"create -channel UPI_QR -amount 28.65 -no " + strings.Repeat("N", 37), "at most 36"},
		{"create -channel WX_MICROPAY -amount 28.65 -code 13 -open-id x", "does not take it"},
		{"create -channel CC_PAX -amount 28.65 -extra /nowhere", "/nowhere"},
		{"create -channel CC_PAX -amount 28.65 -extra " + clear, "last four"},
		{"query", "NO is missing"},
		{"query X -refund -pay-order", "use one of them"},
		{"refund X", "needs -amount"},
		{"create -channel WX_NATIVE -amount 1.00 -key-file /nowhere", "/nowhere"},
	} {
		code, out, errs := a.order(strings.Fields(c.line)...)
		if code != exitRefused || !strings.Contains(out+errs, c.words) || strings.Contains(out+errs, "4111") {
			t.Errorf("%s: exit %d, want 1 and %q:\n%s%s", c.line, code, c.words, out, errs)
		}
	}
	if n := a.State().Requests; len(n) > 0 {
		t.Errorf("requests were sent: %v", n)
	}
	empty := filepath.Join(t.TempDir(), "posd.toml")
	os.WriteFile(empty, nil, 0o600)
	if code, _, errs := command("order", "query", "X", "-config", empty); code != exitRefused || !strings.Contains(errs, "no [gateway]") {
		t.Errorf("without an account: exit %d: %s", code, errs)
	}
}

// scan reads the code that stands in a drawing of half blocks.
func scan(t *testing.T, drawing string) string {
	t.Helper()
	var rows []string
	for line := range strings.Lines(drawing) {
		line = strings.Trim(regexp.MustCompile("\x1b\\[[0-9;]*m").ReplaceAllString(line, ""), "\r\n")
		if strings.HasPrefix(line, "████") {
			rows = append(rows, line)
		}
	}
	if len(rows) == 0 {
		t.Fatalf("nothing is drawn:\n%s", drawing)
	}
	const px = 4
	side := len([]rune(rows[0]))
	img := image.NewGray(image.Rect(0, 0, side*px, 2*len(rows)*px))
	for y, row := range rows {
		for x, r := range []rune(row) {
			for half, light := range []bool{r == '█' || r == '▀', r == '█' || r == '▄'} {
				for i := range px * px {
					if light {
						img.SetGray(x*px+i%px, (2*y+half)*px+i/px, color.Gray{255})
					}
				}
			}
		}
	}
	return scanImage(t, img)
}

// scanImage reads the code in a picture.
func scanImage(t *testing.T, img image.Image) string {
	t.Helper()
	bmp, err := gozxing.NewBinaryBitmapFromImage(img)
	if err != nil {
		t.Fatal(err)
	}
	read, err := qrcode.NewQRCodeReader().Decode(bmp, nil)
	if err != nil {
		t.Fatalf("the code cannot be scanned: %v", err)
	}
	return read.GetText()
}

func TestTheDrawnCodeCanBeScanned(t *testing.T) {
	a := newAccount(t)
	code, out, errs := a.order("create", "-channel", "WX_NATIVE", "-amount", "28.65", "-qr")
	if code != exitDone || strings.Contains(out, "\x1b") {
		t.Fatalf("exit %d\n%s%s", code, out, errs)
	}
	want := regexp.MustCompile(`(?m)^code +(\S+)$`).FindStringSubmatch(out)[1]
	if got := scan(t, out); got != want {
		t.Errorf("scanned %q, the code is %q", got, want)
	}
	if _, out, _ = a.order("create", "-channel", "WX_NATIVE", "-amount", "28.65"); strings.Contains(out, "█") {
		t.Errorf("drawn where nobody sees it:\n%s", out)
	}
}

func TestATerminalGetsTheCodeIfItIsWideEnough(t *testing.T) {
	for _, columns := range []uint16{80, 30} {
		near, far, err := pty.Open()
		if err != nil {
			t.Fatal(err)
		}
		pty.Setsize(far, &pty.Winsize{Rows: 50, Cols: columns})
		v := orderView{No: "N", Code: "https://pay.example/1", Placed: &iotpay.Placed{}, Result: sale.GatewayOK}
		go func() {
			v.print(far, false)
			far.Close()
		}()
		drawn, _ := io.ReadAll(near) // ends with an error once the far side is closed
		near.Close()
		if columns == 80 {
			if got := scan(t, string(drawn)); got != v.Code {
				t.Errorf("scanned %q", got)
			}
		} else if strings.Contains(string(drawn), "█") || !strings.Contains(string(drawn), "this terminal has 30") {
			t.Errorf("drawn on a narrow terminal:\n%s", drawn)
		}
	}
}

func TestNothingTheGatewaySaysMovesTheCursor(t *testing.T) {
	v := orderView{No: "N", Result: sale.GatewayOK, Code: "a\x1b[2Jb\nc\u202e", Placed: &iotpay.Placed{PayURL: "https://x/\x1b]0;t\x07"}}
	var b bytes.Buffer
	if err := v.print(&b, false); err != nil {
		t.Fatal(err)
	}
	if strings.ContainsAny(b.String(), "\x1b\x07\u202e") {
		t.Errorf("%q", b.String())
	}
}
