package fronttest

import (
	"context"
	"errors"
	"flag"
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
	"posd/device/poslink"
	"posd/device/sale"
	"posd/pax"
)

var schedules = flag.Int("schedules", 40, "random schedules for each front end")

// TestRandomSchedules plays every front end's schedules.
func TestRandomSchedules(t *testing.T) {
	for name, f := range frontEnds {
		t.Run(name, func(t *testing.T) {
			kills := 0
			for seed := range *schedules {
				synctest.Test(t, func(t *testing.T) {
					w := newWorld(t, f, rand.New(rand.NewPCG(uint64(seed), 7)))
					if fault := w.play(5); fault != "" {
						t.Errorf("%s\nseed %d:\n%s", fault, seed, strings.Join(w.story, "\n"))
					}
					w.end()
					kills += w.kills - 1 // without that at the end
				})
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

// world is the posd of a counter built in, in virtual time: a journal, and posd as long
// as it lives.
type world struct {
	*counter
	t       *testing.T
	front   frontEnd
	journal *journaltest.Memory
	ctx     context.Context
	cancel  context.CancelFunc
	life    *life // the run of posd that goes on; nil while there is none
}

// newWorld returns a counter at which posd runs.
func newWorld(t *testing.T, f frontEnd, r *rand.Rand) *world {
	w := &world{counter: newCounter(t, f, r, 1), t: t, front: f, journal: journaltest.New()}
	w.posd, w.repeat = w, poslink.Defaults().RepeatFor
	w.ctx, w.cancel = context.WithCancel(context.Background())
	w.boot()
	return w
}

func (w *world) end() {
	w.kill("the end")
	w.cancel()
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
	l.work.Go(func() { w.front.run(l.ctx, w.t, l) })
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

// calm lets nothing kill posd any more.
func (w *world) calm() {
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
}

func (w *world) sales() []sale.Sale {
	synctest.Wait() // nothing is being stored
	list, err := w.journal.Sales(w.ctx, sale.Filter{})
	if err != nil {
		w.t.Fatal(err)
	}
	return list
}

func (w *world) resolve(id sale.ID, as sale.State) error {
	_, err := w.life.till.Resolve(w.ctx, device.ResolveRequest{Sale: id, As: as, Reason: "it is on the terminal's paper", By: "Ana"})
	return err
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
		w.hesitate(40)
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
