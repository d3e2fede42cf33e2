//go:build box

package box

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"time"

	"posd/cmd/possim/caller"
	"posd/cmd/possim/loopback"
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

	terminalAt, displayAt, printerAt int            // ports of this machine's loopback
	apiAt                            string         // what comes in here goes out to the box's loopback
	api                              *caller.Client // asks there, as a program of the box does
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
	}{{&c.terminalAt, c.terminal.Serve}, {&c.displayAt, c.display.Serve}, {&c.printerAt, c.printer.Serve}, {&gateway, c.gateway.Serve}} {
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", *part.port))
		if err != nil {
			return nil, err
		}
		*part.port = l.Addr().(*net.TCPAddr).Port
		go part.serve(ctx, l)
	}
	if c.apiAt, err = loopback.Addr(); err != nil {
		return nil, err
	}
	c.api = caller.New(c.apiAt)
	c.api.Host = "127.0.0.1:8480"
	c.api.HTTP.Transport = &http.Transport{DisableKeepAlives: true} // a box without power leaves no connection behind
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
	return append(args, "-netdev", fmt.Sprintf("user,id=net,hostfwd=tcp:%s-10.0.2.15:8490", c.apiAt),
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

// sell asks for a sale and returns what was acknowledged.
func (c *counter) sell(ctx context.Context, key, method string, cents int64) (s saleView, err error) {
	return s, c.api.Call(ctx, http.MethodPost, "/v1/sales", key, map[string]any{"amount": cents, "method": method, "reference": "bill " + key}, &s)
}

// sale reads a sale, waiting for its end for a while.
func (c *counter) sale(ctx context.Context, id string) (s saleView, err error) {
	return s, c.api.Call(ctx, http.MethodGet, "/v1/sales/"+id+"?wait=20s", "", nil, &s)
}

// sales reads all sales, page by page.
func (c *counter) sales(ctx context.Context) (all []saleView, err error) {
	const most = 1000
	for next := fmt.Sprintf("/v1/sales?limit=%d", most); ; {
		var page []saleView
		if err := c.api.Call(ctx, http.MethodGet, next, "", nil, &page); err != nil {
			return nil, err
		}
		if all = append(all, page...); len(page) < most {
			return all, nil
		}
		next = fmt.Sprintf("/v1/sales?limit=%d&before=%s", most, all[len(all)-1].ID)
	}
}
