package main

import (
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

func runCommand(at *where) *cobra.Command {
	var trace string
	c := &cobra.Command{
		Use:   "run",
		Short: "Run the daemon",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			started := collectLater()
			defer started()
			c, err := load(at.configFile())
			if err != nil {
				return err
			}
			if err := harden(); err != nil {
				return err
			}
			level, err := parseLevel(c.Daemon.LogLevel)
			if err != nil {
				return err
			}
			var w io.Writer
			if trace != "" {
				f, err := os.OpenFile(trace, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
				if err != nil {
					return fmt.Errorf("open the file for -trace: %w", err)
				}
				defer f.Close()
				w = f
			}
			// A log that nobody reads and a terminal that was closed end no daemon.
			signal.Ignore(syscall.SIGPIPE, syscall.SIGHUP)
			lines := newLogLines(cmd.ErrOrStderr())
			defer lines.Close()
			log := newLog(lines, level)
			if err := stayInMemory(); err != nil { // started by hand it may not; it sells all the same
				log.Debug("another program may take posd's memory", "err", err)
			}
			d, err := newDaemon(cmd.Context(), c, w, log)
			if err != nil {
				return err
			}
			defer d.Close()
			d.metrics.dropped, d.file, d.started = lines.Dropped, at.configFile(), started
			return d.Run(cmd.Context())
		},
	}
	c.Flags().StringVar(&trace, "trace", "", "add what goes over the terminal's line to `FILE`, card data masked")
	return c
}

// newLog logs to w, without the time where the journal adds its own.
func newLog(w io.Writer, level slog.Level) *slog.Logger {
	o := &slog.HandlerOptions{Level: level}
	if os.Getenv("JOURNAL_STREAM") != "" {
		o.ReplaceAttr = func(groups []string, a slog.Attr) slog.Attr {
			if len(groups) == 0 && a.Key == slog.TimeKey {
				return slog.Attr{}
			}
			return a
		}
	}
	return slog.New(slog.NewTextHandler(w, o))
}
