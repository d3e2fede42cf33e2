package device

import (
	"context"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"posd/device/core"
	"posd/device/journaltest"
	"posd/device/sale"
)

// drawerBox is a drawer that knows what the journal held when it was opened.
type drawerBox struct {
	journal *journaltest.Memory
	stored  []sale.StoredEvent
	jobs    []sale.Job // not finished then
	opened  int
	err     error
}

func (d *drawerBox) OpenDrawer(ctx context.Context) error {
	d.opened++
	d.stored, _ = d.journal.Events(ctx, 0, 100)
	r, _ := d.journal.Recover(ctx)
	d.jobs = r.Jobs
	return d.err
}

// drawerTill runs f with a till that has drawer d, which may be nil.
func drawerTill(t *testing.T, journal *journaltest.Memory, d *drawerBox, f func(ctx context.Context, till *Till), change ...func(*core.Policy)) {
	synctest.Test(t, func(t *testing.T) {
		o := Options{Policy: core.DefaultPolicy(), Journal: journal, Screen: &customer{}, Makers: testMakers, Log: quiet, Clock: time.Now, Entropy: reader{rand.New(rand.NewPCG(1, 2))}}
		if d != nil {
			o.Drawer = d
		}
		for _, f := range change {
			f(&o.Policy)
		}
		till, err := New(o)
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(context.Background())
		ended := make(chan error, 1)
		go func() { ended <- till.Run(ctx) }()
		<-till.Ready()
		f(ctx, till)
		stop()
		<-ended // a journal that is full cannot take the last rows: not what is tested here
	})
}

func TestWhoOpensTheDrawerIsWrittenDownFirst(t *testing.T) {
	d := &drawerBox{journal: journaltest.New()}
	drawerTill(t, d.journal, d, func(ctx context.Context, till *Till) {
		if err := till.OpenDrawer(ctx, "Ana"); err != nil || d.opened != 1 {
			t.Fatalf("%v, opened %d times", err, d.opened)
		}
		var said sale.DrawerData
		if n := len(d.stored); n != 1 || d.stored[0].Kind != "drawer.asked" || json.Unmarshal(d.stored[0].Data, &said) != nil || said.By != "Ana" {
			t.Errorf("stored when it opened: %+v", d.stored)
		}
		if len(d.jobs) != 1 || d.jobs[0].Kind != sale.JobDrawer || d.jobs[0].By != "Ana" || d.jobs[0].State != sale.PrintQueued {
			t.Errorf("jobs when it opened: %+v", d.jobs)
		}
	})
	if r, _ := d.journal.Recover(t.Context()); len(r.Jobs) != 0 || d.journal.Rows.Jobs[d.jobs[0].ID].State != sale.PrintSent {
		t.Errorf("afterwards %+v", d.journal.Rows.Jobs)
	}
}

// TestADrawerIsNotOpenedAgainAfterARestart stops posd between the intent and the
// result: the pulse may have been sent.
func TestADrawerIsNotOpenedAgainAfterARestart(t *testing.T) {
	d := &drawerBox{journal: journaltest.New()}
	asked := sale.Job{ID: "J1", Kind: sale.JobDrawer, By: "Ana", State: sale.PrintQueued, At: time.Now()}
	if _, err := d.journal.Commit(t.Context(), []sale.Row{sale.JobRow{Job: asked}}); err != nil {
		t.Fatal(err)
	}
	drawerTill(t, d.journal, d, func(ctx context.Context, till *Till) { time.Sleep(time.Hour) })
	if j := d.journal.Rows.Jobs["J1"]; d.opened != 0 || j.State != sale.PrintFailed || !strings.Contains(j.Words, "not tried again") {
		t.Errorf("opened %d times, the job is %+v", d.opened, j)
	}
	d.stored, _ = d.journal.Events(t.Context(), 0, 100)
	if n := len(d.stored); n != 1 || d.stored[0].Kind != "drawer.failed" {
		t.Errorf("the history says %+v", d.stored)
	}
}

// TestADrawerThatCouldNotBeWrittenDownStaysShut fills the journal and empties it
// again: nobody waits for the drawer any more.
func TestADrawerThatCouldNotBeWrittenDownStaysShut(t *testing.T) {
	d := &drawerBox{journal: journaltest.New()}
	drawerTill(t, d.journal, d, func(ctx context.Context, till *Till) {
		d.journal.Fill(sale.ErrJournalFull)
		short, done := context.WithTimeout(ctx, 3*time.Second)
		defer done()
		if err := till.OpenDrawer(short, "Ana"); !errors.Is(err, sale.ErrUnavailable) {
			t.Errorf("with a full journal: %v", err)
		}
		d.journal.Fill(nil)
		time.Sleep(time.Hour)
		if d.opened != 0 {
			t.Errorf("opened %d times", d.opened)
		}
		if err := till.OpenDrawer(ctx, "Ana"); err != nil || d.opened != 1 {
			t.Errorf("with room again: %v, opened %d times", err, d.opened)
		}
	})
}

func TestADrawerStaysShut(t *testing.T) {
	d := &drawerBox{journal: journaltest.New()}
	drawerTill(t, d.journal, d, func(ctx context.Context, till *Till) {
		for _, by := range []string{"", "a\nb", strings.Repeat("x", 65)} {
			if err := till.OpenDrawer(ctx, by); !errors.Is(err, sale.ErrInvalid) {
				t.Errorf("by %q: %v", by, err)
			}
		}
		d.journal.Fill(sale.ErrJournalFull)
		short, done := context.WithTimeout(ctx, 3*time.Second)
		defer done()
		if err := till.OpenDrawer(short, "Ana"); err == nil {
			t.Error("opened without being written down")
		}
		if err := till.OpenDrawer(ctx, "Ana"); !errors.Is(err, sale.ErrUnavailable) {
			t.Errorf("while the journal is known to be full: %v", err)
		}
		if d.opened != 0 {
			t.Errorf("opened %d times", d.opened)
		}
	})
	drawerTill(t, journaltest.New(), nil, func(ctx context.Context, till *Till) {
		if err := till.OpenDrawer(ctx, "Ana"); !errors.Is(err, sale.ErrNoDevice) {
			t.Errorf("without a drawer: %v", err)
		}
	})
	broken := &drawerBox{journal: journaltest.New(), err: errors.New("printer is not reachable")}
	drawerTill(t, broken.journal, broken, func(ctx context.Context, till *Till) {
		if err := till.OpenDrawer(ctx, "Ana"); !errors.Is(err, sale.ErrUnavailable) || !strings.Contains(err.Error(), "not reachable") {
			t.Errorf("a printer that is away: %v", err)
		}
	})
	for _, j := range broken.journal.Rows.Jobs {
		if j.State != sale.PrintFailed || !strings.Contains(j.Words, "not reachable") {
			t.Errorf("the job is %+v", j)
		}
	}
}
