package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"posd/device"
	"posd/device/sale"
)

// KeyHeader is embedded in requests that move money. Its presence is checked by
// key, which has better words than huma; document marks it required.
type KeyHeader struct {
	Key string `header:"Idempotency-Key" doc:"1 to 128 printable characters, made by the caller and kept before sending. The same key gives the same sale or movement for ever; another body under it is refused."`
}

// key returns the key or says what is wrong with it.
func (k KeyHeader) key() (string, error) {
	if k.Key == "" {
		return "", problem(http.StatusBadRequest, "key-missing",
			"The header Idempotency-Key is missing: make one, keep it, and send it, so that a repeated request cannot charge twice. Nothing was done.")
	}
	if len(k.Key) > 128 || strings.ContainsFunc(k.Key, func(r rune) bool { return r < ' ' || r > '~' }) {
		return "", problem(http.StatusUnprocessableEntity, "key-missing",
			"The header Idempotency-Key must be 1 to 128 printable ASCII characters. Nothing was done.")
	}
	return k.Key, nil
}

// SaleID is embedded in requests about one sale.
type SaleID struct {
	ID sale.ID `path:"id" maxLength:"64" doc:"ID of the sale." example:"01KAEXAMPLE000000000000000"`
}

// saleOut answers with a sale.
type saleOut struct {
	Status int
	Body   sale.Sale
}

// givenBackOut answers with a movement.
type givenBackOut struct {
	Status int
	Body   GivenBack
}

// created is 200 for a replay and 201 for something new.
func created(replayed bool) int {
	if replayed {
		return http.StatusOK
	}
	return http.StatusCreated
}

func (h *handlers) sell(ctx context.Context, in *struct {
	KeyHeader
	Body SaleRequest
}) (*saleOut, error) {
	key, err := in.key()
	if err != nil {
		return nil, err
	}
	b := in.Body
	sell := h.sellSoon
	if b.Method == sale.Scan && b.AuthCode == "" && h.Scan != nil {
		sell = h.sellScanned
	}
	s, replayed, err := sell(ctx, device.SellRequest{Key: key, Amount: b.Amount, Currency: b.Currency,
		Method: b.Method, Reference: b.Reference, Replaces: b.Replaces, AuthCode: sale.Secret(b.AuthCode), Kind: b.Kind, Tender: b.Tender, AllowDuplicate: b.AllowDuplicate,
		Given: b.Given, Lines: sale.Lines{Subtotal: b.Subtotal, Taxes: b.Taxes, Items: b.Items}})
	if err != nil {
		return nil, h.refuse("sell", err)
	}
	return &saleOut{created(replayed), noNull(s)}, nil
}

func (h *handlers) sale(ctx context.Context, in *struct {
	SaleID
	Wait string `query:"wait" maxLength:"16" doc:"How long to wait for the sale to end, at most 60s; answers early when it is paid, declined or cancelled." example:"30s"`
}) (*saleOut, error) {
	if in.Wait == "" {
		ctx, done := context.WithTimeout(ctx, requestLimit)
		defer done()
		s, err := h.till.Sale(ctx, in.ID)
		if err != nil {
			return nil, h.refuse("read sale", err)
		}
		return &saleOut{http.StatusOK, noNull(s)}, nil
	}
	wait, err := waitFor(in.Wait)
	if err != nil {
		return nil, err
	}
	select {
	case h.waits <- struct{}{}:
		defer func() { <-h.waits }()
	default:
		return h.glance(ctx, in.ID, wait)
	}
	s, err := h.await(ctx, in.ID, wait)
	if err != nil {
		return nil, h.refuse("read sale", err)
	}
	return &saleOut{http.StatusOK, noNull(s)}, nil
}

// waitFor reads how long a request wants to wait; nothing is 0.
func waitFor(text string) (time.Duration, error) {
	if text == "" {
		return 0, nil
	}
	wait, err := time.ParseDuration(text)
	if err != nil || wait < 0 || wait > maxWait {
		return 0, problem(http.StatusUnprocessableEntity, "invalid", fmt.Sprintf("wait=%s is not possible: write a time up to %s, such as 30s.", text, maxWait))
	}
	return wait, nil
}

// glanceAfter is the pause of a wait that found no place.
const glanceAfter = time.Second

// glance answers a wait that found no place: with the sale as it stands in a moment. Whoever
// waits asks again; a refusal would say nothing of the sale.
func (h *handlers) glance(ctx context.Context, id sale.ID, wait time.Duration) (*saleOut, error) {
	select {
	case <-time.After(min(wait, glanceAfter)):
	case <-ctx.Done():
	}
	s, err := h.till.Sale(ctx, id)
	if err != nil {
		return nil, h.refuse("read sale", err)
	}
	return &saleOut{http.StatusOK, noNull(s)}, nil
}

// await returns the sale when it is final, or as it stands after wait.
func (h *handlers) await(ctx context.Context, id sale.ID, wait time.Duration) (sale.Sale, error) {
	until, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	s, err := device.Await(until, h.till.Sale, h.Subscribe, id, func(s sale.Sale) bool { return s.State.Final() })
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
		err = nil
	}
	return s, err
}

func (h *handlers) cancel(ctx context.Context, in *struct{ SaleID }) (*saleOut, error) {
	s, err := h.till.Cancel(ctx, in.ID)
	if err != nil {
		return nil, h.refuse("cancel", err)
	}
	return &saleOut{http.StatusAccepted, noNull(s)}, nil
}

// some is an amount as the till takes it: 0 stands for all, which a request says
// by leaving the amount out, never by writing 0.
func some(a *sale.Amount) sale.Amount {
	if a == nil {
		return 0
	}
	return *a
}

// giveBackIn is the request for a refund or a void.
type giveBackIn struct {
	SaleID
	KeyHeader
	Body GiveBackRequest
}

// refundOrVoid makes the operation for refund or void.
func (h *handlers) refundOrVoid(doing string, do func(context.Context, device.GiveBackRequest) (sale.Sale, string, bool, error)) func(context.Context, *giveBackIn) (*givenBackOut, error) {
	return func(ctx context.Context, in *giveBackIn) (*givenBackOut, error) {
		key, err := in.key()
		if err != nil {
			return nil, err
		}
		if err := somebody(ctx, in.Body.By); err != nil {
			return nil, err
		}
		s, id, replayed, err := do(ctx, device.GiveBackRequest{Key: key, Sale: in.ID, Amount: some(in.Body.Amount), By: in.Body.By, Why: in.Body.Reason, Anyway: in.Body.Anyway})
		if err != nil {
			return nil, h.refuse(doing, err)
		}
		i := slices.IndexFunc(s.Refunds, func(m sale.Movement) bool { return m.ID == id })
		if i < 0 {
			return nil, h.refuse(doing, fmt.Errorf("%s %s: movement %s is not among the sale's", doing, in.ID, id))
		}
		return &givenBackOut{created(replayed), GivenBack{s.Refunds[i], noNull(s)}}, nil
	}
}

// tip tells whoever stands before the customer's page nothing of the sale.
func (h *handlers) tip(ctx context.Context, in *struct {
	SaleID
	Body TipRequest
}) (*struct{}, error) {
	if _, err := h.till.Tip(ctx, in.ID, in.Body.Tip); err != nil {
		return nil, h.refuse("tip", err)
	}
	return nil, nil
}

func (h *handlers) keep(ctx context.Context, in *struct {
	SaleID
	Body KeepRequest
}) (*saleOut, error) {
	if err := somebody(ctx, in.Body.By); err != nil {
		return nil, err
	}
	s, err := h.till.Keep(ctx, in.ID, in.Body.By)
	if err != nil {
		return nil, h.refuse("keep", err)
	}
	return &saleOut{http.StatusOK, noNull(s)}, nil
}

func (h *handlers) resolve(ctx context.Context, in *struct {
	SaleID
	Body ResolveRequest
}) (*saleOut, error) {
	if err := somebody(ctx, in.Body.By); err != nil {
		return nil, err
	}
	s, err := h.till.Resolve(ctx, device.ResolveRequest{Sale: in.ID, As: in.Body.As, Reason: in.Body.Reason, By: in.Body.By})
	if err != nil {
		return nil, h.refuse("resolve", err)
	}
	return &saleOut{http.StatusOK, noNull(s)}, nil
}

func (h *handlers) print(ctx context.Context, in *struct{ SaleID }) (*struct{ Body sale.Job }, error) {
	job, err := h.till.Print(ctx, in.ID)
	if err != nil {
		return nil, h.refuse("print", err)
	}
	return &struct{ Body sale.Job }{job}, nil
}

// receiptOut is a receipt as it was asked for.
type receiptOut struct {
	ContentType string `header:"Content-Type"`
	Body        []byte
}

func (h *handlers) receipt(ctx context.Context, in *struct {
	SaleID
	Format string `query:"format" enum:"text,png" doc:"text or png; without it the header Accept decides, text by default."`
	Accept string `header:"Accept" doc:"image/png asks for the picture."`
}) (*receiptOut, error) {
	png := in.Format == "png" || in.Format == "" && strings.Contains(in.Accept, "image/png")
	if png && h.ReceiptPNG != nil {
		body, err := h.ReceiptPNG(ctx, in.ID)
		if err != nil {
			return nil, h.refuse("draw receipt", err)
		}
		return &receiptOut{"image/png", body}, nil
	}
	if !png && h.ReceiptText != nil {
		text, err := h.ReceiptText(ctx, in.ID)
		if err != nil {
			return nil, h.refuse("write receipt", err)
		}
		return &receiptOut{"text/plain; charset=utf-8", []byte(text)}, nil
	}
	return nil, problem(http.StatusServiceUnavailable, "unavailable", "posd cannot show receipts in this form here.")
}
