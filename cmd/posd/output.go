package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"
)

// print prints the answer as it came with -json, else for people.
func (t session) print(a answer, forPeople func() error) error {
	if t.json {
		_, err := fmt.Fprintln(t.OutOrStdout(), strings.TrimSpace(string(a.body)))
		return err
	}
	return forPeople()
}

func (t session) encode(v any) error { return encodeTo(t.OutOrStdout(), v) }

func encodeTo(w io.Writer, v any) error { return json.NewEncoder(w).Encode(v) }

// Println prints to stdout; cobra's own prints to stderr.
func (t session) Println(a ...any) { fmt.Fprintln(t.OutOrStdout(), a...) }

// clock writes a time as the shop's clock shows it.
func clock(t time.Time) string { return t.Local().Format("2006-01-02 15:04:05") }
