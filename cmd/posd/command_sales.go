package main

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"posd/device/sale"
)

func salesCommand(command maker) *cobra.Command {
	var state, method, date string
	var limit int
	c := command("sales", "List sales, newest first", 0, func(t session, _ []string) error {
		q := url.Values{}
		for name, value := range map[string]string{"state": state, "method": method, "date": date} {
			if value != "" {
				q.Set(name, value)
			}
		}
		q.Set("limit", strconv.Itoa(limit))
		a, err := t.ask(t.Context(), http.MethodGet, "/v1/sales?"+q.Encode(), nil)
		if err != nil {
			return err
		}
		return t.printSales(a)
	})
	c.Flags().StringVar(&state, "state", "", "only sales in this `STATE`: waiting, paid, declined, cancelled or unsure")
	c.Flags().StringVar(&method, "method", "", "only sales by this `METHOD`")
	c.Flags().StringVar(&date, "date", "", "only sales of this business `DAY`, such as 2026-11-21")
	c.Flags().IntVar(&limit, "limit", 100, "at most `N`")
	return c
}

func (t session) printSales(a answer) error {
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
