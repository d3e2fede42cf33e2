package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	root := command()
	root.SetArgs(twoDashes(os.Args[1:]))
	if err := root.ExecuteContext(ctx); err != nil && !errors.Is(err, context.Canceled) {
		fmt.Fprintln(os.Stderr, "poshub:", err)
		os.Exit(1)
	}
}

// twoDashes lets the long flags be written with one dash, as posd's.
func twoDashes(args []string) []string {
	out := slices.Clone(args)
	for i, a := range out {
		if name, _, _ := strings.Cut(a, "="); name == "-config" || name == "-help" || name == "-version" {
			out[i] = "-" + a
		}
	}
	return out
}

// release is set when a release is built.
var release = "development"

func command() *cobra.Command {
	file := ""
	c := &cobra.Command{
		Use: "poshub", Short: "The books of a chain of shops",
		SilenceUsage: true, SilenceErrors: true, Version: release,
	}
	c.PersistentFlags().StringVar(&file, "config", "/etc/posd/poshub.toml", "the configuration file")
	c.AddCommand(runCommand(&file), initCommand(&file), checkCommand(&file), exportCommand(&file), askCommand(&file), tokenCommand(&file))
	return c
}

func newLog() *slog.Logger { return slog.New(slog.NewTextHandler(os.Stderr, nil)) }
