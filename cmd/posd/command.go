package main

import (
	"fmt"
	"net/url"

	"github.com/spf13/cobra"
)

// session is what a client command has at hand while it runs.
type session struct {
	*client
	*cobra.Command
	json bool
}

// clientCommands returns the commands that talk to the running daemon.
func clientCommands(at *where) []*cobra.Command {
	// command makes one of them; do returns how it ended.
	command := func(use, short string, args int, do func(t session, args []string) error) *cobra.Command {
		var asJSON bool
		c := &cobra.Command{Use: use, Short: short, Args: cobra.ExactArgs(args)}
		c.Flags().BoolVar(&asJSON, "json", false, "print the daemon's answer as JSON")
		c.RunE = func(cmd *cobra.Command, args []string) error {
			cl, err := at.client()
			if err != nil {
				return err
			}
			return do(session{cl, cmd, asJSON}, args)
		}
		return c
	}
	return []*cobra.Command{
		saleCommand(command), cancelCommand(command), refundCommand(command), voidCommand(command),
		resolveCommand(command), salesCommand(command), showCommand(command), receiptCommand(command),
		printCommand(command), printFileCommand(command), printTestCommand(command), queueCommand(command), retryCommand(command), reportCommand(command),
		dayCommand(command), drawerCommand(command), completeCommand(command), returnCommand(command),
		uploadCommand(command), eventsCommand(command),
	}
}

// maker is command of clientCommands.
type maker func(use, short string, args int, do func(t session, args []string) error) *cobra.Command

func salePath(id, action string) string { return "/v1/sales/" + url.PathEscape(id) + action }

// announce prints the key before anything is sent under it, so that whoever
// lost the answer can ask again.
func (t session) announce(key string) string {
	if key == "" {
		key = newKey()
	}
	fmt.Fprintln(t.ErrOrStderr(), "key", key)
	return key
}
