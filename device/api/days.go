package api

import (
	"context"
	"encoding/json"
	"strconv"

	"posd/device"
	"posd/device/sale"
)

// CloseRequest is the body of POST /v1/day/close.
type CloseRequest struct {
	By              string       `json:"by,omitempty" minLength:"1" maxLength:"64" doc:"The name of the person who closes the day. Left out: whoever is signed in." example:"Ana"`
	Counted         *sale.Amount `json:"counted,omitempty" minimum:"0" maximum:"999999999" doc:"The cash in the drawer as it was counted, float included, in whole cents."`
	WithoutTerminal bool         `json:"withoutTerminal,omitempty" doc:"Close the day beside a terminal that is broken: its batch is neither closed nor compared."`
}

func (h *handlers) closeDay(ctx context.Context, in *struct {
	Key  string `header:"Idempotency-Key" doc:"May be left out. Repeated under the key by which a day was closed, the close answers with that day's report; while it goes on, with till-busy; and where the day stayed open, it is tried again."`
	Body CloseRequest
}) (*receiptOut, error) {
	if in.Key != "" {
		if _, err := (KeyHeader{in.Key}).key(); err != nil {
			return nil, err
		}
	}
	if err := somebody(ctx, in.Body.By); err != nil {
		return nil, err
	}
	b, err := h.till.CloseDay(ctx, device.CloseRequest{Key: in.Key, By: in.Body.By, WithoutTerminal: in.Body.WithoutTerminal, Counted: in.Body.Counted})
	if err != nil {
		return nil, h.refuse("close the day", err)
	}
	b.From, b.To = b.From.UTC(), b.To.UTC()
	body, err := json.Marshal(b)
	if err != nil {
		return nil, h.refuse("write report", err)
	}
	return &receiptOut{"application/json", body}, nil
}

// closedNo returns the number in the name of a closing report: z12 is that of day 12.
func closedNo(name string) (no int, ok bool) {
	if len(name) < 2 || name[0] != 'z' && name[0] != 'Z' {
		return 0, false
	}
	no, err := strconv.Atoi(name[1:])
	return no, err == nil && no > 0
}
