package main

import (
	"fmt"
	"net/http"

	"github.com/spf13/cobra"

	"posd/device/api"
	"posd/device/sale"
)

func uploadCommand(command maker) *cobra.Command {
	var req api.UploadRequest
	var as string
	c := command("upload ID", "Say what became of an offline approval when the terminal went online again", 1, func(t session, args []string) error {
		req.Upload = sale.Upload(as)
		if req.Upload != sale.UploadConfirmed && req.Upload != sale.UploadRefused {
			return fmt.Errorf("-as %q is not possible: use confirmed or refused", as)
		}
		a, err := t.ask(t.Context(), http.MethodPost, salePath(args[0], "/upload"), req)
		if err != nil {
			return err
		}
		return t.printSale(a)
	})
	c.Flags().StringVar(&as, "as", "", "confirmed or refused (`WHAT` became of it)")
	c.Flags().StringVar(&req.Reason, "reason", "", "`TEXT`: how you know")
	c.Flags().StringVar(&req.By, "by", "", "your `NAME`")
	for _, f := range []string{"as", "by"} {
		c.MarkFlagRequired(f)
	}
	return c
}
