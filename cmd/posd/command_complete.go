package main

import (
	"github.com/spf13/cobra"

	"posd/device/api"
)

func completeCommand(command maker) *cobra.Command {
	var req api.CompleteRequest
	var amount, key string
	var wait bool
	c := command("complete ID", "Take what an authorisation holds, or less", 1, func(t session, args []string) (err error) {
		if req.Amount, err = someAmount(amount); err != nil {
			return err
		}
		a, err := t.post(t.Context(), salePath(args[0], "/complete"), t.announce(key), req)
		if err != nil {
			return err
		}
		return t.finish(a, wait)
	})
	c.Flags().StringVar(&amount, "amount", "", "how much, as `28.65` or 2865c; all that is held when left out")
	c.Flags().StringVar(&key, "key", "", "Idempotency-`KEY`; made and printed when left out")
	c.Flags().BoolVar(&wait, "wait", false, "wait until the completion has ended")
	return c
}
