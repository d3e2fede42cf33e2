package main

import (
	"context"
	"fmt"
	"os"
	"strconv"

	"posd/device"
	"posd/device/sale"
	"posd/sync/webhook"
)

// Webhook is a place where the shop's own software hears of every event.
type Webhook struct{ webhook.Config }

func (w *Webhook) setDefaults() { w.Config = webhook.Defaults() }

// secret reads what both sides know.
func (w Webhook) secret() (sale.Secret, error) {
	text, err := os.ReadFile(w.SecretFile)
	if err != nil {
		return "", fmt.Errorf("read the secret of a webhook: %w: secret_file in [[webhook]] names the file", err)
	}
	secret, err := webhook.ParseSecret(string(text))
	if err != nil {
		return "", fmt.Errorf("%s: %w", w.SecretFile, err)
	}
	return secret, nil
}

// joinWebhooks makes the targets. They run once the journal is read.
func (d *daemon) joinWebhooks() error {
	for _, w := range d.config.Webhooks {
		secret, err := w.secret()
		if err != nil {
			return err
		}
		d.board.hooks = append(d.board.hooks, webhook.New(w.Config, secret, webhook.NewClient(w.Config), d.till, d.log.With("line", "webhook")))
	}
	return nil
}

// webhookParts are the targets, each by itself. One that was never told anything
// begins with what comes now.
func (d *daemon) webhookParts() (run []part) {
	for i, t := range d.board.hooks {
		name := d.config.Webhooks[i].NoteName()
		run = append(run, part{name, func(ctx context.Context) error {
			noted, err := d.till.Noted(ctx)
			if err != nil {
				return err
			}
			after, err := strconv.ParseInt(noted[name], 10, 64)
			if err != nil {
				now, err := d.till.Snapshot(ctx)
				if err != nil {
					return err
				}
				after = now.LastSeq
				if err := d.till.Note(ctx, name, strconv.FormatInt(after, 10)); err != nil {
					return err
				}
			}
			return t.Run(ctx, after)
		}})
	}
	return run
}

// hookStatus says how a target is.
func hookStatus(s webhook.Status) device.DeviceStatus {
	d := device.DeviceStatus{Name: "webhook", Kind: "webhook", Line: s.URL, OK: s.OK(), Words: "ready"}
	if s.Waiting > 0 {
		d.Words = fmt.Sprintf("%d events wait, the oldest since %s", s.Waiting, clock(s.Oldest))
	}
	if s.GivenUp > 0 {
		d.Words += fmt.Sprintf("; %d events got too old and were given up", s.GivenUp)
	}
	if s.Words != "" {
		d.Words += "; " + s.Words
	}
	return d
}
