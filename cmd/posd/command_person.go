package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"posd/device/api"
	"posd/device/sale"
	"posd/store"
)

func personCommand(at *where) *cobra.Command {
	c := &cobra.Command{
		Use:   "person",
		Short: "Add, list and remove those who work here, and give them PINs",
		Long: `Without people, whoever is at a page may do what the page may. From the first
person on, giving money back, the cash drawer, the close of the day and settings
take the right of somebody who gives a PIN; selling never does. Roles:

  cashier      what [people.cashier] in the configuration says; the drawer, unless changed
  supervisor   what [people.supervisor] says; all but settings, unless changed
  manager      everything

Sales, refunds, prints and settings name the person in the journal.`,
	}
	c.AddCommand(personAddCommand(at), personListCommand(at), personPINCommand(at), personRemoveCommand(at))
	return c
}

// withPeople is askOrAlone about the people.
func withPeople[T any](ctx context.Context, at *where, method, path string, body any, alone func(ctx context.Context, k *peopleKeeper) (T, error)) (T, error) {
	return askOrAlone(ctx, at, method, path, body, func(ctx context.Context, c Config, s *store.Store) (out T, err error) {
		k, err := newPeopleKeeper(ctx, c, s, setAlone(s))
		if err != nil {
			return out, err
		}
		return alone(ctx, k)
	})
}

func personAddCommand(at *where) *cobra.Command {
	var role string
	c := &cobra.Command{Use: "add NAME -role ROLE", Short: "Add a person; asks for the PIN, or reads it from standard input", Args: cobra.ExactArgs(1)}
	c.RunE = func(cmd *cobra.Command, args []string) error {
		r, err := sale.ParseRole(role)
		if err != nil {
			return fmt.Errorf("-role: %w", err)
		}
		pin, err := readPIN(cmd)
		if err != nil {
			return err
		}
		req := api.PersonRequest{Name: args[0], Role: r, PIN: pin}
		p, err := withPeople(cmd.Context(), at, http.MethodPost, "/v1/people", req, func(ctx context.Context, k *peopleKeeper) (api.PersonView, error) {
			p, err := k.Add(ctx, req)
			return api.ViewPerson(p), err
		})
		if err == nil {
			fmt.Fprintf(cmd.OutOrStdout(), "%s works here as %s (%s)\n", p.Name, p.Role, p.ID)
		}
		return err
	}
	c.Flags().StringVar(&role, "role", string(sale.Cashier), "cashier, supervisor or manager (`ROLE`)")
	return c
}

func personPINCommand(at *where) *cobra.Command {
	return &cobra.Command{Use: "pin NAME", Short: "Give a person another PIN", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			pin, err := readPIN(cmd)
			if err != nil {
				return err
			}
			p, err := withPeople(cmd.Context(), at, http.MethodPost, personPath(args[0], "/pin"), api.PINRequest{PIN: pin}, func(ctx context.Context, k *peopleKeeper) (api.PersonView, error) {
				p, err := k.SetPIN(ctx, args[0], sale.Secret(pin))
				return api.ViewPerson(p), err
			})
			if err == nil {
				fmt.Fprintf(cmd.OutOrStdout(), "%s has another PIN\n", p.Name)
			}
			return err
		}}
}

func personRemoveCommand(at *where) *cobra.Command {
	return &cobra.Command{Use: "remove NAME", Short: "Remove a person; the name stays in the journal", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			p, err := withPeople(cmd.Context(), at, http.MethodPost, personPath(args[0], "/remove"), nil, func(ctx context.Context, k *peopleKeeper) (api.PersonView, error) {
				p, err := k.Remove(ctx, args[0])
				return api.ViewPerson(p), err
			})
			if err == nil {
				fmt.Fprintf(cmd.OutOrStdout(), "%s does not work here any more\n", p.Name)
			}
			return err
		}}
}

func personPath(id, action string) string { return "/v1/people/" + url.PathEscape(id) + action }

func personListCommand(at *where) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{Use: "list", Short: "List who works here, and who did", Args: cobra.NoArgs}
	c.RunE = func(cmd *cobra.Command, _ []string) error {
		list, err := withPeople(cmd.Context(), at, http.MethodGet, "/v1/people", nil, func(_ context.Context, k *peopleKeeper) ([]api.PersonView, error) {
			all := []api.PersonView{}
			for _, p := range k.List() {
				all = append(all, api.ViewPerson(p))
			}
			return all, nil
		})
		if err != nil {
			return err
		}
		if asJSON {
			return encodeTo(cmd.OutOrStdout(), list)
		}
		w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, "PERSON\tNAME\tROLE\tSINCE\tSTANDS")
		for _, p := range list {
			stands := "works here"
			if p.RemovedAt != nil {
				stands = "removed " + clock(*p.RemovedAt)
			}
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", p.ID, p.Name, p.Role, clock(p.CreatedAt), stands)
		}
		return w.Flush()
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print it as JSON")
	return c
}

// readPIN asks a person twice without showing what is typed, or reads one line of
// what is no terminal. An argument would stand in /proc for everybody.
func readPIN(cmd *cobra.Command) (string, error) {
	in := bufio.NewReader(cmd.InOrStdin())
	line := func() (string, error) {
		text, err := in.ReadString('\n')
		if err != nil && (!errors.Is(err, io.EOF) || text == "") {
			return "", fmt.Errorf("read the PIN from standard input: %w", err)
		}
		return strings.TrimSpace(text), nil
	}
	file, ok := cmd.InOrStdin().(*os.File)
	if !ok {
		return line()
	}
	fd := int(file.Fd())
	was, err := unix.IoctlGetTermios(fd, unix.TCGETS)
	if err != nil { // a pipe or a file
		return line()
	}
	quiet := *was
	quiet.Lflag &^= unix.ECHO
	if err := unix.IoctlSetTermios(fd, unix.TCSETS, &quiet); err != nil {
		return "", fmt.Errorf("hide the PIN: %w", err)
	}
	defer unix.IoctlSetTermios(fd, unix.TCSETS, was)
	fmt.Fprint(cmd.ErrOrStderr(), "PIN (4 to 12 digits, not shown): ")
	first, err := line()
	fmt.Fprint(cmd.ErrOrStderr(), "\nonce more: ")
	if err != nil {
		return "", err
	}
	second, err := line()
	fmt.Fprintln(cmd.ErrOrStderr())
	if err == nil && first != second {
		err = errors.New("the two are not the same: nothing was done")
	}
	return first, err
}
