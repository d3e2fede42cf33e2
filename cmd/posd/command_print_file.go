package main

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"posd/device/api"
	"posd/device/sale"
)

// printFileLimit is more than any print has.
const printFileLimit = 768 << 10

func printFileCommand(command maker) *cobra.Command {
	var req api.PrintRequest
	var key string
	c := command("print-file FILE", "Print a file of text, a picture (PNG, JPEG) or ESC/POS commands; - is standard input", 1, func(t session, args []string) error {
		if err := readPrint(&req, args[0], t.InOrStdin()); err != nil {
			return err
		}
		return printAndWait(t, key, req)
	})
	c.Flags().StringVar(&req.By, "by", "", "your `NAME`")
	c.Flags().StringVar((*string)(&req.Form), "form", "", "`FORM`: text, image or escpos; found out when left out")
	c.Flags().StringVar(&key, "key", "", "Idempotency-`KEY`; made and printed when left out")
	return c
}

// printTestCommand prints what shows whether the printer's settings fit it.
func printTestCommand(command maker) *cobra.Command {
	req := api.PrintRequest{Form: sale.PrintTest}
	c := command("print-test", "Print a slip that shows whether the printer's profile, letters and width fit it", 0, func(t session, _ []string) error {
		return printAndWait(t, "", req)
	})
	c.Flags().StringVar(&req.By, "by", "", "your `NAME`")
	return c
}

// printAndWait asks for a print and says how it ended, or how it stands after a while.
func printAndWait(t session, key string, req api.PrintRequest) error {
	a, err := t.post(t.Context(), "/v1/prints", t.announce(key), req)
	if err != nil {
		return err
	}
	var job sale.Job
	if err := a.into(&job); err != nil {
		return &ended{exitUnsure, err}
	}
	if !job.Finished() {
		if a, err = t.ask(t.Context(), http.MethodGet, "/v1/prints/"+url.PathEscape(job.ID)+"?wait=20s", nil); err != nil {
			return &ended{exitUnsure, err}
		}
		if err := a.into(&job); err != nil {
			return &ended{exitUnsure, err}
		}
	}
	if err := t.print(a, func() error { t.Println(printWords(job)); return nil }); err != nil {
		return err
	}
	return printEnd(job)
}

// readPrint reads a file, or standard input, into a request.
func readPrint(req *api.PrintRequest, name string, stdin io.Reader) error {
	in := stdin
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return err
		}
		defer f.Close()
		in = f
	}
	data, err := io.ReadAll(io.LimitReader(in, printFileLimit+1))
	if err != nil {
		return fmt.Errorf("read %s: %w", name, err)
	}
	if len(data) > printFileLimit {
		return fmt.Errorf("%s has more than %d kB: scale a picture down to the paper", name, printFileLimit>>10)
	}
	if req.Form == "" {
		req.Form = formOf(data)
	}
	if req.Data = string(data); req.Form != sale.PrintText {
		req.Data = base64.StdEncoding.EncodeToString(data)
	}
	return nil
}

// formOf says what a file is: a picture by its first bytes, commands by control
// bytes that no text has.
func formOf(data []byte) sale.PrintForm {
	switch {
	case bytes.HasPrefix(data, []byte("\x89PNG")), bytes.HasPrefix(data, []byte("\xff\xd8\xff")):
		return sale.PrintImage
	case !utf8.Valid(data), bytes.ContainsAny(data, "\x10\x1b\x1c\x1d"):
		return sale.PrintRaw
	}
	return sale.PrintText
}

func printWords(j sale.Job) string {
	words := "print " + j.ID + ": " + string(j.State)
	if j.Words != "" {
		words += " (" + j.Words + ")"
	}
	return words
}

// printEnd is the exit code for how a print stands.
func printEnd(j sale.Job) error {
	switch j.State {
	case sale.PrintDone, sale.PrintSent:
		return nil
	case sale.PrintFailed:
		return &ended{code: exitDeclined}
	}
	return &ended{code: exitUnsure}
}
