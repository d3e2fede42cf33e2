package nexo

import (
	"context"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"posd/device/sale"
)

func TestTheRestIsNotAllowed(t *testing.T) {
	within(t, func(t *testing.T, s *Server, c *counter) {
		for _, category := range []string{"Display", "Input", "Print", "Admin", "CardAcquisition", "Login"} {
			if r := ask(t, s, message(category, "x1", "{}")); r.says() != "Failure NotAllowed" {
				t.Errorf("%s: %s", category, r.says())
			}
		}
		if r := ask(t, s, message("Diagnosis", "d1", "{}")); r.says() != "Success" || r.POIStatus.GlobalStatus != "OK" || r.POIStatus.PrinterStatus != "OutOfOrder" {
			t.Errorf("diagnosis: %+v", r)
		}
		for amount, want := range map[string]string{"0": "MessageFormat", "-1": "MessageFormat", "1e3": "MessageFormat", "1.005": "MessageFormat", `"x"`: "", "9999999999999": "MessageFormat"} {
			code, text := raw(s, payment("s1", amount, ""))
			if want == "" && code != 400 || want != "" && !strings.Contains(text, want) {
				t.Errorf("amount %s: %d %.200s", amount, code, text)
			}
		}
		if len(c.sales) != 0 {
			t.Errorf("%d sales", len(c.sales))
		}
	})
}

func TestWhoMayNotAsk(t *testing.T) {
	within(t, func(t *testing.T, s *Server, c *counter) {
		for _, x := range []struct {
			method, path, kind, origin, remote string
			code                               int
		}{
			{"POST", "/nexo/", "application/json", "", "192.168.9.9:1", 403},
			{"POST", "/nexo/", "application/json", "https://evil.example", "127.0.0.1:1", 403},
			{"POST", "/nexo/", "text/plain", "", "127.0.0.1:1", 405},
			{"GET", "/nexo/", "", "", "127.0.0.1:1", 405},
			{"POST", "/other", "application/json", "", "127.0.0.1:1", 404},
		} {
			r := httptest.NewRequest(x.method, x.path, strings.NewReader(payment("s1", "5.00", "")))
			r.RemoteAddr = x.remote
			r.Header.Set("Content-Type", x.kind)
			if x.origin != "" {
				r.Header.Set("Origin", x.origin)
			}
			w := httptest.NewRecorder()
			s.ServeHTTP(w, r)
			if w.Code != x.code || len(c.sales) != 0 {
				t.Errorf("%+v: %d, %d sales", x, w.Code, len(c.sales))
			}
		}
		for name, body := range map[string]string{
			"huge": `{"SaleToPOIRequest":"` + strings.Repeat("x", maxRequest) + `"}`, "binary": "\x00\xff\x02", "nothing": "", "deep": strings.Repeat("[", 60000),
			"null": "null", "another type": strings.Replace(payment("s1", "5.00", ""), `"Request"`, `"Notification"`, 1), "no ServiceID": payment("", "5.00", ""),
			"a long ServiceID": payment(strings.Repeat("9", 65), "5.00", ""), "a sealed one": `{"SaleToPOIRequest":{"MessageHeader":{},"NexoBlob":"AAAA","SecurityTrailer":{}}}`,
		} {
			if code, text := raw(s, body); code != 400 && code != 413 || len(c.sales) != 0 {
				t.Errorf("%s: %d %.100s", name, code, text)
			}
		}
	})
}

// A register that asks slowly, or never ends, costs its own place and time.
func TestARegisterThatGoesAwayStopsNothing(t *testing.T) {
	within(t, func(t *testing.T, s *Server, c *counter) {
		ctx, cancel := context.WithCancel(t.Context())
		r := httptest.NewRequest("POST", "/nexo/", strings.NewReader(payment("s1", "5.00", ""))).WithContext(ctx)
		r.RemoteAddr = "127.0.0.1:4000"
		r.Header.Set("Content-Type", "application/json")
		gone := make(chan struct{})
		go func() { s.ServeHTTP(httptest.NewRecorder(), r); close(gone) }()
		synctest.Wait()
		cancel()
		<-gone
		c.end(c.sales[0].ID, sale.Paid)
		time.Sleep(time.Hour)
		if r := ask(t, s, payment("s1", "5.00", "")); r.says() != "Success" || len(c.sales) != 1 {
			t.Errorf("asked again: %s, %d sales", r.says(), len(c.sales))
		}
	})
}

func FuzzRequest(f *testing.F) {
	clear := &Server{}
	key, err := newSeal("not a real passphrase", "posd", 1)
	if err != nil {
		f.Fatal(err)
	}
	sealed := &Server{seal: key}
	f.Add([]byte(payment("s1", "5.00", "")))
	f.Add([]byte(message("Abort", "a1", `{"MessageReference":{"ServiceID":"s1"}}`)))
	f.Add([]byte(`{"SaleToPOIRequest":{"MessageHeader":{},"NexoBlob":"AAAAAAAAAAAAAAAAAAAAAA==","SecurityTrailer":{"AdyenCryptoVersion":1,"KeyIdentifier":"posd","KeyVersion":1,"Nonce":"AAAAAAAAAAAAAAAAAAAAAA==","Hmac":""}}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		if q, err := clear.read(body); err == nil {
			if !named(q.MessageHeader.ServiceID) || q.SecurityTrailer != nil {
				t.Errorf("read %+v", q)
			}
			if q.Payment != nil {
				if a, err := cents(q.Payment.PaymentTransaction.AmountsReq.RequestedAmount); err == nil && a <= 0 {
					t.Errorf("an amount of %d", a)
				}
			}
		}
		if _, err := sealed.read(body); err == nil {
			t.Error("opened what nobody sealed")
		}
	})
}
