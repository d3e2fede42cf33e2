package iotpay

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/hashicorp/go-retryablehttp"
)

// maxAnswer bounds an answer; the longest documented one has some 5 kB.
const maxAnswer = 1 << 20

// idleTime is how long an unused connection is kept: shorter than any server or
// router keeps one, so that a sale after a quiet hour does not meet a dead connection.
const idleTime = 15 * time.Second

// wire carries requests. It has three clients over one set of connections.
type wire struct {
	base string
	once *retryablehttp.Client // create, refund, report: never twice
	card *retryablehttp.Client // charges of a terminal that the gateway drives: never twice
	look *retryablehttp.Client // look-ups
	tr   *http.Transport
}

type dialer func(ctx context.Context, network, addr string) (net.Conn, error)

func newWire(cfg Config, log *slog.Logger, o options) *wire {
	dial := o.dial
	if dial == nil {
		dial = (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 15 * time.Second}).DialContext
	}
	// HTTP/1 only: on a link that went dead without a word, a request that
	// times out takes its connection with it, while HTTP/2 would go on putting
	// every further request on the same dead connection.
	var http1 http.Protocols
	http1.SetHTTP1(true)
	tr := &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		DialContext:         dial,
		TLSClientConfig:     o.tls,
		Protocols:           &http1,
		TLSHandshakeTimeout: 10 * time.Second,
		IdleConnTimeout:     idleTime,
		MaxIdleConns:        cfg.Workers + 4, // reports, and a sale, a refund and look-ups beside them
		MaxIdleConnsPerHost: cfg.Workers + 4,
		// A page that answers in the gateway's place may be of any size.
		MaxResponseHeaderBytes: 64 << 10,
	}
	w := &wire{base: cfg.BaseURL, tr: tr}
	carry := o.transport
	if carry == nil {
		carry = keepOpen{tr}
	}

	w.once = newRetrying(carry, cfg.CallTimeout, log)
	w.card = newRetrying(carry, cfg.CardTimeout, log)
	for _, never := range []*retryablehttp.Client{w.once, w.card} {
		never.RetryMax = 0
		never.CheckRetry = func(context.Context, *http.Response, error) (bool, error) { return false, nil }
	}

	w.look = newRetrying(carry, cfg.QueryTimeout, log)
	w.look.RetryMax = cfg.QueryTries - 1
	w.look.CheckRetry = func(ctx context.Context, resp *http.Response, err error) (bool, error) {
		return tryAgain(ctx, resp, err, cfg.RetryWaitMax)
	}
	w.look.Backoff = func(_, _ time.Duration, try int, resp *http.Response) time.Duration {
		return backoff(cfg.RetryWait, cfg.RetryWaitMax, try, resp)
	}
	return w
}

func newRetrying(carry http.RoundTripper, timeout time.Duration, log *slog.Logger) *retryablehttp.Client {
	c := retryablehttp.NewClient()
	c.HTTPClient = &http.Client{
		Transport: carry,
		Timeout:   timeout,
		// A redirect is a captive portal's, and followed with 307 or 308 it
		// would repeat the order somewhere else.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	c.Logger = quiet{log}
	c.ErrorHandler = retryablehttp.PassthroughErrorHandler
	return c
}

// keepOpen hides the transport's CloseIdleConnections, which the library calls
// after every failure: one failed request would cost all workers their connections.
type keepOpen struct{ tr *http.Transport }

func (k keepOpen) RoundTrip(r *http.Request) (*http.Response, error) { return k.tr.RoundTrip(r) }

// quiet hands the library's messages on at debug level, where the one line per
// call of this package already says what happened. They hold no body.
type quiet struct{ log *slog.Logger }

func (q quiet) Error(msg string, kv ...any) { q.log.Debug(msg, kv...) }
func (q quiet) Info(msg string, kv ...any)  { q.log.Debug(msg, kv...) }
func (q quiet) Debug(msg string, kv ...any) { q.log.Debug(msg, kv...) }
func (q quiet) Warn(msg string, kv ...any)  { q.log.Debug(msg, kv...) }

// exchange is what one call brought.
type exchange struct {
	sent   bool // a connection was had: some of the request may have left
	tls    bool // the TLS handshake is what failed
	status int  // 0 if there was no answer
	header http.Header
	body   []byte
	err    error // no answer, or not a whole one
	took   time.Duration
}

// send posts a signed JSON text to an endpoint.
func (w *wire) send(ctx context.Context, client *retryablehttp.Client, endpoint string, params []byte) (x exchange) {
	start := time.Now()
	var sent, tlsFailed atomic.Bool // a dial may go on after the call has ended
	defer func() {
		x.took, x.sent, x.tls = time.Since(start), sent.Load(), tlsFailed.Load()
	}()
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GetConn: func(string) { x.status, x.header, x.body = 0, nil, nil }, // a new try begins
		// Without a connection not a byte of the request can leave; this
		// covers names, dialling, proxies and TLS alike.
		GotConn: func(httptrace.GotConnInfo) { sent.Store(true) },
		TLSHandshakeDone: func(_ tls.ConnectionState, err error) {
			tlsFailed.Store(err != nil)
		},
	})
	form := []byte("params=" + url.QueryEscape(string(params)))
	req, err := retryablehttp.NewRequestWithContext(ctx, http.MethodPost, w.base+endpoint, form)
	if err != nil {
		x.err = err
		return x
	}
	// net/http repeats a request by itself when a reused connection turns out
	// dead, if it can rewind the body or believes it idempotent. Neither holds:
	// no GetBody, and never an Idempotency-Key header. The library rewinds by
	// its own means where repeating is allowed.
	req.GetBody = nil
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", "posd")
	req.SetResponseHandler(x.take)

	resp, err := client.Do(req)
	if resp != nil && x.status == 0 { // given up on a status: nobody read it yet
		_ = x.take(resp)
	}
	if err != nil {
		x.err = err
	}
	return x
}

// take reads an answer whole. Its error makes a look-up try again.
func (x *exchange) take(resp *http.Response) error {
	defer resp.Body.Close()
	x.status, x.header = resp.StatusCode, resp.Header
	x.body, x.err = io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	x.body = bytes.TrimPrefix(x.body, []byte("\ufeff")) // some servers begin their files with one
	if x.err == nil && len(x.body) > maxAnswer {
		x.err = fmt.Errorf("answer is longer than %d bytes", maxAnswer)
	}
	return x.err
}

// tryAgain says whether a look-up is worth another try: not when the gateway
// asks for more patience than one call has, nor when trying cannot help.
func tryAgain(ctx context.Context, resp *http.Response, err error, longest time.Duration) (bool, error) {
	if ctx.Err() != nil {
		return false, ctx.Err()
	}
	if err != nil {
		var cert *tls.CertificateVerificationError
		return !errors.As(err, &cert), nil
	}
	switch {
	case resp.StatusCode == http.StatusTooManyRequests, resp.StatusCode == http.StatusRequestTimeout, resp.StatusCode >= 500:
		after, asked := retryAfter(resp.Header)
		return !asked || after <= longest, nil
	}
	return false, nil
}

// backoff is drawn anew from the whole range for every wait, so that tills that
// failed together do not come back together. Retry-After is obeyed within its limits.
func backoff(base, longest time.Duration, try int, resp *http.Response) time.Duration {
	if resp != nil {
		if after, asked := retryAfter(resp.Header); asked {
			return min(after, max(longest, time.Second))
		}
	}
	ceiling := longest
	if try < 16 { // beyond that the shift is above any limit
		ceiling = min(base<<try, longest)
	}
	return rand.N(ceiling + 1)
}

// retryAfter reads the header in both its forms. What is asked for is never
// taken as less than a second: a gateway that says 0 is not helped by being hammered.
func retryAfter(h http.Header) (time.Duration, bool) {
	text := h.Get("Retry-After")
	if text == "" {
		return 0, false
	}
	after := time.Duration(0)
	if s, err := strconv.ParseInt(text, 10, 64); err == nil {
		after = time.Duration(min(max(s, 0), 1<<31)) * time.Second
	} else if at, err := http.ParseTime(text); err == nil {
		after = time.Until(at)
	} else {
		return 0, false
	}
	return max(after, time.Second), true
}

// html reports whether a page was sent where JSON was due.
func (x *exchange) html() bool {
	return bytes.HasPrefix(bytes.TrimSpace(x.body), []byte("<"))
}

// skew is how far the gateway's clock is ahead of ours, as far as its answer tells.
func (x *exchange) skew() (time.Duration, bool) {
	at, err := http.ParseTime(x.header.Get("Date"))
	return time.Until(at), err == nil
}
