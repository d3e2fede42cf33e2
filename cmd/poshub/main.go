package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := command().ExecuteContext(ctx); err != nil && !errors.Is(err, context.Canceled) {
		fmt.Fprintln(os.Stderr, "poshub:", err)
		os.Exit(1)
	}
}

// version is set when a release is built.
var release = "development"

func command() *cobra.Command {
	file := ""
	c := &cobra.Command{
		Use: "poshub", Short: "The books of a chain of shops",
		SilenceUsage: true, SilenceErrors: true, Version: release,
	}
	c.PersistentFlags().StringVar(&file, "config", "/etc/posd/poshub.toml", "the configuration file")
	c.AddCommand(runCommand(&file), initCommand(&file), checkCommand(&file), exportCommand(&file), tokenCommand(&file))
	return c
}

func newLog() *slog.Logger { return slog.New(slog.NewTextHandler(os.Stderr, nil)) }
