package device

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"slices"

	"posd/device/core"
	"posd/device/sale"
)

// Sell takes one payment. It returns once the intent is durable, or at once
// with the same sale if the key was used before.
func (t *Till) Sell(ctx context.Context, r SellRequest) (s sale.Sale, replayed bool, err error) {
	rep, err := t.ask(ctx, func(ctx context.Context, tok core.Token) (core.Event, error) {
		w := core.SellAsked{
			Token: tok, Key: r.Key, Amount: r.Amount, Currency: r.Currency, Method: r.Method,
			Reference: r.Reference, Foreign: r.Foreign, Replaces: r.Replaces, AuthCode: r.AuthCode,
			Kind: r.Kind, Tender: r.Tender, AllowDuplicate: r.AllowDuplicate, By: r.By, Why: r.Why,
			Given: r.Given, Lines: r.Lines,
		}
		// The customer's code is not part of the digest: it is stored nowhere.
		body := []any{"sell", r.Amount, unlessDefault(r.Currency, t.o.Policy.Currency), r.Method, r.Reference, r.Replaces, unlessDefault(r.Kind, sale.CardSale), r.Tender, r.AllowDuplicate, r.Original, r.By, r.Why}
		if r.Given != 0 || r.Lines.Any() { // a request without them has the digest that it always had
			body = append(body, r.Given, r.Lines)
		}
		w.Digest = digest(body...)
		var err error
		if w.Bound, w.BoundSale, err = t.bound(ctx, r.Key); err != nil {
			return nil, err
		}
		if err := t.refused(w.Bound); err != nil {
			return nil, err
		}
		reference := r.Reference
		if r.Original != "" {
			auth, err := t.stored(ctx, r.Original)
			if err != nil {
				return nil, err
			}
			w.Original, reference = &auth, auth.Reference
			if w.Completions, err = t.o.Journal.Completions(ctx, r.Original); err != nil {
				return nil, broken(err)
			}
		}
		if t.o.Policy.LimitsOffline() {
			if w.Queue, err = t.o.Journal.QueueStats(ctx); err != nil {
				return nil, broken(err)
			}
		}
		if w.SameBill, err = t.bill(ctx, reference); err != nil {
			return nil, err
		}
		if r.Replaces != "" && r.Replaces != "none" {
			old, err := t.stored(ctx, sale.ID(r.Replaces))
			if err == nil {
				w.Replaced = &old
			} else if !errors.Is(err, sale.ErrNotFound) {
				return nil, err
			}
		}
		return w, nil
	})
	return rep.Sale, rep.Replayed, err
}

// bill returns stored sales that may be of the same bill; of one without a number
// those that were paid after all a moment ago. What is unsure the machine holds.
func (t *Till) bill(ctx context.Context, reference string) (list []sale.Sale, err error) {
	if reference != "" {
		if list, err = t.o.Journal.SameBill(ctx, reference); err != nil {
			err = broken(err)
		}
		return list, err
	}
	for _, id := range t.machine.PaidLately() {
		s, err := t.stored(ctx, id)
		if err != nil {
			return nil, err
		}
		list = append(list, s)
	}
	return list, nil
}

// Refuse refuses, from now on, whatever would move money anew, with these words.
// What was asked before under its key is still answered, and what is under way
// goes on.
func (t *Till) Refuse(words string) { t.refusing.Store(&words) }

// refused is the refusal of a request that is not bound to its key yet, if
// requests are refused.
func (t *Till) refused(bound *sale.KeyBinding) error {
	if words := t.refusing.Load(); words != nil && bound == nil {
		return &sale.Refusal{Kind: sale.ErrUnavailable, Words: *words}
	}
	return nil
}

// unlessDefault is what a digest takes of a member: a default that is said is the
// same request as one that is left out.
func unlessDefault[T comparable](said, standard T) (left T) {
	if said == standard {
		return left
	}
	return said
}

// digest tells two bodies under one key apart.
func digest(parts ...any) string {
	b, err := json.Marshal(parts)
	if err != nil {
		panic(err) // strings and numbers only
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// bound looks an Idempotency-Key up.
func (t *Till) bound(ctx context.Context, key string) (*sale.KeyBinding, *sale.Sale, error) {
	h, err := t.o.Journal.Key(ctx, key)
	if errors.Is(err, sale.ErrNotFound) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, broken(err)
	}
	if h.Sale == "" { // the close of a day, or a print: no payment
		return &h, nil, nil
	}
	s, err := t.stored(ctx, h.Sale)
	if err != nil {
		return nil, nil, err
	}
	return &h, &s, nil
}

func broken(err error) error {
	return &sale.Refusal{Kind: sale.ErrUnavailable, Words: "the journal cannot be read, so nothing was sent: " + err.Error()}
}

// stored returns a sale as the loop sees it: live, or from the journal. Loop only.
func (t *Till) stored(ctx context.Context, id sale.ID) (sale.Sale, error) {
	if s, _, ok := t.machine.Sale(id); ok {
		return s, nil
	}
	s, err := t.o.Journal.Sale(ctx, id)
	if errors.Is(err, sale.ErrNotFound) {
		return s, &sale.Refusal{Kind: sale.ErrNotFound, Words: "there is no sale " + string(id) + ": see the list of sales"}
	}
	if err != nil {
		return s, broken(err)
	}
	t.machine.Amend(&s)
	return s, nil
}

// askOn asks something about one sale.
func (t *Till) askOn(ctx context.Context, id sale.ID, build func(tok core.Token, s sale.Sale) core.Event) (core.Reply, error) {
	return t.ask(ctx, func(ctx context.Context, tok core.Token) (core.Event, error) {
		s, err := t.stored(ctx, id)
		if err != nil {
			return nil, err
		}
		return build(tok, s), nil
	})
}

// Cancel wishes a sale cancelled; the returned sale says what came of it so far.
func (t *Till) Cancel(ctx context.Context, id sale.ID) (sale.Sale, error) {
	rep, err := t.askOn(ctx, id, func(tok core.Token, s sale.Sale) core.Event {
		return core.CancelAsked{Token: tok, Sale: s}
	})
	return rep.Sale, err
}

// Tip takes what the customer chose on the page that asks for a tip; 0 is none.
func (t *Till) Tip(ctx context.Context, id sale.ID, tip sale.Amount) (sale.Sale, error) {
	rep, err := t.askOn(ctx, id, func(tok core.Token, s sale.Sale) core.Event {
		return core.TipChosen{Token: tok, Sale: s, Tip: tip}
	})
	return rep.Sale, err
}

// Keep stops a late refund before its first byte.
func (t *Till) Keep(ctx context.Context, id sale.ID, by string) (sale.Sale, error) {
	rep, err := t.askOn(ctx, id, func(tok core.Token, s sale.Sale) core.Event {
		return core.KeepAsked{Token: tok, Sale: s, By: by}
	})
	return rep.Sale, err
}

// Resolve takes a person's word on a sale that posd cannot tell, or on a refund
// or void, named by its own ID.
func (t *Till) Resolve(ctx context.Context, r ResolveRequest) (sale.Sale, error) {
	rep, err := t.ask(ctx, func(ctx context.Context, tok core.Token) (core.Event, error) {
		w := core.ResolveAsked{Token: tok, As: r.As, Reason: r.Reason, By: r.By}
		s, err := t.stored(ctx, r.Sale)
		if errors.Is(err, sale.ErrNotFound) {
			if of, no := t.o.Journal.SaleOf(ctx, string(r.Sale)); no == nil {
				w.Movement = string(r.Sale)
				s, err = t.stored(ctx, of.ID)
			}
		}
		w.Sale = s
		return w, err
	})
	return rep.Sale, err
}

// Seen puts away how an unsure sale ended; by may be empty.
func (t *Till) Seen(ctx context.Context, id sale.ID, by string) (sale.Sale, error) {
	rep, err := t.askOn(ctx, id, func(tok core.Token, s sale.Sale) core.Event {
		return core.SeenAsked{Token: tok, Sale: s, By: by}
	})
	return rep.Sale, err
}

// Corrected takes a person's word that what cannot be reported of a card sale
// was entered at the gateway by hand.
func (t *Till) Corrected(ctx context.Context, id sale.ID, by, why string) (sale.Sale, error) {
	rep, err := t.askOn(ctx, id, func(tok core.Token, s sale.Sale) core.Event {
		return core.CorrectedTold{Token: tok, Sale: s, By: by, Why: why}
	})
	return rep.Sale, err
}

// Print prints a sale's receipt again, marked as a duplicate.
func (t *Till) Print(ctx context.Context, id sale.ID) (sale.Job, error) {
	rep, err := t.askOn(ctx, id, func(tok core.Token, s sale.Sale) core.Event {
		return core.PrintAsked{Token: tok, Sale: s}
	})
	return rep.Job, err
}

// Refund gives money back; Void undoes a card sale of the open batch.
func (t *Till) Refund(ctx context.Context, r GiveBackRequest) (s sale.Sale, movement string, replayed bool, err error) {
	return t.giveBack(ctx, sale.Refund, r)
}

// Void undoes a card sale while the terminal's batch is open.
func (t *Till) Void(ctx context.Context, r GiveBackRequest) (s sale.Sale, movement string, replayed bool, err error) {
	return t.giveBack(ctx, sale.Void, r)
}

func (t *Till) giveBack(ctx context.Context, kind sale.MovementKind, r GiveBackRequest) (sale.Sale, string, bool, error) {
	rep, err := t.ask(ctx, func(ctx context.Context, tok core.Token) (core.Event, error) {
		s, err := t.stored(ctx, r.Sale)
		if err != nil {
			return nil, err
		}
		w := core.GiveBackAsked{
			Token: tok, Key: r.Key, Kind: kind, Sale: s, Amount: r.Amount, By: r.By, Why: r.Why,
			Digest: digest(kind, r.Sale, r.Amount, r.By, r.Why), Anyway: r.Anyway,
		}
		if t.machine.Gap() != "" {
			if w.InCopy, err = t.o.Journal.InCopy(ctx, r.Sale); err != nil {
				return nil, broken(err)
			}
		}
		if w.Bound, w.BoundSale, err = t.bound(ctx, r.Key); err != nil {
			return nil, err
		}
		if err := t.refused(w.Bound); err != nil {
			return nil, err
		}
		if w.Report, err = t.report(ctx, s); err != nil {
			return nil, err
		}
		if s.Kind == sale.CardAuth {
			if w.Completions, err = t.o.Journal.Completions(ctx, s.ID); err != nil {
				return nil, broken(err)
			}
		}
		return w, nil
	})
	return rep.Sale, rep.Movement, rep.Replayed, err
}

// report returns a sale's report if it still waits in the queue.
func (t *Till) report(ctx context.Context, s sale.Sale) (*sale.Report, error) {
	r, err := t.o.Journal.Report(ctx, s.MchOrderNo)
	if errors.Is(err, sale.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, broken(err)
	}
	return &r, nil
}

// Uploaded takes a person's word on what became of an offline approval when the
// terminal went online again.
func (t *Till) Uploaded(ctx context.Context, id sale.ID, u sale.Upload, by, why string) (sale.Sale, error) {
	rep, err := t.ask(ctx, func(ctx context.Context, tok core.Token) (core.Event, error) {
		s, err := t.stored(ctx, id)
		if err != nil {
			return nil, err
		}
		r, err := t.report(ctx, s)
		if err != nil {
			return nil, err
		}
		return core.UploadTold{Token: tok, Sale: s, Upload: u, By: by, Why: why, Report: r}, nil
	})
	return rep.Sale, err
}

// Display puts a bill's items on the customer display until the next sale; with
// choose it shows their sum and asks how the customer would like to pay.
func (t *Till) Display(ctx context.Context, items []sale.Item, message string, choose bool) error {
	if len(items) > 200 || len(message) > 200 {
		return &sale.Refusal{Kind: sale.ErrInvalid, Words: "at most 200 items and a message of 200 characters fit the display"}
	}
	if choose && sale.Total(items) <= 0 {
		return &sale.Refusal{Kind: sale.ErrInvalid, Words: "there is nothing to pay on the display: send the items with choose, and their sum above zero"}
	}
	_, err := t.ask(ctx, func(_ context.Context, tok core.Token) (core.Event, error) {
		return core.DisplayAsked{Token: tok, Items: slices.Clone(items), Message: message, Choose: choose}, nil
	})
	return err
}

// Retry requeues a report that was set aside, or all of them if no is empty.
func (t *Till) Retry(ctx context.Context, no string) (int, error) {
	rep, err := t.ask(ctx, func(ctx context.Context, tok core.Token) (core.Event, error) {
		if no != "" {
			r, err := t.o.Journal.Report(ctx, no)
			if errors.Is(err, sale.ErrNotFound) {
				return nil, &sale.Refusal{Kind: sale.ErrNotFound, Words: "there is no report " + no + " in the queue: see the queue"}
			}
			if err != nil {
				return nil, broken(err)
			}
			return core.RetryAsked{Token: tok, Reports: []sale.Report{r}}, nil
		}
		all, err := t.o.Journal.Reports(ctx, 1000)
		if err != nil {
			return nil, broken(err)
		}
		all = slices.DeleteFunc(all, func(r sale.Report) bool { return r.State != sale.QueueSetAside })
		return core.RetryAsked{Token: tok, Reports: all}, nil
	})
	return rep.Count, err
}
