package webhook

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"syscall"
	"time"

	"posd/device/sale"
)

// Doer makes one HTTP request; *http.Client is one.
type Doer interface {
	Do(*http.Request) (*http.Response, error)
}

// answerIn is how long a target may take.
const answerIn = 15 * time.Second

// NewClient returns the Doer for a target.
func NewClient(c Config) Doer {
	u, err := url.Parse(c.URL)
	written := err == nil && (net.ParseIP(u.Hostname()) != nil || u.Hostname() == "localhost")
	dialer := net.Dialer{Timeout: answerIn, Control: func(_, addr string, _ syscall.RawConn) error {
		at, err := netip.ParseAddrPort(addr)
		if err != nil {
			return err
		}
		if ip := at.Addr().Unmap(); !written && (ip.IsLoopback() || ip.IsLinkLocalUnicast() || ip.IsUnspecified()) {
			return fmt.Errorf("the name leads to %s: write that address itself as url if it is meant", ip)
		}
		return nil
	}}
	return &http.Client{
		Timeout:       answerIn,
		Transport:     &http.Transport{DialContext: dialer.DialContext, MaxIdleConns: 2, IdleConnTimeout: time.Minute},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// message is the body.
type message struct {
	Type      string    `json:"type"`
	Timestamp time.Time `json:"timestamp"`
	Data      data      `json:"data"`
}

type data struct {
	Seq   int64           `json:"seq"`
	Sale  sale.ID         `json:"sale,omitempty"`
	Event json.RawMessage `json:"event"`
}

// Test is the event that `posd webhook test` tells.
func Test(at time.Time) sale.StoredEvent {
	return sale.StoredEvent{Kind: "webhook.test", At: at, Data: []byte(`{"words":"sent by hand to see whether it arrives"}`)}
}

// id names an event for ever: its number, and its time, as a restored journal may
// give a number again.
func id(e sale.StoredEvent) string {
	return fmt.Sprintf("evt_%d_%s", e.Seq, strconv.FormatInt(e.At.UnixMilli(), 36))
}

// Sign returns the signature of one try.
func Sign(secret sale.Secret, id string, at time.Time, body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret.Reveal()))
	fmt.Fprintf(mac, "%s.%d.%s", id, at.Unix(), body)
	return "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// errGone means that the target wants no more.
var errGone = errors.New("the target answers 410 Gone: it wants no more events; posd asks it again after a restart")

// Send tries one event once. nil means that the target has taken it.
func Send(ctx context.Context, to Doer, c Config, secret sale.Secret, e sale.StoredEvent, now time.Time) error {
	body, err := json.Marshal(message{e.Kind, e.At.UTC(), data{e.Seq, e.Sale, e.Data}})
	if err != nil {
		return fmt.Errorf("write event %d: %w", e.Seq, err)
	}
	ctx, cancel := context.WithTimeout(ctx, answerIn)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, c.URL, bytes.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("User-Agent", "posd")
	r.Header.Set("webhook-id", id(e))
	r.Header.Set("webhook-timestamp", strconv.FormatInt(now.Unix(), 10))
	r.Header.Set("webhook-signature", Sign(secret, id(e), now, body))
	res, err := to.Do(r)
	if err != nil {
		return fmt.Errorf("tell %s: %w", c.name(), err)
	}
	defer res.Body.Close()
	_, _ = io.CopyN(io.Discard, res.Body, 4096) // what it says matters to nobody; the connection can be used again
	switch {
	case res.StatusCode/100 == 2:
		return nil
	case res.StatusCode == http.StatusGone:
		return errGone
	}
	return fmt.Errorf("tell %s: it answers %s", c.name(), res.Status)
}
