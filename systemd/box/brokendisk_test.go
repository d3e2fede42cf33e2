//go:build box

package box

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"posd/cmd/possim/caller"
)

// failure says what a disk answers with EIO.
type failure int

const (
	nothing         failure = iota
	writesOfJournal         // to where posd's journal lies (setJournal): bad sectors
	readsOfJournal          // from there
	everyWrite              // and every flush
)

// fail has the disk fail so from now on.
func (d *disk) fail(f failure) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.fails = f
}

// failing reports whether a request of this kind fails.
func (d *disk) failing(f failure, at, size int64) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.fails != f {
		return false
	}
	for n := at / sectorSize; n < (at+size)/sectorSize; n++ {
		if d.ofJournal(n) {
			return true
		}
	}
	return f == everyWrite
}

// TestADiskThatFails has the box's disk fail, in one way after the other, while a customer is
// at the terminal: nothing new is sold, in words, and nothing that was sold is lost.
func TestADiskThatFails(t *testing.T) {
	b := installedBox(t)
	before := map[string]bool{}
	for ref := range b.taken() {
		before[ref] = true
	}
	d := b.disk.fork()
	m := switchOn(t, power{disk: d, supplies: b.supplies, args: b.plugs()})
	m.until("posd to be well", "posd check >/dev/null")
	for _, way := range []struct {
		name       string
		fail, mend func(*machine)
	}{
		{"sectors", func(m *machine) { d.findJournal(m); d.fail(writesOfJournal) }, func(*machine) { d.fail(nothing) }},
		{"read-only", func(m *machine) { m.run("sync; echo u >/proc/sysrq-trigger; ! touch /var/lib/posd/x") },
			func(m *machine) { m.run("mount -o remount,rw /") }},
	} {
		t.Run(way.name, func(t *testing.T) {
			m.tell(t, func() { b.failAndMend(t, m, way.name, way.fail, way.mend) })
		})
	}
	t.Run("reads", func(t *testing.T) { m.tell(t, func() { b.readsFail(t, m, d) }) })
	under := b.underWay(t, "under-writes")
	d.fail(everyWrite)
	b.refused(t, m, "writes")
	m.cutPower()
	d = d.fork() // a new disk, with what was flushed
	m = switchOn(t, power{disk: d, supplies: b.supplies, args: b.plugs()})
	m.until("posd to be well", "posd check >/dev/null")
	b.goesOn(t, m, "writes", under)
	m.run("systemctl stop posd")
	t.Log(m.run("su -s /bin/sh posd -c 'CREDENTIALS_DIRECTORY=/nowhere posd check' | grep ' journal '"))
	m.run("systemctl start posd")
	m.until("posd to answer", "posd sales >/dev/null")
	b.agree(t, before)
	m.keepJournal()
}

// findJournal notes where posd's journal lies.
func (d *disk) findJournal(m *machine) {
	d.setJournal(extents(m.run("sync; filefrag -e -v -b512 /var/lib/posd/posd.db /var/lib/posd/posd.db-wal")))
}

// failAndMend has the disk fail under a customer and mends it again: selling goes on by itself.
func (b *box) failAndMend(t *testing.T, m *machine, name string, fail, mend func(*machine)) {
	pid := m.run("systemctl show -P MainPID posd")
	b.sellOne(t, "before-"+name)
	under := b.underWay(t, "under-"+name)
	fail(m)
	b.refused(t, m, name)
	mend(m)
	b.goesOn(t, m, name, under)
	m.until("posd to be well", "posd check >/dev/null")
	if now := m.run("systemctl show -P MainPID posd"); now != pid {
		t.Errorf("posd was started again: %s, then %s", pid, now)
	}
}

// readsFail has the disk give nothing of the journal any more: posd says that the disk refuses,
// and never that the journal is damaged, which would have a person restore a copy. It sells on
// where it needs to read nothing; and all is well once the disk is.
func (b *box) readsFail(t *testing.T, m *machine, d *disk) {
	ctx, cancel := context.WithTimeout(context.Background(), commandLimit)
	defer cancel()
	const forget = "sync; echo 3 >/proc/sys/vm/drop_caches"
	pid := m.run("systemctl show -P MainPID posd")
	b.sellOne(t, "before-reads")
	d.findJournal(m)
	d.fail(readsOfJournal)
	out := m.until("a list that cannot be read", forget+"; posd sales -json >/run/said 2>&1 && exit 1; cat /run/said")
	t.Logf("posd sales: %s", out)
	for _, method := range []string{"card", "wechat"} {
		s, err := b.sell(ctx, "in-reads-"+method, method, 9300)
		for err == nil && !s.final() {
			s, err = b.sale(ctx, s.ID)
		}
		var no *caller.Problem
		if err == nil && s.State != "paid" || err != nil && !(errors.As(err, &no) && no.Status == 503 && strings.Contains(no.Detail, "disk")) {
			t.Errorf("by %s while the disk reads nothing: %+v, %v", method, s, err)
		}
		t.Logf("by %s while the disk reads nothing: %s, %v", method, s.State, err)
	}
	check, code := m.try("posd check 2>&1")
	if code == 0 || !strings.Contains(check, "(disk-refuses)") {
		t.Errorf("posd check: exit %d", code)
	}
	t.Logf("posd check: exit %d\n%s", code, check)
	d.fail(nothing)
	b.sellOne(t, "after-reads")
	m.until("posd to be well by itself", "posd check >/dev/null")
	if now := m.run("systemctl show -P MainPID posd"); now != pid {
		t.Errorf("posd was started again: %s, then %s", pid, now)
	}
	for _, said := range []string{out, check} {
		if strings.Contains(said, "restore") || strings.Contains(said, "damaged") {
			t.Errorf("a person is told to restore a copy of a sound journal:\n%s", said)
		}
	}
}

// underWay begins a card sale that the terminal has approved and not answered yet.
func (b *box) underWay(t *testing.T, key string) saleView {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), commandLimit)
	defer cancel()
	approved := len(b.terminal.State().Approvals)
	if err := b.terminal.SetFault("late-answer=20s"); err != nil {
		t.Fatal(err)
	}
	defer b.terminal.ClearFault("")
	s, err := b.sell(ctx, key, "card", 9100)
	if err != nil {
		t.Fatal(err)
	}
	if err := eventually(ctx, commandLimit, func() error {
		if len(b.terminal.State().Approvals) == approved {
			return errors.New("the terminal has not approved the sale")
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return s
}

// refused tries to sell on the failed disk: each try is refused in words, none reaches the
// terminal or the gateway, and posd check names the disk.
func (b *box) refused(t *testing.T, m *machine, name string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), commandLimit)
	defer cancel()
	taken, orders := len(b.taken()), len(b.gateway.State().Orders)
	for _, method := range []string{"card", "wechat"} {
		var no *caller.Problem
		if err := eventually(ctx, commandLimit, func() error { // at first the sale under way is in the way
			_, err := b.sell(ctx, "refused-"+name+"-"+method, method, 9200)
			if errors.As(err, &no) && no.Status == 503 && strings.Contains(no.Detail, "disk") {
				return nil
			}
			return fmt.Errorf("by %s on the failed disk: %w", method, err)
		}); err != nil {
			t.Error(err)
		}
		t.Logf("while the disk fails: %v", no)
	}
	if n, o := len(b.taken()), len(b.gateway.State().Orders); n != taken || o != orders {
		t.Errorf("on a disk that keeps nothing: %d payments and %d orders more", n-taken, o-orders)
	}
	out, code := m.try("posd check 2>&1")
	if code == 0 || !strings.Contains(out, "(disk-") {
		t.Errorf("posd check on the failed disk: exit %d", code)
	}
	t.Logf("posd check: exit %d\n%s", code, out)
}

// goesOn sees the sale of the failure paid, sells what was refused, and sells more.
func (b *box) goesOn(t *testing.T, m *machine, name string, under saleView) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), commandLimit)
	defer cancel()
	if err := eventually(ctx, commandLimit, func() (err error) {
		if under, err = b.sale(ctx, under.ID); err == nil && !under.final() {
			err = fmt.Errorf("%+v", under)
		}
		return err
	}); err != nil || under.State != "paid" || under.Attention != "" {
		t.Errorf("the sale under way: %+v, %v", under, err)
	}
	b.sellOne(t, "after-"+name)
	m.until("the report to have gone out", "posd queue | grep -q '^0 waiting'")
	if s, err := b.sell(ctx, "refused-"+name+"-card", "card", 9200); err != nil {
		t.Errorf("what was refused, asked again under its key: %+v, %v", s, err)
	} else if s, err = b.sale(ctx, s.ID); err != nil || s.State != "paid" {
		t.Errorf("what was refused, asked again under its key: %+v, %v", s, err)
	}
}
