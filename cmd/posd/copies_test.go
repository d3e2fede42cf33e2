package main

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"posd/store"
)

// copying is a copier over a folder of its own, whose copies are made by hand.
type copying struct {
	*copier
	made    atomic.Int32
	full    atomic.Bool // the stick takes nothing
	log     bytes.Buffer
	stopped chan struct{}
	stop    context.CancelFunc
}

func newCopying(t *testing.T, every time.Duration, last store.Copied) *copying {
	t.Helper()
	c := &copying{copier: &copier{dir: t.TempDir(), last: last, ever: last.Path != ""}, stopped: make(chan struct{})}
	c.config.Copies = store.CopiesDefaults()
	c.config.Path, c.config.Every, c.config.SameDisk = filepath.Join(t.TempDir(), "stick"), every, true
	c.copier.log = slog.New(slog.NewTextHandler(&c.log, nil))
	c.selling = func(context.Context) bool { return false }
	c.copy = func(_ context.Context, to store.Copies, now time.Time) (store.Copied, error) {
		if c.full.Load() {
			return store.Copied{}, errors.New("the stick is full")
		}
		c.made.Add(1)
		path := filepath.Join(to.Path, "posd-000001-20000101T000000Z.db")
		return store.Copied{At: now, Path: path}, os.WriteFile(path, nil, 0o600)
	}
	return c
}

func (c *copying) plug(t *testing.T) {
	t.Helper()
	if err := os.Mkdir(c.config.Path, 0o750); err != nil {
		t.Fatal(err)
	}
}

func (c *copying) begin(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	c.stop = stop
	go func() {
		defer close(c.stopped)
		c.run(ctx)
	}()
}

func (c *copying) end() {
	c.stop()
	<-c.stopped
}

// pass lets time go by.
func pass(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

func TestCopiesAreMadeOnTimeAndAStickIsTakenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCopying(t, 6*time.Hour, store.Copied{})
		c.begin(t)
		pass(time.Minute)
		if d := c.status(); d.OK || !strings.Contains(d.Words, "is not there") || !strings.Contains(d.Words, "no copy was made yet") {
			t.Errorf("without a stick: %+v", d)
		}
		c.plug(t)
		pass(2 * placeLook)
		if d := c.status(); !d.OK || c.made.Load() != 1 {
			t.Errorf("with the stick in: %d copies, %+v", c.made.Load(), d)
		}
		pass(24 * time.Hour)
		if c.made.Load() != 5 {
			t.Errorf("%d copies in a day, not 5", c.made.Load())
		}
		os.Rename(c.config.Path, c.config.Path+" away")
		pass(time.Hour)
		if d := c.status(); d.OK || !strings.Contains(d.Words, "is 60 min old") {
			t.Errorf("the stick taken out: %+v", d)
		}
		os.Rename(c.config.Path+" away", c.config.Path)
		pass(2 * placeLook)
		if d := c.status(); !d.OK || c.made.Load() != 5 {
			t.Errorf("the same stick back: %d copies, %+v", c.made.Load(), d)
		}
		c.end()
		if n := strings.Count(c.log.String(), "no copy of the journal can be made"); n != 2 {
			t.Errorf("said %d times, not once for each:\n%s", n, &c.log)
		}
	})
}

func TestAFreshStickIsNotLeftEmpty(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCopying(t, 6*time.Hour, store.Copied{At: time.Now(), Path: "/media/another/posd-000007-x.db"})
		c.plug(t)
		c.begin(t)
		pass(time.Minute)
		c.end()
		if c.made.Load() != 1 {
			t.Errorf("%d copies on an empty stick", c.made.Load())
		}
	})
}

func TestACopyThatFailsIsTriedAgainButNotAllTheTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCopying(t, 6*time.Hour, store.Copied{})
		c.plug(t)
		var tries atomic.Int32
		good := c.copy
		c.copy = func(ctx context.Context, to store.Copies, now time.Time) (store.Copied, error) {
			tries.Add(1)
			return good(ctx, to, now)
		}
		c.full.Store(true)
		c.begin(t)
		pass(time.Hour)
		if n := tries.Load(); n < 6 || n > 13 {
			t.Errorf("%d tries in an hour", n)
		}
		if d := c.status(); d.OK || !strings.Contains(d.Words, "the stick is full") {
			t.Errorf("%+v", d)
		}
		c.full.Store(false)
		pass(2 * copyAgain)
		c.end()
		if d := c.status(); !d.OK || c.made.Load() != 1 || strings.Count(c.log.String(), "the stick is full") != 1 {
			t.Errorf("%d copies, %+v\n%s", c.made.Load(), d, &c.log)
		}
	})
}

func TestACopyWaitsForTheEndOfASaleButNotForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCopying(t, time.Hour, store.Copied{})
		c.plug(t)
		var selling atomic.Bool
		selling.Store(true)
		c.selling = func(context.Context) bool { return selling.Load() }
		c.begin(t)
		pass(quietWait / 2)
		if c.made.Load() != 0 {
			t.Error("copied while a sale was under way")
		}
		selling.Store(false)
		pass(5 * time.Second)
		if c.made.Load() != 1 {
			t.Error("not copied after the sale")
		}
		selling.Store(true)
		pass(time.Hour + quietWait + time.Minute)
		if c.made.Load() != 2 {
			t.Errorf("%d copies at a till that never rests", c.made.Load())
		}
		c.end()
	})
}

// A clock that was years ahead, or a note from the future, must not put copies off.
func TestAWrongClockPutsNoCopyOff(t *testing.T) {
	now := time.Now()
	for name, c := range map[string]struct {
		at   time.Time
		wait time.Duration
	}{
		"an hour ago":       {now.Add(-time.Hour), 5 * time.Hour},
		"long ago":          {now.Add(-100 * time.Hour), 0},
		"in a future":       {now.Add(1000 * time.Hour), 0},
		"on an old machine": {time.Unix(0, 0), 0},
	} {
		made := newCopying(t, 6*time.Hour, store.Copied{At: c.at, Path: "x"})
		if got := made.first(now).Sub(now); got != c.wait {
			t.Errorf("%s: the first copy comes after %s, not %s", name, got, c.wait)
		}
	}
}

func TestALateCopyIsSaid(t *testing.T) {
	b := Backup{store.CopiesDefaults()}
	now := time.Now()
	for age, ok := range map[time.Duration]bool{time.Minute: true, 11 * time.Hour: true, 13 * time.Hour: false, -time.Hour: true} {
		d := copyStatus(b, store.Copied{At: now.Add(-age), Path: "/media/stick/posd-000007-x.db"}, true, nil, now)
		if d.OK != ok || !strings.Contains(d.Words, "posd-000007-x.db") {
			t.Errorf("%s old: %+v", age, d)
		}
	}
}
