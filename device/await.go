package device

import (
	"context"

	"posd/device/sale"
)

// Await returns the sale once it is enough. When ctx ends before, it returns
// the sale as it stands then, with ctx's error.
func (t *Till) Await(ctx context.Context, id sale.ID, enough func(sale.Sale) bool) (sale.Sale, error) {
	return Await(ctx, t.Sale, func() (<-chan Message, func()) { s := t.Subscribe(); return s.C(), s.Close }, id, enough)
}

// Await is Till.Await on what looks a sale up and what subscribes to messages;
// a subscription is given back by its func. What a message says of an end is not
// believed before the look-up says so, too: it may not be durable yet.
func Await(ctx context.Context, look func(context.Context, sale.ID) (sale.Sale, error), subscribe func() (<-chan Message, func()), id sale.ID, enough func(sale.Sale) bool) (sale.Sale, error) {
	for {
		messages, end := subscribe() // before looking, so that no end is missed in between
		s, lost, err := awaitOn(ctx, look, messages, id, enough)
		end()
		if !lost {
			return s, err
		}
	}
}

// awaitOn looks at the sale whenever a message is about it. The subscription of
// one that does not keep up is lost: it begins again.
func awaitOn(ctx context.Context, look func(context.Context, sale.ID) (sale.Sale, error), messages <-chan Message, id sale.ID, enough func(sale.Sale) bool) (s sale.Sale, lost bool, err error) {
	for {
		s, err = look(ctx, id)
		if err != nil && ctx.Err() == nil || err == nil && enough(s) {
			return s, false, err
		}
		for news := false; !news; {
			select {
			case <-ctx.Done(): // as it stands now, not as it stood
				if s, err = look(context.WithoutCancel(ctx), id); err == nil {
					err = ctx.Err()
				}
				return s, false, err
			case m, ok := <-messages:
				if !ok {
					return s, true, nil
				}
				news = m.concerns(id)
			}
		}
	}
}

// concerns reports whether a message tells of a sale.
func (m Message) concerns(id sale.ID) bool {
	switch d := m.Data.(type) {
	case sale.Sale:
		return d.ID == id
	case sale.StoredEvent:
		return d.Sale == id
	}
	return false
}
