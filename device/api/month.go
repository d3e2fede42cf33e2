package api

import (
	"cmp"
	"context"
	"net/http"
	"time"

	"posd/device/books"
	"posd/device/sale"
)

// ClosedDay is a closed business day in a line: what came in, and how the journal
// agrees with the other books.
type ClosedDay struct {
	No       int         `json:"no" doc:"Its number; z12 names the report of day 12."`
	Date     string      `json:"date" doc:"Name of the business day." example:"2026-11-21"`
	ClosedAt time.Time   `json:"closedAt" doc:"When it was closed."`
	By       string      `json:"by" doc:"Who closed it."`
	Net      sale.Amount `json:"net" doc:"Taken less given back, in cents."`
	Cards    *BookMatch  `json:"cards,omitempty" doc:"posd beside the terminal's batch; left out without a card terminal."`
	Wallets  *BookMatch  `json:"wallets,omitempty" doc:"posd beside the gateway; left out without one."`
	Cash     *BookMatch  `json:"cash,omitempty" doc:"posd beside what was counted; left out where no cash is taken."`
}

// BookMatch is what posd says beside what the other side says.
type BookMatch struct {
	Posd     sale.Amount `json:"posd" doc:"What posd says, in cents."`
	Other    sale.Amount `json:"other" doc:"What the other side says, in cents."`
	Apart    int64       `json:"apart" doc:"The difference, in cents; below zero where the other side has less."`
	Compared bool        `json:"compared" doc:"Whether all of it was compared."`
}

// closedDays lists the days that were closed in a month.
func (h *handlers) closedDays(ctx context.Context, in *struct {
	Month string `query:"month" pattern:"^20[0-9]{2}-(0[1-9]|1[0-2])$" doc:"The month; left out, this one." example:"2026-11"`
}) (*struct{ Body []ClosedDay }, error) {
	month := cmp.Or(in.Month, h.Calendar.Day(h.Clock())[:len("2006-01")])
	first, err := time.Parse("2006-01", month)
	if err != nil {
		return nil, problem(http.StatusUnprocessableEntity, "invalid", "month must be a month, such as 2026-11.")
	}
	list := []ClosedDay{}
	for day := first; day.Month() == first.Month(); day = day.AddDate(0, 0, 1) {
		numbers, err := h.till.ClosedOn(ctx, day.Format(time.DateOnly))
		if err != nil {
			return nil, h.refuse("list closed days", err)
		}
		for _, no := range numbers {
			b, err := h.till.ClosedDay(ctx, no)
			if err != nil {
				return nil, h.refuse("read report", err)
			}
			list = append(list, closedDay(b))
		}
	}
	return &struct{ Body []ClosedDay }{list}, nil
}

func closedDay(b books.Books) ClosedDay {
	d := ClosedDay{Date: b.Date, ClosedAt: b.To.UTC(), Net: b.Total.Net}
	if k := b.Cash; k != nil {
		d.Cash = &BookMatch{Posd: k.Expected, Other: k.Expected + k.Apart, Apart: int64(k.Apart), Compared: k.Counted != nil}
	}
	k := b.Closing
	if k == nil {
		return d
	}
	d.No, d.By = k.No, k.By
	if t := k.Terminal; t != nil {
		d.Cards = &BookMatch{Apart: int64(t.Apart), Compared: t.End == sale.BatchClosed}
		for _, kind := range t.Kinds {
			d.Cards.Posd += kind.Posd.Cents
			d.Cards.Other += kind.Terminal.Cents
		}
	}
	if g := k.Gateway; g != nil {
		d.Wallets = &BookMatch{Other: g.Agreed.Cents + g.Apart.Cents, Apart: int64(g.Apart.Cents), Compared: g.Unasked.Count == 0}
		for _, w := range b.Wallets {
			d.Wallets.Posd += w.Net
		}
	}
	return d
}
