package device

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"

	"posd/device/core"
	"posd/device/sale"
)

// PrintRequest asks for a print of the shop's own.
type PrintRequest struct {
	Key  string // Idempotency-Key, 1 to 128 printable characters
	Form sale.PrintForm
	Data []byte // what Form says
	By   string // who asks; may be empty
}

// PrintOwn queues a print of the shop's own between receipts. It returns once
// that is durable, or with the same job if the key was used before.
func (t *Till) PrintOwn(ctx context.Context, r PrintRequest) (j sale.Job, replayed bool, err error) {
	by := cmp.Or(r.By, sale.ActorOf(ctx).Person)
	switch {
	case t.o.Printer == nil:
		return j, false, &sale.Refusal{Kind: sale.ErrNoDevice, Words: "there is no receipt printer here: add a [printer] to the configuration"}
	case len(by) > 64 || !sale.Printable(by):
		return j, false, &sale.Refusal{Kind: sale.ErrInvalid, Words: "the name of the person who asks has at most 64 printable characters"}
	}
	data, err := t.o.Printer.PreparePrint(r.Form, r.Data)
	if err != nil {
		return j, false, &sale.Refusal{Kind: sale.ErrInvalid, Words: err.Error()}
	}
	sum := sha256.Sum256(r.Data)
	w := core.PrintJobAsked{Key: r.Key, Digest: digest("print", r.Form, hex.EncodeToString(sum[:]), r.By), Form: r.Form, Data: data, By: by}
	rep, err := t.ask(ctx, func(ctx context.Context, tok core.Token) (core.Event, error) {
		w.Token = tok
		var err error
		if w.Bound, _, err = t.bound(ctx, r.Key); err != nil || w.Bound == nil || w.Bound.Sale != "" {
			return w, err
		}
		w.BoundJob, err = t.printJob(ctx, w.Bound.Movement)
		if errors.Is(err, sale.ErrNotFound) {
			w.BoundJob, err = sale.Job{ID: w.Bound.Movement, Kind: sale.JobPrint, State: sale.PrintSent, Form: r.Form, Words: "it is finished; its details were pruned"}, nil
		}
		return w, err
	})
	return rep.Job, rep.Replayed, err
}

// PrintJob returns a print of the shop's own as it stands.
func (t *Till) PrintJob(ctx context.Context, id string) (j sale.Job, err error) {
	if e := t.turn(ctx, func() { j, err = t.printJob(ctx, id) }); e != nil {
		return j, e
	}
	return j, err
}

// printJob returns a print as the loop sees it. Loop only.
func (t *Till) printJob(ctx context.Context, id string) (sale.Job, error) {
	if j, ok := t.machine.PrintJob(id); ok && j.Kind == sale.JobPrint {
		return j, nil
	}
	j, err := t.o.Journal.Job(ctx, id)
	switch {
	case errors.Is(err, sale.ErrNotFound) || err == nil && j.Kind != sale.JobPrint:
		return j, &sale.Refusal{Kind: sale.ErrNotFound, Words: "there is no print " + id}
	case err != nil:
		return j, broken(err)
	}
	return j, nil
}

// AwaitPrint returns a print of the shop's own once it is finished. When ctx ends
// before, it returns it as it stands then, with ctx's error.
func (t *Till) AwaitPrint(ctx context.Context, id string) (sale.Job, error) {
	for {
		s := t.Subscribe() // before looking, so that no end is missed in between
		j, lost, err := t.awaitPrint(ctx, s.C(), id)
		s.Close()
		if !lost {
			return j, err
		}
	}
}

func (t *Till) awaitPrint(ctx context.Context, messages <-chan Message, id string) (j sale.Job, lost bool, err error) {
	for {
		j, err = t.PrintJob(ctx, id)
		if err != nil && ctx.Err() == nil || err == nil && j.Finished() {
			return j, false, err
		}
		select {
		case <-ctx.Done():
			if j, err = t.PrintJob(context.WithoutCancel(ctx), id); err == nil {
				err = ctx.Err()
			}
			return j, false, err
		case _, ok := <-messages:
			if !ok {
				return j, true, nil
			}
		}
	}
}
