package iotpay_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"posd/device/sale"
	"posd/sync/iotpay"
	"posd/sync/outbox"
)

// grave is a server on a real socket that answers the first request of a
// connection and keeps it open, then reads the second whole and resets the
// connection without a word. It counts both.
type grave struct {
	net.Listener
	mu       sync.Mutex
	conns    int
	requests int
}

func newGrave(t *testing.T) *grave {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	g := &grave{Listener: ln}
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			serving.Go(func() { g.serve(conn) })
		}
	})
	t.Cleanup(func() { ln.Close(); serving.Wait() })
	return g
}

func (g *grave) serve(conn net.Conn) {
	defer conn.Close()
	g.mu.Lock()
	g.conns++
	g.mu.Unlock()
	in := bufio.NewReader(conn)
	for n := 1; ; n++ {
		r, err := http.ReadRequest(in)
		if err != nil {
			return
		}
		if _, err := io.ReadAll(r.Body); err != nil {
			return
		}
		g.mu.Lock()
		g.requests++
		g.mu.Unlock()
		if n == 2 {
			_ = conn.(*net.TCPConn).SetLinger(0)
			return
		}
		answer := `{"retCode":"FAIL","retMsg":"not today"}`
		fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(answer), answer)
	}
}

func (g *grave) counts() (conns, requests int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.conns, g.requests
}

func clientOf(t *testing.T, base string, opts ...iotpay.Option) *iotpay.Client {
	t.Helper()
	cfg := testConfig()
	cfg.BaseURL = base
	cfg.RetryWait, cfg.RetryWaitMax = time.Millisecond, time.Millisecond
	c, err := iotpay.New(cfg, testKey, slog.New(slog.DiscardHandler), opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// TestNothingRepeatsAnOrderOnADeadConnection is about net/http, which repeats a
// request by itself when a reused connection dies, if it is let.
func TestNothingRepeatsAnOrderOnADeadConnection(t *testing.T) {
	report := sale.Report{No: orderNo, Params: `{"mchOrderNo":"` + orderNo + `"}`}
	for name, call := range map[string]func(c *iotpay.Client) sale.GatewayAnswer{
		"create": func(c *iotpay.Client) sale.GatewayAnswer { return c.Create(t.Context(), wechat()) },
		"refund": func(c *iotpay.Client) sale.GatewayAnswer {
			return c.Refund(t.Context(), sale.RefundRequest{No: "R", PayOrderID: "P", Amount: 1})
		},
		"report": func(c *iotpay.Client) sale.GatewayAnswer { return c.Report(t.Context(), report) },
	} {
		t.Run(name, func(t *testing.T) {
			g := newGrave(t)
			c := clientOf(t, "http://"+g.Addr().String()+"/v1")
			if a := call(c); a.Result != sale.GatewayFail && (a.Result != sale.GatewayUnclear || name != "refund") {
				t.Fatalf("first: %+v", a)
			}
			if a := call(c); a.Result != sale.GatewayLost {
				t.Errorf("second: %+v, want lost", a)
			}
			if conns, requests := g.counts(); conns != 1 || requests != 2 {
				t.Errorf("%d connections and %d requests, want 1 (or nothing is proven) and 2", conns, requests)
			}
		})
	}
	t.Run("a look-up is repeated", func(t *testing.T) {
		g := newGrave(t)
		c := clientOf(t, "http://"+g.Addr().String()+"/v1")
		c.Query(t.Context(), "P")
		if a := c.Query(t.Context(), "P"); a.Result != sale.GatewayFail {
			t.Errorf("second: %+v, want an answer at the second try", a)
		}
		if conns, requests := g.counts(); conns != 2 || requests != 3 {
			t.Errorf("%d connections and %d requests, want 2 and 3", conns, requests)
		}
	})
}

// TestConnectionClosedWhileIdleCostsNoSecondRequest closes every connection
// right behind its answer, so that the next call may or may not still find it.
func TestConnectionClosedWhileIdleCostsNoSecondRequest(t *testing.T) {
	var mu sync.Mutex
	seen := map[string]int{}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		seen[r.FormValue("params")]++
		mu.Unlock()
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		answer := `{"retCode":"FAIL","retMsg":"no"}`
		fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(answer), answer) // no Connection: close
		_ = conn.Close()
	}))
	defer srv.Close()
	c := clientOf(t, srv.URL+"/v1/")
	answered := 0
	for i := range 200 {
		r := wechat()
		r.No = fmt.Sprintf("N%d", i)
		switch a := c.Create(t.Context(), r); a.Result {
		case sale.GatewayFail:
			answered++
		case sale.GatewayLost: // the connection was gone, and may not have been: to be looked up
		default:
			t.Errorf("%+v", a)
		}
	}
	if answered == 0 || len(seen) < answered {
		t.Errorf("%d answered, %d arrived", answered, len(seen))
	}
	for params, n := range seen {
		if n != 1 {
			t.Errorf("%s arrived %d times", params, n)
		}
	}
}

func TestHandshakeThatBreaksOffMeansNotSent(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	go func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			_, _ = conn.Read(make([]byte, 16)) // some of the client's hello
			_ = conn.Close()
		}
	}()
	if a := clientOf(t, "https://"+ln.Addr().String()+"/v1/").Create(t.Context(), wechat()); a.Result != sale.GatewayNotSent || a.Trouble != sale.TroubleTLS {
		t.Errorf("%+v, want not-sent, tls", a)
	}
}

func TestNobodyListeningMeansNotSent(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ln.Close()
	if a := clientOf(t, "http://"+ln.Addr().String()+"/v1/").Create(t.Context(), wechat()); a.Result != sale.GatewayNotSent || a.Trouble != sale.TroubleConnect {
		t.Errorf("%+v, want not-sent, connect", a)
	}
}

func TestNoRequestCallsItselfIdempotent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var seen []http.Header
		c := joined(t, testConfig(), io.Discard, nil, served(func(w http.ResponseWriter, r *http.Request) {
			seen = append(seen, r.Header)
			fmt.Fprint(w, `{"retCode":"FAIL","retMsg":"no"}`)
		}))
		c.Create(t.Context(), wechat())
		c.Query(t.Context(), orderNo)
		c.Refund(t.Context(), sale.RefundRequest{No: "R", PayOrderID: "P", Amount: 1})
		c.QueryRefund(t.Context(), "R")
		c.Probe(t.Context())
		c.Report(t.Context(), sale.Report{No: orderNo, Params: `{"mchOrderNo":"` + orderNo + `"}`})
		if len(seen) != 6 {
			t.Fatalf("%d requests, want 6", len(seen))
		}
		for _, h := range seen {
			if h.Get("Idempotency-Key") != "" || h.Get("X-Idempotency-Key") != "" || h.Get("Content-Type") != "application/x-www-form-urlencoded" {
				t.Errorf("headers %v", h)
			}
		}
	})
}

func TestRedirectIsAPortalAndNotFollowed(t *testing.T) {
	for _, status := range []int{301, 302, 303, 307, 308} {
		synctest.Test(t, func(t *testing.T) {
			n := 0
			c := joined(t, testConfig(), io.Discard, nil, served(func(w http.ResponseWriter, r *http.Request) {
				n++
				w.Header().Set("Location", "/login")
				w.WriteHeader(status)
			}))
			if a := c.Create(t.Context(), wechat()); a.Result != sale.GatewayLost || a.Trouble != sale.TroublePortal || n != 1 {
				t.Errorf("%d: %+v after %d requests", status, a, n)
			}
		})
	}
}

func TestUnreadableAnswersAreLost(t *testing.T) {
	for name, body := range map[string]string{
		"nothing":       "",
		"text":          "OK",
		"a list":        `[{"retCode":"SUCCESS"}]`,
		"cut":           `{"retCode":"SUCCESS","resCode":"SUC`,
		"two objects":   `{"retCode":"SUCCESS"}{"retCode":"SUCCESS"}`,
		"twice a field": `{"retCode":"SUCCESS","retCode":"FAIL"}`,
		"no codes":      `{}`,
		"other codes":   `{"retCode":"MAYBE","resCode":"SUCCESS"}`,
		"endless":       `{"retCode":"SUCCESS","retMsg":"` + strings.Repeat("x", 2<<20) + `"}`,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := joined(t, testConfig(), io.Discard, nil, served(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, body) }))
				if a := c.Create(t.Context(), wechat()); a.Result != sale.GatewayLost || a.Words == "" {
					t.Errorf("got %+v", a)
				}
			})
		})
	}
}

func TestRefusalsUnderOtherStatusesAreHeard(t *testing.T) {
	const refusal = "\ufeff" + `{"retCode":"FAIL","retMsg":"signature fail"}`
	for status, want := range map[int]sale.GatewayResult{200: sale.GatewayFail, 400: sale.GatewayFail, 403: sale.GatewayFail, 429: sale.GatewayLost, 500: sale.GatewayLost, 302: sale.GatewayLost} {
		synctest.Test(t, func(t *testing.T) {
			c := joined(t, testConfig(), io.Discard, nil, served(func(w http.ResponseWriter, r *http.Request) {
				w.WriteHeader(status)
				fmt.Fprint(w, refusal)
			}))
			if a := c.Create(t.Context(), wechat()); a.Result != want || (want == sale.GatewayFail) != (a.Trouble == sale.TroubleKey) {
				t.Errorf("%d: %+v, want %s", status, a, want)
			}
		})
	}
}

func TestLookUpIsRepeatedOnlyWhereItCanHelp(t *testing.T) {
	for status, tries := range map[int]int{200: 1, 302: 1, 400: 1, 404: 1, 408: 3, 409: 1, 429: 3, 500: 3, 502: 3, 503: 3} {
		synctest.Test(t, func(t *testing.T) {
			n := 0
			c := joined(t, testConfig(), io.Discard, nil, served(func(w http.ResponseWriter, r *http.Request) {
				n++
				w.WriteHeader(status)
			}))
			if a := c.Query(t.Context(), orderNo); a.Result != sale.GatewayLost || n != tries {
				t.Errorf("%d: %s after %d tries, want lost after %d", status, a.Result, n, tries)
			}
		})
	}
}

func TestCodeThatCannotBeShownIsNoCode(t *testing.T) {
	for name, code := range map[string]string{"none": "", "a page": "<html>\n</html>", "endless": strings.Repeat("x", 5000), "with a bell": "weixin://\a"} {
		synctest.Test(t, func(t *testing.T) {
			text, _ := json.Marshal(map[string]string{"retCode": "SUCCESS", "resCode": "SUCCESS", "codeUrl": code})
			o, err := iotpay.ParseObject(text)
			if err != nil {
				t.Fatal(err)
			}
			answer := strings.TrimSuffix(string(text), "}") + `,"sign":"` + iotpay.Sign(o, testKey) + `"}`
			c := joined(t, testConfig(), io.Discard, nil, served(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, answer) }))
			if a := c.Create(t.Context(), wechat()); a.Result != sale.GatewayUnverified || a.Code != "" || !a.Verified {
				t.Errorf("%s: %+v", name, a)
			}
		})
	}
}

func TestStrangeCertificateMeansNotSent(t *testing.T) {
	asked := false
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked = true }))
	srv.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	srv.StartTLS()
	defer srv.Close()

	c := clientOf(t, srv.URL+"/v1/", iotpay.WithTLS(&tls.Config{InsecureSkipVerify: true}))
	for name, a := range map[string]sale.GatewayAnswer{"create": c.Create(t.Context(), wechat()), "probe": c.Probe(t.Context())} {
		if a.Result != sale.GatewayNotSent || a.Trouble != sale.TroubleTLS {
			t.Errorf("%s: %+v, want not-sent, tls", name, a)
		}
	}
	roots := x509.NewCertPool()
	roots.AddCert(srv.Certificate())
	early := func() time.Time { return srv.Certificate().NotBefore.Add(-time.Hour) }
	c = clientOf(t, srv.URL+"/v1/", iotpay.WithTLS(&tls.Config{RootCAs: roots, Time: early}))
	if a := c.Create(t.Context(), wechat()); a.Result != sale.GatewayNotSent || a.Trouble != sale.TroubleClock {
		t.Errorf("clock: %+v, want not-sent, clock", a)
	}
	if asked {
		t.Error("a request left in spite of the certificate")
	}
	c = clientOf(t, srv.URL+"/v1/", iotpay.WithTLS(&tls.Config{RootCAs: roots}))
	if c.Create(t.Context(), wechat()); !asked {
		t.Error("the trusted gateway was not asked")
	}
}

func TestNoHostOfThatNameIsDNSTrouble(t *testing.T) {
	noName := func(context.Context, string, string) (net.Conn, error) {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Err: "no such host", Name: "gateway.invalid", IsNotFound: true}}
	}
	c := clientOf(t, "https://gateway.invalid/v1/", iotpay.WithDial(noName))
	if a := c.Create(t.Context(), wechat()); a.Result != sale.GatewayNotSent || a.Trouble != sale.TroubleDNS {
		t.Errorf("got %+v, want not-sent, dns", a)
	}
}

// TestProxyOfTheEnvironmentIsAsked runs itself again with a proxy set: net/http
// reads the environment once.
func TestProxyOfTheEnvironmentIsAsked(t *testing.T) {
	if os.Getenv("POSD_TEST_PROXY_CHILD") != "" {
		a := clientOf(t, "https://gateway.invalid/v1/").Create(t.Context(), wechat())
		fmt.Printf("result=%s trouble=%s\n", a.Result, a.Trouble)
		return
	}
	asked := make(chan string, 1)
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case asked <- r.Method + " " + r.Host:
		default:
		}
		http.Error(w, "no", http.StatusForbidden)
	}))
	defer proxy.Close()
	child := exec.Command(os.Args[0], "-test.run=^TestProxyOfTheEnvironmentIsAsked$", "-test.v")
	child.Env = append(os.Environ(), "POSD_TEST_PROXY_CHILD=1", "HTTPS_PROXY="+proxy.URL, "NO_PROXY=")
	out, err := child.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	select {
	case got := <-asked:
		if got != "CONNECT gateway.invalid:443" {
			t.Errorf("the proxy was asked %q", got)
		}
	default:
		t.Errorf("the proxy was not asked:\n%s", out)
	}
	if !strings.Contains(string(out), "result=not-sent") {
		t.Errorf("refused by the proxy, so not sent:\n%s", out)
	}
}

// TestDrainKeepsOneConnectionPerWorker counts connections while every tenth
// request fails: a failure costs no other worker its connection.
func TestDrainKeepsOneConnectionPerWorker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const workers, reports = 16, 400
		cfg := testConfig()
		cfg.Workers = workers
		var mu sync.Mutex
		seen := map[string]int{}
		c := joined(t, cfg, io.Discard, nil, served(func(w http.ResponseWriter, r *http.Request) {
			mu.Lock()
			seen[r.FormValue("params")]++
			n := len(seen)
			mu.Unlock()
			time.Sleep(20 * time.Millisecond)
			if n%10 == 0 {
				http.Error(w, "no", http.StatusInternalServerError)
				return
			}
			fmt.Fprint(w, `{"retCode":"FAIL","retMsg":"no"}`)
		}))
		var batch []sale.Report
		for i := range reports {
			no := fmt.Sprintf("R%d", i)
			batch = append(batch, sale.Report{No: no, Params: sale.Secret(`{"mchOrderNo":"` + no + `"}`)})
		}
		start := time.Now()
		outbox.New(c, workers).Send(t.Context(), batch, func(sale.Report, sale.GatewayAnswer) {})
		if took, floor := time.Since(start), reports/workers*20*time.Millisecond; took != floor {
			t.Errorf("the drain took %s, the floor is %s", took, floor)
		}
		if c.mem.dialed != workers || len(seen) != reports {
			t.Errorf("%d connections for %d workers, %d different requests", c.mem.dialed, workers, len(seen))
		}
		for params, n := range seen {
			if n != 1 {
				t.Errorf("%s was sent %d times", params, n)
			}
		}
	})
}
