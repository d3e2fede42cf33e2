package api

import (
	"context"
	"encoding/csv"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"posd/device/sale"
)

const (
	// sheetPage is how many sales of a sheet are held at a time.
	sheetPage = 1000
	// maxSheet is how many sales a sheet has: more than a month of a busy counter.
	maxSheet = 50_000
	// sheetLimit is how long a sheet may take.
	sheetLimit = 2 * time.Minute
)

// sheetOut is a file for a spreadsheet.
type sheetOut struct {
	ContentType string `header:"Content-Type"`
	Disposition string `header:"Content-Disposition"`
	Body        func(huma.Context)
}

// sheet answers with the whole list for people: amounts with their point, times as
// the shop's clock has them, and nothing that a spreadsheet would calculate.
func (h *handlers) sheet(ctx context.Context, in *SalesFilter) (*sheetOut, error) {
	f, err := h.filter(in)
	if err != nil {
		return nil, err
	}
	f.Limit = sheetPage
	first, err := h.till.Sales(ctx, f) // what fails at once is said as a problem
	if err != nil {
		return nil, h.refuse("list sales", err)
	}
	return &sheetOut{"text/csv; charset=utf-8", `attachment; filename="sales.csv"`, func(to huma.Context) {
		if err := h.writeSheet(ctx, to, f, first); err != nil {
			h.Log.Info("a sheet of sales was not finished", "err", err)
			panic(http.ErrAbortHandler) // the browser says that the file is incomplete
		}
	}}, nil
}

// writeSheet writes page by page, so that a long list takes no more memory than a page.
func (h *handlers) writeSheet(ctx context.Context, to huma.Context, f sale.Filter, list []sale.Sale) (err error) {
	out := to.BodyWriter()
	if _, err = out.Write([]byte("\ufeff")); err != nil { // spreadsheets then read UTF-8
		return err
	}
	w := csv.NewWriter(out)
	_ = w.Write([]string{"id", "number", "date", "time", "reference", "amount", "currency", "method", "kind", "state", "approved", "tip", "given back", "card", "by"}) // Error says
	for n := 0; len(list) > 0; {
		for _, s := range list {
			_ = w.Write(h.sheetRow(s))
		}
		if w.Flush(); w.Error() != nil {
			return w.Error()
		}
		if n += len(list); len(list) < sheetPage {
			return nil
		}
		if n >= maxSheet {
			_ = w.Write([]string{fmt.Sprintf("There may be more: a sheet has at most %d sales. Ask for fewer days.", maxSheet)})
			break
		}
		f.Before = list[len(list)-1].ID
		if list, err = h.till.Sales(ctx, f); err != nil {
			return err
		}
	}
	w.Flush()
	return w.Error()
}

func (h *handlers) sheetRow(s sale.Sale) []string {
	card := ""
	if s.Card != nil {
		card = s.Card.Number[max(0, len(s.Card.Number)-4):]
	}
	at := s.CreatedAt.In(h.Calendar.Zone())
	back := sale.Amount(0)
	for _, m := range s.Refunds {
		if m.State == sale.MovementDone {
			back += m.Amount
		}
	}
	return harmless([]string{string(s.ID), shortNumber(s.ID), at.Format(time.DateOnly), at.Format(time.TimeOnly), s.Reference, s.Amount.String(), s.Currency, string(s.Method), string(s.Kind),
		string(s.State), s.ApprovedAmount.String(), s.Tip.String(), back.String(), card, s.By})
}

// shortNumber is what people call a sale by, as the pages make it (number in tell.js).
func shortNumber(id sale.ID) string {
	n := int64(0)
	for _, ch := range id[max(0, len(id)-6):] {
		digit, _ := strconv.ParseInt(string(ch), 36, 64) // 0 for what is none
		n = (n*32 + digit) % 10000
	}
	return fmt.Sprintf("#%04d", n)
}
