package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"posd/device/sale"
	"posd/sync/iotpay"
	"posd/sync/iotpay/iotpaysim"
)

// answerOn posts a notification that proves nothing and returns the status.
func answerOn(c net.Conn) (int, error) {
	c.SetDeadline(time.Now().Add(10 * time.Second))
	if _, err := fmt.Fprint(c, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}"); err != nil {
		return 0, err
	}
	res, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		return 0, err
	}
	io.Copy(io.Discard, res.Body)
	return res.StatusCode, nil
}

// receiver starts the receiver of notifications alone, and returns how to call it.
func receiver(t *testing.T) (dial func() net.Conn) {
	t.Helper()
	g := &Gateway{Config: iotpay.Defaults()}
	g.MchID, g.JobNo, g.ClientIP = "10000701", "shop-1", "192.168.1.20"
	client, err := iotpay.New(g.Config, merchantKey, quiet)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- serveHTTP(notices(g, &gateway{Client: client}, nil, quiet), l)(ctx) }()
	t.Cleanup(func() { stop(); <-ended })
	return func() net.Conn {
		c, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		return c
	}
}

func TestStrangersCannotTakeEveryConnection(t *testing.T) {
	dial := receiver(t)
	var all []net.Conn
	for range maxCallers {
		c := dial()
		if status, err := answerOn(c); status != http.StatusForbidden {
			t.Fatalf("caller %d: %d, %v", len(all)+1, status, err)
		}
		all = append(all, c)
	}
	// One more gets a place, the one who has had his longest loses it, nobody else.
	if status, err := answerOn(dial()); status != http.StatusForbidden {
		t.Errorf("one more caller: %d, %v", status, err)
	}
	if status, err := answerOn(all[0]); err == nil {
		t.Errorf("the first one is still there: %d", status)
	}
	if status, err := answerOn(all[1]); status != http.StatusForbidden {
		t.Errorf("the second one: %d, %v", status, err)
	}
}

// TestSlowCallersDoNotKeepTheGatewayOut: every connection there is, and every
// place, asked for by callers who begin a request and never end it.
func TestSlowCallersDoNotKeepTheGatewayOut(t *testing.T) {
	dial := receiver(t)
	for _, begun := range []string{"", "POST / HTTP/1.1\r\nHost: x\r\n", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5000\r\n\r\nparams="} {
		for range 3 * maxCallers {
			if _, err := io.WriteString(dial(), begun); err != nil {
				t.Fatal(err)
			}
		}
		for range 3 {
			if status, err := answerOn(dial()); status != http.StatusForbidden {
				t.Errorf("beside callers who stop after %q: %d, %v", begun, status, err)
			}
		}
	}
}

func TestAPaymentIsToldAndEveryRepetitionAnsweredWithSuccess(t *testing.T) {
	sim := iotpaysim.New(iotpaysim.Options{MchID: "10000701", Key: merchantKey, Notify: http.DefaultClient})
	srv := httptest.NewServer(sim.Handler())
	defer srv.Close()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	l.Close()
	key := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(key, []byte(merchantKey), 0o600); err != nil {
		t.Fatal(err)
	}
	b := newBox(t, fmt.Sprintf("[gateway]\nmch_id = \"10000701\"\njob_no = \"1\"\nkey_file = %q\nbase_url = %q\nnotify_listen = %q\nnotify_url = %q\n", key, srv.URL+"/v1/", addr, "http://"+addr+"/iotpay"))
	b.daemon()
	_, out, _ := b.run("sale", "28.65", "-method", "wechat", "-json")
	var s sale.Sale
	if err := json.Unmarshal([]byte(out), &s); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	eventually := func(what string, so func() bool) {
		t.Helper()
		for end := time.Now().Add(20 * time.Second); !so(); time.Sleep(time.Millisecond) {
			if time.Now().After(end) {
				t.Fatalf("%s does not happen: %v", what, sim.Notices(s.MchOrderNo))
			}
		}
	}
	eventually("the order", func() bool { return len(sim.State().Orders) == 1 })
	if err := sim.SetFault("duplicate-notification"); err != nil {
		t.Fatal(err)
	}
	if err := sim.Pay(s.MchOrderNo); err != nil {
		t.Fatal(err)
	}
	eventually("two notifications", func() bool { return len(sim.Notices(s.MchOrderNo)) == 2 })
	if got := sim.Notices(s.MchOrderNo); !slices.Equal(got, []string{"success", "success"}) {
		t.Errorf("answered with %q", got)
	}
	eventually("the payment", func() bool {
		_, out, _ := b.run("show", string(s.ID), "-json")
		return strings.Contains(out, `"state":"paid"`)
	})
}
