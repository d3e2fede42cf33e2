package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"posd/display/displaysim"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	err := execute(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "possim:", err)
		os.Exit(1)
	}
}

// execute runs one command line.
func execute(ctx context.Context, args []string, out io.Writer) error {
	root := rootCommand()
	root.SetOut(out)
	root.SetErr(out)
	root.SetArgs(twoDashes(root, args))
	return root.ExecuteContext(ctx)
}

func rootCommand() *cobra.Command {
	var s setup
	var play string
	var list, verbose, several bool
	s.waits = shortWaits()
	c := &cobra.Command{
		Use:   "possim",
		Short: "A counter inside a laptop",
		Long: `possim starts a simulated card terminal, customer display, receipt printer and
payment gateway, and posd beside them, and keeps them until Ctrl-C. Open the
page it prints and sell something.

With -script it sells by itself and exits 0 only if everything ended as it
should. With a command it starts one simulator alone.`,
		Args:          cobra.NoArgs,
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	c.CompletionOptions.DisableDefaultCmd = true
	c.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return fmt.Errorf("%w: see %s -help", err, c.CommandPath())
	})
	f := c.Flags()
	f.StringVar(&play, "script", "", "play the script `NAME` instead; see -scripts")
	f.BoolVar(&list, "scripts", false, "list the scripts and stop")
	f.BoolVar(&several, "chain", false, "three counters in two shops that sell by themselves, and the books of their chain")
	f.StringVar(&s.posd, "posd", "", "`PATH` of the daemon; else the one beside possim, else it is built")
	f.StringVar(&s.dir, "state", "", "keep state and logs in `DIR`; else in a temporary folder that is removed")
	f.StringVar(&s.listen, "listen", "", "`ADDR` of posd; 127.0.0.1:8480 or a free one when left out")
	f.StringVar(&s.gateway, "gateway", "", "`ADDR` of the gateway; a free one when left out")
	f.StringVar(&s.printer, "printer", "", "`ADDR` of the printer; a free one when left out")
	f.StringVar(&s.control, "control", "", "`ADDR` of the simulators' pages and control; a free one when left out")
	f.StringVar(&s.webhook, "webhook", "", "`URL` where posd tells events, under a secret that device/api/README.md prints")
	f.StringVar(&s.driver, "display", "nextion", "which `DEVICE` the customer looks at: "+strings.Join(displaysim.Drivers(), ", "))
	f.StringVar(&s.language, "language", "", "the shop's `LANGUAGE`: en, fr, zh-Hans or zh-Hant; posd's own default when left out")
	f.StringVar(&s.tip, "tip", "", "`WHERE` a tip is asked for: off, terminal or display; off when left out")
	f.DurationVar(&s.think, "think", 3*time.Second, "how `LONG` a customer takes to show a card or to find the telephone")
	f.Uint64Var(&s.seed, "seed", 1, "`SEED` of the script chaos")
	f.IntVar(&s.sales, "sales", 40, "how `MANY` sales the script chaos makes")
	f.StringVar(&s.write, "history", "", "`FILE` for what passed between posd and everybody else while a script played; see cmd/possim/judge")
	crashFlags(f, &s.crash)
	f.StringVar(&s.level, "log-level", "", "`LEVEL` of posd's log: debug, info, warn or error")
	f.BoolVar(&verbose, "log", false, "show posd's log")
	c.RunE = func(c *cobra.Command, _ []string) error {
		out := c.OutOrStdout()
		if verbose {
			s.log = out
		}
		switch {
		case list:
			for _, s := range scripts() {
				fmt.Fprintf(out, "  %-11s %s\n", s.name, s.summary)
			}
			return nil
		case c.Flags().Changed("script"):
			it, err := scriptNamed(play)
			if err != nil {
				return err
			}
			return playScript(c.Context(), it, s, out)
		}
		if several {
			return playChainDemo(c.Context(), s, out)
		}
		return playDemo(c.Context(), s, out)
	}
	c.AddCommand(singleCommands()...)
	return c
}

// crashFlags are those of the script crashpoints.
func crashFlags(f *pflag.FlagSet, c *crashSet) {
	f.StringVar(&c.flow, "flow", "", "the one `FLOW` of the script crashpoints; all when left out")
	f.StringVar(&c.at, "at", "", "the one `POINT` of the flow, as the script crashpoints names it")
	f.IntVar(&c.every, "every", 1, "only one in `K` of the crash points")
	f.IntVar(&c.jobs, "jobs", 12, "how `MANY` crash points at a time")
	f.BoolVar(&c.marks, "marks", false, "list the boundaries of each flow")
}

// twoDashes lets long flags be written with one dash: -script is --script.
func twoDashes(root *cobra.Command, args []string) []string {
	known := []string{"help"}
	for _, c := range append(root.Commands(), root) {
		c.Flags().VisitAll(func(f *pflag.Flag) { known = append(known, f.Name) })
	}
	out := slices.Clone(args)
	for i, a := range out {
		if a == "--" {
			break
		}
		name, _, _ := strings.Cut(strings.TrimPrefix(a, "-"), "=")
		if slices.Contains(known, name) && strings.HasPrefix(a, "-") {
			out[i] = "-" + a
		}
	}
	return out
}
