package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"posd/sync/webhook"
)

func webhookCommand(at *where) *cobra.Command {
	c := &cobra.Command{
		Use:   "webhook",
		Short: "Try the places where the shop's own software hears of events",
	}
	c.AddCommand(&cobra.Command{
		Use:   "test",
		Short: "Send one event of kind webhook.test to each target of the configuration",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := load(at.configFile())
			if err != nil {
				return err
			}
			if len(c.Webhooks) == 0 {
				return errors.New("there is no [[webhook]] in the configuration")
			}
			bad := 0
			for _, w := range c.Webhooks {
				secret, err := w.secret()
				if err == nil {
					now := time.Now()
					err = webhook.Send(cmd.Context(), webhook.NewClient(w.Config), w.Config, secret, webhook.Test(now), now)
				}
				if err != nil {
					bad++
					fmt.Fprintf(cmd.OutOrStdout(), "NOT OK  %s  %v\n", w.URL, err)
				} else {
					fmt.Fprintf(cmd.OutOrStdout(), "ok      %s  taken\n", w.URL)
				}
			}
			if bad > 0 {
				return &ended{exitRefused, fmt.Errorf("%d of %d targets did not take it", bad, len(c.Webhooks))}
			}
			return nil
		},
	})
	return c
}
