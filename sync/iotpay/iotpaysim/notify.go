package iotpaysim

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// notice is one notification that was posted, or was tried to be.
type notice struct {
	MchOrderNo string `json:"mchOrderNo"`
	Answer     string `json:"answer"` // what came back; "success" is what is hoped for
}

// noticeTries is how often a notification is posted until it is answered "success".
const noticeTries = 3

// notify posts a payment to the order's notifyUrl, after the caller, who holds
// g.mu, has let go of it.
func (g *Gateway) notify(o *order) {
	to := o.request["notifyUrl"]
	if g.opts.Notify == nil || strings.TrimSuffix(to, "/") == "http://localhost" {
		return
	}
	a := o.told()
	a["backType"] = 2
	a["sign"] = signature(a, g.opts.AnswerKey, false)
	form := url.Values{"params": {string(encode(a))}}.Encode()

	inQuery := false
	times, late := 1, time.Duration(0)
	for _, f := range g.faults {
		if f.left == 0 || !strings.HasSuffix(f.name, "-notification") {
			continue
		}
		if f.left > 0 {
			f.left--
		}
		switch f.name {
		case "duplicate-notification":
			times = 2
		case "query-notification":
			inQuery = true
		case "late-notification":
			late, _ = time.ParseDuration(f.arg) // checked when it was set
		}
	}
	if inQuery {
		fields := url.Values{}
		for name, v := range a {
			fields.Set(name, fmt.Sprint(v))
		}
		to, form = to+"?"+fields.Encode(), ""
	}
	life := g.life
	for range times {
		g.posting.Go(func() { g.post(life, late, o.MchOrderNo, to, form) })
	}
}

func (g *Gateway) post(ctx context.Context, wait time.Duration, no, to, form string) {
	for try := range noticeTries {
		select {
		case <-time.After(wait + time.Duration(try)*time.Second):
		case <-ctx.Done():
			return
		}
		wait = 0
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, to, strings.NewReader(form))
		if err != nil {
			return // an order's notifyUrl may be any text
		}
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		answer := ""
		resp, err := g.opts.Notify.Do(req)
		if err != nil {
			answer = err.Error()
		} else {
			body, _ := io.ReadAll(io.LimitReader(resp.Body, 1<<10))
			_ = resp.Body.Close()
			answer = string(body)
			if resp.StatusCode != http.StatusOK {
				answer = resp.Status
			}
		}
		g.mu.Lock()
		g.notices = append(g.notices, notice{no, answer})
		g.mu.Unlock()
		if answer == "success" {
			return
		}
	}
}

// Notices returns what became of the notifications of an order.
func (g *Gateway) Notices(no string) []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	var answers []string
	for _, n := range g.notices {
		if n.MchOrderNo == no {
			answers = append(answers, n.Answer)
		}
	}
	return answers
}
