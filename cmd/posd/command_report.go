package main

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/spf13/cobra"

	"posd/device/api"
	"posd/device/sale"
)

func reportCommand(command maker) *cobra.Command {
	var csv, print bool
	c := command("report [DATE]", "Sum up a business day so far (interim report; nothing is closed), or show a closing report", 0, func(t session, args []string) error {
		date := "today"
		if len(args) > 0 {
			date = args[0]
		}
		path := "/v1/reports/" + url.PathEscape(date)
		format := "text"
		switch {
		case csv && (t.json || print), t.json && print:
			return errors.New("choose one of -json, -csv and -print")
		case print:
			return t.printReport(path)
		case csv:
			format = "csv"
		case t.json:
			format = "json"
		}
		a, err := t.ask(t.Context(), http.MethodGet, path+"?format="+format, nil)
		if err != nil {
			return err
		}
		if t.json {
			return t.print(a, nil)
		}
		_, err = t.OutOrStdout().Write(a.body)
		return err
	})
	c.Args = cobra.MaximumNArgs(1)
	c.Long = "report sums up the business day called DATE, such as 2026-11-21; the one under way without it.\n" +
		"It is an interim report: it closes nothing and compares nothing with the terminal or IOTPay.\n" +
		"report z12 shows the closing report of day 12, as it was at the close (see `posd day close`)."
	c.Flags().BoolVar(&csv, "csv", false, "as comma-separated values, cents as whole numbers")
	c.Flags().BoolVar(&print, "print", false, "on the receipt printer")
	return c
}

// printReport prints a day's report on paper; paper that did not come out is exit 1.
func (t session) printReport(path string) error {
	a, err := t.ask(t.Context(), http.MethodPost, path+"/print", nil)
	if err != nil {
		return err
	}
	var p api.PrintedReport
	if err := a.into(&p); err != nil {
		return err
	}
	if p.State == sale.PrintFailed {
		return &ended{exitRefused, fmt.Errorf("the report was not printed: %s", p.Words)}
	}
	words := string(p.State)
	if p.Words != "" {
		words += ": " + p.Words
	}
	t.Println(words)
	return nil
}
