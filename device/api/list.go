package api

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"posd/device/sale"
)

// SalesFilter says which sales are asked for. Members with a place of their own in a
// URL stand in the order of the description.
type SalesFilter struct {
	State     sale.State  `query:"state" enum:"waiting,paid,declined,cancelled,unsure" doc:"Only sales in this state."`
	Method    sale.Method `query:"method" enum:"card,wechat,alipay,unionpay,scan,cash" doc:"Only sales by this method."`
	Date      string      `query:"date" doc:"Only sales of this business day." example:"2026-11-21"`
	From      string      `query:"from" doc:"Only sales of this business day and later ones." example:"2026-11-01"`
	To        string      `query:"to" doc:"Only sales of this business day and earlier ones." example:"2026-11-30"`
	Reference string      `query:"reference" maxLength:"64" doc:"Only sales of the bill with this number."`
	Foreign   string      `query:"foreign" maxLength:"64" doc:"Only sales that a front end's register calls so."`
	Last      string      `query:"last" pattern:"^[0-9]{4}$" doc:"Only sales by a card whose number ends in these four digits." example:"1166"`
	Amount    sale.Amount `query:"amount" minimum:"1" maximum:"999999999" doc:"Only sales of which this was asked, in cents."`
	By        string      `query:"by" maxLength:"64" doc:"Only sales that this person asked for."`
	Search    string      `query:"search" maxLength:"64" doc:"Only sales of which this is the bill's number, the person who asked for them, the last four digits of the card, or the amount that was asked, written as 28.65 or 28,65." example:"28.65"`
}

// listIn is what can be asked of the list of sales.
type listIn struct {
	SalesFilter
	Before sale.ID `query:"before" maxLength:"64" doc:"Only sales made before that one: the next page, which the header Link names."`
	Limit  int     `query:"limit" minimum:"1" maximum:"1000" default:"100" doc:"At most so many."`
	Format string  `query:"format" enum:"json,jsonl,csv" doc:"json when left out; jsonl: one sale a line; csv for programs, amounts in cents."`
}

// listOut is a page of the list.
type listOut struct {
	ContentType string `header:"Content-Type"`
	Link        string `header:"Link" doc:"The next page, rel=next; left out on the last one."`
	Body        []byte
}

func (h *handlers) list(ctx context.Context, in *listIn) (*listOut, error) {
	f, err := h.filter(&in.SalesFilter)
	if err != nil {
		return nil, err
	}
	f.Before, f.Limit = in.Before, in.Limit
	found, err := h.till.Sales(ctx, f)
	if err != nil {
		return nil, h.refuse("list sales", err)
	}
	list := noNulls(found)
	out := &listOut{ContentType: "application/json"}
	if len(list) == in.Limit {
		out.Link = "<" + in.next(list[len(list)-1].ID) + `>; rel="next"`
	}
	switch in.Format {
	case "csv":
		out.ContentType, out.Body = "text/csv; charset=utf-8", salesCSV(list)
	case "jsonl":
		var b bytes.Buffer
		lines := json.NewEncoder(&b)
		for _, s := range list {
			if err = lines.Encode(s); err != nil {
				break
			}
		}
		out.ContentType, out.Body = "application/jsonl", b.Bytes()
	default:
		out.Body, err = json.Marshal(list)
	}
	if err != nil {
		return nil, h.refuse("write list", err)
	}
	return out, nil
}

// filter is what the till is asked for.
func (h *handlers) filter(in *SalesFilter) (f sale.Filter, err error) {
	f = sale.Filter{State: in.State, Method: in.Method, Reference: in.Reference, Foreign: in.Foreign, Last: in.Last, Amount: in.Amount, By: in.By, Search: strings.TrimSpace(in.Search)}
	f.From, f.To, err = h.span(in)
	return f, err
}

// span is the time between two business days, or of one.
func (h *handlers) span(in *SalesFilter) (from, to time.Time, err error) {
	if in.Date != "" && in.From+in.To != "" {
		return from, to, problem(http.StatusUnprocessableEntity, "invalid", "date is one day, from and to are several: leave one of them out.")
	}
	if in.Date != "" {
		return h.bounds(in.Date)
	}
	if in.From != "" {
		if from, _, err = h.bounds(in.From); err != nil {
			return from, to, err
		}
	}
	if in.To != "" {
		_, to, err = h.bounds(in.To)
	}
	return from, to, err
}

// next is the path of the next page.
func (in *listIn) next(last sale.ID) string {
	q := url.Values{}
	for name, value := range map[string]string{"state": string(in.State), "method": string(in.Method), "date": in.Date, "from": in.From, "to": in.To,
		"reference": in.Reference, "foreign": in.Foreign, "last": in.Last, "by": in.By, "search": in.Search, "format": in.Format} {
		if value != "" {
			q.Set(name, value)
		}
	}
	if in.Amount != 0 {
		q.Set("amount", fmt.Sprint(int64(in.Amount)))
	}
	q.Set("limit", fmt.Sprint(in.Limit))
	q.Set("before", string(last))
	return "/v1/sales?" + q.Encode()
}

// salesCSV writes sales for a spreadsheet: one row each, amounts in cents.
func salesCSV(list []sale.Sale) []byte {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	_ = w.Write([]string{"id", "createdAt", "finalAt", "reference", "method", "kind", "state", "reason", "amount", "approvedAmount", "due", "tip", "cashback", "surcharge", "refundable", "currency", "card", "last", "by", "mchOrderNo", "given", "rounding", "subtotal", "taxes"})
	for _, s := range list {
		final, card, last := "", "", ""
		if s.FinalAt != nil {
			final = s.FinalAt.UTC().Format(time.RFC3339)
		}
		if s.Card != nil {
			card, last = s.Card.Type, s.Card.Number[max(0, len(s.Card.Number)-4):]
		}
		row := []string{string(s.ID), s.CreatedAt.UTC().Format(time.RFC3339), final, s.Reference, string(s.Method), string(s.Kind), string(s.State), string(s.Reason)}
		for _, cents := range []sale.Amount{s.Amount, s.ApprovedAmount, s.Due, s.Tip, s.Cashback, s.Surcharge, s.Refundable()} {
			row = append(row, fmt.Sprint(int64(cents)))
		}
		taxes := sale.Amount(0)
		for _, t := range s.Taxes {
			taxes += t.Amount
		}
		row = append(row, s.Currency, card, last, s.By, s.MchOrderNo)
		for _, cents := range []sale.Amount{s.Given, s.Rounding, s.Subtotal, taxes} {
			row = append(row, fmt.Sprint(int64(cents)))
		}
		_ = w.Write(harmless(row)) // into memory
	}
	w.Flush()
	return b.Bytes()
}

// harmless keeps a spreadsheet from calculating what a cell says.
func harmless(row []string) []string {
	for i := range row {
		if strings.IndexAny(row[i], "=+-@\t\r") == 0 {
			row[i] = "'" + row[i]
		}
	}
	return row
}
