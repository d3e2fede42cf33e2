package device

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oklog/ulid/v2"

	"posd/device/core"
	"posd/device/journaltest"
	"posd/device/sale"
)

// counter is a till under virtual time with scripted wires around it.
type counter struct {
	t        *testing.T
	till     *Till
	journal  *journaltest.Memory
	through  Journal // stands before journal; nil: nothing does
	terminal *fakeTerminal
	gateway  *fakeGateway
	glass    *fakeGlass
	printer  *fakePrinter
	stop     func()
	paper    bool // codes are printed, too
	change   func(p *core.Policy)
	// fits says what displays cannot draw; noPrinter leaves the printer out.
	fits      func(code string) error
	noPrinter bool
	totals    Totals // nil: the first report is not watched
	starts    uint64
	skew      atomic.Int64 // of the wall clock, ns
}

// atCounter runs a test at a till that has just started, in a bubble of virtual time.
func atCounter(t *testing.T, f func(c *counter)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		c := &counter{t: t, journal: journaltest.New(), terminal: newFakeTerminal(), gateway: newFakeGateway(), glass: &fakeGlass{}, printer: &fakePrinter{}}
		c.begin()
		defer func() { c.stop() }()
		f(c)
	})
}

// begin starts a till on the counter's journal, as after a restart.
func (c *counter) begin() {
	policy := core.DefaultPolicy()
	policy.CodeShownFor = time.Minute
	policy.CodeOnPaper = c.paper
	if c.change != nil {
		c.change(&policy)
	}
	c.starts++
	rnd := rand.New(rand.NewPCG(1, c.starts))
	makers := testMakers
	makers.Fits = c.fits
	var paper Printer
	if !c.noPrinter {
		paper = c.printer
	}
	var journal Journal = c.journal
	if c.through != nil {
		journal = c.through
	}
	till, err := New(Options{
		Policy: policy, Journal: journal, Terminal: c.terminal, Totals: c.totals, Gateway: c.gateway, Outbox: c.gateway, Screen: c.glass, Printer: paper,
		Makers: makers, Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Entropy: reader{rnd},
		Clock: func() time.Time { return time.Now().Add(time.Duration(c.skew.Load())) },
	})
	if err != nil {
		c.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- till.Run(ctx) }()
	<-till.Ready()
	c.till = till
	c.stop = func() {
		cancel()
		if err := <-ended; err != nil {
			c.t.Errorf("Run: %v", err)
		}
	}
}

// restart stops the till where it stands and starts another on the same journal.
func (c *counter) restart() {
	c.stop()
	c.begin()
}

type reader struct{ r *rand.Rand }

func (r reader) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(r.r.Uint32())
	}
	return len(p), nil
}

const serial = "123456789" // of the terminal

var errDiskFull = errors.New("no space left on device")

var testMakers = core.Makers{
	ID: func(t time.Time, entropy []byte) string {
		var id ulid.ULID
		_ = id.SetTime(ulid.Timestamp(t))
		_ = id.SetEntropy(entropy[:10])
		return id.String()
	},
	Report: func(no string, amount sale.Amount, currency string, extra sale.Secret) (sale.Secret, error) {
		return sale.Secret(fmt.Sprintf("%s %d %s", no, amount, extra.Reveal())), nil
	},
	Wallet: func(code sale.Secret) (sale.Channel, error) {
		if code == "" {
			return "", fmt.Errorf("authCode is missing: scan the customer's code")
		}
		return sale.WXMicropay, nil
	},
}

// sell asks for a sale and returns it as accepted.
func (c *counter) sell(method sale.Method, amount sale.Amount, change ...func(*SellRequest)) sale.Sale {
	c.t.Helper()
	s, err := c.trySell(method, amount, change...)
	if err != nil {
		c.t.Fatalf("sell %s %s: %v", method, amount, err)
	}
	return s
}

var keyCount int

func (c *counter) trySell(method sale.Method, amount sale.Amount, change ...func(*SellRequest)) (sale.Sale, error) {
	keyCount++
	r := SellRequest{Key: fmt.Sprintf("key-%d", keyCount), Amount: amount, Method: method}
	for _, f := range change {
		f(&r)
	}
	s, _, err := c.till.Sell(context.Background(), r)
	synctest.Wait()
	return s, err
}

// now returns the sale as it stands.
func (c *counter) now(id sale.ID) sale.Sale {
	c.t.Helper()
	synctest.Wait()
	s, err := c.till.Sale(context.Background(), id)
	if err != nil {
		c.t.Fatal(err)
	}
	return s
}

func (c *counter) wait(d time.Duration) {
	time.Sleep(d) // virtual: the bubble's clock jumps
	synctest.Wait()
}

// want fails unless the sale is in the state, for the reason.
func (c *counter) want(id sale.ID, state sale.State, why sale.Reason) sale.Sale {
	c.t.Helper()
	s := c.now(id)
	if s.State != state || s.Reason != why {
		c.t.Fatalf("sale is %s (%s, %q), want %s (%s)", s.State, s.Reason, s.Words, state, why)
	}
	return s
}

// fakeTerminal answers as told; Charge waits for the script.
type fakeTerminal struct {
	mu       sync.Mutex
	requests []sale.CardRequest
	lookups  []sale.CardLookup
	answers  chan sale.CardAnswer
	aborted  int
	find     func(l sale.CardLookup) sale.CardFinding
	batch    func() sale.BatchAnswer
	closed   int
}

func newFakeTerminal() *fakeTerminal {
	return &fakeTerminal{answers: make(chan sale.CardAnswer), find: func(l sale.CardLookup) sale.CardFinding { return sale.CardFinding{Ref: l.Ref} }}
}

func (f *fakeTerminal) Charge(ctx context.Context, o sale.CardRequest) sale.CardAnswer {
	f.mu.Lock()
	f.requests = append(f.requests, o)
	f.mu.Unlock()
	select {
	case a := <-f.answers:
		a.Ref, a.Kind, a.Serial = o.Ref, o.Kind, serial
		return a
	case <-ctx.Done():
		return sale.CardAnswer{Ref: o.Ref, Kind: o.Kind, Verdict: sale.VerdictUnsure, Words: "stopped"}
	}
}

func (f *fakeTerminal) Find(_ context.Context, l sale.CardLookup) sale.CardFinding {
	f.mu.Lock()
	f.lookups = append(f.lookups, l)
	find := f.find
	f.mu.Unlock()
	found := find(l)
	found.SameLine, found.Finds = true, true
	return found
}

func (f *fakeTerminal) CloseBatch(context.Context) sale.BatchAnswer {
	f.mu.Lock()
	f.closed++
	batch := f.batch
	f.mu.Unlock()
	return batch()
}

func (f *fakeTerminal) Abort(context.Context) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.aborted++
	return nil
}

func (f *fakeTerminal) finds(g func(l sale.CardLookup) sale.CardFinding) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.find = g
}

func (f *fakeTerminal) count() (requests, lookups int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.requests), len(f.lookups)
}

func approve(amount sale.Amount) sale.CardAnswer {
	return sale.CardAnswer{Verdict: sale.VerdictApproved, Words: "APPROVED", Approved: amount, Extra: `{"expireDate":"1022"}`,
		Card: sale.CardInfo{Number: "XXXXXXXXXXXX1166", Transaction: "12", Serial: "0123456789"}}
}

// fakeGateway is the gateway and the outbox; every answer is a function that a test may replace.
type fakeGateway struct {
	mu      sync.Mutex
	created []sale.OrderRequest
	asked   int
	refunds []sale.RefundRequest
	sent    []sale.Report
	create  func(r sale.OrderRequest) sale.GatewayAnswer
	query   func(no string) sale.GatewayAnswer
	refund  func(r sale.RefundRequest) sale.GatewayAnswer
	refundQ func(no string) sale.GatewayAnswer
	report  func(r sale.Report) sale.GatewayAnswer
	probe   func() sale.GatewayAnswer
	probes  int
}

func newFakeGateway() *fakeGateway {
	return &fakeGateway{
		create: func(r sale.OrderRequest) sale.GatewayAnswer {
			return sale.GatewayAnswer{No: r.No, Result: sale.GatewayOK, Verified: true, PayOrderID: "P" + r.No, Code: "weixin://" + r.No, Status: sale.StatusUnknown}
		},
		query: status(sale.StatusCreated),
		refund: func(r sale.RefundRequest) sale.GatewayAnswer {
			return sale.GatewayAnswer{No: r.No, Result: sale.GatewayOK, Verified: true}
		},
		refundQ: func(no string) sale.GatewayAnswer { return sale.GatewayAnswer{No: no, Result: sale.GatewayLost} },
		probe:   func() sale.GatewayAnswer { return sale.GatewayAnswer{Result: sale.GatewayNotFound} },
		report: func(r sale.Report) sale.GatewayAnswer {
			return sale.GatewayAnswer{No: r.No, Result: sale.GatewayOK, Verified: true}
		},
	}
}

func status(st sale.OrderStatus) func(no string) sale.GatewayAnswer {
	return func(no string) sale.GatewayAnswer {
		return sale.GatewayAnswer{No: no, Result: sale.GatewayOK, Verified: true, Status: st, PayOrderID: "P" + no}
	}
}

// does replaces one of the gateway's answers while the till runs.
func (g *fakeGateway) does(f func(g *fakeGateway)) {
	g.mu.Lock()
	defer g.mu.Unlock()
	f(g)
}

func (g *fakeGateway) Create(_ context.Context, r sale.OrderRequest) sale.GatewayAnswer {
	g.mu.Lock()
	g.created = append(g.created, r)
	f := g.create
	g.mu.Unlock()
	return f(r)
}

func (g *fakeGateway) Query(_ context.Context, no string) sale.GatewayAnswer {
	g.mu.Lock()
	g.asked++
	f := g.query
	g.mu.Unlock()
	return f(no)
}

func (g *fakeGateway) Refund(_ context.Context, r sale.RefundRequest) sale.GatewayAnswer {
	g.mu.Lock()
	g.refunds = append(g.refunds, r)
	f := g.refund
	g.mu.Unlock()
	return f(r)
}

func (g *fakeGateway) Probe(context.Context) sale.GatewayAnswer {
	g.mu.Lock()
	g.probes++
	f := g.probe
	g.mu.Unlock()
	return f()
}

func (g *fakeGateway) QueryRefund(_ context.Context, no string) sale.GatewayAnswer {
	g.mu.Lock()
	f := g.refundQ
	g.mu.Unlock()
	return f(no)
}

func (g *fakeGateway) Send(_ context.Context, reports []sale.Report, answered func(sale.Report, sale.GatewayAnswer)) {
	for _, r := range reports {
		g.mu.Lock()
		g.sent = append(g.sent, r)
		f := g.report
		g.mu.Unlock()
		answered(r, f(r))
	}
}

func (g *fakeGateway) reports() []sale.Report         { return locked(&g.mu, &g.sent) }
func (g *fakeGateway) orders() []sale.OrderRequest    { return locked(&g.mu, &g.created) }
func (g *fakeGateway) refunded() []sale.RefundRequest { return locked(&g.mu, &g.refunds) }
func (g *fakeGateway) queries() int                   { return locked(&g.mu, &g.asked) }
func (f *fakeTerminal) aborts() int                   { return locked(&f.mu, &f.aborted) }
func (f *fakeTerminal) charged() []sale.CardRequest   { return locked(&f.mu, &f.requests) }

// locked reads what another goroutine may be writing. Slices only grow.
func locked[T any](mu *sync.Mutex, v *T) T {
	mu.Lock()
	defer mu.Unlock()
	return *v
}

type fakeGlass struct {
	mu    sync.Mutex
	shown []sale.Screen
}

func (g *fakeGlass) Show(s sale.Screen) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.shown = append(g.shown, s)
}

func (g *fakeGlass) last() sale.Screen {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.shown[len(g.shown)-1]
}

// codes returns every QR text that ever reached glass.
func (g *fakeGlass) codes() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	var codes []string
	for _, s := range g.shown {
		if s.Code != "" && (len(codes) == 0 || codes[len(codes)-1] != s.Code) {
			codes = append(codes, s.Code)
		}
	}
	return codes
}

type fakePrinter struct {
	mu      sync.Mutex
	printed []sale.Receipt    // asked for
	done    []sale.Receipt    // came out
	result  *sale.PrintResult // what it answers instead of printing
	codes   []string
	own     []sale.Print // the shop's own that came out
}

// asked returns the receipts that were to be printed.
func (p *fakePrinter) asked() []sale.Receipt {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.printed)
}

func (p *fakePrinter) PrintCode(_ context.Context, s sale.Screen) sale.PrintResult {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.codes = append(p.codes, s.Code)
	return sale.PrintResult{State: sale.PrintDone}
}

func (p *fakePrinter) PreparePrint(form sale.PrintForm, data []byte) ([]byte, error) {
	if form == sale.PrintRaw {
		return nil, errors.New("not for this printer")
	}
	return append([]byte("kept "), data...), nil
}

func (p *fakePrinter) PrintOwn(_ context.Context, own sale.Print) sale.PrintResult {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.result != nil {
		res := *p.result
		res.Job = own.Job
		return res
	}
	p.own = append(p.own, own)
	return sale.PrintResult{Job: own.Job, State: sale.PrintDone}
}

func (p *fakePrinter) Print(_ context.Context, r sale.Receipt) sale.PrintResult {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.printed = append(p.printed, r)
	if p.result != nil {
		res := *p.result
		res.Job = r.Job
		return res
	}
	p.done = append(p.done, r)
	return sale.PrintResult{Job: r.Job, State: sale.PrintDone}
}
