package pax

import (
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"os"
	"strconv"
	"sync/atomic"
	"syscall"
	"time"
)

// web carries frames over HTTP: the whole frame, base64, is the query of a GET,
// and the body of the answer is the response's frame. There is no ACK, NAK or
// EOT. A14 cannot follow a transaction on its connection: it goes to another
// port (Config.CancelPort).
//
//	GET /?AlQwMBwxLjQzHDAx... -> 200, STX 0 FS T01 ... ETX LRC
//
// Every frame has a connection of its own. net/http repeats a GET by itself when
// a connection that was used before dies, and the terminal would be asked for
// the money twice; nor may a proxy or a redirect come between.
type web struct {
	base   url.URL
	cfg    Config
	other  func(Reply)
	client *http.Client
	epoch  uint64
	trace  *recorder
	cancelling
}

// dialWait is how long a terminal on the local network has to accept a connection.
const dialWait = 3 * time.Second

// cancelPort is where a terminal that speaks HTTP takes A14 while a transaction
// runs, unless another is configured.
const cancelPort = 10010

func newWeb(address string, cfg Config, log *slog.Logger, other func(Reply)) (*web, error) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" || u.Hostname() == "" || u.RawQuery != "" {
		return nil, fmt.Errorf("address %q of the terminal: write http://host:10009", address)
	}
	if u.Path == "" {
		u.Path = "/"
	}
	w := webAt(*u, cfg, other)
	u.Host = net.JoinHostPort(u.Hostname(), strconv.Itoa(cmp.Or(cfg.CancelPort, cancelPort)))
	w.cancelling = cancelling{version: cfg.Version, log: log, second: &secondWire{wire: webAt(*u, cfg, func(Reply) {}), cfg: cfg}}
	return w, nil
}

func webAt(base url.URL, cfg Config, other func(Reply)) *web {
	return &web{base: base, cfg: cfg, other: other, client: &http.Client{
		Transport: &http.Transport{
			DisableKeepAlives:  true,
			DisableCompression: true,
			DialContext:        (&net.Dialer{Timeout: dialWait}).DialContext,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// ready counts: nothing stays connected, so that the terminal says who it is
// before every transaction.
func (w *web) ready(context.Context) (uint64, error) {
	w.epoch++
	return w.epoch, nil
}

func (w *web) same(_ context.Context, epoch uint64) bool { return w.epoch == epoch }

func (w *web) traced(r *recorder) { w.trace = r }

func (w *web) drop() {}

// listen has nothing to read: nothing comes unasked.
func (w *web) listen(context.Context) bool { return false }
func (w *web) ackAgain(context.Context)    {}

// finish has nothing to wait for: an answer ends the conversation.
func (w *web) finish(context.Context) bool { return true }

func (w *web) do(ctx context.Context, c call) result {
	ctx, cancel := context.WithTimeout(ctx, c.ackWait+c.answerWait)
	defer cancel()
	var connected atomic.Bool
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) { connected.Store(true) },
		WroteRequest: func(info httptrace.WroteRequestInfo) {
			if c.money && info.Err == nil {
				_ = w.opened() // nothing says that the terminal took it; A14 is sent beside it and cannot fail here
			}
		},
	})
	if w.trace != nil {
		(&tap{r: w.trace, kind: Sent}).bytes(c.frame)
	}
	u := w.base
	u.RawQuery = base64.StdEncoding.EncodeToString(c.frame)
	body, err := w.get(ctx, u.String())
	switch {
	case err == nil:
		return w.read(c, body)
	case !connected.Load():
		return result{end: notSent, err: fmt.Errorf("connect to the terminal: %w", safe(err))}
	case errors.Is(err, context.DeadlineExceeded):
		return result{end: unacked, err: fmt.Errorf("the terminal did not answer %s within %s", c.command, c.ackWait+c.answerWait)}
	}
	return result{end: lineLost, err: fmt.Errorf("waiting for the terminal's answer to %s: %w", c.command, safe(err))}
}

// safe says in words of our own what went wrong. The errors of net/http quote
// what was sent and what came, a frame with a card number in it included: they
// are never passed on.
func safe(err error) error {
	var (
		op     *net.OpError
		status statusError
		no     syscall.Errno
	)
	switch {
	case errors.As(err, &status):
		return status
	case errors.Is(err, context.Canceled):
		return context.Canceled
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded):
		return os.ErrDeadlineExceeded
	case errors.Is(err, io.ErrUnexpectedEOF):
		return io.ErrUnexpectedEOF
	case errors.Is(err, io.EOF):
		return io.EOF
	case errors.As(err, &no):
		return no
	case errors.As(err, &op):
		return fmt.Errorf("%s failed", op.Op)
	}
	return errors.New("what came is no HTTP answer")
}

// statusError is an HTTP status other than 200.
type statusError int

func (s statusError) Error() string { return fmt.Sprintf("HTTP status %d", int(s)) }

func (w *web) get(ctx context.Context, u string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u, nil)
	if err != nil {
		return nil, err
	}
	resp, err := w.client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, MaxFrame+1))
	if err == nil && resp.StatusCode != http.StatusOK {
		err = statusError(resp.StatusCode)
	}
	return body, err
}

// read takes the answer out of a body. An answer to something else is kept, and
// ours is then missing.
func (w *web) read(c call, body []byte) result {
	if w.trace != nil {
		in := tap{r: w.trace, kind: Received}
		in.bytes(body)
		in.rest()
	}
	var s Scanner
	tok, _ := s.Next(body)
	if tok.Kind != TokenFrame {
		return result{end: damaged, err: fmt.Errorf("the terminal's answer to %s is no whole frame", c.command)}
	}
	r, err := parseReply(tok.Body)
	if err != nil {
		return result{end: damaged, err: err}
	}
	if string(r.Command) != responseTo(c.command) || c.mine != nil && !c.mine(r, true) {
		w.other(r)
		return result{end: silent, err: fmt.Errorf("the terminal answered %s with %s of something else", c.command, name(r.Command))}
	}
	return result{end: answered, reply: r, acked: true, clean: true}
}
