package api

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"posd/device/books"
	"posd/device/sale"
)

// BusinessDay is embedded in requests about one day.
type BusinessDay struct {
	Date string `path:"date" maxLength:"16" doc:"Name of the business day, or today for the one under way; z12 is the closing report of day 12." example:"2026-11-21"`
}

// DrawerRequest is the body of POST /v1/drawer.
type DrawerRequest struct {
	By string `json:"by,omitempty" minLength:"1" maxLength:"64" doc:"The name of the person who asks. Left out: whoever is signed in." example:"Ana"`
}

// PrintedReport answers POST /v1/reports/{date}/print.
type PrintedReport struct {
	State sale.Printed `json:"state" enum:"queued,sent,printed,failed" doc:"What became of the paper. queued: something else is being printed first; sent: the printer cannot say whether it printed."`
	Words string       `json:"words" doc:"What the printer says."`
}

// bounds are those of the business day called date. Days before posd and long
// after it are typing errors, and beyond the year 9999 no time can be written.
func (h *handlers) bounds(date string) (from, to time.Time, err error) {
	from, to, err = h.Calendar.Bounds(date)
	switch {
	case err != nil:
		return from, to, problem(http.StatusUnprocessableEntity, "invalid", fmt.Sprintf("%s is not a day. %s", strconv.QuoteToASCII(date), hints["date"]))
	case from.Year() < 2000 || from.Year() > 2199:
		return from, to, problem(http.StatusUnprocessableEntity, "invalid", date+" is not a day of this shop: days go from 2000 to 2199.")
	}
	return from, to, nil
}

// day sums up the day called date, or reads the closing report of that number.
func (h *handlers) day(ctx context.Context, date string) (books.Books, error) {
	if no, ok := closedNo(date); ok {
		b, err := h.till.ClosedDay(ctx, no)
		if err != nil {
			return b, h.refuse("read report", err)
		}
		return b, nil
	}
	if date == "today" {
		date = h.Calendar.Day(h.Clock())
	}
	from, to, err := h.bounds(date)
	if err != nil {
		return books.Books{}, err
	}
	b, err := h.till.Day(ctx, from, to)
	if err != nil {
		return b, h.refuse("sum up day", err)
	}
	if b.Closed, err = h.till.ClosedOn(ctx, date); err != nil {
		return b, h.refuse("list closed days", err)
	}
	return b, nil
}

func (h *handlers) report(ctx context.Context, in *struct {
	BusinessDay
	Format string `query:"format" enum:"json,text,csv" doc:"Without it the header Accept decides, JSON by default."`
	Accept string `header:"Accept" doc:"text/csv or text/plain; anything else is JSON."`
}) (*receiptOut, error) {
	b, err := h.day(ctx, in.Date)
	if err != nil {
		return nil, err
	}
	format := in.Format
	if format == "" {
		format = accepted(in.Accept)
	}
	switch format {
	case "csv":
		return &receiptOut{"text/csv; charset=utf-8", b.CSV()}, nil
	case "text":
		return &receiptOut{"text/plain; charset=utf-8", []byte(b.Text())}, nil
	}
	b.From, b.To = b.From.UTC(), b.To.UTC()
	body, err := json.Marshal(b)
	if err != nil {
		return nil, h.refuse("write report", err)
	}
	return &receiptOut{"application/json", body}, nil
}

// accepted returns the format that an Accept header names first.
func accepted(header string) string {
	for part := range strings.SplitSeq(header, ",") {
		kind, _, _ := strings.Cut(part, ";")
		switch strings.TrimSpace(kind) {
		case "text/csv":
			return "csv"
		case "text/plain":
			return "text"
		case "application/json":
			return "json"
		}
	}
	return "json"
}

func (h *handlers) printReport(ctx context.Context, in *struct{ BusinessDay }) (*struct{ Body PrintedReport }, error) {
	if h.PrintBooks == nil {
		return nil, problem(http.StatusConflict, "no-device", "There is no receipt printer here: add a [printer] to the configuration, or print the report from a page.")
	}
	b, err := h.day(ctx, in.Date)
	if err != nil {
		return nil, err
	}
	res, err := h.PrintBooks(ctx, b)
	if err != nil {
		return nil, h.refuse("print report", err)
	}
	return &struct{ Body PrintedReport }{PrintedReport{res.State, res.Words}}, nil
}

func (h *handlers) drawer(ctx context.Context, in *struct{ Body DrawerRequest }) (*struct{}, error) {
	if err := somebody(ctx, in.Body.By); err != nil {
		return nil, err
	}
	if err := h.till.OpenDrawer(ctx, in.Body.By); err != nil {
		return nil, h.refuse("open drawer", err)
	}
	return nil, nil
}
