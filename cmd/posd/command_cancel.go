package main

import (
	"net/http"

	"github.com/spf13/cobra"
)

func cancelCommand(command maker) *cobra.Command {
	var wait bool
	c := command("cancel ID", "Wish a sale cancelled", 1, func(t session, args []string) error {
		a, err := t.ask(t.Context(), http.MethodPost, salePath(args[0], "/cancel"), nil)
		if err != nil {
			return err
		}
		return t.finish(a, wait)
	})
	c.Flags().BoolVar(&wait, "wait", false, "wait until the sale has ended: a card sale ends by the terminal's own answer")
	return c
}
