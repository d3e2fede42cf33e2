package main

import (
	"cmp"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// plainUsage gives every command below c posd's own words for what is written wrong.
// All of it ends with 1: nothing was done.
func plainUsage(c *cobra.Command) {
	c.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return fmt.Errorf("%w: see `%s -help`", flagFault(c, err), c.CommandPath())
	})
	if c.HasParent() && !c.Runnable() {
		c.Args = cobra.ArbitraryArgs
		c.RunE = func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return noCommand(cmd, args[0])
			}
			cmd.SetOut(cmd.ErrOrStderr())
			return &ended{exitRefused, cmd.Help()}
		}
	}
	count := c.Args
	c.Args = func(c *cobra.Command, args []string) error {
		if count != nil {
			if err := count(c, args); err != nil {
				return countFault(c, args, err)
			}
		}
		return missingFlag(c)
	}
	for _, sub := range c.Commands() {
		plainUsage(sub)
	}
}

// countFault says which argument is missing or too many, by the names in the
// command's own line of use.
func countFault(c *cobra.Command, args []string, err error) error {
	wanted := strings.Fields(c.Use)[1:]
	needed := 0
	for needed < len(wanted) && wanted[needed] == strings.ToUpper(wanted[needed]) && !strings.HasPrefix(wanted[needed], "[") && !strings.HasPrefix(wanted[needed], "-") {
		needed++
	}
	switch {
	case len(args) < needed:
		err = fmt.Errorf("%s is missing: write `%s`", wanted[len(args)], c.UseLine())
	case needed < len(args):
		err = fmt.Errorf("%q is too much: write `%s`%s", args[len(args)-1], c.UseLine(), perhapsFlag(c, args[len(args)-1]))
	}
	return fmt.Errorf("%w: see `%s -help`", err, c.CommandPath())
}

// perhapsFlag asks whether a word was to be a flag.
func perhapsFlag(c *cobra.Command, word string) string {
	if f := c.Flags().Lookup(word); f != nil {
		return fmt.Sprintf(", or did you mean -%s?", f.Name)
	}
	return ""
}

// missingFlag names the flags that a command cannot do without.
func missingFlag(c *cobra.Command) error {
	var missing []string
	c.Flags().VisitAll(func(f *pflag.Flag) {
		if len(f.Annotations[cobra.BashCompOneRequiredFlag]) > 0 && !f.Changed {
			name, words := pflag.UnquoteUsage(f)
			missing = append(missing, fmt.Sprintf("-%s %s (%s)", f.Name, name, words))
		}
	})
	if len(missing) == 0 {
		return nil
	}
	return fmt.Errorf("%s needs %s: see `%s -help`", c.CommandPath(), strings.Join(missing, " and "), c.CommandPath())
}

// flagFault says what is wrong with a flag, and which one was probably meant.
func flagFault(c *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	var bare *pflag.ValueRequiredError
	var wrong *pflag.InvalidValueError
	switch {
	case errors.As(err, &bare):
		return fmt.Errorf("-%s needs %s", bare.GetFlag().Name, placeholder(bare.GetFlag()))
	case errors.As(err, &wrong):
		return fmt.Errorf("-%s %q is not %s", wrong.GetFlag().Name, wrong.GetValue(), kindOf(wrong.GetFlag()))
	case errors.As(err, &unknown):
		name := unknown.GetSpecifiedName()
		if _, word, ok := strings.Cut(err.Error(), " in -"); ok { // pflag takes -metod for five short flags
			name = word
		}
		var known []string
		c.Flags().VisitAll(func(f *pflag.Flag) { known = append(known, f.Name) })
		if near := nearest(name, known); near != "" {
			return fmt.Errorf("unknown flag -%s: did you mean -%s?", name, near)
		}
		return fmt.Errorf("unknown flag -%s", name)
	}
	return err
}

// placeholder is the word that stands for a flag's value.
func placeholder(f *pflag.Flag) string {
	name, _ := pflag.UnquoteUsage(f)
	return cmp.Or(name, "a value")
}

// kindOf says what a flag's value must be.
func kindOf(f *pflag.Flag) string {
	switch f.Value.Type() {
	case "bool":
		return "true or false"
	case "duration":
		return "a time, such as 30s"
	case "int", "int64", "uint64":
		return "a whole number"
	}
	return placeholder(f)
}
