package api

import (
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"net/http"

	"posd/device"
	"posd/device/sale"
)

// PrintRequest is the body of POST /v1/prints.
type PrintRequest struct {
	Form sale.PrintForm `json:"form" enum:"text,image,escpos,test" doc:"text: lines, each as it is written. image: a picture, PNG or JPEG, no wider than the paper or scaled down to it. escpos: the printer's own commands; only those are let through that print and change nothing for good, and only where the printer's profile says that it has them. test: a slip that shows whether the printer's settings fit it; it has no data." example:"text"`
	Data string         `json:"data,omitempty" minLength:"1" maxLength:"1060000" doc:"What to print: the text, or a picture or commands in base64." example:"Soup of the day   4.50"`
	By   string         `json:"by,omitempty" minLength:"1" maxLength:"64" doc:"The name of the person who asks." example:"Ana"`
}

// maxPrintBody is a body's limit where a picture is sent.
const maxPrintBody = 1100 << 10

// printOut answers with a print.
type printOut struct {
	Status int
	Body   sale.Job
}

func (h *handlers) printOwn(ctx context.Context, in *struct {
	KeyHeader
	Body PrintRequest
}) (*printOut, error) {
	key, err := in.key()
	if err != nil {
		return nil, err
	}
	data := []byte(in.Body.Data)
	if in.Body.Form != sale.PrintText {
		if data, err = base64.StdEncoding.DecodeString(in.Body.Data); err != nil {
			return nil, problem(http.StatusUnprocessableEntity, "invalid", "data is no base64. Nothing was printed.")
		}
	}
	job, replayed, err := h.till.PrintOwn(ctx, device.PrintRequest{Key: key, Form: in.Body.Form, Data: data, By: in.Body.By})
	if err != nil {
		return nil, h.refuse("print", err)
	}
	return &printOut{created(replayed), job}, nil
}

func (h *handlers) printJob(ctx context.Context, in *struct {
	ID   string `path:"id" maxLength:"64" doc:"ID of the print." example:"01KAEXAMPLE000000000000000"`
	Wait string `query:"wait" maxLength:"16" doc:"How long to wait for its end, at most 60s." example:"10s"`
}) (*printOut, error) {
	wait, err := waitFor(in.Wait)
	if err != nil {
		return nil, err
	}
	look := h.till.PrintJob
	if wait > 0 {
		select {
		case h.waits <- struct{}{}:
			defer func() { <-h.waits }()
			look = h.till.AwaitPrint
		default: // it is answered as it stands: whoever waits asks again
		}
	}
	until, cancel := context.WithTimeout(ctx, cmp.Or(wait, requestLimit))
	defer cancel()
	job, err := look(until, in.ID)
	if err != nil && !(errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil && job.ID != "") {
		return nil, h.refuse("read print", err)
	}
	return &printOut{http.StatusOK, job}, nil
}
