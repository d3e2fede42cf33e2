package main

import (
	"fmt"
	"path/filepath"
	"text/tabwriter"

	"github.com/spf13/cobra"
)

func supportCommand(at *where) *cobra.Command {
	return &cobra.Command{
		Use:   "support FILE",
		Short: "Write one file for whoever helps you: how this box is, without card numbers and keys",
		Long: `support collects the configuration, how every device is, the latest sales, posd's
log and what the system says of disks and clock into FILE, a compressed archive
(.tar.gz), and prints what is in it. Card numbers, keys, tokens and expiry dates
are taken out; before FILE gets its name all of it is searched for them once more,
and if one is found nothing is written.

Amounts, times and bills of the latest sales are in it. Run it as root: another
user may not read the log.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			path, err := filepath.Abs(args[0])
			if err != nil {
				return err
			}
			var b bundle
			b.gather(cmd.Context(), at)
			if err := b.write(path); err != nil {
				return err
			}
			t := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
			for _, m := range b.members {
				fmt.Fprintf(t, "%s\t%d bytes\t%s\n", m.name, len(m.text), m.about)
			}
			fmt.Fprintf(t, "\n%s: searched for card numbers, keys and tokens; %d were taken out and none is left\n", path, b.taken)
			return t.Flush()
		},
	}
}
