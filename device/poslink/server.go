package poslink

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"sync"
	"time"

	"posd/device"
	"posd/device/ring"
	"posd/device/sale"
)

// Options are the parts of a Server.
type Options struct {
	Till    Till
	Notes   ring.Notes
	Earlier map[string]string // notes of an earlier run
	NewKey  func() string     // unique
	Log     *slog.Logger
}

// Server stands in the terminal's place.
type Server struct {
	c      Config
	o      Options
	till   Till
	log    *slog.Logger
	desk   *desk
	asking sync.WaitGroup
	places chan struct{} // one for each connection at once
}

// maxConnections is how many registers may be connected at once, over TCP and HTTP together.
const maxConnections = 64

// New returns a server that listens nowhere yet; Run starts it.
func New(c Config, o Options) *Server {
	return &Server{c: c, o: o, till: o.Till, log: o.Log, places: make(chan struct{}, maxConnections)}
}

// Listeners are where a Server listens; a nil one is not served.
type Listeners struct{ TCP, HTTP, Cancel net.Listener }

// Listen opens the configured addresses.
func Listen(c Config) (l Listeners, err error) {
	for _, at := range []struct {
		key, addr string
		to        *net.Listener
	}{{"listen", c.Listen, &l.TCP}, {"http", c.HTTP, &l.HTTP}, {"cancel", c.Cancel, &l.Cancel}} {
		if at.addr == "" {
			continue
		}
		if *at.to, err = net.Listen("tcp", at.addr); err != nil {
			l.Close()
			return Listeners{}, fmt.Errorf("%s = %q in [poslink]: %w", at.key, at.addr, err)
		}
	}
	return l, nil
}

// Close closes what is open.
func (l Listeners) Close() {
	for _, one := range []net.Listener{l.TCP, l.HTTP, l.Cancel} {
		if one != nil {
			one.Close()
		}
	}
}

// Run serves registers until ctx ends. Sales that are under way then go on in
// the till; their registers ask again.
func (s *Server) Run(ctx context.Context, l Listeners) error {
	s.desk = newDesk(ctx, s.o.Notes, s.o.Earlier, s.c.RepeatFor, s.o.NewKey, s.log)
	ctx, cancel := context.WithCancel(ctx)
	defer s.asking.Wait()
	defer cancel()
	failed := make(chan error, 3)
	run := func(l net.Listener, serve func(context.Context, net.Listener) error) {
		if l != nil {
			s.asking.Go(func() { failed <- serve(ctx, l) })
		}
	}
	run(l.TCP, func(ctx context.Context, l net.Listener) error { return s.serve(ctx, l, false) })
	run(l.Cancel, func(ctx context.Context, l net.Listener) error { return s.serve(ctx, l, true) })
	run(l.HTTP, s.serveHTTP)
	defer l.Close()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// serve takes connections. Whoever is not on the list is not spoken to.
func (s *Server) serve(ctx context.Context, l net.Listener, cancelOnly bool) error {
	stop := context.AfterFunc(ctx, func() { l.Close() })
	defer stop()
	for {
		c, err := l.Accept()
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, net.ErrClosed):
			return err
		case err != nil: // out of descriptors, say: it passes
			select {
			case <-time.After(time.Second):
			case <-ctx.Done():
			}
			continue
		}
		if !s.admit(c.RemoteAddr().String()) {
			c.Close()
			continue
		}
		s.asking.Go(func() {
			defer func() { <-s.places }()
			s.converse(ctx, c, cancelOnly)
		})
	}
}

// admit takes a place for a connection from an address, if it may have one.
func (s *Server) admit(remote string) bool {
	if !s.c.Allows(remote) {
		s.log.Warn("refused a register that is not on the list", "client", remote)
		return false
	}
	select {
	case s.places <- struct{}{}:
		return true
	default:
		s.log.Warn("too many registers are connected", "client", remote)
		return false
	}
}

// transact finds out how a transaction ended: by asking, or with whoever asks
// already. It answers with the exchange, whose answer stands.
func (s *Server) transact(ctx context.Context, client string, body []byte, p payment) (*exchange, result, error) {
	for {
		x, mine, err := s.desk.take(client, body, p.ref)
		if err != nil {
			return nil, result{}, err
		}
		if mine {
			// The sale outlives its register's connection.
			s.asking.Go(func() { s.desk.answered(x, s.pay(s.desk.ctx, x, p)) })
		}
		select {
		case <-ctx.Done():
			return nil, result{}, ctx.Err()
		case <-x.running:
		}
		if r, again := s.desk.standing(x); !again {
			return x, r, nil
		}
	}
}

// cancelFor wishes a register's sale cancelled.
func (s *Server) cancelFor(ctx context.Context, client string) {
	id, ok := s.desk.underWay(client)
	if !ok {
		return
	}
	if _, err := s.till.Cancel(ctx, id); err != nil {
		s.log.Info("a register's cancel was not taken", "sale", id, "err", err)
	}
}

// host is the address of a register without its port.
func host(remote string) string {
	h, _, err := net.SplitHostPort(remote)
	if err != nil {
		return remote
	}
	return h
}

// answerTo answers a frame, which may take as long as a customer does. Of a
// payment it returns the exchange, too: whoever has sent the answer says so to
// the desk. No answer means that the frame makes no sense.
func (s *Server) answerTo(ctx context.Context, client string, body []byte) ([]byte, *exchange) {
	r, err := parseRequest(body)
	if err != nil {
		s.log.Info("a register's frame is not understood", "client", client, "err", err)
		return nil, nil
	}
	switch r.command {
	case "A00":
		return identityAnswer(s.c.Serial), nil
	case "A14", "A16":
		s.cancelFor(ctx, client)
		return plainAnswer(r.command, codeOK, "OK"), nil
	case "T00", "T02":
		return s.answerPayment(ctx, client, body, r)
	case "R02":
		return s.answerDetail(ctx, client, r), nil
	case "B00":
		return s.answerClose(ctx, client), nil
	case "T06":
		if s.c.Gift != "" {
			return s.answerPayment(ctx, client, body, r)
		}
		return plainAnswer(r.command, codeNoTender, "ABORTED UNSUPPORTED EDC TYPE"), nil
	case "T04", "T08", "T10", "T12":
		return plainAnswer(r.command, codeNoTender, "ABORTED UNSUPPORTED EDC TYPE"), nil
	}
	return plainAnswer(r.command, codeNoType, "ABORTED UNSUPPORTED COMMAND"), nil
}

// answerClose closes the business day for a register, if it may. A repeat while it
// is being closed hears that the till is busy, one afterwards that nothing is open.
func (s *Server) answerClose(ctx context.Context, client string) []byte {
	if !s.c.CloseDay {
		return plainAnswer("B00", codeNoType, "ABORTED CLOSE THE DAY AT THE COUNTER")
	}
	b, err := s.till.CloseDay(ctx, device.CloseRequest{By: s.c.By})
	if err != nil {
		s.log.Info("a register's close of the day was not taken", "client", client, "err", err)
		r := s.refusal(&exchange{}, err)
		return plainAnswer("B00", r.code, r.text)
	}
	return closeAnswer(b, time.Now())
}

func (s *Server) answerPayment(ctx context.Context, client string, body []byte, r request) ([]byte, *exchange) {
	p, err := parsePayment(r)
	switch {
	case errors.Is(err, errTransType):
		return paymentAnswer(p, refused(codeNoType, err.Error()), time.Now()), nil
	case err != nil:
		return paymentAnswer(p, refused(codeRefused, err.Error()), time.Now()), nil
	}
	x, answer, err := s.transact(ctx, client, body, p)
	if err != nil && ctx.Err() != nil {
		return nil, nil // the register is gone; what it began goes on
	} else if err != nil {
		s.log.Warn("a register's transaction was not begun", "client", client, "err", err)
		return paymentAnswer(p, refused(codeLineError, "TERMINAL UNAVAILABLE"), time.Now()), nil
	}
	return paymentAnswer(p, answer, time.Now()), x
}

// answerDetail tells what posd knows of a register's earlier transaction. What
// it cannot tell, or what is still under way, is never "not found".
func (s *Server) answerDetail(ctx context.Context, client string, r request) []byte {
	p := payment{command: r.command, ref: r.field(7), original: strings.TrimLeft(r.field(5), "0"), auth: r.field(6)}
	found, ok, err := sale.Sale{}, false, error(nil)
	if id, known := s.desk.saleOf(client, p.ref); p.ref != "" && known {
		found, err = s.till.Sale(ctx, id)
		ok = err == nil
	} else if p.ref == "" {
		found, ok, err = s.original(ctx, p)
	}
	switch {
	case err != nil || ok && !found.State.Final():
		return plainAnswer(r.command, codeRefused, "ABORTED TERMINAL BUSY")
	case !ok || found.State != sale.Paid:
		return plainAnswer(r.command, codeNotFound, "NOT FOUND")
	}
	return recordAnswer(p, ended(found), time.Now())
}
