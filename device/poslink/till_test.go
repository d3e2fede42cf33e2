package poslink

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"sync"
	"testing"

	"posd/device"
	"posd/device/books"
	"posd/device/sale"
	"posd/pax"
)

// counter is a till that does what the test says. What it sold survives the
// server, as a journal does.
type counter struct {
	mu       sync.Mutex
	sales    []*sale.Sale
	keys     map[string]*sale.Sale
	notes    map[string]string
	changed  chan struct{} // closed at the next change
	cancels  int
	closedBy string
	unread   error        // the key cannot be looked up
	begun    chan sale.ID // told of every new sale
}

func newCounter() *counter {
	return &counter{keys: map[string]*sale.Sale{}, notes: map[string]string{}, changed: make(chan struct{}), begun: make(chan sale.ID, 100)}
}

func (c *counter) Sell(_ context.Context, r device.SellRequest) (sale.Sale, bool, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.unread != nil {
		return sale.Sale{}, false, c.unread
	}
	if s := c.keys[r.Key]; s != nil {
		return s.Clone(), true, nil
	}
	for _, s := range c.sales {
		switch {
		case s.State == sale.Waiting:
			return sale.Sale{}, false, &sale.Refusal{Kind: sale.ErrTillBusy, Other: s.ID, Words: "busy"}
		case s.State == sale.Unsure:
			return sale.Sale{}, false, &sale.Refusal{Kind: sale.ErrTerminalHeld, Other: s.ID, Words: "held"}
		case r.Reference != "" && s.Reference == r.Reference && s.State == sale.Paid && r.Replaces == "":
			return sale.Sale{}, false, &sale.Refusal{Kind: sale.ErrBillPaid, Other: s.ID, Words: "paid"}
		}
	}
	s := &sale.Sale{ID: sale.ID(fmt.Sprintf("01SALE%020d", len(c.sales)+1)), Amount: r.Amount, Method: r.Method, Kind: sale.CardSale,
		Reference: r.Reference, Foreign: r.Foreign, State: sale.Waiting, Tender: sale.Credit}
	c.sales, c.keys[r.Key] = append(c.sales, s), s
	c.begun <- s.ID
	return s.Clone(), false, nil
}

// end gives a sale its end, or makes it unsure, and tells of it.
func (c *counter) end(id sale.ID, state sale.State) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range c.sales {
		if s.ID != id {
			continue
		}
		s.State = state
		if state == sale.Paid {
			s.ApprovedAmount = s.Amount
			s.Card = &sale.CardInfo{Type: "VISA", Number: "XXXXXXXXXXXX1119", Entry: sale.EntryTap, AuthCode: "044321", Reference: "430112001234",
				Transaction: fmt.Sprint(len(c.sales)), Batch: "8", HostCode: "000", HostText: "APPROVED", TerminalTime: "20261127143000", Label: "VISA CREDIT", AID: "A0000000031010"}
		}
		close(c.changed)
		c.changed = make(chan struct{})
	}
}

func (c *counter) Sale(_ context.Context, id sale.ID) (sale.Sale, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range c.sales {
		if s.ID == id {
			return s.Clone(), nil
		}
	}
	return sale.Sale{}, &sale.Refusal{Kind: sale.ErrNotFound, Words: "none"}
}

func (c *counter) Sales(context.Context, sale.Filter) ([]sale.Sale, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var list []sale.Sale
	for i := len(c.sales) - 1; i >= 0; i-- {
		list = append(list, c.sales[i].Clone())
	}
	return list, nil
}

func (c *counter) Cancel(_ context.Context, id sale.ID) (sale.Sale, error) {
	c.mu.Lock()
	c.cancels++
	c.mu.Unlock()
	c.end(id, sale.Cancelled)
	return sale.Sale{}, nil
}

func (c *counter) Void(_ context.Context, r device.GiveBackRequest) (sale.Sale, string, bool, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range c.sales {
		if s.ID == r.Sale {
			s.Refunds = append(s.Refunds, sale.Movement{ID: "VOID000000000001", Kind: sale.Void, Amount: s.ApprovedAmount, State: sale.MovementDone, By: r.By})
			return s.Clone(), "VOID000000000001", false, nil
		}
	}
	return sale.Sale{}, "", false, errors.New("unknown sale")
}

func (c *counter) Refund(ctx context.Context, r device.GiveBackRequest) (sale.Sale, string, bool, error) {
	return c.Void(ctx, r)
}

func (c *counter) CloseDay(_ context.Context, r device.CloseRequest) (books.Books, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closedBy != "" {
		return books.Books{}, &sale.Refusal{Kind: sale.ErrNotPossible, Words: "nothing has ended since"}
	}
	c.closedBy = r.By
	return books.Books{Methods: []books.BookGroup{{Name: "card", Paid: books.BookLine{Count: 2, Cents: 900}, Net: 850}}, Closing: &books.Closing{No: 12}}, nil
}

func (c *counter) Note(_ context.Context, name, value string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.notes[name] = value
	return nil
}

func (c *counter) Await(ctx context.Context, id sale.ID, enough func(sale.Sale) bool) (sale.Sale, error) {
	for {
		c.mu.Lock()
		changed := c.changed
		c.mu.Unlock()
		if s, err := c.Sale(ctx, id); err != nil || enough(s) {
			return s, err
		}
		select {
		case <-changed:
		case <-ctx.Done():
			s, _ := c.Sale(context.Background(), id)
			return s, ctx.Err()
		}
	}
}

// captured returns how many sales took money.
func (c *counter) captured() (n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range c.sales {
		if s.State == sale.Paid {
			n++
		}
	}
	return n
}

var testKeys struct {
	sync.Mutex
	n int
}

// box is a server in front of a counter; stop is its end, after which another
// may take up what it left.
func box(t *testing.T, c *counter, cfg Config) (*Server, func()) {
	t.Helper()
	c.mu.Lock()
	earlier := map[string]string{}
	for k, v := range c.notes {
		earlier[k] = v
	}
	c.mu.Unlock()
	s := New(cfg, Options{Till: c, Notes: c, Earlier: earlier, Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
		NewKey: func() string {
			testKeys.Lock()
			defer testKeys.Unlock()
			testKeys.n++
			return fmt.Sprintf("poslink/%08d", testKeys.n)
		}})
	ctx, cancel := context.WithCancel(context.Background())
	over := make(chan struct{})
	ready := make(chan struct{})
	go func() {
		defer close(over)
		s.Run(ctx, Listeners{TCP: &idleListener{ready: ready, done: make(chan struct{})}})
	}()
	<-ready
	return s, func() { cancel(); <-over }
}

// idleListener takes no connections: tests hand theirs over. It says when it is asked.
type idleListener struct {
	ready chan struct{}
	done  chan struct{}
	once  sync.Once
	began sync.Once
}

func (l *idleListener) Accept() (net.Conn, error) {
	l.began.Do(func() { close(l.ready) })
	<-l.done
	return nil, net.ErrClosed
}
func (l *idleListener) Close() error   { l.once.Do(func() { close(l.done) }); return nil }
func (l *idleListener) Addr() net.Addr { return &net.TCPAddr{} }

// at gives a pipe an address.
type at struct {
	net.Conn
	addr net.Addr
}

func (a at) RemoteAddr() net.Addr { return a.addr }

// dial connects a register with the address ip.
func dial(s *Server, ip string) net.Conn {
	near, far := net.Pipe()
	s.asking.Go(func() {
		s.converse(s.desk.ctx, at{far, &net.TCPAddr{IP: net.ParseIP(ip), Port: 40000}}, false)
	})
	return near
}

// saleFrame is T00 01 as registers send it.
func saleFrame(amount, ref string) []byte {
	return pax.AppendFrame(nil, "T00", "1.35", typeSale, amount, "", ref, "", "", "", "", "")
}
