package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// manCommand prints the manual page, which the package brings as systemd/posd.1.
func manCommand(root *cobra.Command) *cobra.Command {
	return &cobra.Command{Use: "man", Short: "Print the manual page of all commands", Hidden: true, Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := io.WriteString(cmd.OutOrStdout(), manual(root))
			return err
		}}
}

// manual writes posd(1), in the language of man: every command, its flags, and the
// exit codes, as the commands themselves say them.
func manual(root *cobra.Command) string {
	var b strings.Builder
	b.WriteString(".TH POSD 1 \"\" posd \"User Commands\"\n.SH NAME\nposd \\- " + roff(root.Short) + "\n.SH SYNOPSIS\n.B posd\n.I COMMAND\n[\\fIFLAG\\fR]...\n.SH DESCRIPTION\n")
	b.WriteString(paragraphs(root.Long))
	b.WriteString(".SH FLAGS OF ALL COMMANDS\n")
	manFlags(&b, root.PersistentFlags())
	b.WriteString(".SH COMMANDS\n")
	manCommands(&b, root)
	b.WriteString(".SH FILES\n.TP\n.I /etc/posd/posd.toml\nthe configuration; it documents every key\n.TP\n.I /run/posd/posd.sock\nwhere the commands find the daemon\n" +
		".SH SEE ALSO\n.BR systemctl (1),\n.BR journalctl (1)\n.PP\nThe interface for programs is described by the running daemon at /openapi.json.\n")
	return b.String()
}

// manCommands writes a section for each command below c that can be run.
func manCommands(b *strings.Builder, c *cobra.Command) {
	for _, sub := range c.Commands() {
		if !sub.IsAvailableCommand() {
			continue
		}
		if sub.HasSubCommands() {
			if sub.Long != "" {
				fmt.Fprintf(b, ".SS %s\n%s", roff(sub.CommandPath()), paragraphs(sub.Long))
			}
			manCommands(b, sub)
			continue
		}
		fmt.Fprintf(b, ".SS %s\n%s.\n", roff(strings.TrimSuffix(sub.UseLine(), " [flags]")), roff(strings.TrimSuffix(sub.Short, ".")))
		if sub.Long != "" {
			b.WriteString(".PP\n" + paragraphs(sub.Long))
		}
		manFlags(b, sub.LocalNonPersistentFlags())
	}
}

// manFlags writes a line for each flag.
func manFlags(b *strings.Builder, flags *pflag.FlagSet) {
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Hidden || f.Name == "help" {
			return
		}
		name, words := pflag.UnquoteUsage(f)
		fmt.Fprintf(b, ".TP\n.BI \\-%s%s\n%s\n", roff(f.Name), map[bool]string{true: " \" " + roff(name) + "\""}[name != ""], roff(words))
	})
}

// paragraphs writes a text whose paragraphs are parted by empty lines; lines that
// are indented stay as they are.
func paragraphs(text string) string {
	var b strings.Builder
	for i, part := range strings.Split(strings.TrimSpace(text), "\n\n") {
		if i > 0 {
			b.WriteString(".PP\n")
		}
		if strings.HasPrefix(part, " ") {
			part = ".nf\n" + roff(part) + "\n.fi"
		} else {
			part = roff(part)
		}
		b.WriteString(part + "\n")
	}
	return b.String()
}

// roff spells a text so that man prints it as it is.
func roff(text string) string {
	lines := strings.Split(strings.NewReplacer(`\`, `\e`, "-", `\-`, "·", `\(pc`, "…", "...").Replace(text), "\n")
	for i, line := range lines {
		if strings.HasPrefix(line, ".") || strings.HasPrefix(line, "'") {
			lines[i] = `\&` + line
		}
	}
	return strings.Join(lines, "\n")
}
