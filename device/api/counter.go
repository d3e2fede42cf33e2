package api

import (
	"context"
	"net/http"
	"time"

	"posd/device/sale"
)

func (h *handlers) show(ctx context.Context, in *struct{ Body DisplayRequest }) (*struct{}, error) {
	items := make([]sale.Item, len(in.Body.Items))
	for i, it := range in.Body.Items {
		items[i] = sale.Item{Name: it.Name, Amount: it.Amount}
	}
	if err := h.till.Display(ctx, items, in.Body.Message, in.Body.Choose); err != nil {
		return nil, h.refuse("show", err)
	}
	return nil, nil
}

func (h *handlers) devices(ctx context.Context, _ *struct{}) (*struct{ Body []Device }, error) {
	list := []Device{}
	if h.Devices != nil {
		for _, d := range h.Devices(ctx) {
			list = append(list, deviceView(d))
		}
	}
	return &struct{ Body []Device }{list}, nil
}

func (h *handlers) queue(ctx context.Context, _ *struct{}) (*struct{ Body Queue }, error) {
	q, err := h.till.Queue(ctx)
	if err != nil {
		return nil, h.refuse("read queue", err)
	}
	return &struct{ Body Queue }{queueView(q)}, nil
}

func (h *handlers) retry(ctx context.Context, in *struct {
	ID string `path:"id" maxLength:"64" doc:"ID of the report, or all for every one set aside."`
}) (*struct{ Body Retried }, error) {
	no := in.ID
	if no == "all" {
		no = ""
	}
	n, err := h.till.Retry(ctx, no)
	if err != nil {
		return nil, h.refuse("retry", err)
	}
	return &struct{ Body Retried }{Retried{n}}, nil
}

// aliveLimit is how long the till may take to answer that it lives.
const aliveLimit = 2 * time.Second

func (h *handlers) health(ctx context.Context, _ *struct{}) (*struct{ Body Health }, error) {
	if !h.ready() {
		return nil, problem(http.StatusServiceUnavailable, "starting", "posd is reading what it remembers.")
	}
	ctx, done := context.WithTimeout(ctx, aliveLimit)
	defer done()
	if err := h.till.Alive(ctx); err != nil {
		h.Log.Error("till does not answer", "err", err)
		return nil, problem(http.StatusServiceUnavailable, "unavailable", "The till does not answer: restart posd (systemctl restart posd). Sales under way are found again by themselves.")
	}
	return &struct{ Body Health }{Health{"ok", h.Version}}, nil
}
