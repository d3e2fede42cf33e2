package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"posd/device/api"
	"posd/device/sale"
)

func eventsCommand(command maker) *cobra.Command {
	after := int64(-1)
	c := command("events", "Follow what is written into the journal, until interrupted", 0, func(t session, _ []string) error {
		return t.events(t.Context(), after)
	})
	c.Flags().Int64Var(&after, "after", -1, "begin with what was written behind event `NUMBER`; 0: with the oldest; left out: with what comes now")
	return c
}

// events prints stored events as the stream tells them.
func (t session) events(ctx context.Context, after int64) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, t.base+"/v1/events", nil)
	if err != nil {
		return err
	}
	if after >= 0 {
		req.Header.Set("Last-Event-ID", strconv.FormatInt(after, 10))
	}
	if t.token != "" {
		req.Header.Set("Authorization", "Bearer "+t.token.Reveal())
	}
	res, err := t.http.Do(req)
	if err != nil {
		return t.unreached(err, false)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		var p api.Problem
		if err := json.NewDecoder(res.Body).Decode(&p); err != nil || p.Detail == "" {
			p.Detail = "posd answers " + res.Status
		}
		return &ended{exitRefused, &p}
	}
	kind := ""
	lines := bufio.NewScanner(res.Body)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		if name, ok := strings.CutPrefix(lines.Text(), "event: "); ok {
			kind = name
		}
		if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok && kind == "event" {
			if err := t.printEvent(data); err != nil {
				return err
			}
		}
	}
	if ctx.Err() != nil { // interrupted: that is how it ends
		return nil
	}
	return &ended{exitRefused, errors.Join(errors.New("the stream ended: posd stopped, or this command did not keep up"), lines.Err())}
}

func (t session) printEvent(data string) error {
	if t.json {
		fmt.Fprintln(t.OutOrStdout(), data)
		return nil
	}
	var e api.EventView
	if err := json.Unmarshal([]byte(data), &e); err != nil {
		return fmt.Errorf("the stream is not understood: %w", err)
	}
	var more sale.EventData
	if text, err := json.Marshal(e.Data); err == nil {
		_ = json.Unmarshal(text, &more) // other events have other members
	}
	said := []string{more.Words, string(more.State), more.Person, more.Approver, more.Actor}
	fmt.Fprintf(t.OutOrStdout(), "%d  %s  %s  %s  %s\n", e.Seq, clock(e.At), e.Kind, e.Sale, strings.Join(strings.Fields(strings.Join(said, " ")), " "))
	return nil
}
