package main

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"posd/device/api"
	"posd/device/sale"
)

const defaultConfig = "/etc/posd/posd.toml"

// where says how a command finds its configuration and the daemon.
type where struct{ config, url, tokenFile, authority string }

func (w *where) configFile() string { return cmp.Or(w.config, defaultConfig) }

// client talks to the running daemon.
type client struct {
	http *http.Client
	base string // what paths are appended to
	name string // for people
	unit string // of systemd, whose posd it is
	// token is shown with every request; over the socket nobody looks at it.
	token sale.Secret
	// answerIn is how long the daemon may take over a request that moves money.
	answerIn time.Duration
	// repeatFor is how long a request whose fate is not known is repeated under
	// its key, pause how long between two tries.
	repeatFor, pause time.Duration
}

// client finds the daemon: by -url, else $POSD_URL, else by the configuration,
// else at the usual places. Of a configuration's socket and address the first
// that can be connected to is taken.
func (w *where) client() (*client, error) {
	c, err := w.find()
	if err != nil {
		return nil, err
	}
	c.token, err = w.token()
	return c, err
}

// token is what the client shows over TCP; "" for nothing.
func (w *where) token() (sale.Secret, error) {
	file := cmp.Or(w.tokenFile, os.Getenv("POSD_TOKEN_FILE"))
	if file == "" {
		return sale.Secret(os.Getenv("POSD_TOKEN")), nil
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("read the token: %w", err)
	}
	return sale.Secret(strings.TrimSpace(string(text))), nil
}

// find is client without the token.
func (w *where) find() (*client, error) {
	at := cmp.Or(w.url, os.Getenv("POSD_URL"))
	if at == "" {
		c := defaults()
		if _, err := os.Stat(w.configFile()); err == nil || w.config != "" {
			if c, err = load(w.configFile()); err != nil {
				return nil, err
			}
		}
		targets := []target{{"tcp", c.API.Listen}}
		if c.API.Socket != "" {
			targets = append([]target{{"unix", c.API.Socket}}, targets...)
		}
		cl := newClient("http://localhost", targets...)
		cl.unit = strings.TrimSuffix(unitOf(w.configFile()), ".service")
		return cl, nil
	}
	if path, ok := strings.CutPrefix(at, "unix:"); ok {
		return newClient("http://localhost", target{"unix", strings.TrimPrefix(path, "//")}), nil
	}
	u, err := url.Parse(at)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || strings.Trim(u.Path, "/") != "" {
		return nil, fmt.Errorf("-url %q is not understood: write http://127.0.0.1:8480, https://192.168.1.10:8443 or unix:/run/posd/posd.sock", at)
	}
	host := u.Host
	if u.Port() == "" {
		host = net.JoinHostPort(u.Hostname(), map[string]string{"http": "80", "https": "443"}[u.Scheme])
	}
	c := newClient(u.Scheme+"://"+u.Host, target{"tcp", host})
	if u.Scheme == "http" {
		return c, nil
	}
	return c, w.trust(c.http.Transport.(*http.Transport))
}

// trust has a client believe the shop's own authority, if one is named, besides
// those that this box trusts.
func (w *where) trust(t *http.Transport) error {
	t.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12}
	file := cmp.Or(w.authority, os.Getenv("POSD_AUTHORITY"))
	if file == "" {
		return nil
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("read the authority: %w", err)
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	if !pool.AppendCertsFromPEM(text) {
		return fmt.Errorf("-authority %s holds no certificate: save the till's own page /authority.pem there", file)
	}
	t.TLSClientConfig.RootCAs = pool
	return nil
}

// target is a place where the daemon may be.
type target struct{ network, addr string }

func newClient(base string, targets ...target) *client {
	var names []string
	for _, t := range targets {
		names = append(names, t.addr)
	}
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		d := net.Dialer{Timeout: 3 * time.Second}
		var errs []error
		for _, t := range targets {
			c, err := d.DialContext(ctx, t.network, t.addr)
			if err == nil {
				return c, nil
			}
			errs = append(errs, err)
		}
		return nil, &notReached{errs}
	}
	// A connection is used once: a kept one that died meanwhile would leave
	// open whether a request was sent.
	return &client{
		http: &http.Client{Transport: &http.Transport{DialContext: dial, DisableKeepAlives: true, DisableCompression: true}},
		base: base, name: strings.Join(names, " or "), unit: "posd",
		answerIn: answerLimit, repeatFor: 30 * time.Second, pause: time.Second,
	}
}

// notReached means that not one byte was sent.
type notReached struct{ errs []error }

// Error names the reason at each place.
func (e *notReached) Error() string {
	var words []string
	for _, err := range e.errs {
		if errors.Is(err, fs.ErrPermission) {
			words = append(words, err.Error()+": run it as root or as a user of the socket's group")
		} else {
			words = append(words, err.Error())
		}
	}
	return strings.Join(words, "; ")
}

// Unwrap returns the reasons.
func (e *notReached) Unwrap() []error { return e.errs }

// answer is what the daemon said.
type answer struct {
	status int
	kind   string // content type
	body   []byte
}

// into reads the answer's JSON.
func (a answer) into(v any) error {
	if err := json.Unmarshal(a.body, v); err != nil {
		return fmt.Errorf("the daemon's answer is not understood: %w", err)
	}
	return nil
}

// problem returns the daemon's refusal; nil if it is none.
func (a answer) problem() *api.Problem {
	if a.status < 400 {
		return nil
	}
	p := &api.Problem{}
	if json.Unmarshal(a.body, p) != nil || p.Detail == "" {
		p = &api.Problem{Status: a.status, Detail: fmt.Sprintf("HTTP %d: %.200s", a.status, a.body)}
	}
	return p
}

// once makes one request. wait is how long the answer may take.
func (c *client) once(ctx context.Context, method, path, key string, body any, wait time.Duration) (answer, error) {
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	var r io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return answer{}, err
		}
		r = bytes.NewReader(text)
	}
	req, err := http.NewRequestWithContext(ctx, method, c.base+path, r)
	if err != nil {
		return answer{}, err
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if key != "" {
		req.Header.Set("Idempotency-Key", key)
	}
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token.Reveal())
	}
	res, err := c.http.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(io.LimitReader(res.Body, 32<<20))
	if err != nil {
		return answer{}, fmt.Errorf("read the daemon's answer: %w", err)
	}
	return answer{res.StatusCode, res.Header.Get("Content-Type"), text}, nil
}

// answerLimit is how long the daemon may take over a request that does not wait,
// scanLimit over one that waits for a customer's code.
const (
	answerLimit = 20 * time.Second
	scanLimit   = 100 * time.Second
)

// ask makes a request that changes nothing, or whose repetition does no harm.
// What goes wrong is the end of the command: 1 if nothing was done, 4 if that is not known.
func (c *client) ask(ctx context.Context, method, path string, body any) (answer, error) {
	a, err := c.once(ctx, method, path, "", body, answerLimit)
	switch {
	case err != nil:
		return a, c.unreached(err, method != http.MethodGet)
	case a.status >= 500 && a.status != http.StatusServiceUnavailable && method != http.MethodGet:
		return a, &ended{exitUnsure, a.problem()}
	}
	if p := a.problem(); p != nil {
		return a, &ended{exitRefused, p}
	}
	return a, nil
}

// unreached is the end of a command whose request got no answer.
func (c *client) unreached(err error, changes bool) error {
	var dial *notReached
	var untrusted *tls.CertificateVerificationError
	if errors.As(err, &untrusted) {
		return &ended{exitRefused, fmt.Errorf("the certificate of %s is not trusted here, so nothing was sent: -authority FILE names the authority that its page /authority.pem gives: %w", c.name, err)}
	}
	if errors.As(err, &dial) || !changes {
		return &ended{exitRefused, fmt.Errorf("posd is not reachable at %s: is it running (systemctl status %s)? %w", c.name, c.unit, err)}
	}
	return &ended{exitUnsure, fmt.Errorf("posd at %s did not answer, and may have taken the request: %w", c.name, err)}
}

// move makes a request that moves money, under a key. While its fate is not known
// it is repeated under the same key for repeatFor; then the end is 4. When not
// one byte was sent, or the daemon says that nothing was done, the end is 1.
func (c *client) post(ctx context.Context, path, key string, body any) (answer, error) {
	until := time.Now().Add(c.repeatFor)
	sent := false // whether the daemon may have taken it
	for {
		a, err := c.once(ctx, http.MethodPost, path, key, body, c.answerIn)
		var dial *notReached
		var untrusted *tls.CertificateVerificationError
		var last error
		switch {
		case errors.As(err, &untrusted) && !sent:
			return a, c.unreached(err, true)
		case err == nil && a.status < 400:
			return a, nil
		case err == nil && startingUp(a):
			last = a.problem()
		case err == nil && a.status >= 500 && a.status != http.StatusServiceUnavailable:
			sent, last = true, a.problem()
		case err == nil && a.status == http.StatusServiceUnavailable && sent:
			last = a.problem() // it may be taken all the same, by the earlier try
		case err == nil:
			return a, &ended{exitRefused, a.problem()}
		case errors.As(err, &dial):
			if !sent {
				return a, c.unreached(err, true)
			}
			last = err
		default:
			sent, last = true, err
		}
		left := time.Until(until)
		if ctx.Err() != nil || left <= 0 {
			if !sent {
				return a, &ended{exitRefused, fmt.Errorf("nothing was done: %w", last)}
			}
			return a, &ended{exitUnsure, fmt.Errorf("posd did not answer, and may have taken the request: repeat it with -key %s, which cannot charge twice: %w", key, last)}
		}
		select {
		case <-ctx.Done():
		case <-time.After(min(c.pause, left)):
		}
	}
}

// startingUp reports whether the daemon did nothing because it is not ready
// yet, or has too much to do: a moment later it will.
func startingUp(a answer) bool {
	p := a.problem()
	return p != nil && a.status == http.StatusServiceUnavailable && (p.Type == "starting" || p.Type == "too-many")
}
