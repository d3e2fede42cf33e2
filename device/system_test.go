package device

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"posd/device/core"
	"posd/device/journaltest"
	"posd/device/sale"
	"posd/pax"
	"posd/pax/paxsim"
	"posd/sync/iotpay"
	"posd/sync/iotpay/iotpaysim"
	"posd/sync/outbox"
)

// wholeCounters is how many counters trade; each takes a dozen sales, two thirds
// of them by wallet.
var wholeCounters = flag.Uint64("counters", 70, "how many counters TestWholeCounterUnderRandomFaults runs")

// TestWholeCounterUnderRandomFaults puts the real till, the real card driver and
// the real gateway client, frames and signatures included, between the two
// simulators, lets everything go wrong that they know how to, restarts the
// till now and then, and counts in the end: money taken at the terminal and at
// the wallets is paid or given back in the journal, one to one, each card sale
// is reported once, and nothing is left unknown.
func TestWholeCounterUnderRandomFaults(t *testing.T) {
	for seed := range *wholeCounters {
		synctest.Test(t, func(t *testing.T) {
			w := newSystem(t, seed)
			defer w.stop()
			w.trade(12)
			w.heal()
			w.count()
			if t.Failed() {
				t.Logf("seed %d:\n%s", seed, strings.Join(w.story, "\n"))
			}
		})
		if t.Failed() {
			return
		}
	}
}

// system is a counter made of real parts and simulators.
type system struct {
	t        *testing.T
	rnd      *rand.Rand
	terminal *paxsim.Terminal
	gateway  *iotpaysim.Gateway
	client   *iotpay.Client
	link     *pipe
	net      *pipes
	journal  *journaltest.Memory
	till     *Till
	glass    *customer
	story    []string
	ctx      context.Context
	end      context.CancelFunc
	halt     func()
}

func newSystem(t *testing.T, seed uint64) *system {
	w := &system{t: t, rnd: rand.New(rand.NewPCG(seed, 3)), journal: journaltest.New(), net: newPipes()}
	w.ctx, w.end = context.WithCancel(context.Background())
	w.terminal = paxsim.New(paxsim.Options{Think: time.Duration(1+w.rnd.IntN(20)) * time.Second})
	w.gateway = iotpaysim.New(iotpaysim.Options{MchID: "10000701", Key: "not-a-real-key"})
	go w.gateway.Serve(w.ctx, w.net)
	w.link = &pipe{serve: func(c net.Conn) { w.terminal.ServeConn(w.ctx, c) }}
	cfg := iotpay.Defaults()
	cfg.BaseURL, cfg.MchID, cfg.JobNo, cfg.ClientIP = "http://127.0.0.1/v1/", "10000701", "till1", "192.168.1.20"
	client, err := iotpay.New(cfg, "not-a-real-key", quiet, iotpay.WithDial(w.net.dial))
	if err != nil {
		t.Fatal(err)
	}
	w.client = client
	w.glass = &customer{w: w}
	w.start()
	return w
}

var quiet = slog.New(slog.NewTextHandler(io.Discard, nil))

func (w *system) start() {
	till, err := New(Options{
		Policy: core.DefaultPolicy(), Journal: w.journal, Terminal: pax.New(w.link, pax.Defaults(), quiet),
		Gateway: w.client, Outbox: outbox.New(w.client, 8), Screen: w.glass, Printer: &fakePrinter{},
		Makers: core.Makers{ID: testMakers.ID, Report: w.client.ReportParams, Wallet: testMakers.Wallet},
		Log:    quiet, Clock: time.Now, Entropy: reader{rand.New(rand.NewPCG(w.rnd.Uint64(), 4))},
	})
	if err != nil {
		w.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(w.ctx)
	ended := make(chan error, 1)
	go func() { ended <- till.Run(ctx) }()
	<-till.Ready()
	w.till = till
	w.halt = func() {
		cancel()
		if err := <-ended; err != nil {
			w.t.Errorf("Run: %v", err)
		}
	}
}

func (w *system) stop() {
	w.halt()
	w.client.Close()
	w.end()
	w.link.Close()
	w.net.Close()
}

func (w *system) say(format string, args ...any) {
	w.story = append(w.story, fmt.Sprintf("%s  ", time.Now().Format("15:04:05.000"))+fmt.Sprintf(format, args...))
}

// trade takes n sales of different amounts while things go wrong.
func (w *system) trade(n int) {
	methods := []sale.Method{sale.Card, sale.Card, sale.WeChat, sale.Alipay, sale.UnionPay, sale.Scan}
	for i := range n {
		w.spoil()
		r := SellRequest{Key: fmt.Sprintf("k%d", i), Amount: sale.Amount(1000 + i*100), Method: methods[w.rnd.IntN(len(methods))], Reference: fmt.Sprintf("B%d", i)}
		if r.Method == sale.Scan {
			r.AuthCode = "130000000000000001"
		}
		s, _, err := w.till.Sell(w.ctx, r)
		if err != nil {
			w.say("sale %d by %s: %v", i, r.Method, err)
			time.Sleep(time.Duration(w.rnd.IntN(60)) * time.Second)
			continue
		}
		w.say("sale %d by %s is %s", i, r.Method, s.ID)
		time.Sleep(time.Duration(1+w.rnd.IntN(40)) * time.Second)
		if w.rnd.IntN(4) == 0 {
			if _, err := w.till.Cancel(w.ctx, s.ID); err == nil {
				w.say("sale %d: cancel", i)
			}
		}
		if w.rnd.IntN(8) == 0 {
			w.say("restart")
			w.halt()
			w.start()
		}
		time.Sleep(time.Duration(w.rnd.IntN(200)) * time.Second)
	}
}

// spoil sets some faults on either side, or clears them.
func (w *system) spoil() {
	w.terminal.ClearFault("")
	w.gateway.ClearFault("")
	w.link.Close()
	for range w.rnd.IntN(3) {
		f := []string{
			"lose-ack=T,x1", "lose-answer=20s,T,x1", "late-answer=30s,T,x1", "eot-for-answer=T,x1", "lose-eot=T,x2", "nak-once=T,x1", "nak-always",
			"bad-lrc-once=T,x1", "bad-lrc-always=T,x1", "garbage=T,x1", "busy=A00,x2", "decline", "abort", "timeout", "unplug-at=out:120,T,x1", "dead",
		}[w.rnd.IntN(16)]
		if err := w.terminal.SetFault(f); err != nil {
			w.t.Fatal(err)
		}
		w.say("terminal: %s", f)
	}
	for range w.rnd.IntN(3) {
		f := []string{
			"away", "slow=5s", "5xx-before", "5xx-after-commit", "cut-before", "cut-at=40", "throttle=7", "html-portal", "wrong-signature", "unsigned-fail", "wrong-key",
			"5xx-after-commit@create_order", "cut-before@create_order", "5xx-after-commit@refund_order",
		}[w.rnd.IntN(14)]
		if err := w.gateway.SetFault(f); err != nil {
			w.t.Fatal(err)
		}
		w.say("gateway: %s", f)
	}
}

// heal makes everything well and gives posd its time.
func (w *system) heal() {
	w.terminal.ClearFault("")
	w.gateway.ClearFault("")
	w.link.Close()
	w.say("everything is well from here on")
	time.Sleep(10 * time.Minute)
	for _, o := range w.gateway.State().Orders {
		if o.Status == 0 || o.Status == 1 {
			if err := w.gateway.CloseOrder(o.MchOrderNo, 4); err != nil {
				w.t.Error(err)
			}
		}
	}
	time.Sleep(4 * time.Hour)
	synctest.Wait()
}

// count compares what the far sides took with what the journal says.
func (w *system) count() {
	taken := w.terminal.State().Approvals
	reports := map[string]int{}
	gw := w.gateway.State()
	for _, r := range gw.Reports {
		reports[r.MchOrderNo] = r.Accepted
	}
	known := map[string]bool{}
	for _, id := range w.journal.Rows.Order {
		s := w.journal.Rows.Sales[id]
		// An order that the gateway never heard of and that may have been shown is watched for its seven days.
		watched := s.Method.Wallet() && !w.ordered(s.MchOrderNo)
		if !s.State.Final() && s.Attention == "" && !watched {
			w.t.Errorf("sale %s by %s is still %s (%s, %q) and nobody is told", s.ID, s.Method, s.State, s.Reason, s.Words)
		}
		approvals := 0
		for _, a := range s.Attempts {
			approvals += taken[a.Ref]
			known[a.Ref] = true
		}
		if s.Method != sale.Card {
			continue
		}
		if approvals > 1 || s.State.Final() && (approvals == 1) != (s.State == sale.Paid) {
			w.t.Errorf("card sale %s is %s with %d approvals at the terminal", s.ID, s.State, approvals)
		}
		if s.State == sale.Paid && (s.Reported != sale.ReportDone || reports[s.MchOrderNo] != 1) {
			w.t.Errorf("card sale %s is paid, %s at posd, and %d times at the gateway", s.ID, s.Reported, reports[s.MchOrderNo])
		}
	}
	for ref := range taken {
		if !known[ref] {
			w.t.Errorf("the terminal approved %s and the journal does not know it", ref)
		}
	}
	for _, o := range gw.Orders {
		s, ok := w.owner(o.MchOrderNo)
		paid := o.Status == 2 || o.Status == 3
		switch {
		case paid && !ok:
			w.t.Errorf("order %s was paid and the journal does not know it", o.MchOrderNo)
		case paid && s.State != sale.Paid, !paid && ok && s.State == sale.Paid && s.MchOrderNo == o.MchOrderNo:
			w.t.Errorf("order %s is %d at the gateway and its sale is %s", o.MchOrderNo, o.Status, s.State)
		case o.Refunded > o.Amount || o.Refunded > 0 && !s.Undone():
			w.t.Errorf("order %s of %d was refunded for %d; the journal says %+v", o.MchOrderNo, o.Amount, o.Refunded, s.Refunds)
		case o.Creates > 1:
			w.t.Errorf("create_order went out %d times for %s", o.Creates, o.MchOrderNo)
		}
	}
}

// ordered reports whether the gateway ever heard of an order.
func (w *system) ordered(no string) bool {
	for _, o := range w.gateway.State().Orders {
		if o.MchOrderNo == no {
			return true
		}
	}
	return false
}

func (w *system) owner(no string) (sale.Sale, bool) {
	for _, s := range w.journal.Rows.Sales {
		for _, a := range s.Attempts {
			if a.Ref == no {
				return s, true
			}
		}
	}
	return sale.Sale{}, false
}

// customer scans the code on glass and pays it, sometimes long after.
type customer struct {
	w    *system
	mu   sync.Mutex
	seen map[string]bool
}

func (c *customer) Show(s sale.Screen) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if s.Code == "" || c.seen[s.Code] {
		return
	}
	if c.seen == nil {
		c.seen = map[string]bool{}
	}
	c.seen[s.Code] = true
	n := len(c.seen)
	if n%4 == 0 {
		return // looks, and walks away
	}
	code, think := s.Code, time.Duration(n%7)*31*time.Second+2*time.Second
	go func() {
		select {
		case <-time.After(think):
			// An order that was closed meanwhile cannot be paid any more.
			_ = c.w.gateway.Scan(code, true)
		case <-c.w.ctx.Done():
		}
	}()
}

// pipe is the terminal's line: an in-memory connection, made anew at each opening.
type pipe struct {
	serve func(net.Conn)
	mu    sync.Mutex
	conn  net.Conn
	epoch uint64
}

func (p *pipe) Open(context.Context) (uint64, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.conn == nil {
		near, far := net.Pipe()
		go p.serve(far)
		p.conn = near
		p.epoch++
	}
	return p.epoch, nil
}

func (p *pipe) at() (net.Conn, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.conn == nil {
		return nil, io.ErrClosedPipe
	}
	return p.conn, nil
}

func (p *pipe) Read(b []byte) (int, error) {
	c, err := p.at()
	if err != nil {
		return 0, err
	}
	return c.Read(b)
}

func (p *pipe) Write(b []byte) (int, error) {
	c, err := p.at()
	if err != nil {
		return 0, err
	}
	return c.Write(b)
}

func (p *pipe) SetReadDeadline(t time.Time) error {
	c, err := p.at()
	if err != nil {
		return err
	}
	return c.SetReadDeadline(t)
}

func (p *pipe) SetWriteDeadline(t time.Time) error {
	c, err := p.at()
	if err != nil {
		return err
	}
	return c.SetWriteDeadline(t)
}

func (p *pipe) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.conn == nil {
		return nil
	}
	err := p.conn.Close()
	p.conn = nil
	return err
}

// pipes is a listener whose connections are in memory, so that virtual time passes.
type pipes struct {
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
}

func newPipes() *pipes { return &pipes{conns: make(chan net.Conn), done: make(chan struct{})} }

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error   { p.once.Do(func() { close(p.done) }); return nil }
func (p *pipes) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 80} }

func (p *pipes) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	near, far := net.Pipe()
	select {
	case p.conns <- far:
		return near, nil
	case <-p.done:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
