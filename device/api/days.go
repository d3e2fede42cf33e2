package api

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"posd/device"
)

// closePath takes as long as the terminal and the gateway do.
const closePath = "/v1/day/close"

// CloseRequest is the body of POST /v1/day/close.
type CloseRequest struct {
	By              string `json:"by" minLength:"1" maxLength:"64" doc:"The name of the person who closes the day." example:"Ana"`
	WithoutTerminal bool   `json:"withoutTerminal,omitempty" doc:"Close the day beside a terminal that is broken: its batch is neither closed nor compared."`
}

// days registers the close of the business day.
func (h *handlers) days(a huma.API) {
	huma.Register(a, huma.Operation{OperationID: "close-day", Method: http.MethodPost, Path: closePath,
		Summary: "Close the business day",
		Description: "Has the terminal settle its batch, sums up what ended since the last close, compares it with the batch and with the gateway, and writes the closing (Z) report down for ever. " +
			"It answers when that is done, which may take minutes; nothing is sold meanwhile. When the terminal does not settle, the day stays open. Whoever does not wait finds the report as `GET /v1/reports/z12`.",
		Errors: []int{409, 415, 422, 503},
		Responses: map[string]*huma.Response{"200": {Description: "The closing report.", Content: map[string]*huma.MediaType{
			"application/json": {Schema: schemaOf(a, device.Books{})},
		}}}}, h.closeDay)
}

func (h *handlers) closeDay(ctx context.Context, in *struct{ Body CloseRequest }) (*receiptOut, error) {
	b, err := h.till.CloseDay(ctx, in.Body.By, in.Body.WithoutTerminal)
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
