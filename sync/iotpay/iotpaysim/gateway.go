package iotpaysim

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"
)

// Options say whose gateway it is and how it behaves.
type Options struct {
	MchID     string // the one merchant known
	Key       string // the merchant's key
	AnswerKey string // signs answers and notifications; the merchant's key if empty
	JobNo     string // the one login known; empty lets any in

	// Strict holds requests to the documented limits (order number 30, extra
	// 512). Otherwise what the documents' own samples use is let through (36, 1024).
	Strict bool
	// ScanPays makes a scan pay at once; otherwise the customer types a password first.
	ScanPays bool
	// PasswordAbove makes a micropay order above so many cents wait for the
	// customer's password; 0 never.
	PasswordAbove int64
	// Notify is who posts notifications of payments; nil posts none. Orders
	// whose notifyUrl is http://localhost get none either way.
	Notify *http.Client
}

// Gateway is the simulated gateway. All its methods may be called at any time.
type Gateway struct {
	opts Options

	mu       sync.Mutex
	serial   int // of ids
	orders   []*order
	refunds  []*refund
	reports  []*report
	requests map[string]int // by endpoint
	refusals []refusal
	notices  []notice
	faults   []*fault
	changed  chan struct{} // closed when faults change
	doors    []*door
	posting  sync.WaitGroup
	life     context.Context // notifications end with it
}

// refusal is a request that was answered FAIL.
type refusal struct {
	Endpoint string `json:"endpoint"`
	No       string `json:"no,omitempty"`
	Words    string `json:"words"`
}

// New returns a gateway without orders. It starts nothing.
func New(opts Options) *Gateway {
	if opts.AnswerKey == "" {
		opts.AnswerKey = opts.Key
	}
	return &Gateway{opts: opts, requests: map[string]int{}, changed: make(chan struct{}), life: context.Background()}
}

// Handler answers as the gateway does.
func (g *Gateway) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/v1/create_order", g.endpoint("create_order", g.createOrder))
	mux.HandleFunc("/v1/query_order", g.endpoint("query_order", g.queryOrder))
	mux.HandleFunc("/v1/refund_order", g.endpoint("refund_order", g.refundOrder))
	mux.HandleFunc("/v1/query_refund", g.endpoint("query_refund", g.queryRefund))
	return mux
}

// Serve answers on ln until ctx ends.
func (g *Gateway) Serve(ctx context.Context, ln net.Listener) error {
	g.mu.Lock()
	g.life = ctx
	g.mu.Unlock()
	srv := &http.Server{Handler: g.Handler(), ReadHeaderTimeout: 10 * time.Second}
	stop := context.AfterFunc(ctx, func() { _ = srv.Close() })
	defer stop()
	err := srv.Serve(newDoor(g, ln))
	g.posting.Wait()
	if errors.Is(err, http.ErrServerClosed) && ctx.Err() != nil {
		return nil
	}
	return err
}

// reply is an answer of the gateway, or a refusal.
type reply map[string]any

// fail refuses with words, as FAIL in both codes.
func fail(format string, args ...any) reply {
	return reply{"retCode": "FAIL", "resCode": "FAIL", "retMsg": fmt.Sprintf(format, args...)}
}

// ok begins an answer.
func ok() reply { return reply{"retCode": "SUCCESS", "resCode": "SUCCESS", "retMsg": ""} }

func (r reply) failed() bool { return r["retCode"] == "FAIL" || r["resCode"] == "FAIL" }

// endpoint wraps one of the four calls: reading, faults, checking, signing.
func (g *Gateway) endpoint(name string, do func(request) reply) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		g.mu.Lock()
		g.requests[name]++
		g.mu.Unlock()
		body, readErr := readForm(r)
		req, err := readRequest(body)
		if readErr != nil {
			err = readErr
		}
		now := g.poison(name, req, g.strike(name))
		w.Header().Set("Date", time.Now().Add(now.skew).UTC().Format(http.TimeFormat))

		if now.away {
			hangUp(w)
			return
		}
		if now.slow > 0 {
			select {
			case <-time.After(now.slow):
			case <-r.Context().Done():
				return
			}
		}
		switch {
		case now.cutBefore:
			hangUp(w)
			return
		case now.statusBefore != 0:
			http.Error(w, "nothing done", now.statusBefore)
			return
		case now.throttle != "":
			w.Header().Set("Retry-After", now.throttle)
			http.Error(w, "too many requests", http.StatusTooManyRequests)
			return
		case now.portal:
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			fmt.Fprint(w, "<!DOCTYPE html><html><title>Welcome to our Wi-Fi</title><form action=/login>Please accept the terms</form></html>")
			return
		case now.notJSON:
			fmt.Fprint(w, "OK")
			return
		}
		answer := g.answer(name, req, err, now, do)
		if now.statusAfter != 0 {
			http.Error(w, "done, but you will not hear of it", now.statusAfter)
			return
		}
		send(w, answer, now.cut, now.cutAt)
	}
}

// answer checks a request, does it, and signs what is said about it.
func (g *Gateway) answer(name string, req request, err error, now strike, do func(request) reply) []byte {
	var a reply
	switch {
	case err != nil:
		a = fail("%v", err)
	case req.text["mchId"] == "":
		a = fail("mchId is missing")
	case req.text["mchId"] != g.opts.MchID:
		a = fail("mchId is not known")
	case now.wrongKey || !req.signedWith(g.opts.Key):
		a = fail("signature fail")
	case now.words != "":
		a = fail("%s", now.words)
	default:
		req.strike = now
		g.mu.Lock()
		a = do(req)
		g.mu.Unlock()
	}
	if now.failAfter != "" {
		a = fail("%s", now.failAfter)
	}
	unsigned := now.unsignedFail
	if a["unsigned"] != nil {
		delete(a, "unsigned")
		unsigned = true
	}
	if a.failed() {
		g.mu.Lock()
		g.refusals = append(g.refusals, refusal{name, cmp.Or(req.text["mchRefundNo"], req.text["mchOrderNo"], req.text["payOrderId"]), fmt.Sprint(a["retMsg"])})
		g.mu.Unlock()
	}
	if now.wrongNumber {
		a["mchOrderNo"], a["mchRefundNo"] = "SOMEBODY-ELSE", "SOMEBODY-ELSE"
	}
	sorted := byName
	if now.newMember != "" {
		a = withNewMember(a)
		if sorted = byCase; now.newMember == "pairs" {
			sorted = byPair
		}
	}
	if !a.failed() || !unsigned {
		a["sign"] = sign(a, g.opts.AnswerKey, now.nested, sorted)
	}
	if now.wrongSign {
		a["sign"] = "00000000000000000000000000000000"
	}
	return encode(a)
}

// hangUp closes the connection without a word.
func hangUp(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler) // net/http's own way to drop a connection
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}

// send writes an answer, or the first bytes of the whole HTTP answer and no more.
func send(w http.ResponseWriter, answer []byte, cut bool, at int) {
	w.Header().Set("Content-Type", "application/json;charset=UTF-8")
	if !cut {
		_, _ = w.Write(answer)
		return
	}
	whole := fmt.Appendf(nil, "HTTP/1.1 200 OK\r\nContent-Type: application/json;charset=UTF-8\r\nContent-Length: %d\r\n\r\n%s", len(answer), answer)
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	_, _ = conn.Write(whole[:min(at, len(whole))])
	_ = conn.Close()
}

// newID returns a number that was never used: a prefix, the time, and a serial.
// The caller holds g.mu.
func (g *Gateway) newID(prefix string) string {
	g.serial++
	return fmt.Sprintf("%s%s%012d", prefix, time.Now().UTC().Format("20060102150405"), g.serial)
}
