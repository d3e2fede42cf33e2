package pax_test

import (
	"bytes"
	"cmp"
	"context"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/creack/pty"

	"posd/device/port"
	"posd/device/sale"
	"posd/pax"
	"posd/pax/paxsim"
)

// shortWaits are times for real lines, on which no test may wait for long.
func shortWaits() pax.Config {
	c := pax.Defaults()
	c.AckWait, c.ProbeWait, c.GreetWait, c.AnswerWait = 250*time.Millisecond, 50*time.Millisecond, 250*time.Millisecond, 500*time.Millisecond
	c.GapWait, c.EndWait, c.DrainWait = 50*time.Millisecond, 50*time.Millisecond, 5*time.Millisecond
	return c
}

var quickTerminal = paxsim.Options{Think: 5 * time.Millisecond, Pause: 5 * time.Millisecond, AckWait: 50 * time.Millisecond}

// socket is where a terminal is plugged in: a link to a pseudo-terminal, as
// udev makes one. When its line breaks, the plug is put in again.
type socket struct {
	t    *testing.T
	ctx  context.Context
	sim  *paxsim.Terminal
	link string
	all  sync.WaitGroup

	mu sync.Mutex // of the flaw
}

func plugIn(t *testing.T, sim *paxsim.Terminal, f *flaw) *socket {
	ctx, stop := context.WithCancel(context.Background())
	s := &socket{t: t, ctx: ctx, sim: sim, link: filepath.Join(t.TempDir(), "posd-terminal")}
	s.plug(f)
	t.Cleanup(func() {
		stop()
		s.all.Wait()
	})
	return s
}

func (s *socket) plug(f *flaw) {
	device, near, err := pty.Open()
	if err != nil {
		s.t.Error(err)
		return
	}
	os.Remove(s.link)
	if err := os.Symlink(near.Name(), s.link); err != nil {
		s.t.Error(err)
		return
	}
	w := &wire{File: device, flaw: f, socket: s}
	s.all.Go(func() {
		defer near.Close() // kept open, or the device's side reads errors until the box opens it
		s.sim.ServeConn(s.ctx, w)
	})
}

// wire is the terminal's end of a pseudo-terminal that breaks at a byte.
type wire struct {
	*os.File
	*socket
	flaw *flaw
	once sync.Once
}

func (w *wire) Read(b []byte) (int, error) {
	n, err := w.File.Read(b)
	w.mu.Lock()
	through, breaks := w.flaw.pass(true, n)
	w.mu.Unlock()
	if breaks {
		w.pull()
		return 0, io.EOF
	}
	return through, err
}

func (w *wire) Write(b []byte) (int, error) {
	w.mu.Lock()
	through, breaks := w.flaw.pass(false, len(b))
	w.mu.Unlock()
	if through > 0 {
		if _, err := w.File.Write(b[:through]); err != nil {
			return 0, err
		}
	}
	if breaks {
		w.pull()
		return through, io.ErrClosedPipe
	}
	return len(b), nil
}

// pull takes the plug out and puts it in again.
func (w *wire) pull() {
	w.once.Do(func() {
		w.File.Close()
		w.socket.plug(&flaw{done: true})
	})
}

// place is where a plug is pulled: after so many bytes one way.
type place struct {
	to    bool
	after int
}

// overheard notes what goes over a line.
type overheard struct {
	net.Conn
	to, from *bytes.Buffer
}

func (o overheard) Write(b []byte) (int, error) {
	o.to.Write(b)
	return o.Conn.Write(b)
}

func (o overheard) Read(b []byte) (int, error) {
	n, err := o.Conn.Read(b)
	o.from.Write(b[:n])
	return n, err
}

// places are those of one sale: before and after every control byte, and both
// ends of each frame; and how many bytes go each way.
func places(t *testing.T) (all []place, toTerminal, fromTerminal int) {
	var to, from bytes.Buffer
	onCounter(t, pax.Defaults(), paxsim.Options{}, func(c *counter) {
		c.link.wrap = func(conn net.Conn) net.Conn { return overheard{conn, &to, &from} }
		c.approved(saleOf(ref1, 2865))
	})
	ends := func(b []byte, to bool) {
		var s pax.Scanner
		start := 0
		for i := range b {
			switch tok, _ := s.Next(b[i : i+1]); tok.Kind {
			case pax.TokenControl:
				all = append(all, place{to, i}, place{to, i + 1})
			case pax.TokenFrame:
				all = append(all, place{to, start}, place{to, start + 1}, place{to, i}, place{to, i + 1})
			default:
				continue
			}
			start = i + 1
		}
	}
	ends(to.Bytes(), true)
	ends(from.Bytes(), false)
	slices.SortFunc(all, func(a, b place) int { return cmp.Or(cmp.Compare(a.after, b.after), boolOrder(a.to, b.to)) })
	return slices.Compact(all), to.Len(), from.Len()
}

func boolOrder(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

// TestPulledPlug pulls the plug of a pseudo-terminal at every control byte, at
// both ends of each frame, and at random positions.
func TestPulledPlug(t *testing.T) {
	places, to, from := places(t)
	if len(places) < 20 {
		t.Fatalf("only %d places", len(places))
	}
	rng := rand.New(rand.NewPCG(3, 1))
	for range 20 {
		if at := rng.IntN(to + from); at < to {
			places = append(places, place{true, at})
		} else {
			places = append(places, place{false, at - to})
		}
	}
	for _, p := range places {
		sim := paxsim.New(quickTerminal)
		s := plugIn(t, sim, &flaw{toTerminal: p.to, after: p.after})
		c := port.Defaults()
		c.Line = s.link
		line := port.New(c)
		till := &till{counter: &counter{T: t, ctx: t.Context(), sim: sim, box: pax.New(line, shortWaits(), quiet)}, pause: 20 * time.Millisecond}
		ended := till.take(saleOf(ref1, 2865))
		if ended == endUnsure || (ended == endPaid) != (sim.State().Approvals[ref1] == 1) {
			t.Errorf("to the terminal %t, byte %d: ended %s with %d approvals", p.to, p.after, ended, sim.State().Approvals[ref1])
		}
		got := endNotPaid
		for n := 2; got != endPaid && n < 52; n++ {
			if got = till.take(saleOf(refNo(n), 100)); got != endPaid {
				time.Sleep(20 * time.Millisecond) // a hand puts the plug in again
			}
		}
		if got != endPaid {
			t.Errorf("to the terminal %t, byte %d: the sales after: %s", p.to, p.after, got)
		}
		line.Close()
	}
}

// TestSaleOverTCP uses the real network door.
func TestSaleOverTCP(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	sim := paxsim.New(quickTerminal)
	served := make(chan error)
	go func() { served <- sim.Serve(ctx, l) }()
	line := port.TCP(l.Addr().String(), time.Second, "")
	box := pax.New(line, pax.Defaults(), quiet)
	for _, ref := range []string{ref1, ref2} {
		if a := box.Charge(t.Context(), saleOf(ref, 2865)); a.Verdict != sale.VerdictApproved {
			t.Errorf("got %+v", a)
		}
		line.Close() // as a terminal does that closes after each command
	}
	stop()
	if err := <-served; err != nil {
		t.Error(err)
	}
}
