package fronttest

import (
	"context"
	"fmt"
	"net"
	"testing"
	"time"

	"posd/device/poslink"
	"posd/pax"
)

// register asks for sales as over a terminal's TCP line, and repeats what it got no
// answer to, under one reference for all.
type register struct {
	*counter
	acked bool // of the last customer: posd can know that the answer arrived
}

func newRegister(c *counter) client { return &register{counter: c} }

func runPOSLINK(ctx context.Context, t testing.TB, l *life) {
	s := poslink.New(poslink.Defaults(), poslink.Options{Till: l.till, Notes: l.till, Earlier: l.noted, Log: quiet,
		NewKey: func() string { return fmt.Sprintf("poslink/%016x", l.keys.Uint64()) }})
	_ = s.Run(ctx, poslink.Listeners{TCP: l.listen()})
}

// next lets an answer that nobody is known to have lapse.
func (p *register) next() {
	if !p.acked {
		time.Sleep(p.repeat + 2*time.Second)
	}
}

func (p *register) serve(int) belief {
	amount := []string{"350", "500"}[p.r.IntN(2)]
	frame := pax.AppendFrame(nil, "T00", "1.35", "01", amount, "", "1", "", "", "", "", "")
	got := unsure
	p.acked = false
	for try := range 1 + p.r.IntN(4) {
		p.endanger()
		if try > 0 {
			p.revive()
		}
		conn := p.dial()
		if conn == nil {
			p.say("nobody listens")
			p.hesitate(20)
			continue
		}
		var code string
		code, p.acked = p.ask(conn, frame)
		conn.Close()
		p.say("heard %q, acknowledged %v", code, p.acked)
		switch code {
		case "000000":
			return believesPaid
		case "100009": // check the terminal: no end that could be delivered
			got, p.acked = unsure, false
		case "", "100003", "100010": // nothing, busy, not there: it asks again
		default:
			return believesNotPaid
		}
		p.hesitate(30)
	}
	return got
}

// ask sends a frame, or the beginning of one, and returns the code of the answer if
// all of that arrived.
func (p *register) ask(conn net.Conn, frame []byte) (code string, acked bool) {
	heard := make(chan byte, 1<<12)
	go func() {
		defer close(heard)
		var b [1]byte
		for {
			if _, err := conn.Read(b[:]); err != nil {
				return
			}
			heard <- b[0]
		}
	}()
	cutAt := len(frame) // of the request
	if p.r.IntN(8) == 0 {
		cutAt = p.r.IntN(len(frame))
	}
	_ = conn.SetWriteDeadline(time.Now().Add(time.Minute))
	if _, err := conn.Write(frame[:cutAt]); err != nil || cutAt < len(frame)-1 {
		return "", false
	}
	patience, answered := time.NewTimer(p.scaled(time.Duration(5+p.r.IntN(180))*time.Second)), []byte(nil)
	cutAfter := 1 << 12 // bytes of the answer
	if p.r.IntN(6) == 0 {
		cutAfter = 1 + p.r.IntN(300)
	}
	for {
		select {
		case b, ok := <-heard:
			if !ok {
				return "", false
			}
			answered = append(answered, b)
		case <-patience.C:
			return "", false
		}
		n := len(answered)
		if n >= cutAfter {
			return "", false
		}
		if n > 3 && answered[0] == pax.ACK && answered[n-2] == pax.ETX {
			break
		}
	}
	code = string(answered[13:19]) // ACK STX 0 FS T01 FS 1.44 FS
	if p.r.IntN(6) == 0 {
		return code, false // it dies before its ACK
	}
	if _, err := conn.Write([]byte{pax.ACK}); err != nil {
		return code, false
	}
	select {
	case _, ok := <-heard:
		return code, ok
	case <-time.After(8 * time.Second):
		return code, false
	}
}
