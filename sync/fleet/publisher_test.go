package fleet_test

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"posd/device/sale"
	"posd/store"
	"posd/sync/fleet"
	"posd/sync/fleet/fleetsim"
)

var quiet = slog.New(slog.DiscardHandler)

// hub is a real server with the stream of a chain.
type hub struct {
	*fleetsim.Server
	nc *nats.Conn
}

func newHub(t testing.TB) *hub {
	t.Helper()
	s, err := fleetsim.Start(fleetsim.Options(t.TempDir()))
	if err != nil {
		t.Fatal(err)
	}
	h := &hub{Server: s}
	t.Cleanup(func() { h.Stop() })
	h.dial(t)
	if _, findings, err := fleet.InitStream(t.Context(), h.nc, plan); err != nil || len(findings) != 1 {
		t.Fatal(findings, err)
	}
	return h
}

var plan = fleet.StreamPlan{Stream: "BOOKS", Chain: "c", Replicas: 1}

func (h *hub) dial(t testing.TB) {
	t.Helper()
	nc, err := nats.Connect(h.ClientURL())
	if err != nil {
		t.Fatal(err)
	}
	h.nc = nc
	t.Cleanup(nc.Close)
}

// read reads the whole stream as a new reader does.
func (h *hub) read(t testing.TB) (all []fleet.Message) {
	t.Helper()
	name := strings.ReplaceAll(t.Name(), "/", "-") + fmt.Sprint(time.Now().UnixNano())
	f, err := fleet.OpenFeed(t.Context(), h.nc, "BOOKS", "c", name, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	state, err := f.State(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for uint64(len(all)) < state.Last {
		d, err := f.Next(t.Context(), 500, 1<<20, 5*time.Second)
		if err != nil || len(d.Strange) > 0 {
			t.Fatal(d.Strange, err)
		}
		all = append(all, d.Messages...)
		if err := d.Done(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// box is a counter's journal with a publisher.
type box struct {
	*store.Store
	dir  string
	pub  *fleet.Publisher
	stop func()
	n    int
}

func openBox(t testing.TB, dir string) *box {
	t.Helper()
	s, err := store.Open(t.Context(), store.Config{Dir: dir}, quiet)
	if err != nil {
		t.Fatal(err)
	}
	b := &box{Store: s, dir: dir, stop: func() {}}
	t.Cleanup(func() { b.shut() })
	return b
}

func (b *box) shut() {
	b.stop()
	b.Close()
}

func (b *box) sell(t testing.TB, n int) {
	t.Helper()
	for range n {
		b.n++
		at := time.Date(2026, 11, 21, 12, 0, b.n, 0, time.UTC)
		v := sale.Sale{ID: sale.ID(fmt.Sprintf("01SALE%020d", b.n)), Method: sale.Card, Kind: sale.CardSale, State: sale.Paid, Amount: 100, ApprovedAmount: 100, CreatedAt: at, FinalAt: &at,
			Attempts: []sale.Attempt{{Ref: fmt.Sprintf("REF%013d", b.n), StartedAt: at}}}
		if _, err := b.Commit(context.Background(), []sale.Row{sale.SaleRow{Sale: v}}); err != nil {
			t.Fatal(err)
		}
		if b.pub != nil {
			b.pub.Wake()
		}
	}
}

// publish runs a publisher under a till's name until the test ends or stop is called.
func (b *box) publish(t testing.TB, url, till string) {
	t.Helper()
	c := fleet.Defaults()
	c.Servers, c.Name = []string{url}, fleet.Name{Chain: "c", Shop: "s", Till: till}
	if faults := c.Validate(); len(faults) > 0 {
		t.Fatal(faults)
	}
	b.run(fleet.New(c, b.Store, b.dir, nil, quiet))
}

func (b *box) run(pub *fleet.Publisher) {
	b.pub = pub
	ctx, cancel := context.WithCancel(context.Background())
	var run sync.WaitGroup
	run.Go(func() { pub.Run(ctx) })
	b.stop = func() {
		cancel()
		run.Wait()
		pub.Close()
		b.stop = func() {}
	}
}

// until waits until what is asked for is so.
func until(t testing.TB, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); !is(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("not in time: " + what)
		}
	}
}

func (b *box) caughtUp(t testing.TB) {
	t.Helper()
	until(t, "all is published", func() bool { s := b.pub.Status(); return s.OK && s.Lag == 0 })
}

// whole checks that the stream holds each commit of an epoch once, in order, as
// the journal has it.
func whole(t testing.TB, all []fleet.Message, b *box) {
	t.Helper()
	e, err := b.Epoch(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	next := int64(0)
	for _, m := range all {
		if m.Epoch != e.Name {
			continue
		}
		if next == 0 {
			next = m.Commit
		}
		hash, err := b.CommitHash(t.Context(), m.Commit)
		if m.Commit != next || hash != m.Hash || err != nil {
			t.Fatalf("the stream has commit %d (%.8s) where %d is due (journal: %.8s, %v)", m.Commit, m.Hash, next, hash, err)
		}
		if m.Part == m.Parts {
			next++
		}
	}
	if next != b.Commits()+1 {
		t.Fatalf("the stream ends before commit %d of %d", next, b.Commits())
	}
}

func TestEveryCommitIsPublishedOnceInOrder(t *testing.T) {
	h, b := newHub(t), openBox(t, t.TempDir())
	b.sell(t, 250) // away for a while: caught up in batches
	b.publish(t, h.ClientURL(), "t1")
	b.caughtUp(t)
	b.sell(t, 5) // one by one
	b.caughtUp(t)
	b.stop()
	b.sell(t, 3)
	b.publish(t, h.ClientURL(), "t1") // and after a restart
	b.caughtUp(t)
	all := h.read(t)
	whole(t, all, b)
	body, err := fleet.Decode(string(all[7].Body))
	if err != nil {
		t.Fatal(err)
	}
	c := body.Commit
	if c.Hash != sale.HashCommit(c.Prev, c.No, c.Entries) || len(c.Rows) != 2 || !strings.Contains(c.Entries, sale.Entry("sales", c.Rows[0].Key, sale.DigestRow(c.Rows[0].Names, c.Rows[0].Values))) {
		t.Errorf("what was published does not prove itself: %+v", c)
	}
}

func TestServerThatComesBackIsCaughtUpWith(t *testing.T) {
	h, b := newHub(t), openBox(t, t.TempDir())
	b.publish(t, h.ClientURL(), "t1")
	b.sell(t, 3)
	b.caughtUp(t)
	h.Stop()
	b.sell(t, 40)
	until(t, "the lost link is said", func() bool { s := b.pub.Status(); return !s.OK && s.Lag == 40 })
	again, err := h.Again()
	if err != nil {
		t.Fatal(err)
	}
	h.Server = again
	h.dial(t)
	b.caughtUp(t)
	whole(t, h.read(t), b)
}

// Another box under the same till's name, with a journal of its own, is refused;
// so is a copy of the journal that sells on by itself.
func TestAnotherBoxUnderTheNameIsFenced(t *testing.T) {
	h, b, other := newHub(t), openBox(t, t.TempDir()), openBox(t, t.TempDir())
	b.sell(t, 2)
	b.publish(t, h.ClientURL(), "t1")
	b.caughtUp(t)
	other.n = 500
	other.sell(t, 1)
	other.publish(t, h.ClientURL(), "t1")
	until(t, "the other box is fenced", func() bool { return other.pub.Status().Fenced })
	if words := other.pub.Status().Words; !strings.Contains(words, "another box") {
		t.Error(words)
	}
	b.sell(t, 1)
	b.caughtUp(t)
	if all := h.read(t); len(all) != 3 {
		t.Errorf("%d messages", len(all))
	}
}

// A restored journal goes on in an epoch that names the commit it continues from;
// the box that it replaces is refused from then on.
func TestRestoreBeginsAnEpochThatNamesWhatItContinues(t *testing.T) {
	h, dir := newHub(t), t.TempDir()
	old := openBox(t, filepath.Join(dir, "old"))
	old.sell(t, 4)
	if err := old.Backup(t.Context(), filepath.Join(dir, "copy.db")); err != nil {
		t.Fatal(err)
	}
	first, err := old.Epoch(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	old.sell(t, 2)
	old.publish(t, h.ClientURL(), "t1")
	old.caughtUp(t)
	if _, err := store.Restore(t.Context(), store.Config{Dir: filepath.Join(dir, "new")}, filepath.Join(dir, "copy.db"), time.Now(), quiet); err != nil {
		t.Fatal(err)
	}
	b := openBox(t, filepath.Join(dir, "new"))
	b.n = 100
	b.sell(t, 1)
	b.publish(t, h.ClientURL(), "t1")
	b.caughtUp(t)
	all := h.read(t)
	whole(t, all, b)
	body, err := fleet.Decode(string(all[6].Body))
	if err != nil {
		t.Fatal(err)
	}
	if body.From == nil || *body.From != (sale.Ancestor{Epoch: first.Name, Commit: 4}) || body.Commit.No != 5 {
		t.Errorf("the epoch begins with commit %d, from %+v", body.Commit.No, body.From)
	}
	old.sell(t, 1)
	until(t, "the old box is fenced", func() bool { return old.pub.Status().Fenced })
	if again := h.read(t); len(again) != len(all) {
		t.Errorf("the old box wrote %d messages more", len(again)-len(all))
	}
}

// A commit larger than a message travels in parts, and the next one follows.
func TestLargeCommitTravelsInParts(t *testing.T) {
	h, b := newHub(t), openBox(t, t.TempDir())
	b.sell(t, 1)
	if _, err := b.Commit(t.Context(), []sale.Row{sale.NoteRow{Name: "n", Value: strings.Repeat("long ", 300_000)}}); err != nil {
		t.Fatal(err)
	}
	b.sell(t, 1)
	b.publish(t, h.ClientURL(), "t1")
	b.caughtUp(t)
	all := h.read(t)
	whole(t, all, b)
	if len(all) != 5 || all[1].Parts != 3 || all[3].Part != 3 {
		t.Errorf("%d messages", len(all))
	}
}
