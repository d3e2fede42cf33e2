package main

import (
	"fmt"
	"net/http"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"posd/device/sale"
)

func showCommand(command maker) *cobra.Command {
	return command("show ID", "Show one sale", 1, func(t session, args []string) error {
		a, err := t.ask(t.Context(), http.MethodGet, salePath(args[0], ""), nil)
		if err != nil {
			return err
		}
		return t.printSale(a)
	})
}

// kindWords tells what of a card is no plain sale.
var kindWords = map[sale.CardKind]string{
	sale.CardAuth: ", held only", sale.CardComplete: ", completing an authorisation", sale.CardReturn: ", given to the customer",
}

func (t session) printSale(a answer) error {
	return t.print(a, func() error {
		var s sale.Sale
		if err := a.into(&s); err != nil {
			return err
		}
		w := tabwriter.NewWriter(t.OutOrStdout(), 0, 0, 2, ' ', 0)
		line := func(name, format string, v ...any) { fmt.Fprintf(w, "%s\t%s\n", name, fmt.Sprintf(format, v...)) }
		line("sale", "%s", s.ID)
		if s.Reference != "" {
			line("bill", "%s", s.Reference)
		}
		line("amount", "%s %s by %s%s", s.Amount, s.Currency, s.Method, kindWords[s.Kind])
		if s.Original != "" {
			line("completes", "%s", s.Original)
		}
		if s.By != "" {
			line("asked by", "%s", strings.TrimSpace(s.By+" "+s.Why))
		}
		line("state", "%s", stateWords(s))
		if s.State == sale.Paid && s.ApprovedAmount != s.Amount {
			line("approved", "%s", s.ApprovedAmount)
		}
		for _, part := range []struct {
			name   string
			amount sale.Amount
		}{{"due", s.Due}, {"tip", s.Tip}, {"cashback", s.Cashback}, {"surcharge", s.Surcharge}} {
			if part.amount != 0 {
				line(part.name, "%s", part.amount)
			}
		}
		if s.Card != nil {
			line("card", "%s", strings.Join(strings.Fields(strings.Join([]string{s.Card.Type, s.Card.Number, string(s.Card.Entry), s.Card.AuthCode}, " ")), " "))
		}
		if s.MchOrderNo != "" {
			line("order", "%s", strings.TrimSpace(s.MchOrderNo+" "+s.PayOrderID))
		}
		line("made", "%s", clock(s.CreatedAt))
		line("receipt", "%s", s.Printed)
		line("reported", "%s", s.Reported)
		for _, m := range s.Refunds {
			line(string(m.Kind), "%s %s %s by %s", m.Amount, m.State, m.ID, m.By)
		}
		for _, note := range []struct{ name, words string }{{"INCIDENT", s.Incident}, {"TO DO", s.Attention}} {
			if note.words != "" {
				line(note.name, "%s", note.words)
			}
		}
		return w.Flush()
	})
}

// stateWords says how a sale stands and why.
func stateWords(s sale.Sale) string {
	words := string(s.State)
	if s.GivenUp {
		words += ", given up here, still watched"
	}
	if s.Reason != "" {
		words += ": " + string(s.Reason)
	}
	if s.Words != "" {
		words += " (" + s.Words + ")"
	}
	return words
}
