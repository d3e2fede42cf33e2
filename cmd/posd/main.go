package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// Exit codes; see the package comment.
const (
	exitDone      = 0
	exitRefused   = 1
	exitDeclined  = 2
	exitCancelled = 3
	exitUnsure    = 4
	exitPartly    = 5
)

// ended is a command's end other than 0.
type ended struct {
	code int
	err  error // for stderr; nil if all was said
}

func (e *ended) Error() string { return fmt.Sprint(e.err) }

// Unwrap returns what is said on stderr.
func (e *ended) Unwrap() error { return e.err }

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := execute(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// execute runs one command line and returns the exit code.
func execute(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	root := commands()
	root.SetOut(stdout)
	root.SetErr(stderr)
	root.SetArgs(twoDashes(root, args))
	err := root.ExecuteContext(ctx)
	var e *ended
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &e):
		if e.err != nil {
			fmt.Fprintln(stderr, "posd:", e.err)
		}
		return e.code
	}
	fmt.Fprintln(stderr, "posd:", err)
	return exitRefused
}

// commands returns the command tree.
func commands() *cobra.Command {
	var tell bool
	root := &cobra.Command{
		Use:   "posd",
		Short: "The point of sale on this counter",
		Long: `posd takes payments by card and by wallet on the counter this box belongs to.
"posd run" is the daemon; the other commands talk to it.

Exit codes: 0 paid or done; 1 usage, refused, or not reachable with nothing sent;
2 declined or refused by the other side; 3 cancelled or given up; 4 unsure, or
still waiting when the command ends; 5 partly paid.`,
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case len(args) > 0:
				return noCommand(cmd, args[0])
			case tell:
				printVersion(cmd)
				return nil
			}
			cmd.SetOut(cmd.ErrOrStderr())
			return &ended{exitRefused, cmd.Help()}
		},
	}
	// No template of cobra's: a program that can run one keeps every method of every type it has.
	root.Flags().BoolVarP(&tell, "version", "v", false, "version for posd")
	root.SetHelpCommand(helpCommand(root))
	var at where
	root.PersistentFlags().StringVar(&at.config, "config", "", "configuration `FILE`; default "+defaultConfig)
	root.PersistentFlags().StringVar(&at.url, "url", "", "where the daemon is: `http://127.0.0.1:8480`, https://192.168.1.10:8443 or unix:/run/posd/posd.sock; default: as the configuration says, or $POSD_URL")
	root.PersistentFlags().StringVar(&at.authority, "authority", "", "`FILE` with the authority that vouches for https, as its page /authority gives it; default: $POSD_AUTHORITY, beside those this box trusts")
	root.PersistentFlags().StringVar(&at.tokenFile, "token-file", "", "`FILE` that holds the token to show over TCP; default: $POSD_TOKEN_FILE, or the token itself in $POSD_TOKEN")
	root.AddCommand(runCommand(&at), checkCommand(&at), devicesCommand(&at), orderCommand(&at), signCommand(&at), versionCommand())
	root.AddCommand(backupCommand(&at), restoreCommand(&at), pruneCommand(&at), tokenCommand(&at), personCommand(&at), tlsCommand(&at), webhookCommand(&at))
	root.AddCommand(supportCommand(&at))
	root.AddCommand(clientCommands(&at)...)
	root.AddCommand(manCommand(root))
	plainUsage(root)
	return root
}

// noCommand says what a mistyped command of c was probably meant to be.
func noCommand(c *cobra.Command, word string) error {
	var names []string
	for _, sub := range c.Commands() {
		if sub.IsAvailableCommand() {
			names = append(names, sub.Name())
		}
	}
	if near := nearest(word, names); near != "" {
		return fmt.Errorf("%q is no command: did you mean `%s %s`? `%s -help` lists them", word, c.CommandPath(), near, c.CommandPath())
	}
	return fmt.Errorf("%q is no command: `%s -help` lists them", word, c.CommandPath())
}

// helpCommand is help that fails for what is no command.
func helpCommand(root *cobra.Command) *cobra.Command {
	return &cobra.Command{Use: "help [COMMAND]", Short: "Say what a command does", RunE: func(_ *cobra.Command, args []string) error {
		c, rest, err := root.Find(args)
		if err != nil || len(rest) > 0 {
			return noCommand(c, rest[0])
		}
		return c.Help()
	}}
}

// twoDashes lets long flags be written with one dash: -method is --method.
func twoDashes(root *cobra.Command, args []string) []string {
	long := map[string]bool{"help": true, "version": true}
	var collect func(*cobra.Command)
	collect = func(c *cobra.Command) {
		add := func(f *pflag.Flag) { long[f.Name] = true }
		c.Flags().VisitAll(add)
		c.PersistentFlags().VisitAll(add)
		for _, sub := range c.Commands() {
			collect(sub)
		}
	}
	collect(root)
	out := make([]string, 0, len(args))
	for i, arg := range args {
		if arg == "--" {
			return append(out, args[i:]...)
		}
		name, _, _ := strings.Cut(strings.TrimPrefix(arg, "-"), "=")
		if strings.HasPrefix(arg, "-") && !strings.HasPrefix(arg, "--") && len(name) > 1 && long[name] {
			arg = "-" + arg
		}
		out = append(out, arg)
	}
	return out
}
