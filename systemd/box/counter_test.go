//go:build box

package box

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"posd/display/displaysim"
	"posd/pax/paxsim"
	"posd/printer/printersim"
	"posd/sync/iotpay/iotpaysim"
)

// The account that exists at the simulated gateway. The key opens nothing else.
const (
	merchantID  = "10000701"
	merchantKey = "key-of-a-shop-that-does-not-exist"
	loginName   = "shop-1"
)

// gatewayPort is where the image's box-gateway leads to.
const gatewayPort = 8481

// counter is all that stands around the box: it keeps its power when the box
// loses its own.
type counter struct {
	terminal *paxsim.Terminal
	display  *displaysim.Device
	printer  *printersim.Printer
	gateway  *iotpaysim.Gateway

	terminalAt, displayAt, printerAt, apiAt int // ports of this machine's loopback
}

// newCounter starts the far sides. They stay until the test process ends.
func newCounter() (*counter, error) {
	c := &counter{
		terminal: paxsim.New(paxsim.Options{Think: 300 * time.Millisecond}),
		printer:  printersim.New(printersim.Options{Matrix: displaysim.Matrix, ProcessID: true}),
		gateway:  iotpaysim.New(iotpaysim.Options{MchID: merchantID, Key: merchantKey, JobNo: loginName, Strict: true}),
	}
	var err error
	if c.display, err = displaysim.New("nextion", "", displaysim.Options{}); err != nil {
		return nil, err
	}
	ctx := context.Background()
	gateway := gatewayPort
	for _, part := range []struct {
		port  *int
		serve func(context.Context, net.Listener) error
	}{{&c.terminalAt, c.terminal.Serve}, {&c.displayAt, c.display.Serve}, {&c.printerAt, c.printer.Serve}, {&gateway, c.gateway.Serve}, {&c.apiAt, nil}} {
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", *part.port))
		if err != nil {
			return nil, err
		}
		*part.port = l.Addr().(*net.TCPAddr).Port
		if part.serve == nil {
			l.Close() // a free port, for QEMU
			continue
		}
		go part.serve(ctx, l)
	}
	go c.customers(ctx)
	return c, nil
}

// customers pay every code that appears on the glass.
func (c *counter) customers(ctx context.Context) {
	var seen []byte
	last := ""
	for ctx.Err() == nil {
		if now := c.display.PNG(); !bytes.Equal(now, seen) {
			seen = now
			if code, err := displaysim.ReadCode(now); err == nil && code != last {
				last = code
				c.gateway.Scan(code, true) // refused: the next look finds another one
			}
		}
		select {
		case <-ctx.Done():
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// adapter is QEMU's arguments for a USB adapter that leads to a port of this machine's.
func adapter(name string, port int) []string {
	return []string{"-chardev", fmt.Sprintf("socket,id=%s,host=127.0.0.1,port=%d,reconnect=1", name, port),
		"-device", fmt.Sprintf("usb-serial,id=usb-%s,chardev=%s,serial=%s-1,always-plugged=on", name, name, name)}
}

// plugs are QEMU's arguments that put the counter's cables into the box.
func (c *counter) plugs() []string {
	args := append(adapter("terminal", c.terminalAt), adapter("display", c.displayAt)...)
	return append(args, "-netdev", fmt.Sprintf("user,id=net,hostfwd=tcp:127.0.0.1:%d-10.0.2.15:8490", c.apiAt),
		"-device", "virtio-net-pci,netdev=net")
}

// adapters names the two adapters, as a shop does in a file of its own.
const adapters = `SUBSYSTEM=="tty", ENV{ID_SERIAL_SHORT}=="terminal-1", SYMLINK+="posd-terminal"
SUBSYSTEM=="tty", ENV{ID_SERIAL_SHORT}=="display-1", SYMLINK+="posd-display"
`

// saleView is what the tests read of a sale.
type saleView struct {
	ID        string    `json:"id"`
	Amount    int64     `json:"amount"`
	Method    string    `json:"method"`
	State     string    `json:"state"`
	Reason    string    `json:"reason"`
	Reported  string    `json:"reported"`
	Printed   string    `json:"printed"`
	Attention string    `json:"attention"`
	Incident  string    `json:"incident"`
	Attempts  []attempt `json:"attempts"`
}

type attempt struct {
	Ref string `json:"ref"`
}

func (s saleView) final() bool {
	return s.State == "paid" || s.State == "declined" || s.State == "cancelled"
}

// call asks posd's API as a program of the box does: what comes in at the port
// goes out to the loopback there.
func (c *counter) call(ctx context.Context, method, path, key string, body, out any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, method, fmt.Sprintf("http://127.0.0.1:%d%s", c.apiAt, path), bytes.NewReader(text))
	if err != nil {
		return err
	}
	req.Host = "127.0.0.1:8480"
	req.Close = true // a box without power leaves no connection behind
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if key != "" {
		req.Header.Set("Idempotency-Key", key)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if text, err = io.ReadAll(res.Body); err != nil {
		return err
	}
	if res.StatusCode/100 != 2 {
		return &refusal{res.StatusCode, string(text)}
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(text, out)
}

// refusal is an answer that is not 2xx.
type refusal struct {
	status int
	words  string
}

func (r *refusal) Error() string { return fmt.Sprintf("posd answered %d: %s", r.status, r.words) }

// sell asks for a sale and returns what was acknowledged.
func (c *counter) sell(ctx context.Context, key, method string, cents int64) (s saleView, err error) {
	return s, c.call(ctx, http.MethodPost, "/v1/sales", key, map[string]any{"amount": cents, "method": method, "reference": "bill " + key}, &s)
}

// sale reads a sale, waiting for its end for a while.
func (c *counter) sale(ctx context.Context, id string) (s saleView, err error) {
	return s, c.call(ctx, http.MethodGet, "/v1/sales/"+id+"?wait=20s", "", nil, &s)
}

// sales reads all sales, page by page.
func (c *counter) sales(ctx context.Context) (all []saleView, err error) {
	const most = 1000
	for next := fmt.Sprintf("/v1/sales?limit=%d", most); ; {
		var page []saleView
		if err := c.call(ctx, http.MethodGet, next, "", nil, &page); err != nil {
			return nil, err
		}
		if all = append(all, page...); len(page) < most {
			return all, nil
		}
		next = fmt.Sprintf("/v1/sales?limit=%d&before=%s", most, all[len(all)-1].ID)
	}
}
