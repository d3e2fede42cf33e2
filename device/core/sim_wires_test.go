package core_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"os"
	"strings"
	"time"

	"posd/device/sale"
	"posd/pax"
	"posd/pax/paxsim"
	"posd/sync/iotpay"
	"posd/sync/iotpay/iotpaysim"
)

var quiet = slog.New(slog.DiscardHandler)

// wires puts the real codecs between the till and the far sides. The bank and
// the gateway of the simulation still decide what happens; then
//
//	till -> pax.Terminal -> T00, R02 .. ECR bytes -> paxsim   -> T01, R03 -> pax.Terminal -> till
//	till -> iotpay.Client -> signed JSON ........... iotpaysim -> signed JSON -> iotpay.Client -> till
//
// each over a wire of a few lines that lives in memory and answers at once:
// what a driver waits for is there before it reads, and what is not there is a
// time-out. Bytes on it are flipped, dropped and doubled. Whatever is said of
// money after that must be what was decided, or nothing at all.
type wires struct {
	w        *world
	terminal *paxsim.Terminal
	driver   *pax.Terminal
	gateway  *iotpaysim.Gateway
	client   *iotpay.Client
	door     http.Handler
	fate     fate                       // of the call under way
	noisy    bool                       // of what is read just now, some bytes may be wrong
	spoilt   int                        // how many answers were
	fault    func(answer []byte) []byte // instead of chance: what becomes of an answer
}

const wiresKey = "the-merchants-own-key"

// payingWords are a FAIL of create_order under which the debit may stand.
const payingWords = "user paying"

func newWires(w *world) *wires {
	x := &wires{
		w:        w,
		terminal: paxsim.New(paxsim.Options{Think: 1, Pause: 1}),
		gateway:  iotpaysim.New(iotpaysim.Options{MchID: "10000701", Key: wiresKey, PasswordAbove: 1}),
	}
	x.door = x.gateway.Handler()
	cfg := iotpay.Defaults()
	cfg.BaseURL, cfg.MchID, cfg.JobNo, cfg.ClientIP, cfg.QueryTries = "http://127.0.0.1/v1/", "10000701", "till1", "192.168.1.20", 1
	client, err := iotpay.New(cfg, wiresKey, quiet, iotpay.WithTransport(x))
	if err != nil {
		panic(err)
	}
	x.client = client
	return x
}

// plugIn is a new run of posd: its driver knows nothing yet.
func (x *wires) plugIn() { x.driver = pax.New(&cord{x: x}, pax.Defaults(), quiet) }

// spoil flips, drops or doubles one byte of an answer, now and then.
func (x *wires) spoil(b []byte) []byte {
	if x.fault != nil {
		return x.fault(b)
	}
	if !x.noisy || len(b) == 0 || !x.w.chance(0.1) {
		return b
	}
	x.spoilt++
	return wrong(b, x.w.rnd.IntN(len(b)), x.w.rnd.IntN(wrongWays))
}

// wrongWays is how many ways a byte can be wrong: one of its bits, lost, or twice.
const wrongWays = 10

// wrong returns b with its byte i wrong.
func wrong(b []byte, i, way int) []byte {
	b = bytes.Clone(b)
	switch way {
	case 8:
		return append(b[:i], b[i+1:]...)
	case 9:
		return append(b[:i+1], b[i:]...)
	}
	b[i] ^= 1 << way
	return b
}

// cord is the terminal's line. What is written to it is answered at once.
type cord struct {
	x     *wires
	in    []byte // to be read
	reply []byte // the terminal's last response, for when it is refused
}

func (c *cord) Open(context.Context) (uint64, error) { return 1, nil }
func (c *cord) Close() error                         { c.in = nil; return nil }
func (c *cord) SetReadDeadline(time.Time) error      { return nil }
func (c *cord) SetWriteDeadline(time.Time) error     { return nil }
func (c *cord) put(b ...byte)                        { c.in = append(c.in, b...) }

func (c *cord) Read(b []byte) (int, error) {
	if len(c.in) == 0 {
		return 0, os.ErrDeadlineExceeded
	}
	n := copy(b, c.in)
	c.in = c.in[n:]
	return n, nil
}

func (c *cord) Write(b []byte) (int, error) {
	switch {
	case len(b) == 1 && b[0] == pax.ACK:
		c.put(pax.EOT)
	case len(b) == 1 && b[0] == pax.NAK:
		c.put(c.x.spoil(c.reply)...)
	case c.x.w.chance(0.02): // noise on the way there
		c.put(pax.NAK)
	default:
		w := httptest.NewRecorder()
		c.x.terminal.HTTP().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/?"+base64.StdEncoding.EncodeToString(b), nil))
		c.reply = w.Body.Bytes()
		c.put(pax.ACK)
		c.put(c.x.spoil(c.reply)...)
	}
	return len(b), nil
}

// charge sends a transaction whose outcome is decided through the real driver.
func (x *wires) charge(w *world, o sale.CardRequest, want sale.CardAnswer) sale.CardAnswer {
	for _, f := range x.terminalFaults(want, o.Tip) {
		if err := x.terminal.SetFault(f); err != nil {
			panic(err)
		}
	}
	x.noisy = true
	got := x.driver.Charge(context.Background(), o)
	x.noisy = false
	x.terminal.ClearFault("")
	w.say("terminal, on the wire: %s of %s: %s %q", o.Kind, o.Ref, got.Verdict, got.Words)
	took := x.terminal.State().Approvals[o.Ref] > 0
	if !took {
		w.bank.forget(o)
	}
	switch {
	case took && want.Verdict != sale.VerdictApproved:
		w.fail("wires: the terminal took money that was %s", want.Verdict)
	case got.Verdict == sale.VerdictUnsure:
	case took != (got.Verdict == sale.VerdictApproved):
		w.fail("wires: %s %s is %s (%s), and the terminal took it: %v", o.Kind, o.Ref, got.Verdict, got.Words, took)
	case took && !sameMoney(got, want):
		w.fail("wires: %s %s came as %s and was %s", o.Kind, o.Ref, got.Approved, want.Approved)
	}
	return got
}

// sameMoney compares two answers; that to a void tells its sale's tip over again.
func sameMoney(a, b sale.CardAnswer) bool {
	parts := a.Tip == b.Tip && a.Cashback == b.Cashback && a.Surcharge == b.Surcharge
	return a.Approved == b.Approved && a.Ref == b.Ref && (parts || b.Kind != sale.CardSale)
}

// terminalFaults makes the simulated terminal decide as the bank has.
func (x *wires) terminalFaults(want sale.CardAnswer, asked sale.Amount) []string {
	switch {
	case want.Verdict == sale.VerdictCancelled:
		return []string{"abort"}
	case want.Reason == sale.ReasonDuplicateOf:
		return []string{"duplicate"}
	case want.Verdict == sale.VerdictDeclined:
		return []string{"decline"}
	}
	var faults []string
	for name, cents := range map[string]sale.Amount{"tip": want.Tip - asked, "cashback": want.Cashback, "surcharge": want.Surcharge} {
		if cents > 0 {
			faults = append(faults, fmt.Sprintf("%s=%d", name, cents))
		}
	}
	if want.Partial {
		faults = append(faults, fmt.Sprintf("partial=%d", want.Approved))
	}
	if want.Offline {
		faults = append(faults, "offline")
	}
	return faults
}

// find looks up through the real driver.
func (x *wires) find(w *world, l sale.CardLookup) sale.CardFinding {
	x.noisy = true
	f := x.driver.Find(context.Background(), l)
	x.noisy = false
	r := w.bank.records[l.Ref]
	there := r != nil && r.batch == w.bank.closed[serial]
	switch {
	case f.Result == sale.FoundNot && there, f.Result == sale.FoundIt && !there:
		w.fail("wires: %s is %s, and at the terminal: %v", l.Ref, f.Result, there)
	case f.Result == sale.FoundIt && !sameMoney(f.Answer, w.bank.answer(w, r)):
		w.fail("wires: %s was found with %s and is %s", l.Ref, f.Answer.Approved, r.approved)
	}
	return f
}

// RoundTrip carries a request to the simulated gateway, as its fate has it.
func (x *wires) RoundTrip(r *http.Request) (*http.Response, error) {
	if x.fate.lost == sale.GatewayNotSent {
		return nil, errors.New("no route to host")
	}
	if t := httptrace.ContextClientTrace(r.Context()); t != nil && t.GotConn != nil {
		t.GotConn(httptrace.GotConnInfo{})
	}
	if !x.fate.heard && x.fate.lost == sale.GatewayLost {
		return nil, io.ErrUnexpectedEOF
	}
	w := httptest.NewRecorder()
	x.door.ServeHTTP(w, r)
	resp := w.Result()
	switch {
	case x.fate.lost == sale.GatewayLost && x.w.rnd.IntN(2) == 0:
		return nil, io.ErrUnexpectedEOF
	case x.fate.lost == sale.GatewayLost:
		resp.StatusCode, resp.Body = http.StatusBadGateway, io.NopCloser(strings.NewReader("<html>"))
	default:
		resp.Body = io.NopCloser(bytes.NewReader(x.spoil(w.Body.Bytes())))
	}
	return resp, nil
}

// call asks the gateway, whose answer is decided, through the real client.
func (x *wires) call(no string, f fate, want sale.GatewayAnswer, ask func() sale.GatewayAnswer) sale.GatewayAnswer {
	x.follow(no)
	words := ""
	switch {
	case f.lost == "" && want.Result == sale.GatewayFail && want.Words == payingWords:
		words = "fail-after-commit=" + want.Words
	case f.lost == "" && want.Result == sale.GatewayFail:
		words = "fail=" + want.Words
	case f.lost == "" && want.Result == sale.GatewayNotFound:
		words = "not-found"
	case f.lost == sale.GatewayFail:
		words = "wrong-key"
	case f.lost == sale.GatewayUnverified:
		words = "wrong-signature"
	}
	if words != "" {
		if err := x.gateway.SetFault(words); err != nil {
			panic(err)
		}
	}
	before := x.spoilt
	x.fate, x.noisy = f, true
	got := ask()
	x.noisy = false
	x.gateway.ClearFault("")
	clean := x.spoilt == before
	switch {
	case got.Result == sale.GatewayOK && (!got.Verified || want.Result != sale.GatewayOK):
		x.w.fail("wires: an answer about %s is taken for ok and was %s", no, want.Result)
	case got.Result == sale.GatewayOK && (got.Status != want.Status || want.Amount != 0 && got.Amount != want.Amount):
		x.w.fail("wires: %s came as status %d for %s and was %d for %s", no, got.Status, got.Amount, want.Status, want.Amount)
	case clean && f.lost != sale.GatewayUnverified && got.Result != want.Result && got.Result != sale.GatewayExists:
		x.w.fail("wires: an answer about %s is %s (%s) and was %s", no, got.Result, got.Words, want.Result)
	}
	return got
}

func (x *wires) create(r sale.OrderRequest, f fate, want sale.GatewayAnswer) sale.GatewayAnswer {
	got := x.call(r.No, f, want, func() sale.GatewayAnswer { return x.client.Create(context.Background(), r) })
	x.follow(r.No) // a micropay order is decided already
	return got
}

func (x *wires) query(no string, f fate, want sale.GatewayAnswer) sale.GatewayAnswer {
	return x.call(no, f, want, func() sale.GatewayAnswer { return x.client.Query(context.Background(), no) })
}

func (x *wires) refund(r sale.RefundRequest, f fate, want sale.GatewayAnswer) sale.GatewayAnswer {
	if err := x.gateway.SetFault("refund-told"); err != nil {
		panic(err)
	}
	return x.call(r.MchOrderNo, f, want, func() sale.GatewayAnswer { return x.client.Refund(context.Background(), r) })
}

func (x *wires) queryRefund(no string, f fate, want sale.GatewayAnswer) sale.GatewayAnswer {
	return x.call(no, f, want, func() sale.GatewayAnswer { return x.client.QueryRefund(context.Background(), no) })
}

func (x *wires) report(r sale.Report, f fate, want sale.GatewayAnswer) sale.GatewayAnswer {
	return x.call(r.No, f, want, func() sale.GatewayAnswer { return x.client.Report(context.Background(), r) })
}

// follow makes the simulated gateway's order what the wallet's is.
func (x *wires) follow(no string) {
	o := x.w.gateway.orders[no]
	if o == nil {
		return
	}
	// Errors say that it is so already, or that create_order has yet to come.
	switch {
	case o.status.Paid():
		_ = x.gateway.Pay(no)
	case o.status.Closed():
		_ = x.gateway.CloseOrder(no, int(o.status))
	}
}
