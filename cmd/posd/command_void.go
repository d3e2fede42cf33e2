package main

import (
	"github.com/spf13/cobra"

	"posd/device/api"
)

func voidCommand(command maker) *cobra.Command {
	return movementCommand(command, "void", "Undo a card sale while its batch is open", &api.GiveBackRequest{}, func() error { return nil })
}
