package main

import (
	"errors"

	"github.com/spf13/cobra"
)

func orderQueryCommand(d *desk) *cobra.Command {
	var refund, theirs bool
	c := &cobra.Command{
		Use:   "query NO",
		Short: "Ask the gateway what became of an order, or of a refund",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if refund && theirs {
				return errors.New("-pay-order names an order, -refund a refund: use one of them")
			}
			_, client, err := d.open()
			if err != nil {
				return err
			}
			defer client.Close()
			view := askAfter(cmd.Context(), client, args[0], refund, theirs)
			if err := d.show(cmd, view, false); err != nil {
				return err
			}
			return view.end("the same command again, in a while")
		},
	}
	c.Flags().BoolVar(&refund, "refund", false, "NO is the number of a refund")
	c.Flags().BoolVar(&theirs, "pay-order", false, "NO is the gateway's own number of the order (payOrderId)")
	return c
}
