package main

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"posd/device/api"
	"posd/device/sale"
	"posd/store"
)

func tokenCommand(at *where) *cobra.Command {
	c := &cobra.Command{
		Use:   "token",
		Short: "Make, list and revoke the tokens by which programs and pages are let in",
		Long: `Until the first token is made, every program of this box may do everything over
TCP. From then on each request over TCP needs a token whose scopes allow it:

  sell      take payments, cancel them, show bills to the customer
  refund    refund, void, keep a late payment; return, with -returns
  manage    resolve, close the day, the queue, tokens, orders past the till
  read      see sales, receipts, reports, devices
  display   see what the customer sees

The unix socket goes on without one: its mode decides who may use it. Pages get
the rights of a token by logging in with it.`,
	}
	c.AddCommand(tokenCreateCommand(at), tokenListCommand(at), tokenRevokeCommand(at))
	return c
}

// withTokens is askOrAlone about the tokens.
func withTokens[T any](ctx context.Context, at *where, method, path string, body any, alone func(ctx context.Context, k *tokenKeeper) (T, error)) (T, error) {
	return askOrAlone(ctx, at, method, path, body, func(ctx context.Context, _ Config, s *store.Store) (out T, err error) {
		k, err := newTokenKeeper(ctx, s, setAlone(s))
		if err != nil {
			return out, err
		}
		return alone(ctx, k)
	})
}

func tokenCreateCommand(at *where) *cobra.Command {
	var scopes, expires, maxRefund, maxDay string
	var req api.TokenRequest
	var asJSON bool
	c := &cobra.Command{Use: "create NAME -scope SCOPES", Short: "Make a token; it is shown this once", Args: cobra.ExactArgs(1)}
	c.RunE = func(cmd *cobra.Command, args []string) error {
		req.Name = args[0]
		set, err := sale.ParseScopes(scopes)
		if err != nil {
			return fmt.Errorf("-scope: %w", err)
		}
		req.Scopes = strings.Split(set.String(), ",")
		if maxRefund != "" {
			if req.MaxRefund, err = sale.ParseAmount(maxRefund); err != nil {
				return err
			}
		}
		if maxDay != "" {
			if req.MaxDay, err = sale.ParseAmount(maxDay); err != nil {
				return err
			}
		}
		if expires != "" {
			day, err := time.ParseInLocation(time.DateOnly, expires, time.Local)
			if err != nil {
				return fmt.Errorf("-expires %q: write a day, such as 2027-11-21", expires)
			}
			req.ExpiresAt = &day
		}
		made, err := withTokens(cmd.Context(), at, http.MethodPost, "/v1/tokens", req, func(ctx context.Context, k *tokenKeeper) (api.TokenMade, error) {
			t, secret, err := k.Create(ctx, req)
			return api.TokenMade{TokenView: api.ViewToken(t), Secret: secret}, err
		})
		if err != nil {
			return err
		}
		if asJSON {
			return encodeTo(cmd.OutOrStdout(), made)
		}
		fmt.Fprintln(cmd.OutOrStdout(), made.Secret)
		fmt.Fprintf(cmd.ErrOrStderr(), "token %s (%s) may: %s. It is shown this once; keep it where only its program can read it.\n", made.Name, made.ID, made.Scopes)
		return nil
	}
	c.Flags().StringVar(&scopes, "scope", "", "what it may do: sell, refund, manage, read, display (`SCOPES`), with commas")
	c.Flags().StringVar(&expires, "expires", "", "the `DAY` on which it ends; never when left out")
	c.Flags().StringVar(&maxRefund, "max-refund", "", "the most that one refund may give back (`AMOUNT`)")
	c.Flags().StringVar(&maxDay, "max-day", "", "the most that all refunds of one business day may give back (`AMOUNT`)")
	c.Flags().BoolVar(&req.Returns, "returns", false, "it may return without a sale")
	c.Flags().BoolVar(&asJSON, "json", false, "print it as JSON")
	c.MarkFlagRequired("scope")
	return c
}

func tokenListCommand(at *where) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{Use: "list", Short: "List the tokens, the newest first", Args: cobra.NoArgs}
	c.RunE = func(cmd *cobra.Command, _ []string) error {
		list, err := withTokens(cmd.Context(), at, http.MethodGet, "/v1/tokens", nil, func(_ context.Context, k *tokenKeeper) ([]api.TokenView, error) {
			all := []api.TokenView{}
			for _, t := range k.List() {
				all = append(all, api.ViewToken(t))
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
		fmt.Fprintln(w, "TOKEN\tNAME\tSCOPES\tMADE\tSTANDS")
		for _, t := range list {
			stands := "in force"
			switch {
			case t.RevokedAt != nil:
				stands = "revoked " + clock(*t.RevokedAt)
			case t.ExpiresAt != nil && time.Now().After(*t.ExpiresAt):
				stands = "expired " + clock(*t.ExpiresAt)
			case t.ExpiresAt != nil:
				stands = "until " + clock(*t.ExpiresAt)
			}
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", t.ID, t.Name, t.Scopes, clock(t.CreatedAt), stands)
		}
		return w.Flush()
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print it as JSON")
	return c
}

func tokenRevokeCommand(at *where) *cobra.Command {
	return &cobra.Command{Use: "revoke TOKEN", Short: "Revoke a token, named by its number or its name", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			path := "/v1/tokens/" + url.PathEscape(args[0]) + "/revoke"
			t, err := withTokens(cmd.Context(), at, http.MethodPost, path, nil, func(ctx context.Context, k *tokenKeeper) (api.TokenView, error) {
				t, err := k.Revoke(ctx, args[0])
				return api.ViewToken(t), err
			})
			if err == nil {
				fmt.Fprintf(cmd.OutOrStdout(), "token %s (%s) is revoked\n", t.Name, t.ID)
			}
			return err
		}}
}
