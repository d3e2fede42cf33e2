package main

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"posd/store"
)

func backupCommand(at *where) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "backup FILE",
		Short: "Copy the journal into FILE, beside the running daemon or without one",
		Long: `backup writes a copy of the journal as it stands, reads it back and verifies
every row that was not verified before, and only then gives it its name. Selling goes on meanwhile. It reads
the database beside the daemon and writes as whoever runs it, so FILE may be on a
stick that the daemon itself may not write. It replaces an older backup, never
another file.

A copy holds no card's expiry: see restore.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, to, err := atFile(at, args[0])
			if err != nil {
				return err
			}
			begun := time.Now()
			verified, err := store.BackupReadOnly(cmd.Context(), c.Store, to, slog.New(slog.DiscardHandler))
			if err != nil {
				return err
			}
			info, err := os.Stat(to)
			if err != nil {
				return err
			}
			view := struct {
				Path  string  `json:"path"`
				Bytes int64   `json:"bytes"`
				Took  float64 `json:"tookSeconds"`
				From  int64   `json:"verifiedFrom"` // 0: all was verified now
				To    int64   `json:"verifiedTo"`
			}{to, info.Size(), time.Since(begun).Seconds(), verified.From, verified.Commit}
			if asJSON {
				return encodeTo(cmd.OutOrStdout(), view)
			}
			rows := "every row verified"
			if view.From > 0 {
				rows = fmt.Sprintf("every page read, every row since commit %d verified (those before were)", view.From)
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s: %d KiB, %s, %.1f s\n", view.Path, (view.Bytes+1023)>>10, rows, view.Took)
			return nil
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print it as JSON")
	return c
}

// atFile reads the configuration, and makes a path that was given absolute.
func atFile(at *where, file string) (Config, string, error) {
	c, err := load(at.configFile())
	if err != nil {
		return c, "", err
	}
	path, err := filepath.Abs(file)
	return c, path, err
}
