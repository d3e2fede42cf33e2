package api

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"posd/device"
	"posd/device/sale"
)

// pipes is a listener whose connections are in memory, so that time can be made up.
type pipes struct{ made chan net.Conn }

func (p pipes) Accept() (net.Conn, error) {
	c, ok := <-p.made
	if !ok {
		return nil, net.ErrClosed
	}
	return c, nil
}
func (p pipes) Close() error   { return nil }
func (p pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipe", Net: "unix"} }

const scanSale = `{"amount":2865,"method":"scan"}`

// overPipes serves h; the function it returns posts to it.
func overPipes(t *testing.T, h http.Handler) (post func(ctx context.Context, path, body string) (int, string, error)) {
	l := pipes{make(chan net.Conn)}
	srv := Server(t.Context(), h, slog.New(slog.DiscardHandler))
	ended := make(chan error)
	go func() { ended <- srv.Serve(l) }()
	t.Cleanup(func() {
		close(l.made)
		srv.Close()
		<-ended
	})
	return func(ctx context.Context, path, body string) (int, string, error) {
		near, far := net.Pipe()
		l.made <- far
		defer near.Close()
		stop := context.AfterFunc(ctx, func() { near.Close() })
		defer stop()
		if _, err := fmt.Fprintf(near, "POST %s HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nIdempotency-Key: k\r\nContent-Length: %d\r\n\r\n%s", path, len(body), body); err != nil {
			return 0, "", err
		}
		res, err := http.ReadResponse(bufio.NewReader(near), nil)
		if err != nil {
			return 0, "", err
		}
		text, err := io.ReadAll(res.Body)
		return res.StatusCode, string(text), err
	}
}

// counterWithScanner serves a till that refuses scans without a code, over
// pipes; the function it returns posts a sale.
func counterWithScanner(t *testing.T, f *fake, scan func(ctx context.Context) (sale.Secret, error)) (post func(ctx context.Context, body string) (int, string, error)) {
	o := options(f)
	o.Scan = scan
	to := overPipes(t, New(f, o))
	return func(ctx context.Context, body string) (int, string, error) { return to(ctx, "/v1/sales", body) }
}

// needsCode answers Sell as the till does: no code, no sale.
func needsCode(r device.SellRequest) (sale.Sale, bool, error) {
	if r.AuthCode == "" {
		return sale.Sale{}, false, &sale.Refusal{Kind: sale.ErrInvalid, Words: "this is no payment code"}
	}
	return sale.Sale{ID: "S9", Method: sale.Scan, State: sale.Waiting}, false, nil
}

func TestASaleWaitsForTheNextScan(t *testing.T) {
	for name, c := range map[string]struct {
		body   string
		scan   func(ctx context.Context) (sale.Secret, error)
		onSell func(device.SellRequest) (sale.Sale, bool, error)
		under  *sale.Sale // the sale under way
		status int
		words  string
		took   time.Duration
		sold   sale.Secret
	}{
		"scanned late": {body: scanSale, scan: func(context.Context) (sale.Secret, error) {
			time.Sleep(50 * time.Second)
			return "134567890123456789", nil
		}, status: 201, words: `"id":"S9"`, took: 50 * time.Second, sold: "134567890123456789"},
		"nothing scanned": {body: scanSale, scan: func(ctx context.Context) (sale.Secret, error) {
			<-ctx.Done()
			return "", ctx.Err()
		}, status: 422, words: "No code was scanned within 1m0s. Nothing was done.", took: time.Minute},
		"no payment code": {body: scanSale, scan: func(context.Context) (sale.Secret, error) {
			return "", fmt.Errorf("%w: too long", ErrNoCode)
		}, status: 422, words: "This is no payment code: too long. Nothing was done."},
		"unplugged": {body: scanSale, scan: func(context.Context) (sale.Secret, error) {
			return "", fmt.Errorf("%w: unplugged", ErrNoScanner)
		}, status: 503, words: "authCode"},
		"the code came along": {body: `{"amount":2865,"method":"scan","authCode":"284567890123456789"}`, status: 201, sold: "284567890123456789"},
		"a repeated request": {body: scanSale, onSell: func(device.SellRequest) (sale.Sale, bool, error) {
			return sale.Sale{ID: "S9"}, true, nil
		}, status: 200, words: `"id":"S9"`},
		"the gateway is away": {body: scanSale, onSell: func(device.SellRequest) (sale.Sale, bool, error) {
			return sale.Sale{}, false, &sale.Refusal{Kind: sale.ErrUnavailable, Words: "away"}
		}, status: 503, words: "away"},
		"another sale under way": {body: scanSale, under: &sale.Sale{ID: "S8", State: sale.Waiting}, status: 409, words: `"sale":"S8"`},
		"another one has ended": {body: scanSale, under: &sale.Sale{ID: "S8", State: sale.Paid}, scan: func(context.Context) (sale.Secret, error) {
			return "134567890123456789", nil
		}, status: 201, sold: "134567890123456789"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFake()
				f.onSell, f.current = needsCode, c.under
				if c.onSell != nil {
					f.onSell = c.onSell
				}
				scan := c.scan
				if scan == nil {
					scan = func(context.Context) (sale.Secret, error) {
						t.Error("a scan was waited for")
						return "", ErrNoScanner
					}
				}
				post := counterWithScanner(t, f, scan)
				begun := time.Now()
				status, text, err := post(t.Context(), c.body)
				if err != nil || status != c.status || !strings.Contains(text, c.words) {
					t.Fatalf("%v, %d, want %d and %q:\n%s", err, status, c.status, c.words, text)
				}
				if took := time.Since(begun); took != c.took {
					t.Errorf("it took %s, want %s", took, c.took)
				}
				if f.sell.AuthCode != c.sold {
					t.Errorf("sold with %q, want %q", f.sell.AuthCode.Reveal(), c.sold.Reveal())
				}
				if strings.Contains(text, "4567890123456789") {
					t.Errorf("the code is repeated: %s", text)
				}
			})
		})
	}
}

func TestTheScanIsOverWhenTheClientGoesAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		f.onSell = needsCode
		over := make(chan error, 1)
		post := counterWithScanner(t, f, func(ctx context.Context) (sale.Secret, error) {
			<-ctx.Done()
			over <- ctx.Err()
			return "134567890123456789", nil // it came at that very moment
		})
		ctx, leave := context.WithTimeout(t.Context(), 10*time.Second)
		defer leave()
		begun := time.Now()
		if _, _, err := post(ctx, scanSale); err == nil {
			t.Error("answered")
		}
		if <-over; time.Since(begun) != 10*time.Second {
			t.Errorf("waited on for %s", time.Since(begun)-10*time.Second)
		}
		synctest.Wait()
		if f.sell.AuthCode != "" {
			t.Error("sold to a client that had gone")
		}
	})
}

func TestOneSaleAtATimeWaitsForAScan(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		f.onSell = needsCode
		post := counterWithScanner(t, f, func(ctx context.Context) (sale.Secret, error) {
			time.Sleep(20 * time.Second)
			return "134567890123456789", nil
		})
		first := make(chan int)
		go func() {
			status, _, _ := post(t.Context(), scanSale)
			first <- status
		}()
		time.Sleep(time.Second)
		if status, text, err := post(t.Context(), scanSale); err != nil || status != 409 || !strings.Contains(text, "waits for the customer's code already") {
			t.Errorf("the second: %v, %d, %s", err, status, text)
		}
		if status := <-first; status != 201 {
			t.Errorf("the first: %d", status)
		}
	})
}
