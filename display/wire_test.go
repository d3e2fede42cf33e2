package display_test

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"sync"
	"testing"
	"time"

	"posd/device/sale"
	"posd/display"
	"posd/display/displaysim"
)

// cable is a Link to a simulated device through an in-memory pipe.
type cable struct {
	far *displaysim.Device
	ctx context.Context

	mu     sync.Mutex
	conn   net.Conn
	epoch  uint64
	cut    bool // nothing is plugged in
	opened int
	sent   []byte
	wakes  time.Time // when the last write's deadline passes; zero: never
}

func (c *cable) Open(context.Context) (uint64, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.opened++
	if c.cut {
		return 0, errors.New("no such device")
	}
	if c.conn == nil {
		near, far := net.Pipe()
		go c.far.ServeConn(c.ctx, far)
		c.conn, c.epoch = near, c.epoch+1
	}
	return c.epoch, nil
}

func (c *cable) current() (net.Conn, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.conn == nil {
		return nil, net.ErrClosed
	}
	return c.conn, nil
}

func (c *cable) Read(p []byte) (int, error) {
	conn, err := c.current()
	if err != nil {
		return 0, err
	}
	return conn.Read(p)
}

func (c *cable) Write(p []byte) (int, error) {
	conn, err := c.current()
	if err != nil {
		return 0, err
	}
	n, err := conn.Write(p)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sent = append(c.sent, p[:n]...)
	return n, err
}

func (c *cable) SetReadDeadline(t time.Time) error {
	conn, err := c.current()
	if err != nil {
		return err
	}
	return conn.SetReadDeadline(t)
}

func (c *cable) SetWriteDeadline(t time.Time) error {
	conn, err := c.current()
	if err != nil {
		return err
	}
	c.mu.Lock()
	c.wakes = t
	c.mu.Unlock()
	return conn.SetWriteDeadline(t)
}

func (c *cable) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.conn != nil {
		c.conn.Close()
		c.conn = nil
	}
	return nil
}

// pull takes the plug out; push puts it back.
func (c *cable) pull() {
	c.mu.Lock()
	c.cut = true
	c.mu.Unlock()
	c.far.SetFault("unplug")
}

func (c *cable) push() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.cut = false
}

// times returns how often the line was opened.
func (c *cable) times() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.opened
}

// since returns what was written since the last call.
func (c *cable) since() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := string(c.sent)
	c.sent = nil
	return s
}

// counter is a display on a simulated device inside a synctest bubble.
type counter struct {
	*display.Panel
	far   *displaysim.Device
	cable *cable
	stop  func() // ends Run and waits for it
}

func counterWith(t *testing.T, far *displaysim.Device, change func(*display.Config)) counter {
	t.Helper()
	c := display.Defaults()
	c.ShopName = "Chez Leon"
	if change != nil {
		change(&c)
	}
	driver, err := display.New(c)
	if err != nil {
		t.Fatal(err)
	}
	simCtx, endSim := context.WithCancel(context.Background())
	link := &cable{far: far, ctx: simCtx}
	p := display.NewPanel("customer", link, driver, slog.New(slog.DiscardHandler))
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := p.Run(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("Run returned %v", err)
		}
	}()
	return counter{p, far, link, func() {
		cancel()
		<-done
		endSim()
	}}
}

func glassOf[T any](t *testing.T, d *displaysim.Device) T {
	t.Helper()
	g, ok := d.State().Glass.(T)
	if !ok {
		t.Fatalf("the glass is a %T", d.State().Glass)
	}
	return g
}

const url34 = "weixin://wxpay/bizpayurl?pr=AbCdEf"

func codeScreen(until time.Duration) sale.Screen {
	s := sale.Screen{Kind: sale.ScreenCode, Sale: "S1", Amount: 1234, Currency: "CAD", Method: sale.WeChat, Code: url34}
	if until > 0 {
		t := time.Now().Add(until)
		s.Until = &t
	}
	return s
}
