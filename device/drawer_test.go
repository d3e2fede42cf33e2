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

	"posd/device/sale"
)

// kicked is a drawer that knows what the journal held when it was opened.
type kicked struct {
	journal *memory
	stored  []sale.StoredEvent
	opened  int
	err     error
}

func (d *kicked) OpenDrawer(ctx context.Context) error {
	d.opened++
	d.stored, _ = d.journal.Events(ctx, 0, 100)
	return d.err
}

// drawerTill runs f with a till that has drawer d, which may be nil.
func drawerTill(t *testing.T, journal *memory, d *kicked, f func(ctx context.Context, till *Till)) {
	synctest.Test(t, func(t *testing.T) {
		o := Options{Policy: DefaultPolicy(), Journal: journal, Screen: &customer{}, Makers: testMakers, Log: quiet, Clock: time.Now, Entropy: reader{rand.New(rand.NewPCG(1, 2))}}
		if d != nil {
			o.Drawer = d
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
	d := &kicked{journal: newMemory()}
	drawerTill(t, d.journal, d, func(ctx context.Context, till *Till) {
		if err := till.OpenDrawer(ctx, "Ana"); err != nil || d.opened != 1 {
			t.Fatalf("%v, opened %d times", err, d.opened)
		}
		var said sale.DrawerData
		if n := len(d.stored); n != 1 || d.stored[0].Kind != "drawer.asked" || json.Unmarshal(d.stored[0].Data, &said) != nil || said.By != "Ana" {
			t.Errorf("stored when it opened: %+v", d.stored)
		}
	})
}

func TestADrawerStaysShut(t *testing.T) {
	d := &kicked{journal: newMemory()}
	drawerTill(t, d.journal, d, func(ctx context.Context, till *Till) {
		for _, by := range []string{"", "a\nb", strings.Repeat("x", 65)} {
			if err := till.OpenDrawer(ctx, by); !errors.Is(err, ErrInvalid) {
				t.Errorf("by %q: %v", by, err)
			}
		}
		d.journal.mu.Lock()
		d.journal.full = sale.ErrJournalFull
		d.journal.mu.Unlock()
		short, done := context.WithTimeout(ctx, 3*time.Second)
		defer done()
		if err := till.OpenDrawer(short, "Ana"); err == nil {
			t.Error("opened without being written down")
		}
		if err := till.OpenDrawer(ctx, "Ana"); !errors.Is(err, ErrUnavailable) {
			t.Errorf("while the journal is known to be full: %v", err)
		}
		if d.opened != 0 {
			t.Errorf("opened %d times", d.opened)
		}
	})
	drawerTill(t, newMemory(), nil, func(ctx context.Context, till *Till) {
		if err := till.OpenDrawer(ctx, "Ana"); !errors.Is(err, ErrNoDevice) {
			t.Errorf("without a drawer: %v", err)
		}
	})
	broken := &kicked{journal: newMemory(), err: errors.New("printer is not reachable")}
	drawerTill(t, broken.journal, broken, func(ctx context.Context, till *Till) {
		if err := till.OpenDrawer(ctx, "Ana"); !errors.Is(err, ErrUnavailable) || !strings.Contains(err.Error(), "not reachable") {
			t.Errorf("a printer that is away: %v", err)
		}
	})
}
