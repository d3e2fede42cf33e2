//go:build box

package box

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"
)

var (
	cuts = flag.Int("cuts", 4, "how many power cuts")
	span = flag.Duration("cuts-for", 0, "for how long power is cut again, where that is less; 0: all cuts")
	seed = flag.Uint64("seed", uint64(time.Now().UnixNano()), "of the moments and of what the disk forgets")
)

// work is what else goes on in the box while it sells, one for each cut in turn. Its script
// is one act, repeated until the power goes.
type work struct {
	name, act string
	closes    bool // the day is closed after each customer, by whom sells: beside a sale it is refused
}

var busy = []work{
	{name: "sales alone"},
	{name: "a copy of the journal", act: "n=$((1 - ${n:-0})); posd backup /var/tmp/copy-$n.db >/dev/null && did=/var/tmp/copy-$n.db"},
	{name: "a day's close", closes: true},
	{name: "an upgrade", act: `v=$((1 - ${v:-0})); dpkg -i /srv/supplies/dist-1.0.$v/*.deb && did=1.0.$v; code=$?; [ -d /run/systemd/system ] || pkill -x posd; (exit $code)`},
}

var moments = []moment{beforeFlush, afterWrite, beforeFlush, atAnyTime}

// script has the act said on the console as it begins and ends, with what it did, and
// beside it writes that nobody flushes: appended through the cache, and past it.
func (w work) script() string {
	script := `mount -o ro /dev/vdb /srv/supplies 2>/dev/null
(while :; do
  echo "$RANDOM $RANDOM" >>/var/tmp/beside.log
  dd if=/dev/urandom of=/var/tmp/beside bs=4k count=4 seek=$((RANDOM % 256 * 4)) conv=notrunc oflag=direct
  sleep 0.3
done) >/dev/null 2>&1 &
`
	if w.act == "" {
		return script
	}
	return script + `(while :; do
  echo "busy: begins" >/dev/ttyS0
  did=
  { ` + w.act + `; } >/run/busy.log 2>&1
  echo "busy: ended $? $did $(tail -n 1 /run/busy.log)" >/dev/ttyS0
done) >/dev/null 2>&1 &
`
}

// TestAPosdThatLiesAboutFsyncIsCaught is the control: with a library in front of
// posd that makes each fsync return at once and do nothing, the same rounds must
// find a loss.
func TestAPosdThatLiesAboutFsyncIsCaught(t *testing.T) {
	b := installedBox(t)
	t.Logf("seed %d", *seed)
	c := newCutting(t, b, 1)
	m := c.start(t, false)
	m.run(`
mkdir -p /etc/systemd/system/posd.service.d
printf '[Service]\nEnvironment=LD_PRELOAD=/usr/lib/x86_64-linux-gnu/libeatmydata.so.1\n' >/etc/systemd/system/posd.service.d/lie.conf
sync
`)
	m.shutDown()
	const rounds = 8
	for i := range rounds {
		if found := c.lieRound(t, busy[0]); found != "" {
			t.Logf("caught at cut %d: %s", i+1, found)
			return
		}
	}
	t.Errorf("%d cuts did not find that posd lies about fsync: these tests see nothing", rounds)
}

// TestPowerCuts cuts the power again and again at a moment of selling, over
// a disk that forgets what was not flushed. After each start all that was
// acknowledged is there and as it was, the journal verifies, and terminal and
// gateway agree with it. Nine starts in ten are short ones (short.sh).
func TestPowerCuts(t *testing.T) {
	b := installedBox(t)
	t.Logf("seed %d", *seed)
	c := newCutting(t, b, 0)
	began := time.Now()
	for i := range *cuts {
		if *span > 0 && time.Since(began) > *span {
			t.Logf("ended after %s", *span)
			break
		}
		if !c.round(t, busy[i%len(busy)], i%10 != 9) {
			return
		}
	}
	m := c.start(t, false)
	m.until("posd to answer", "posd sales >/dev/null")
	found := c.faults(t, m)
	c.sellOne(t, "of-the-last-day")
	for _, words := range append(found, c.apart(t.Context())...) {
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
	c.sum.say(t, len(c.acked), c.disk.flushes)
}

// lieRound is a round that is to find something.
func (c *cutting) lieRound(t *testing.T, w work) string {
	m := c.start(t, true)
	if err := c.answers(m); err != nil {
		t.Fatal(err)
	}
	c.cut(t, m, w)
	m = c.start(t, true)
	defer m.cutPower()
	if err := c.answers(m); err != nil {
		return fmt.Sprintf("posd does not start: %v", err)
	}
	if found := c.faults(t, m); len(found) > 0 {
		return found[0]
	}
	return ""
}

// cutting is a box under power cuts, and what it has acknowledged so far.
type cutting struct {
	*box
	disk   *disk
	short  string // the initial file system of a short start
	lot    *rand.Rand
	acked  map[string]saleView // by key, as last acknowledged
	before map[string]bool     // taken before
	did    string              // by what else went on before the last cut: the last that ended well
	work   work                // that it was
	keys   int
	sum    summary
}

func newCutting(t *testing.T, b *box, stream uint64) *cutting {
	t.Helper()
	c := &cutting{box: b, disk: b.disk.fork(), short: shortStart(t, t.TempDir()), acked: map[string]saleView{}, before: map[string]bool{}, lot: rand.New(rand.NewPCG(*seed, stream))}
	for ref := range c.taken() {
		c.before[ref] = true
	}
	return c
}

func (c *cutting) start(t *testing.T, short bool) *machine {
	t.Helper()
	p := power{disk: c.disk, supplies: c.supplies, args: c.plugs()}
	if short {
		p.short = c.short
	}
	return switchOn(t, p)
}

// answers waits until posd does, or has ended three times in a short start.
func (c *cutting) answers(m *machine) error {
	ctx, cancel := context.WithTimeout(context.Background(), commandLimit)
	defer cancel()
	var ended error
	last := eventually(ctx, commandLimit, func() error {
		_, err := c.sales(ctx)
		if err != nil {
			if out, code := m.try("[ $(grep -c '^posd: ' /run/posd.log) -ge 3 ] && tail -n 3 /run/posd.log"); code == 0 {
				ended = errors.New(out)
				cancel()
			}
		}
		return err
	})
	return cmp.Or(ended, last)
}

// round starts the box, compares, and sells until the power goes. It reports whether all
// was well.
func (c *cutting) round(t *testing.T, w work, short bool) bool {
	t.Helper()
	began := time.Now()
	m := c.start(t, short)
	found := []string{}
	if err := c.answers(m); err != nil {
		found = append(found, fmt.Sprintf("posd does not answer: %v", err))
	} else {
		found = c.faults(t, m)
	}
	if len(found) > 0 {
		for _, words := range found {
			t.Error(words)
		}
		m.keepJournal()
		return false
	}
	compared := time.Since(began)
	how := c.cut(t, m, w)
	t.Logf("cut %d, %s: %s; started and compared in %s, all in %s", c.sum.cuts, w.name, how, compared.Round(time.Second), time.Since(began).Round(time.Second))
	return true
}

// cut sells one customer after the other. Once the first of this round has been
// acknowledged (a slow machine takes many seconds for that), and what else goes on is
// under way, it waits for the moment, and then cuts the power in the middle of it.
func (c *cutting) cut(t *testing.T, m *machine, w work) string {
	t.Helper()
	c.disk.setJournal(extents(m.run("filefrag -e -v -b512 /var/lib/posd/posd.db /var/lib/posd/posd.db-wal")))
	m.run("rm -f /var/tmp/copy-*\n" + w.script())
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	begun := make(chan struct{})
	now, between := m.busyNow, func(context.Context) {}
	if w.closes {
		days := &closings{}
		now, between = days.now, func(ctx context.Context) { c.closeAndCount(ctx, days) }
	}
	sold := c.sellOn(ctx, sync.OnceFunc(func() { close(begun) }), between)
	select {
	case <-begun:
	case <-time.After(commandLimit):
		t.Errorf("no sale was acknowledged within %s", commandLimit)
	}
	when := moments[(c.sum.cuts+c.sum.cuts/len(busy))%len(moments)] // each work meets each
	acts := w.act != "" || w.closes
	if acts { // one time in two one act has its end, and the next one is met
		awaitAct(now, c.lot.IntN(2))
	}
	time.Sleep(time.Duration(c.lot.Int64N(int64(3 * time.Second))))
	if acts {
		c.amidAct(now)
	}
	gone := c.disk.arm(when)
	select {
	case <-gone:
	case <-time.After(15 * time.Second): // nobody writes
		when = atAnyTime
		c.disk.arm(when)
	}
	m.cutPower()
	cancel()
	n := 0
	for key, s := range <-sold {
		c.acked[key] = s
		n++
	}
	c.disk.powerGoes(c.lot)
	last := now()
	c.work, c.did = w, last.did
	c.sum.add(w, when, c.disk.last, last)
	return fmt.Sprintf("%s, after %d sales%s; %s", when, n, last, c.disk.last)
}

// sellOn sells until ctx ends, and then hands over what was acknowledged. first is
// called at each, between when a sale has ended and before the next.
func (c *cutting) sellOn(ctx context.Context, first func(), between func(context.Context)) <-chan map[string]saleView {
	sold := make(chan map[string]saleView, 1)
	go func() {
		acked := map[string]saleView{}
		for ctx.Err() == nil {
			c.keys++
			key := fmt.Sprintf("cut-%d-%d", *seed, c.keys)
			s, err := c.sell(ctx, key, []string{"card", "wechat"}[c.keys%2], int64(1000+c.keys))
			for err == nil && ctx.Err() == nil {
				acked[key] = s
				first()
				if s.final() {
					between(ctx)
					break
				}
				s, err = c.sale(ctx, s.ID)
			}
			select { // no flood of connections to a box that has no power
			case <-time.After(20 * time.Millisecond):
			case <-ctx.Done():
			}
		}
		sold <- acked
	}()
	return sold
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
