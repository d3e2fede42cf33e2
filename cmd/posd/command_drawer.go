package main

import (
	"net/http"

	"github.com/spf13/cobra"

	"posd/device/api"
)

func drawerCommand(command maker) *cobra.Command {
	var req api.DrawerRequest
	c := command("drawer", "Open the cash drawer; who asked is written down", 0, func(t session, _ []string) error {
		_, err := t.ask(t.Context(), http.MethodPost, "/v1/drawer", req)
		return err
	})
	c.Flags().StringVar(&req.By, "by", "", "your `NAME`")
	c.MarkFlagRequired("by")
	return c
}
