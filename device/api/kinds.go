package api

import (
	"context"
	"net/http"

	"posd/device"
	"posd/device/sale"
)

// CompleteRequest is the body of complete.
type CompleteRequest struct {
	Amount *sale.Amount `json:"amount,omitempty" minimum:"1" maximum:"999999999" doc:"How much to take, in whole cents; left out: all that is held. 0 is refused."`
}

// ReturnRequest is the body of POST /v1/refunds.
type ReturnRequest struct {
	Amount    sale.Amount `json:"amount" minimum:"1" maximum:"999999999" doc:"How much to give, in whole cents." example:"1500"`
	Currency  string      `json:"currency,omitempty" pattern:"^[A-Z]{3}$" doc:"Three letters; the shop's when left out." example:"CAD"`
	Tender    sale.Tender `json:"tender,omitempty" enum:"credit,debit" doc:"Card rails; left out, the terminal decides."`
	Reference string      `json:"reference,omitempty" maxLength:"64" doc:"The application's own number of this return."`
	Replaces  string      `json:"replaces,omitempty" enum:"none" doc:"none answers the problem same-bill: this is for another customer."`
	By        string      `json:"by,omitempty" minLength:"1" maxLength:"64" doc:"The name of the person who asks. Left out: whoever is signed in." example:"Ana"`
	Reason    string      `json:"reason,omitempty" maxLength:"200" doc:"Why, in a few words."`
}

// UploadRequest is the body of upload.
type UploadRequest struct {
	Upload sale.Upload `json:"upload" enum:"confirmed,refused" doc:"What became of the offline approval when the terminal went online again."`
	By     string      `json:"by,omitempty" minLength:"1" maxLength:"64" doc:"The name of the person who says so. Left out: whoever is signed in." example:"Ana"`
	Reason string      `json:"reason,omitempty" maxLength:"200" doc:"How the person knows."`
}

func (h *handlers) complete(ctx context.Context, in *struct {
	SaleID
	KeyHeader
	Body CompleteRequest
}) (*saleOut, error) {
	return h.sellKind(ctx, in.KeyHeader, device.SellRequest{Kind: sale.CardComplete, Method: sale.Card, Original: in.ID, Amount: some(in.Body.Amount)})
}

func (h *handlers) giveBack(ctx context.Context, in *struct {
	KeyHeader
	Body ReturnRequest
}) (*saleOut, error) {
	b := in.Body
	if err := somebody(ctx, b.By); err != nil {
		return nil, err
	}
	return h.sellKind(ctx, in.KeyHeader, device.SellRequest{Kind: sale.CardReturn, Method: sale.Card, Amount: b.Amount, Currency: b.Currency,
		Tender: b.Tender, Reference: b.Reference, Replaces: b.Replaces, By: b.By, Why: b.Reason})
}

func (h *handlers) sellKind(ctx context.Context, k KeyHeader, r device.SellRequest) (*saleOut, error) {
	key, err := k.key()
	if err != nil {
		return nil, err
	}
	r.Key = key
	s, replayed, err := h.sellSoon(ctx, r)
	if err != nil {
		return nil, h.refuse(string(r.Kind), err)
	}
	return &saleOut{created(replayed), noNull(s)}, nil
}

func (h *handlers) upload(ctx context.Context, in *struct {
	SaleID
	Body UploadRequest
}) (*saleOut, error) {
	if err := somebody(ctx, in.Body.By); err != nil {
		return nil, err
	}
	s, err := h.till.Uploaded(ctx, in.ID, in.Body.Upload, in.Body.By, in.Body.Reason)
	if err != nil {
		return nil, h.refuse("upload", err)
	}
	return &saleOut{http.StatusOK, noNull(s)}, nil
}
