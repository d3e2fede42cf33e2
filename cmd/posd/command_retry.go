package main

import (
	"errors"
	"net/http"
	"net/url"

	"github.com/spf13/cobra"

	"posd/device/api"
)

func retryCommand(command maker) *cobra.Command {
	var all bool
	c := command("retry [REPORT]", "Put a report that was set aside back into the queue, or -all of them", 0, func(t session, args []string) error {
		id := "all"
		switch {
		case all == (len(args) == 1):
			return errors.New("name one report, or -all")
		case !all:
			id = args[0]
		}
		a, err := t.ask(t.Context(), http.MethodPost, "/v1/queue/"+url.PathEscape(id)+"/retry", nil)
		if err != nil {
			return err
		}
		return t.print(a, func() error {
			var r api.Retried
			if err := a.into(&r); err != nil {
				return err
			}
			t.Println(r.Requeued, "back in the queue")
			return nil
		})
	})
	c.Args = cobra.MaximumNArgs(1)
	c.Flags().BoolVar(&all, "all", false, "every report that was set aside")
	return c
}
