package main

import (
	"fmt"
	"log/slog"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"posd/sync/fleet"
)

func askCommand(file *string) *cobra.Command {
	return &cobra.Command{
		Use: "ask SHOP/TILL QUESTION [FILE]", Short: "Ask a counter how it is", Args: cobra.RangeArgs(2, 3),
		Long: "ask puts one of these questions to a counter that is told to answer (answers = true in its [fleet]): " + strings.Join(fleet.Questions, ", ") + ".\n" +
			"The answer is printed, or written to FILE: support answers with a compressed archive. The counter notes in its journal that it was asked.",
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := load(*file)
			if err != nil {
				return err
			}
			shop, till, ok := strings.Cut(args[0], "/")
			n := fleet.Name{Chain: c.Chain, Shop: shop, Till: till}
			if !ok || len(n.Validate()) > 0 {
				return fmt.Errorf("%q is no counter: write shop/till, as `poshub check` lists them", args[0])
			}
			nc, err := dial(c, slog.New(slog.DiscardHandler))
			if err != nil {
				return err
			}
			defer nc.Close()
			answer, err := fleet.Ask(cmd.Context(), nc, n, args[1])
			if err != nil {
				return fmt.Errorf("%s: %w", args[0], err)
			}
			if len(args) == 3 {
				return os.WriteFile(args[2], answer, 0o600)
			}
			_, err = cmd.OutOrStdout().Write(answer)
			return err
		},
	}
}
