package fronttest

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"posd/device"
	"posd/device/hwproxy"
)

// page starts payments at a hardware proxy and polls; one failed poll is the end of
// its patience, after which its cashier starts the line again.
type page struct {
	*counter
}

func newPage(c *counter) client { return &page{counter: c} }

func runHWProxy(ctx context.Context, t testing.TB, l *life) {
	c := hwproxy.Defaults()
	c.Origins = []string{"https://shop.example"}
	s := hwproxy.New(c, hwproxy.Options{Till: l.till, Notes: l.till, Earlier: l.noted, Log: quiet,
		Devices: func() []device.DeviceStatus { return nil },
		NewKey:  func() string { return fmt.Sprintf("hwproxy/%016x", l.keys.Uint64()) }})
	_ = s.Run(ctx, l.listen())
}

func (p *page) next() {}

// call asks by JSON-RPC; nil if no answer came.
func (p *page) call(name string, params any) (result json.RawMessage) {
	conn := p.dial()
	if conn == nil {
		return nil
	}
	defer conn.Close()
	body, _ := json.Marshal(map[string]any{"jsonrpc": "2.0", "method": "call", "id": 1, "params": params})
	req := httptest.NewRequest(http.MethodPost, "http://127.0.0.1/hw_proxy/"+name, bytes.NewReader(body))
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Origin", "https://shop.example")
	sent, heard := p.cuts()
	answer := p.exchange(conn, req, sent, heard)
	if answer == nil {
		return nil
	}
	var out struct{ Result json.RawMessage }
	if json.Unmarshal(answer, &out) != nil {
		return nil
	}
	return out.Result
}

// cuts says how far a conversation goes: bytes of the request and of the answer that
// pass, -1 for all.
func (c *counter) cuts() (sent, heard int) {
	sent, heard = -1, -1
	switch c.r.IntN(24) {
	case 0:
		sent = c.r.IntN(400)
	case 1:
		heard = c.r.IntN(400)
	}
	return sent, heard
}

// exchange does one request over a connection and returns the answer's body; nil if
// the connection ended before, or nothing came for long.
func (c *counter) exchange(conn net.Conn, req *http.Request, sent, heard int) []byte {
	var out bytes.Buffer
	req.Header.Set("Connection", "close")
	if err := req.Write(&out); err != nil {
		return nil
	}
	raw := out.Bytes()
	if sent >= 0 && sent < len(raw) {
		_, _ = conn.Write(raw[:sent])
		return nil
	}
	_ = conn.SetDeadline(time.Now().Add(c.scaled(5 * time.Minute)))
	if _, err := conn.Write(raw); err != nil {
		return nil
	}
	var in io.Reader = conn
	if heard >= 0 {
		in = io.LimitReader(conn, int64(heard))
	}
	answer, err := io.ReadAll(in)
	if err != nil && len(answer) == 0 {
		return nil
	}
	res, err := http.ReadResponse(newReader(answer), req)
	if err != nil || res.StatusCode != http.StatusOK {
		return nil
	}
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return nil
	}
	return body
}

func (p *page) serve(n int) belief {
	info, _ := json.Marshal(map[string]any{"amount": json.Number("3.50"), "currency_iso": "CAD", "currency_decimals": 2,
		"payment_mode": "card", "payment_id": fmt.Sprintf("c%d", n), "order_id": "Order 1"})
	got := unsure
	for try := range 1 + p.r.IntN(5) {
		p.endanger()
		if try > 0 {
			p.revive()
		}
		var made struct {
			ID *int64 `json:"transaction_id"`
		}
		answer := p.call("payment_terminal_transaction_start", map[string]string{"payment_info": string(info)})
		if _ = json.Unmarshal(answer, &made); made.ID == nil {
			p.say("the start was answered %.40q", answer)
			if answer == nil {
				got = unsure
			}
			p.hesitate(60)
			continue
		}
		switch got = p.follow(*made.ID); got {
		case believesPaid:
			return got
		case believesNotPaid:
			if p.r.IntN(2) == 0 {
				return got
			}
		}
	}
	return got
}

// follow polls until the transaction ends, or a poll fails.
func (p *page) follow(id int64) belief {
	for range 200 {
		p.pause(time.Second)
		var drivers map[string]struct {
			Transactions []struct {
				ID      int64 `json:"transaction_id"`
				Success *bool `json:"success"`
			}
		}
		if json.Unmarshal(p.call("status_json", map[string]any{}), &drivers) != nil {
			p.say("a poll failed")
			return unsure
		}
		for _, t := range drivers["posd"].Transactions {
			if t.ID != id || t.Success == nil {
				continue
			}
			if *t.Success {
				return believesPaid
			}
			return believesNotPaid
		}
	}
	return unsure
}

func newReader(b []byte) *bufio.Reader { return bufio.NewReader(bytes.NewReader(b)) }
