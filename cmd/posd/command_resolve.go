package main

import (
	"fmt"
	"net/http"

	"github.com/spf13/cobra"

	"posd/device/api"
	"posd/device/sale"
)

func resolveCommand(command maker) *cobra.Command {
	var req api.ResolveRequest
	var as string
	c := command("resolve ID", "Say how a sale, refund or void ended that posd cannot tell", 1, func(t session, args []string) error {
		req.As = sale.State(as)
		if m := sale.MovementState(as); !req.As.Final() && m != sale.MovementDone && m != sale.MovementRefused {
			return fmt.Errorf("-as %q is not possible: use paid, declined or cancelled, and of a refund or void done or refused", as)
		}
		a, err := t.ask(t.Context(), http.MethodPost, salePath(args[0], "/resolve"), req)
		if err != nil {
			return err
		}
		return t.printSale(a)
	})
	c.Flags().StringVar(&as, "as", "", "paid, declined or cancelled, of a refund or void done or refused (`HOW` it ended)")
	c.Flags().StringVar(&req.Reason, "reason", "", "`TEXT`: how you know")
	c.Flags().StringVar(&req.By, "by", "", "your `NAME`")
	for _, f := range []string{"as", "reason", "by"} {
		c.MarkFlagRequired(f)
	}
	return c
}
