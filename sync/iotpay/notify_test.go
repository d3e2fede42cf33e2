package iotpay_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"posd/device/sale"
	"posd/sync/iotpay"
	"posd/sync/iotpay/iotpaysim"
)

// shop is a till that hears notifications.
type shop struct {
	mu   sync.Mutex
	paid []sale.GatewayAnswer
	err  error
}

func (s *shop) notices() iotpay.Notices {
	return iotpay.Notices{
		Asked: func(_ context.Context, no string) (sale.Amount, string, error) {
			if no == orderNo || no == "SECOND" {
				return 2865, "CAD", nil
			}
			return 0, "", errors.New("unknown")
		},
		Paid: func(_ context.Context, a sale.GatewayAnswer) error {
			s.mu.Lock()
			defer s.mu.Unlock()
			if s.err != nil {
				return s.err
			}
			s.paid = append(s.paid, a)
			return nil
		},
	}
}

func notice(key sale.Secret, pairs ...string) string {
	fields := map[string]string{"payOrderId": "WN1", "mchId": testMchID, "mchOrderNo": orderNo, "channelId": "WX_NATIVE", "currency": "CAD",
		"amount": "2865", "status": "2", "param1": orderNo, "paySuccTime": "1763762400000", "backType": "2"}
	for i := 0; i < len(pairs); i += 2 {
		fields[pairs[i]] = pairs[i+1]
	}
	text := "{"
	for name, v := range fields {
		text += `"` + name + `":"` + v + `",`
	}
	text = strings.TrimSuffix(text, ",") + "}"
	o, err := iotpay.ParseObject([]byte(text))
	if err != nil {
		panic(err)
	}
	return strings.TrimSuffix(text, "}") + `,"sign":"` + iotpay.Sign(o, key) + `"}`
}

func flat(notice string) string {
	form := url.Values{}
	o, _ := iotpay.ParseObject([]byte(notice))
	for _, name := range []string{"payOrderId", "mchId", "mchOrderNo", "channelId", "currency", "amount", "status", "param1", "paySuccTime", "backType", "sign"} {
		form.Set(name, o.Text(name))
	}
	return form.Encode()
}

func TestNotificationsAreBelievedOnlyWhenAllAgrees(t *testing.T) {
	wrapped := func(n string) string { return url.Values{"params": {n}}.Encode() }
	for name, tt := range map[string]struct {
		body   string
		status int
	}{
		"wrapped as requests are":   {wrapped(notice(testKey)), 200},
		"as JSON":                   {notice(testKey), 200},
		"as form fields":            {flat(notice(testKey)), 200},
		"notified status":           {wrapped(notice(testKey, "status", "3")), 200},
		"a field that is new":       {wrapped(notice(testKey, "newField", "x")), 200},
		"another key":               {wrapped(notice("somebody's key")), 403},
		"another merchant":          {wrapped(notice(testKey, "mchId", "666")), 403},
		"not paid":                  {wrapped(notice(testKey, "status", "1")), 400},
		"another amount":            {wrapped(notice(testKey, "amount", "2866")), 409},
		"another currency":          {wrapped(notice(testKey, "currency", "USD")), 409},
		"an order not of this till": {wrapped(notice(testKey, "mchOrderNo", "OTHER")), 404},
		"no amount":                 {wrapped(notice(testKey, "amount", "")), 409},
		"an amount with a point":    {wrapped(notice(testKey, "amount", "28.65")), 400},
		"nothing":                   {"", 403},
		"half an object":            {`{"a":`, 400},
		"a field twice":             {"amount=1&amount=2", 400},
		"too long":                  {"params=" + strings.Repeat("x", 1<<20), 400},
	} {
		t.Run(name, func(t *testing.T) {
			var s shop
			c := clientOf(t, "http://127.0.0.1/v1/")
			w := httptest.NewRecorder()
			c.Receiver(s.notices()).ServeHTTP(w, httptest.NewRequest("POST", "/notify", strings.NewReader(tt.body)))
			if w.Code != tt.status || (w.Body.String() == "success") != (tt.status == 200) || len(s.paid) != map[bool]int{true: 1}[tt.status == 200] {
				t.Errorf("%d %q, told of %v; want %d", w.Code, w.Body, s.paid, tt.status)
			}
			if tt.status == 200 && (s.paid[0].No != orderNo || s.paid[0].Amount != 2865 || !s.paid[0].Verified || !s.paid[0].Status.Paid()) {
				t.Errorf("told of %+v", s.paid[0])
			}
		})
	}
}

// TestNotificationsInTheAddressAreRead is how a sibling of the gateway sends them:
// the fields in the query, and nothing in the body.
func TestNotificationsInTheAddressAreRead(t *testing.T) {
	good := flat(notice(testKey))
	for name, tt := range map[string]struct {
		method, query, body string
		status              int
	}{
		"an empty post":         {"POST", good, "", 200},
		"blanks in the body":    {"POST", good, "\r\n", 200},
		"a get":                 {"GET", good, "", 200},
		"as params":             {"POST", url.Values{"params": {notice(testKey)}}.Encode(), "", 200},
		"forged":                {"POST", flat(notice("another key")), "", 403},
		"a field twice":         {"POST", good + "&amount=2865", "", 400},
		"a get of nothing":      {"GET", "", "", 405},
		"a body wins":           {"POST", good, "amount=1", 403},
		"another way of asking": {"PUT", good, "", 405},
	} {
		var s shop
		c := clientOf(t, "http://127.0.0.1/v1/")
		w := httptest.NewRecorder()
		c.Receiver(s.notices()).ServeHTTP(w, httptest.NewRequest(tt.method, "/notify?"+tt.query, strings.NewReader(tt.body)))
		if w.Code != tt.status || (w.Body.String() == "success") != (tt.status == 200) || len(s.paid) != map[bool]int{true: 1}[tt.status == 200] {
			t.Errorf("%s: %d %q, told of %v; want %d", name, w.Code, w.Body, s.paid, tt.status)
		}
	}
}

func TestNotificationThatCannotBeStoredIsToldAgain(t *testing.T) {
	s := shop{err: errors.New("disk full")}
	c := clientOf(t, "http://127.0.0.1/v1/")
	w := httptest.NewRecorder()
	c.Receiver(s.notices()).ServeHTTP(w, httptest.NewRequest("POST", "/notify", strings.NewReader(notice(testKey))))
	if w.Code != http.StatusServiceUnavailable || w.Body.String() == "success" {
		t.Errorf("%d %q", w.Code, w.Body)
	}
}

// TestSimulatedNotificationsArrive lets the simulated gateway notify: twice, and
// out of order.
func TestSimulatedNotificationsArrive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s shop
		public := newMemory()
		tr := &http.Transport{DialContext: public.dial}
		sim := iotpaysim.New(iotpaysim.Options{MchID: testMchID, Key: testKey.Reveal(), Notify: &http.Client{Transport: tr}})
		cfg := testConfig()
		cfg.NotifyURL = "http://shop.example/notify"
		c := joined(t, cfg, io.Discard, sim, sim.Serve)
		srv := &http.Server{Handler: c.Receiver(s.notices())}
		var serving sync.WaitGroup
		serving.Go(func() { _ = srv.Serve(public) })

		c.fault(t, "duplicate-notification")
		c.fault(t, "late-notification=5s*1")
		for _, no := range []string{orderNo, "SECOND"} {
			r := wechat()
			r.No = no
			if err := sim.Scan(c.Create(t.Context(), r).Code, true); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(time.Minute)
		s.mu.Lock()
		defer s.mu.Unlock()
		var order []string
		for _, a := range s.paid {
			order = append(order, a.No)
		}
		if got, want := strings.Join(order, " "), "SECOND SECOND "+orderNo+" "+orderNo; got != want {
			t.Errorf("told of %s, want %s", got, want)
		}
		if n := sim.Notices("SECOND"); strings.Join(n, " ") != "success success" {
			t.Errorf("the gateway heard %v", n)
		}
		tr.CloseIdleConnections()
		_ = srv.Close()
		serving.Wait()
	})
}

func FuzzReceiverBelievesNothingUnsigned(f *testing.F) {
	f.Add(notice("another key"))
	f.Add(flat(notice("another key")))
	f.Add("params=%7B%22a%22")
	f.Fuzz(func(t *testing.T, body string) {
		var s shop
		cfg := testConfig()
		c, err := iotpay.New(cfg, "a key that no fuzzer knows", slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		w := httptest.NewRecorder()
		c.Receiver(s.notices()).ServeHTTP(w, httptest.NewRequest("POST", "/notify", strings.NewReader(body)))
		if w.Code == http.StatusOK || len(s.paid) != 0 {
			t.Fatalf("%q was believed", body)
		}
	})
}
