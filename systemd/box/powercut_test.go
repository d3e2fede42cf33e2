//go:build box

package box

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"
)

var (
	cuts = flag.Int("cuts", 4, "how many power cuts")
	seed = flag.Uint64("seed", uint64(time.Now().UnixNano()), "of the moments and of what the disk forgets")
)

// busy is what else goes on in the box while it sells, one for each cut in turn.
var busy = []struct{ name, script string }{
	{"sales alone", ""},
	{"a copy of the journal", "while :; do posd backup /var/tmp/copy-$RANDOM.db; rm -f /var/tmp/copy-*; done"},
	{"a day's close", "while :; do posd day close -by Ana; done"},
	{"an upgrade", "while :; do dpkg -i /srv/supplies/dist-1.0.1/*.deb; dpkg -i /srv/supplies/dist-1.0.0/*.deb; done"},
}

// TestPowerCuts cuts the power again and again at a random moment of selling, over
// a disk that forgets what was not flushed. After each start all that was
// acknowledged is there and as it was, the journal verifies, and terminal and
// gateway agree with it.
func TestPowerCuts(t *testing.T) {
	b := installedBox(t)
	t.Logf("seed %d", *seed)
	lot := rand.New(rand.NewPCG(*seed, 0))
	c := &cutting{box: b, disk: b.disk.fork(), acked: map[string]saleView{}, lot: lot}
	for i := range *cuts {
		if !c.round(t, busy[i%len(busy)].name, busy[i%len(busy)].script) {
			return
		}
	}
	m := c.start(t)
	m.until("posd to answer", "posd sales >/dev/null")
	for _, words := range c.faults(t) {
		t.Error(words)
	}
	m.run("systemctl stop posd")
	if out, code := m.try("su -s /bin/sh posd -c 'CREDENTIALS_DIRECTORY=/nowhere posd check'"); code > 2 {
		t.Errorf("posd check: exit %d\n%s", code, out)
	} else {
		t.Logf("posd check reads the whole journal:\n%s", lastLines(out, 6))
	}
	if out := m.run("sqlite3 -readonly /var/lib/posd/posd.db 'pragma integrity_check'"); out != "ok\n" {
		t.Errorf("SQLite finds: %s", out)
	}
	t.Logf("%d power cuts, %d sales acknowledged, %d flushes", *cuts, len(c.acked), c.disk.flushes)
}

// TestAPosdThatLiesAboutFsyncIsCaught is the control: with a library in front of
// posd that makes each fsync return at once and do nothing, the same rounds must
// find a loss.
func TestAPosdThatLiesAboutFsyncIsCaught(t *testing.T) {
	b := installedBox(t)
	t.Logf("seed %d", *seed)
	c := &cutting{box: b, disk: b.disk.fork(), acked: map[string]saleView{}, lot: rand.New(rand.NewPCG(*seed, 1)), prepare: `
mkdir -p /etc/systemd/system/posd.service.d
printf '[Service]\nEnvironment=LD_PRELOAD=/usr/lib/x86_64-linux-gnu/libeatmydata.so.1\n' >/etc/systemd/system/posd.service.d/lie.conf
systemctl daemon-reload
sync
systemctl restart posd
`}
	const rounds = 6
	for i := range rounds {
		m := c.begin(t)
		c.sellUntil(t, m, 2*time.Second)
		m = c.start(t)
		if out, code, err := m.send("for i in $(seq 60); do posd sales >/dev/null && exit 0; sleep 1; done; journalctl -u posd -n 5 --no-pager; exit 1"); err != nil || code != 0 {
			t.Logf("caught at cut %d: posd does not start: %v\n%s", i+1, err, out)
			return
		}
		if found := c.faults(t); len(found) > 0 {
			t.Logf("caught at cut %d: %s", i+1, found[0])
			return
		}
		m.cutPower()
	}
	t.Errorf("%d cuts did not find that posd lies about fsync: these tests see nothing", rounds)
}

// cutting is a box under power cuts, and what it has acknowledged so far.
type cutting struct {
	*box
	disk    *disk
	lot     *rand.Rand
	acked   map[string]saleView // by key, as last acknowledged
	before  map[string]bool     // taken before
	prepare string              // done once, before the first sale
	keys    int
}

func (c *cutting) start(t *testing.T) *machine {
	t.Helper()
	return switchOn(t, power{disk: c.disk, supplies: c.supplies, args: c.plugs()})
}

// begin starts the box and makes sure that posd sells.
func (c *cutting) begin(t *testing.T) *machine {
	t.Helper()
	if c.before == nil {
		c.before = map[string]bool{}
		for ref := range c.taken() {
			c.before[ref] = true
		}
	}
	m := c.start(t)
	m.until("posd to answer", "posd sales >/dev/null")
	if c.prepare != "" {
		m.run(c.prepare)
		c.prepare = ""
		m.until("posd to answer", "posd sales >/dev/null")
	}
	return m
}

// round sells until the power goes, starts the box and compares. It reports
// whether all was well.
func (c *cutting) round(t *testing.T, name, script string) bool {
	t.Helper()
	m := c.begin(t)
	if found := c.faults(t); len(found) > 0 {
		for _, words := range found {
			t.Error(words)
		}
		m.keepJournal()
		return false
	}
	if script != "" {
		m.run("mount -o ro /dev/vdb /srv/supplies 2>/dev/null; (" + script + ") >/dev/null 2>&1 &")
	}
	moment := time.Duration(c.lot.Int64N(int64(6 * time.Second)))
	n := c.sellUntil(t, m, moment)
	t.Logf("%s: cut after %s and %d sales; the disk lost %d of %d sectors that it had not flushed", name, moment.Round(time.Millisecond), n, c.disk.lost, c.disk.unflushed)
	return true
}

// sellUntil sells one customer after the other. Once the first of this round has been
// acknowledged (a slow machine takes many seconds for that) it waits for the moment,
// then cuts the power in the middle of what is going on.
func (c *cutting) sellUntil(t *testing.T, m *machine, moment time.Duration) int {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	sold, begun := make(chan map[string]saleView, 1), make(chan struct{})
	go func() {
		acked := map[string]saleView{}
		first := sync.OnceFunc(func() { close(begun) })
		for ctx.Err() == nil {
			c.keys++
			key := fmt.Sprintf("cut-%d-%d", *seed, c.keys)
			s, err := c.sell(ctx, key, []string{"card", "wechat"}[c.keys%2], int64(1000+c.keys))
			for err == nil && ctx.Err() == nil {
				acked[key] = s
				first()
				if s.final() {
					break
				}
				s, err = c.sale(ctx, s.ID)
			}
		}
		sold <- acked
	}()
	select {
	case <-begun:
		time.Sleep(moment)
	case <-time.After(commandLimit):
		t.Errorf("no sale was acknowledged within %s", commandLimit)
	}
	m.cutPower()
	c.disk.powerGoes(c.lot)
	cancel()
	n := 0
	for key, s := range <-sold {
		c.acked[key] = s
		n++
	}
	return n
}

// faults returns what is not as it should be, once nothing moves any more.
func (c *cutting) faults(t *testing.T) (words []string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), commandLimit)
	defer cancel()
	ended := eventually(ctx, commandLimit, func() error { return c.finish(ctx) })
	if ended != nil {
		words = append(words, fmt.Sprintf("not ended: %v", ended))
	}
	all, err := c.sales(ctx)
	if err != nil {
		return append(words, err.Error())
	}
	byID := map[string]saleView{}
	for _, s := range all {
		byID[s.ID] = s
	}
	for key, was := range c.acked {
		is, there := byID[was.ID]
		switch {
		case !there:
			words = append(words, fmt.Sprintf("sale %s was acknowledged under %s and is lost", was.ID, key))
		case was.final() && is.State != was.State:
			words = append(words, fmt.Sprintf("sale %s was %s and is %s", was.ID, was.State, is.State))
		}
	}
	return append(words, c.disagreements(ctx, c.before)...)
}

// finish does what people do after a start, and returns what still moves: where posd
// cannot tell, somebody looks at the terminal and says it. A wallet sale whose order the
// gateway never heard of is watched for days, for posd, which lost its power meanwhile,
// cannot know that no code was shown: nothing of it moves.
func (c *cutting) finish(ctx context.Context) error {
	all, err := c.sales(ctx)
	if err != nil {
		return err
	}
	taken := c.taken()
	for _, s := range all {
		if s.State == "unsure" && s.Attention != "" {
			as := "cancelled"
			for _, a := range s.Attempts {
				if taken[a.Ref] > 0 {
					as = "paid"
				}
			}
			err := c.call(ctx, "POST", "/v1/sales/"+s.ID+"/resolve", "", map[string]string{"as": as, "reason": "looked at the terminal", "by": "Ana"}, nil)
			var no *refusal
			if err != nil && !errors.As(err, &no) {
				return err
			}
		}
		if s.State == "unsure" && s.Method != "card" {
			if !c.ordered(s) {
				continue
			}
			c.closeUnpaid(s) // its code is not on the glass any more
		}
		if !s.final() {
			return fmt.Errorf("sale %s is %s (%s)", s.ID, s.State, s.Reason)
		}
	}
	return nil
}

// ordered reports whether the gateway has an order of the sale.
func (c *cutting) ordered(s saleView) bool {
	for _, o := range c.gateway.State().Orders {
		if slices.ContainsFunc(s.Attempts, func(a attempt) bool { return a.Ref == o.MchOrderNo }) {
			return true
		}
	}
	return false
}

// closeUnpaid is the gateway's own end of an order that nobody has paid.
func (c *cutting) closeUnpaid(s saleView) {
	for _, a := range s.Attempts {
		for _, o := range c.gateway.State().Orders {
			if o.MchOrderNo == a.Ref && o.Status < 2 {
				c.gateway.CloseOrder(a.Ref, 4)
			}
		}
	}
}

// lastLines returns the last n lines of a text.
func lastLines(text string, n int) string {
	for i := len(text) - 1; i >= 0; i-- {
		if text[i] == '\n' {
			if n--; n < 0 {
				return text[i+1:]
			}
		}
	}
	return text
}
