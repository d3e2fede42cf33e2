package main

import (
	"crypto/rand"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
)

func tokenCommand(file *string) *cobra.Command {
	c := &cobra.Command{Use: "token", Short: "Who may see the page"}
	c.AddCommand(&cobra.Command{
		Use: "create NAME", Short: "Make a token; it is shown once", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := load(*file)
			if err != nil {
				return err
			}
			token, err := addToken(c.Page.Tokens, args[0])
			if err != nil {
				return err
			}
			fmt.Fprintln(cmd.OutOrStdout(), token)
			return nil
		},
	})
	return c
}

// addToken makes a token and keeps its digest.
func addToken(path, name string) (string, error) {
	made, err := readTokens(path)
	if err != nil {
		return "", err
	}
	if _, there := made[name]; there || strings.ContainsAny(name, " \t\r\n") || name == "" {
		return "", fmt.Errorf("token %q: use a name of one word that no other token has", name)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return "", fmt.Errorf("keep the token: %w", err)
	}
	token := rand.Text()
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o640)
	if err != nil {
		return "", fmt.Errorf("keep the token: %w", err)
	}
	defer f.Close()
	if _, err := fmt.Fprintf(f, "%s %s\n", name, digestToken(token)); err != nil {
		return "", fmt.Errorf("keep the token: %w", err)
	}
	return token, f.Sync()
}

// pages serves the embedded page.
func pages() http.Handler {
	inside, err := fs.Sub(pageFiles, "page")
	if err != nil {
		panic(err) // embedded
	}
	return http.FileServerFS(inside)
}
