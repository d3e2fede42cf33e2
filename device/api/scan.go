package api

import (
	"context"
	"errors"
	"net/http"
	"time"

	"posd/device"
	"posd/device/sale"
)

// Errors of Options.Scan. What they are wrapped in is said to the cashier.
var (
	ErrNoCode    = errors.New("this is no payment code")
	ErrNoScanner = errors.New("no code can be read")
)

// sellScanned takes a payment by the code that the counter's own scanner reads
// next. The key comes first, as for every sale: a repeated request gets its sale
// back and waits for nothing.
func (h *handlers) sellScanned(ctx context.Context, r device.SellRequest) (sale.Sale, bool, error) {
	s, replayed, err := h.sellSoon(ctx, r)
	if !errors.Is(err, sale.ErrInvalid) {
		return s, replayed, err
	}
	// A new one, refused for its missing code. No customer is to show a code
	// for a sale that cannot begin.
	if now, err := h.till.Snapshot(ctx); err == nil && now.Current != nil && now.Current.State == sale.Waiting {
		return s, false, &sale.Refusal{Kind: sale.ErrTillBusy, Other: now.Current.ID, Words: "Another sale is under way: wait for it or cancel it first."}
	}
	if r.AuthCode, err = h.scanned(ctx); err != nil {
		return s, false, err
	}
	return h.sellSoon(ctx, r)
}

// sellSoon asks the till within the time that a request has which waits for no person.
func (h *handlers) sellSoon(ctx context.Context, r device.SellRequest) (sale.Sale, bool, error) {
	ctx, done := context.WithTimeout(ctx, requestLimit)
	defer done()
	return h.till.Sell(ctx, r)
}

// scanned waits for the next code, until the client goes away or time is over.
func (h *handlers) scanned(ctx context.Context) (sale.Secret, error) {
	select {
	case h.scanning <- struct{}{}:
		defer func() { <-h.scanning }()
	default:
		return "", &sale.Refusal{Kind: sale.ErrTillBusy, Words: "Another sale waits for the customer's code already: let it be scanned first. Nothing was done."}
	}
	ctx, done := context.WithTimeout(ctx, maxWait)
	defer done()
	code, err := h.Scan(ctx)
	if err == nil && ctx.Err() == nil {
		return code, nil
	}
	switch {
	case errors.Is(err, ErrNoCode):
		return "", problem(http.StatusUnprocessableEntity, "no-code", sentence(err)+" Nothing was done.")
	case errors.Is(err, ErrNoScanner):
		return "", problem(http.StatusServiceUnavailable, "no-scanner", sentence(err)+" Give the code as authCode, or see to the scanner. Nothing was done.")
	case ctx.Err() != nil:
		return "", problem(http.StatusUnprocessableEntity, "no-code", "No code was scanned within "+maxWait.Round(time.Second).String()+". Nothing was done.")
	}
	return "", err
}

// sentence makes one of an error's words.
func sentence(err error) string {
	words := []byte(err.Error() + ".")
	if 'a' <= words[0] && words[0] <= 'z' {
		words[0] -= 'a' - 'A'
	}
	return string(words)
}
