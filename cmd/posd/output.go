package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"posd/device/api"
	"posd/device/sale"
)

// print prints the answer as it came with -json, else for people.
func (t talk) print(a answer, forPeople func() error) error {
	if t.json {
		_, err := fmt.Fprintln(t.OutOrStdout(), strings.TrimSpace(string(a.body)))
		return err
	}
	return forPeople()
}

func (t talk) encode(v any) error { return encodeTo(t.OutOrStdout(), v) }

func encodeTo(w io.Writer, v any) error { return json.NewEncoder(w).Encode(v) }

// Println prints to stdout; cobra's own prints to stderr.
func (t talk) Println(a ...any) { fmt.Fprintln(t.OutOrStdout(), a...) }

// kindWords tells what of a card is no plain sale.
var kindWords = map[sale.CardKind]string{
	sale.CardAuth: ", held only", sale.CardComplete: ", completing an authorisation", sale.CardReturn: ", given to the customer",
}

func (t talk) printSale(a answer) error {
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

func (t talk) printSales(a answer) error {
	return t.print(a, func() error {
		var list []sale.Sale
		if err := a.into(&list); err != nil {
			return err
		}
		w := tabwriter.NewWriter(t.OutOrStdout(), 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, "SALE\tMADE\tMETHOD\tAMOUNT\tSTATE\tRECEIPT\tREPORTED\tBILL")
		for _, s := range list {
			state := string(s.State)
			if s.GivenUp {
				state += " (given up)"
			}
			if s.Undone() {
				state += ", given back"
			}
			if s.Attention != "" || s.Incident != "" {
				state += " !"
			}
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", s.ID, clock(s.CreatedAt), s.Method, s.Amount, state, s.Printed, s.Reported, s.Reference)
		}
		return w.Flush()
	})
}

func (t talk) printMovement(a answer, m sale.Movement) error {
	return t.print(a, func() error {
		words := fmt.Sprintf("%s %s of %s: %s", m.Kind, m.ID, m.Amount, m.State)
		if m.Words != "" {
			words += " (" + m.Words + ")"
		}
		t.Println(words)
		return nil
	})
}

func (t talk) printQueue(a answer) error {
	return t.print(a, func() error {
		var q api.Queue
		if err := a.into(&q); err != nil {
			return err
		}
		t.Println(fmt.Sprintf("%d waiting, %s in all; %d set aside; link %s %s", q.Queued, q.Cents, q.SetAside, q.Link, q.Words))
		if q.NextTry != nil {
			t.Println("next try", clock(*q.NextTry))
		}
		if len(q.Reports) == 0 {
			return nil
		}
		w := tabwriter.NewWriter(t.OutOrStdout(), 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, "REPORT\tSALE\tAMOUNT\tSTATE\tTRIES\tDUE\tWORDS")
		for _, r := range q.Reports {
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%d\t%s\t%s\n", r.No, r.Sale, r.Amount, r.State, r.Attempts, clock(r.DueAt), r.Words)
		}
		return w.Flush()
	})
}

// clock writes a time as the shop's clock shows it.
func clock(t time.Time) string { return t.Local().Format("2006-01-02 15:04:05") }
