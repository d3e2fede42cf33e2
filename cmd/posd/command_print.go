package main

import (
	"net/http"

	"github.com/spf13/cobra"
)

func printCommand(command maker) *cobra.Command {
	return command("print ID", "Print the receipt again, marked as a duplicate", 1, func(t session, args []string) error {
		a, err := t.ask(t.Context(), http.MethodPost, salePath(args[0], "/print"), nil)
		if err != nil {
			return err
		}
		return t.print(a, func() error { t.Println("in the printer's queue"); return nil })
	})
}
