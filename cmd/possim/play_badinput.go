package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"posd/cmd/possim/caller"
	"strings"
	"syscall"
	"time"
)

// refused is a request that posd must refuse with a problem: one clear
// sentence, the status and nothing done.
type refused struct {
	name    string
	method  string
	path    string
	key     string // "*": a new one
	form    string // Content-Type; empty: application/json
	origin  string
	body    string
	status  int
	mention string // what the sentence must speak of
}

// wrongKeyRefused is what the gateway says to a request signed with a wrong key.
const wrongKeyRefused = "signature fail"

func refusals() []refused {
	post := func(name, body string, status int, mention string) refused {
		return refused{name, http.MethodPost, "/v1/sales", "*", "", "", body, status, mention}
	}
	noKey := post("no Idempotency-Key", `{"amount":2865,"method":"card"}`, 400, "Idempotency-Key")
	noKey.key = ""
	form := post("a form where JSON is due", "amount=2865&method=card", 415, "application/json")
	form.form = "application/x-www-form-urlencoded"
	foreign := post("a page of another site", `{"amount":2865,"method":"card"}`, 403, "")
	foreign.origin = "https://shop.example"
	return []refused{
		post("amount zero", `{"amount":0,"method":"card"}`, 422, "amount"),
		post("amount below zero", `{"amount":-5,"method":"card"}`, 422, "amount"),
		post("amount with a point", `{"amount":28.65,"method":"card"}`, 422, "amount"),
		post("amount in quotes", `{"amount":"28.65","method":"card"}`, 422, "amount"),
		post("amount too large", `{"amount":100000000000,"method":"card"}`, 422, "amount"),
		post("no amount", `{"method":"card"}`, 422, "amount"),
		post("unknown method", `{"amount":2865,"method":"cheque"}`, 422, "method"),
		post("unknown field", `{"amount":2865,"method":"card","tip":5}`, 422, "tip"),
		post("another currency", `{"amount":2865,"method":"card","currency":"USD"}`, 422, "USD"),
		post("not JSON", `{"amount":2865,`, 400, ""),
		noKey, form, foreign,
		{"unknown sale", http.MethodGet, "/v1/sales/01KAEXAMPLE000000000000000", "", "", "", "", 404, ""},
		{"cancel of an unknown sale", http.MethodPost, "/v1/sales/01KAEXAMPLE000000000000000/cancel", "", "", "", "{}", 404, ""},
		{"unknown address", http.MethodGet, "/v1/sails", "", "", "", "", 404, ""},
	}
}

// playBadInput asks for what is not possible, over HTTP and by commands, and
// then shows that the till still sells.
func playBadInput(ctx context.Context, st *stage) error {
	for _, r := range refusals() {
		st.refuse(ctx, r)
	}
	if err := st.reuseKey(ctx); err != nil {
		return err
	}
	if err := st.missingTerminal(ctx); err != nil {
		return err
	}
	if err := st.badCommands(ctx); err != nil {
		return err
	}
	fmt.Fprintln(st.out, "\nafter all that:")
	s, err := st.scene(ctx, scene{name: "card, approved", method: "card", cents: 4321, want: cardPaid})
	if err != nil {
		return fmt.Errorf("a sale after all that: %w", err)
	}
	fmt.Fprintf(st.out, "a card sale of %s is %s\n", cents(s.Amount), s)
	st.wholeIs(ctx, sums{approved: 2, reported: 2})
	return nil
}

// told prints what posd said to something, and remembers it as a fault unless
// it is what was due.
func (st *stage) told(name, answer, words, due string, good bool) {
	words = strings.Join(strings.Fields(words), " ")
	fmt.Fprintf(st.out, "%-28s %-8s %s\n", name, answer, words)
	if !good {
		st.fault("%s: %s %q, not %s", name, answer, words, due)
	}
}

// refuse sends one request and judges the refusal.
func (st *stage) refuse(ctx context.Context, r refused) {
	err := st.send(ctx, r)
	p := &caller.Problem{}
	if !errors.As(err, &p) {
		st.told(r.name, "taken", fmt.Sprint(err), fmt.Sprint(r.status), false)
		return
	}
	said := p.Detail + " " + p.Body // faults in detail stand behind the sentence
	good := p.Status == r.status && p.Form == "application/problem+json" && p.Detail != "" && strings.Contains(said, r.mention)
	st.told(r.name, fmt.Sprint(p.Status), p.Detail, fmt.Sprintf("%d with a sentence about %q", r.status, r.mention), good)
}

func (st *stage) send(ctx context.Context, r refused) error {
	req, err := http.NewRequestWithContext(ctx, r.method, st.api.Base+r.path, strings.NewReader(r.body))
	if err != nil {
		return err
	}
	form := r.form
	if form == "" {
		form = "application/json"
	}
	if r.method == http.MethodPost {
		req.Header.Set("Content-Type", form)
	}
	if r.key == "*" {
		req.Header.Set("Idempotency-Key", "possim-"+rand.Text())
	} else if r.key != "" {
		req.Header.Set("Idempotency-Key", r.key)
	}
	if r.origin != "" {
		req.Header.Set("Origin", r.origin)
	}
	return st.api.Do(req, nil)
}

// reuseKey sells under a key, repeats it, and tries another body under it.
func (st *stage) reuseKey(ctx context.Context) error {
	key := "possim-" + rand.Text()
	body := sellBody{Amount: 1234, Method: "card", Reference: "possim key"}
	first, err := st.api.sell(ctx, key, body)
	if err != nil {
		return err
	}
	if first, err = st.untilSale(ctx, first.ID, "the sale to be paid and reported", 20*time.Second, func(s saleView) bool {
		return s.State == "paid" && s.Reported == "done"
	}); err != nil {
		return err
	}
	again, err := st.api.sell(ctx, key, body)
	st.told("a key repeated", "200", fmt.Sprintf("the same sale again, %s", again), "the same sale", err == nil && again.ID == first.ID)
	st.refuse(ctx, refused{"a key for another request", http.MethodPost, "/v1/sales", key, "", "", `{"amount":4321,"method":"card","reference":"possim key"}`, 422, "Key"})
	return nil
}

// missingTerminal unplugs the terminal and asks for a card sale: it must be
// refused, or end cancelled because nothing was sent.
func (st *stage) missingTerminal(ctx context.Context) error {
	st.terminalLine.Unplug()
	s, err := st.api.sell(ctx, "possim-"+rand.Text(), sellBody{Amount: 999, Method: "card", Reference: "possim missing terminal"})
	p := &caller.Problem{}
	switch {
	case errors.As(err, &p):
		st.told("terminal not plugged in", fmt.Sprint(p.Status), p.Detail, "503 with a sentence", p.Status == http.StatusServiceUnavailable && p.Detail != "")
	case err != nil:
		return err
	default:
		s, err := st.untilSale(ctx, s.ID, "the sale without a terminal to end", 20*time.Second, func(s saleView) bool { return s.State != "waiting" })
		if err != nil {
			return err
		}
		st.told("terminal not plugged in", s.State, s.Words, "cancelled with words", s.State == "cancelled" && s.Words != "")
	}
	return st.terminalLine.Plug()
}

// badCommands runs posd's own program with what it must refuse.
func (st *stage) badCommands(ctx context.Context) error {
	dir, err := os.MkdirTemp(st.dir, "badinput-")
	if err != nil {
		return err
	}
	write := func(name, text string) (string, error) {
		path := filepath.Join(dir, name)
		return path, os.WriteFile(path, []byte(text), 0o600)
	}
	good := st.conf.text()
	alone := posdConfig{Dir: dir, Listen: "127.0.0.1:1", Terminal: "/dev/null", Display: "/dev/null", Printer: "/dev/null", Gateway: st.conf.Gateway, Waits: st.conf.Waits}.text()
	alone = alone[:strings.Index(alone, "[terminal]")] + alone[strings.Index(alone, "[gateway]"):strings.Index(alone, "[[display]]")]

	unknown, err1 := write("unknown-key.toml", strings.Replace(good, "keep_for", "keap_for", 1))
	wrong, err2 := write("wrong-value.toml", strings.Replace(good, `keep_for = "2s"`, `keep_for = 2`, 1))
	wrongKey, err3 := write("wrong-key.toml", alone)
	_, err4 := write("iotpay-key", "not-the-key\n")
	notDB, err5 := write("not-a-database.toml", strings.Replace(alone, "/data", "/rubbish", 1))
	if err := errors.Join(err1, err2, err3, err4, err5, os.MkdirAll(filepath.Join(dir, "rubbish"), 0o700)); err != nil {
		return err
	}
	if _, err := write("rubbish/posd.db", strings.Repeat("This is a shopping list and no database.\n", 400)); err != nil {
		return err
	}
	for _, c := range []struct {
		name    string
		args    []string
		mention string
	}{
		{"command: amount 28,65", []string{"sale", "28,65", "-method", "card", "-config", st.file}, "28.65"},
		{"command: amount 28.650", []string{"sale", "28.650", "-method", "card", "-config", st.file}, "28.65"},
		{"command: unknown method", []string{"sale", "28.65", "-method", "cheque", "-config", st.file}, "cheque"},
		{"command: unknown command", []string{"sail"}, "sail"},
		{"command: unknown sale", []string{"show", "01KAEXAMPLE000000000000000", "-config", st.file}, "01KAEXAMPLE"},
		{"no configuration", []string{"run", "-config", filepath.Join(dir, "none.toml")}, "none.toml"},
		{"unknown key in the file", []string{"run", "-config", unknown}, "keap_for"},
		{"wrong value in the file", []string{"run", "-config", wrong}, "keep_for"},
		{"a second daemon", []string{"run", "-config", st.file}, "another"},
		{"not a database", []string{"run", "-config", notDB}, "posd.db"},
		{"wrong merchant key", []string{"check", "-config", wrongKey}, wrongKeyRefused},
	} {
		code, words, err := st.command(ctx, c.args...)
		if err != nil {
			return err
		}
		st.told(c.name, fmt.Sprintf("exit %d", code), words, fmt.Sprintf("exit 1 with a sentence about %q", c.mention), code == 1 && strings.Contains(words, c.mention))
	}
	return nil
}

// command runs posd's program to its end and returns its exit code and what it
// said: its errors, and of a table of devices the lines about those that are
// not well.
func (st *stage) command(ctx context.Context, args ...string) (int, string, error) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, st.path, args...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	var out, words bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &words
	err := cmd.Run()
	if ctx.Err() != nil {
		return 0, "", fmt.Errorf("posd %s did not end within 30 s", strings.Join(args, " "))
	}
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		return 0, "", err
	}
	for text := range strings.Lines(out.String()) {
		if strings.HasPrefix(text, "NOT OK") {
			words.WriteString(text)
		}
	}
	return cmd.ProcessState.ExitCode(), words.String(), nil
}
