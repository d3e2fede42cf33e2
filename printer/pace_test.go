package printer_test

import (
	"log/slog"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"posd/device/sale"
	"posd/printer"
	"posd/printer/printersim"
)

// slowLink is a serial line without flow control: it takes what it is given at
// once and carries it at its speed.
type slowLink struct {
	*pipeLink
	baud int
}

func (l slowLink) Baud() int { return l.baud }

// slowWire is the same line seen from the printer: bytes come at its speed.
type slowWire struct {
	net.Conn
	queue chan byte
}

func newSlowWire(conn net.Conn, baud int) net.Conn {
	w := &slowWire{conn, make(chan byte, 1<<16)}
	go func() {
		for b := range w.queue {
			time.Sleep(10 * time.Second / time.Duration(baud))
			if _, err := conn.Write([]byte{b}); err != nil {
				return
			}
		}
	}()
	return w
}

func (w *slowWire) Write(b []byte) (int, error) {
	for _, x := range b {
		w.queue <- x
	}
	return len(b), nil
}

func (w *slowWire) Close() error { close(w.queue); return w.Conn.Close() }

// A printer that cannot say stop, with a small buffer, gets a receipt with a
// picture in pieces, and each only when the line has carried the one before:
// nothing is lost at any speed.
func TestPiecesFollowTheSpeedOfTheLine(t *testing.T) {
	for _, baud := range []int{9600, 38400} {
		synctest.Test(t, func(t *testing.T) {
			cfg := testConfig()
			cfg.QR, cfg.Pause = "picture", 300*time.Millisecond
			opt := simOptions(cfg)
			opt.Buffer, opt.XonXoff, opt.Line = 1024, true, 5*time.Millisecond
			sim := printersim.New(opt)
			inner := &pipeLink{sim: sim, ctx: t.Context(), wire: func(conn net.Conn) net.Conn { return newSlowWire(conn, baud) }}
			p := printer.New(slowLink{inner, baud}, cfg, slog.New(slog.DiscardHandler))
			if res := p.Print(t.Context(), samples()["card-approved"]); res.State != sale.PrintDone {
				t.Errorf("at %d baud: %+v", baud, res)
			}
			if st := sim.State(); st.Dropped > 0 || len(st.Unknown) > 0 || st.Receipts != 1 {
				t.Errorf("at %d baud: %d bytes were dropped, %d receipts", baud, st.Dropped, st.Receipts)
			}
			inner.Close()
		})
	}
}
