package nexo

import (
	"context"
	"fmt"
	"sync"

	"posd/device"
	"posd/device/sale"
)

// counter is a till that does what the test says, and a journal that survives the server.
type counter struct {
	mu      sync.Mutex
	sales   []*sale.Sale
	keys    map[string]sale.Sale // with the movement's ID as Reference
	notes   map[string]string
	changed chan struct{}
	refuse  error
	closed  bool // the batch: no voids any more
	asked   []string
}

func newCounter() *counter {
	return &counter{keys: map[string]sale.Sale{}, notes: map[string]string{}, changed: make(chan struct{})}
}

func (c *counter) Sell(_ context.Context, r device.SellRequest) (sale.Sale, bool, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if k, ok := c.keys[r.Key]; ok {
		return c.find(k.ID).Clone(), true, nil
	}
	if c.refuse != nil {
		return sale.Sale{}, false, c.refuse
	}
	c.asked = append(c.asked, fmt.Sprintf("sell %s %s %s", r.Amount, r.Kind, r.Foreign))
	s := &sale.Sale{ID: sale.ID(fmt.Sprintf("01SALE%020d", len(c.sales)+1)), Amount: r.Amount, Currency: "CAD", Method: sale.Card, Kind: r.Kind, Foreign: r.Foreign, State: sale.Waiting}
	c.sales, c.keys[r.Key] = append(c.sales, s), sale.Sale{ID: s.ID}
	return s.Clone(), false, nil
}

func (c *counter) find(id sale.ID) *sale.Sale {
	for _, s := range c.sales {
		if s.ID == id {
			return s
		}
	}
	return nil
}

func (c *counter) Sale(_ context.Context, id sale.ID) (sale.Sale, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if s := c.find(id); s != nil {
		return s.Clone(), nil
	}
	return sale.Sale{}, &sale.Refusal{Kind: sale.ErrNotFound, Words: "there is no such sale"}
}

func (c *counter) Keyed(ctx context.Context, key string) (sale.Sale, string, error) {
	c.mu.Lock()
	k, ok := c.keys[key]
	c.mu.Unlock()
	if !ok {
		return sale.Sale{}, "", sale.ErrNotFound
	}
	s, err := c.Sale(ctx, k.ID)
	return s, k.Reference, err
}

func (c *counter) Await(ctx context.Context, id sale.ID, enough func(sale.Sale) bool) (sale.Sale, error) {
	for {
		c.mu.Lock()
		s, changed := c.find(id).Clone(), c.changed
		c.mu.Unlock()
		if enough(s) {
			return s, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return s, ctx.Err()
		}
	}
}

func (c *counter) Cancel(_ context.Context, id sale.ID) (sale.Sale, error) {
	c.end(id, sale.Cancelled)
	return sale.Sale{}, nil
}

func (c *counter) end(id sale.ID, state sale.State) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.find(id)
	s.State = state
	if state == sale.Paid {
		s.ApprovedAmount = s.Amount
		s.Card = &sale.CardInfo{Type: "VISA", Number: "XXXXXXXXXXXX1119", Entry: sale.EntryTap, AuthCode: "044321", Reference: "430.112"}
	}
	close(c.changed)
	c.changed = make(chan struct{})
}

func (c *counter) Void(_ context.Context, r device.GiveBackRequest) (sale.Sale, string, bool, error) {
	return c.giveBack(sale.Void, r)
}

func (c *counter) Refund(_ context.Context, r device.GiveBackRequest) (sale.Sale, string, bool, error) {
	return c.giveBack(sale.Refund, r)
}

func (c *counter) giveBack(kind sale.MovementKind, r device.GiveBackRequest) (sale.Sale, string, bool, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.find(r.Sale)
	if k, ok := c.keys[r.Key]; ok {
		return s.Clone(), k.Reference, true, nil
	}
	no := ""
	switch {
	case kind == sale.Void && c.closed:
		no = "the batch is closed"
	case kind == sale.Void && len(s.Refunds) > 0:
		no = "something of it was given back already"
	case r.Amount > s.Refundable() || s.Refundable() == 0:
		no = "more than there is to give back"
	}
	if no != "" {
		return sale.Sale{}, "", false, &sale.Refusal{Kind: sale.ErrNotPossible, Words: no}
	}
	c.asked = append(c.asked, fmt.Sprintf("%s %s by %s", kind, r.Amount, r.By))
	amount := r.Amount
	if amount == 0 {
		amount = s.Refundable()
	}
	m := sale.Movement{ID: fmt.Sprintf("MOVE%d", len(c.asked)), Kind: kind, Amount: amount, State: sale.MovementDone, By: r.By}
	s.Refunds = append(s.Refunds, m)
	c.keys[r.Key] = sale.Sale{ID: s.ID, Reference: m.ID}
	return s.Clone(), m.ID, false, nil
}

func (c *counter) Note(_ context.Context, name, value string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.notes[name] = value
	return nil
}
