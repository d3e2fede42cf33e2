package api

import (
	"context"
	"net/http"
)

// SeenRequest is the body of seen.
type SeenRequest struct {
	By string `json:"by,omitempty" maxLength:"64" doc:"The name of the person who has seen it, if it is known." example:"Ana"`
}

// CorrectedRequest is the body of corrected.
type CorrectedRequest struct {
	By     string `json:"by,omitempty" minLength:"1" maxLength:"64" doc:"The name of the person who entered it. Left out: whoever is signed in." example:"Ana"`
	Reason string `json:"reason,omitempty" maxLength:"200" doc:"What was entered, in a few words."`
}

func (h *handlers) seen(ctx context.Context, in *struct {
	SaleID
	Body SeenRequest
}) (*saleOut, error) {
	s, err := h.till.Seen(ctx, in.ID, in.Body.By)
	if err != nil {
		return nil, h.refuse("seen", err)
	}
	return &saleOut{http.StatusOK, noNull(s)}, nil
}

func (h *handlers) corrected(ctx context.Context, in *struct {
	SaleID
	Body CorrectedRequest
}) (*saleOut, error) {
	if err := somebody(ctx, in.Body.By); err != nil {
		return nil, err
	}
	s, err := h.till.Corrected(ctx, in.ID, in.Body.By, in.Body.Reason)
	if err != nil {
		return nil, h.refuse("corrected", err)
	}
	return &saleOut{http.StatusOK, noNull(s)}, nil
}
