package main

import (
	"net/http"
	"os"

	"github.com/spf13/cobra"
)

func receiptCommand(command maker) *cobra.Command {
	var png string
	c := command("receipt ID", "Show a sale's receipt", 1, func(t session, args []string) error {
		format := "text"
		if png != "" {
			format = "png"
		}
		a, err := t.ask(t.Context(), http.MethodGet, salePath(args[0], "/receipt?format="+format), nil)
		switch {
		case err != nil:
			return err
		case png != "":
			return os.WriteFile(png, a.body, 0o644)
		case t.json:
			return t.encode(map[string]string{"text": string(a.body)})
		}
		_, err = t.OutOrStdout().Write(a.body)
		return err
	})
	c.Flags().StringVar(&png, "png", "", "write it as a picture into `FILE`")
	return c
}
