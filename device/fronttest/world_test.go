package fronttest

import (
	"context"
	"errors"
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

	"github.com/oklog/ulid/v2"

	"posd/device"
	"posd/device/core"
	"posd/device/journaltest"
	"posd/device/sale"
	"posd/pax"
	"posd/pax/paxsim"
)

var schedules = flag.Int("schedules", 40, "random schedules for each front end")

// belief is what a register knows of its customer in the end.
type belief string

const (
	believesPaid    belief = "paid"
	believesNotPaid belief = "not paid"
	unsure          belief = "unsure" // it was told so, or nothing
)

// client is a register of one kind, at one counter.
type client interface {
	// serve takes one customer's money.
	serve(n int) belief
	// opened says that posd runs: its front end is to run, too. It returns at the front end's end.
	opened(ctx context.Context, w *world, run *life)
	// next passes the time after which another customer may pay the same.
	next()
}

// frontEnds are the registers of each kind.
var frontEnds = map[string]func(w *world) client{
	"register": func(w *world) client { return &register{world: w} },
	"page":     func(w *world) client { return &page{world: w} },
	"program":  func(w *world) client { return &program{world: w} },
}

// TestRandomSchedules plays every front end's schedules.
func TestRandomSchedules(t *testing.T) {
	for name, made := range frontEnds {
		t.Run(name, func(t *testing.T) {
			kills := 0
			for seed := range *schedules {
				synctest.Test(t, func(t *testing.T) { kills += play(t, rand.New(rand.NewPCG(uint64(seed), 7)), made, seed) })
				if t.Failed() {
					return
				}
			}
			if *schedules >= 20 && kills < *schedules/2 {
				t.Errorf("posd was killed %d times only", kills)
			}
			t.Logf("%d schedules, posd was killed %d times", *schedules, kills)
		})
	}
}

// world is a counter: a terminal and a journal, and posd as long as it lives.
type world struct {
	t        *testing.T
	r        *rand.Rand
	terminal *paxsim.Terminal
	journal  *journaltest.Memory
	ctx      context.Context
	client   client
	life     *life // the run of posd that goes on; nil while there is none
	kills    int
	story    []string
}

// life is one run of posd.
type life struct {
	till    *device.Till
	journal *mortal
	line    *line
	noted   map[string]string
	ctx     context.Context
	cancel  context.CancelFunc
	work    sync.WaitGroup
	conns   chan net.Conn // to the front end
	cut     func()        // ends all connections to it
	keys    *rand.Rand    // the front end's
}

func play(t *testing.T, r *rand.Rand, made func(*world) client, seed int) int {
	ctx, end := context.WithCancel(context.Background())
	w := &world{t: t, r: r, journal: journaltest.New(), ctx: ctx}
	w.terminal = paxsim.New(paxsim.Options{Think: time.Duration(1+r.IntN(40)) * time.Second})
	w.client = made(w)
	defer func() {
		w.kill("the end")
		end()
		if t.Failed() {
			t.Logf("seed %d:\n%s", seed, strings.Join(w.story, "\n"))
		}
	}()
	w.boot()
	for n := range 5 {
		w.spoil()
		before := w.captured()
		got := w.client.serve(n)
		w.settle()
		took := w.captured() - before
		w.say("customer %d: %s, charged %d times", n, got, took)
		if took > 1 || got == believesPaid && took != 1 || got == believesNotPaid && took != 0 {
			t.Errorf("customer %d: the register believes %q, and the terminal charged %d times", n, got, took)
		}
		if paid := w.paid(); paid != w.captured() {
			t.Errorf("after customer %d: %d sales are paid in the journal, %d were approved at the terminal", n, paid, w.captured())
		}
		if t.Failed() {
			w.tell()
			break
		}
		w.client.next()
	}
	return w.kills
}

func (w *world) say(format string, a ...any) {
	w.story = append(w.story, time.Now().Format("15:04:05.000  ")+fmt.Sprintf(format, a...))
}

// tell says what the journal and the terminal hold.
func (w *world) tell() {
	taken := w.terminal.State().Approvals
	for _, id := range w.journal.Rows.Order {
		s := w.journal.Rows.Sales[id]
		w.say("sale %s of %s at %s: %s %s", id, s.Amount, s.CreatedAt.Format("15:04:05"), s.State, s.Reason)
		for _, a := range s.Attempts {
			w.say("  attempt %s approved %d times", a.Ref, taken[a.Ref])
		}
	}
}

func (w *world) captured() (n int) {
	for _, k := range w.terminal.State().Approvals {
		n += k
	}
	return n
}

func (w *world) paid() (n int) {
	list, _ := w.journal.Sales(w.ctx, sale.Filter{State: sale.Paid})
	return len(list)
}

// spoil lets something go wrong at the terminal, or nothing.
func (w *world) spoil() {
	w.terminal.ClearFault("")
	if w.r.IntN(2) == 0 {
		return
	}
	faults := []string{"decline", "abort", "timeout", "lose-ack=T,x1", "lose-answer=20s,T,x1", "late-answer=30s,T,x1", "eot-for-answer=T,x1", "nak-always", "dead", "bad-lrc-once=T,x1"}
	f := faults[w.r.IntN(len(faults))]
	if err := w.terminal.SetFault(f); err != nil {
		w.t.Fatal(err)
	}
	w.say("terminal: %s", f)
}

// settle lets everything end: posd runs, the terminal is well, and of what it cannot
// tell a person says what the terminal's paper says.
func (w *world) settle() {
	if w.r.IntN(2) == 0 { // the kill may still come
		time.Sleep(time.Duration(w.r.IntN(90)) * time.Second)
	}
	w.terminal.ClearFault("")
	if w.life != nil {
		w.life.journal.spare()
		synctest.Wait()
		if w.life.journal.over() {
			w.kill("at a commit")
		}
	}
	if w.life == nil {
		w.boot()
	}
	for range 20 {
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		list, err := w.life.till.Sales(w.ctx, sale.Filter{})
		if err != nil {
			w.t.Fatal(err)
		}
		open := 0
		for _, s := range list {
			if s.State.Final() {
				continue
			}
			open++
			if s.Attention != "" {
				w.resolve(s)
			}
		}
		if open == 0 {
			return
		}
	}
	w.t.Error("a sale does not end")
}

func (w *world) resolve(s sale.Sale) {
	as := sale.Declined
	for _, a := range s.Attempts {
		if w.terminal.State().Approvals[a.Ref] > 0 {
			as = sale.Paid
		}
	}
	w.say("a person says that %s is %s", s.ID, as)
	if _, err := w.life.till.Resolve(w.ctx, device.ResolveRequest{Sale: s.ID, As: as, Reason: "it is on the terminal's paper", By: "Ana"}); err != nil {
		w.say("which is not taken: %v", err)
	}
}

// boot starts posd.
func (w *world) boot() {
	l := &life{journal: &mortal{Memory: w.journal, buried: make(chan struct{}), dead: make(chan struct{})}, conns: make(chan net.Conn),
		keys: rand.New(rand.NewPCG(w.r.Uint64(), 8))}
	l.ctx, l.cancel = context.WithCancel(w.ctx)
	l.line = &line{serve: func(c net.Conn) { w.terminal.ServeConn(w.ctx, c) }}
	till, err := device.New(device.Options{
		Policy: core.DefaultPolicy(), Journal: l.journal, Terminal: pax.New(l.line, pax.Defaults(), quiet), Screen: nobody{},
		Makers: core.Makers{ID: newID, Report: noReport, Wallet: noWallet},
		Log:    quiet, Clock: time.Now, Entropy: entropy{rand.New(rand.NewPCG(w.r.Uint64(), 9))},
	})
	if err != nil {
		w.t.Fatal(err)
	}
	l.till = till
	l.work.Go(func() { _ = till.Run(l.ctx) })
	<-till.Ready()
	if l.noted, err = till.Noted(w.ctx); err != nil {
		w.t.Fatal(err)
	}
	l.work.Go(func() { w.client.opened(l.ctx, w, l) })
	l.work.Go(func() {
		select {
		case <-l.journal.dead:
			l.bury()
		case <-l.ctx.Done():
		}
	})
	w.life = l
	w.say("posd runs")
}

// bury ends all that a process has open, before anything learns that it is over.
func (l *life) bury() {
	if l.cut != nil {
		l.cut()
	}
	l.line.kill()
	l.cancel()
	l.journal.bury()
}

// kill ends posd at this moment.
func (w *world) kill(why string) {
	if w.life == nil {
		return
	}
	w.say("posd is killed: %s", why)
	w.life.journal.die()
	w.life.bury()
	w.life.work.Wait()
	w.life = nil
	w.kills++
}

// endanger lets posd be killed at one of its next commits, perhaps.
func (w *world) endanger() {
	if w.life != nil && w.r.IntN(2) == 0 {
		w.life.journal.arm(1+w.r.IntN(7), w.r.IntN(2) == 0)
	}
}

// revive starts posd again if it was killed, after a while; now and then it is killed here.
func (w *world) revive() {
	synctest.Wait()
	if w.life != nil && w.life.journal.over() {
		w.kill("at a commit")
	} else if w.r.IntN(8) == 0 {
		w.kill("between two commits")
	}
	if w.life == nil {
		time.Sleep(time.Duration(w.r.IntN(40)) * time.Second)
		w.boot()
	}
}

// dial connects to the front end; nil if nobody listens.
func (w *world) dial() net.Conn {
	if w.life == nil || w.life.journal.over() {
		return nil
	}
	near, far := net.Pipe()
	select {
	case w.life.conns <- at{far}:
		return near
	case <-w.life.ctx.Done():
		return nil
	}
}

// mortal is a journal whose process may be killed: at a commit, before or behind it, or at once.
// What was stored stays.
type mortal struct {
	*journaltest.Memory
	mu     sync.Mutex
	left   int  // commits until the last; 0 for no end
	behind bool // the last one is stored
	gone   bool
	dead   chan struct{} // closed at the end
	buried chan struct{} // closed when nobody can hear of it any more
}

var errKilled = errors.New("killed")

func (m *mortal) Commit(ctx context.Context, rows []sale.Row) ([]int64, error) {
	m.mu.Lock()
	last := !m.gone && m.left == 1
	m.left = max(m.left-1, 0)
	if !m.gone && (!last || m.behind) {
		seqs, err := m.Memory.Commit(ctx, rows)
		if !last {
			m.mu.Unlock()
			return seqs, err
		}
	}
	m.end()
	m.mu.Unlock()
	<-m.buried
	return nil, errKilled
}

func (m *mortal) end() {
	if !m.gone {
		m.gone = true
		close(m.dead)
	}
}

func (m *mortal) die() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.end()
}

func (m *mortal) bury() {
	m.mu.Lock()
	defer m.mu.Unlock()
	select {
	case <-m.buried:
	default:
		close(m.buried)
	}
}

func (m *mortal) over() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.gone
}

func (m *mortal) arm(left int, behind bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.left, m.behind = left, behind
}

func (m *mortal) spare() { m.arm(0, false) }

// line is the terminal's: a connection in memory, made anew at each opening.
type line struct {
	serve func(net.Conn)
	mu    sync.Mutex
	conn  net.Conn
	epoch uint64
	ended bool
}

func (l *line) Open(context.Context) (uint64, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ended {
		return 0, io.ErrClosedPipe
	}
	if l.conn == nil {
		near, far := net.Pipe()
		go l.serve(far)
		l.conn = near
		l.epoch++
	}
	return l.epoch, nil
}

func (l *line) at() (net.Conn, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.conn == nil {
		return nil, io.ErrClosedPipe
	}
	return l.conn, nil
}

func (l *line) Read(b []byte) (int, error) {
	c, err := l.at()
	if err != nil {
		return 0, err
	}
	return c.Read(b)
}

func (l *line) Write(b []byte) (int, error) {
	c, err := l.at()
	if err != nil {
		return 0, err
	}
	return c.Write(b)
}

func (l *line) SetReadDeadline(t time.Time) error {
	c, err := l.at()
	if err != nil {
		return err
	}
	return c.SetReadDeadline(t)
}

func (l *line) SetWriteDeadline(t time.Time) error {
	c, err := l.at()
	if err != nil {
		return err
	}
	return c.SetWriteDeadline(t)
}

func (l *line) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.conn == nil {
		return nil
	}
	err := l.conn.Close()
	l.conn = nil
	return err
}

func (l *line) kill() {
	l.Close()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ended = true
}

// listener hands a life's connections to its front end.
type listener struct {
	l     *life
	mu    sync.Mutex
	conns []net.Conn
	done  chan struct{}
	once  sync.Once
}

// listen returns the listener of a life's front end, whose connections end with it.
func (l *life) listen() *listener {
	s := &listener{l: l, done: make(chan struct{})}
	l.cut = s.cut
	return s
}

func (s *listener) Accept() (net.Conn, error) {
	select {
	case c := <-s.l.conns:
		s.mu.Lock()
		defer s.mu.Unlock()
		s.conns = append(s.conns, c)
		return c, nil
	case <-s.done:
		return nil, net.ErrClosed
	}
}

func (s *listener) Close() error   { s.once.Do(func() { close(s.done) }); return nil }
func (s *listener) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1} }

func (s *listener) cut() {
	s.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.conns {
		c.Close()
	}
}

// at gives a pipe an address.
type at struct{ net.Conn }

func (at) RemoteAddr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 40000} }

type nobody struct{}

func (nobody) Show(sale.Screen) {}

type entropy struct{ r *rand.Rand }

func (e entropy) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(e.r.Uint32())
	}
	return len(p), nil
}

var quiet = slog.New(slog.NewTextHandler(io.Discard, nil))

func newID(t time.Time, entropy []byte) string {
	var id ulid.ULID
	_ = id.SetTime(ulid.Timestamp(t))
	_ = id.SetEntropy(entropy[:10])
	return id.String()
}

func noReport(string, sale.Amount, string, sale.Secret) (sale.Secret, error) { return "none", nil }
func noWallet(sale.Secret) (sale.Channel, error)                             { return "", errors.New("no wallet") }
