package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"posd/device"
	"posd/device/sale"
	"posd/store"
)

// Backup is the schedule of the copies.
type Backup struct{ store.Copies }

func (b *Backup) setDefaults() { b.Copies = store.CopiesDefaults() }

// copyKind is the kind of device that the place for the copies is.
const copyKind = "copy"

const (
	// placeLook is how often the place for the copies is looked at, so that a
	// stick that comes back is taken up.
	placeLook = 10 * time.Second
	// copyAgain is the pause after a copy that failed.
	copyAgain = 5 * time.Minute
	// quietWait is how long a copy waits for the end of a sale.
	quietWait = 2 * time.Minute
)

// copier makes copies of the journal by itself. Nobody waits for it: the copy is
// read beside the writer, and it begins when no sale is under way.
type copier struct {
	config  Backup
	dir     string // of the journal
	copy    func(ctx context.Context, c store.Copies, now time.Time) (store.Copied, error)
	selling func(ctx context.Context) bool
	log     *slog.Logger
	// When the next copy is due, by the monotonic clock: a wall clock that jumps
	// makes no copies.
	due    time.Time
	placed bool // the place was there when it was last looked at

	mu   sync.Mutex
	last store.Copied
	ever bool
	err  error // why there is no newer one; nil if all is well
}

func newCopier(c Backup, dir string, s *store.Store, till *device.Till, log *slog.Logger) *copier {
	made := &copier{config: c, dir: dir, copy: s.Copy, log: log, selling: func(ctx context.Context) bool {
		now, err := till.Snapshot(ctx)
		return err == nil && now.Current != nil && now.Current.State == sale.Waiting
	}}
	made.last, made.ever = store.LastCopy(dir)
	return made
}

// run makes copies until ctx ends.
func (c *copier) run(ctx context.Context) error {
	c.due = c.first(time.Now())
	every := min(c.config.Every, placeLook)
	tick := time.NewTimer(every)
	defer tick.Stop()
	for {
		c.turn(ctx)
		tick.Reset(sale.UntilRound(time.Now(), every))
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// first is when a run makes its first copy. A last one in the future was made by
// a clock that was wrong.
func (c *copier) first(now time.Time) time.Time {
	age := now.Sub(c.last.At)
	if !c.ever || age < 0 || age > c.config.Every {
		return now
	}
	return now.Add(c.config.Every - age)
}

// turn looks at the place, and makes a copy if one is due.
func (c *copier) turn(ctx context.Context) {
	err := c.config.Place(c.dir)
	came := err == nil && !c.placed
	c.placed = err == nil
	if err != nil {
		c.ended(ctx, store.Copied{}, err)
		return
	}
	now := time.Now()
	if came && c.config.Empty() {
		c.due = now
	}
	if now.Before(c.due) {
		if came {
			c.ended(ctx, store.Copied{}, nil)
		}
		return
	}
	c.quiet(ctx)
	done, err := c.copy(ctx, c.config.Copies, time.Now())
	pause := c.config.Every
	if err != nil {
		pause = min(pause, copyAgain)
	}
	c.due = time.Now().Add(pause)
	c.ended(ctx, done, err)
}

// quiet waits until no sale is under way, but not for ever.
func (c *copier) quiet(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, quietWait)
	defer cancel()
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for c.selling(ctx) {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// ended notes what came of a turn, and says so once when that changes.
func (c *copier) ended(ctx context.Context, done store.Copied, err error) {
	if err != nil && ctx.Err() != nil {
		return // it was posd that stopped
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case err != nil && c.err == nil:
		c.log.Warn("no copy of the journal can be made", "path", c.config.Path, "err", err)
	case err == nil && c.err != nil:
		c.log.Info("copies of the journal can be made again", "path", c.config.Path)
	}
	c.err = err
	if done.Path != "" {
		c.last, c.ever = done, true
	}
}

// age is how old the last copy is; ok is false if there never was one.
func (c *copier) age() (age time.Duration, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return max(time.Since(c.last.At), 0), c.ever
}

// status says how the copies are.
func (c *copier) status() device.DeviceStatus {
	c.mu.Lock()
	defer c.mu.Unlock()
	return copyStatus(c.config, c.last, c.ever, c.err, time.Now())
}

// copiesAlone is status without a daemon.
func copiesAlone(b Backup, dir string) device.DeviceStatus {
	last, ever := store.LastCopy(dir)
	return copyStatus(b, last, ever, b.Place(dir), time.Now())
}

func copyStatus(b Backup, last store.Copied, ever bool, err error, now time.Time) device.DeviceStatus {
	d := device.DeviceStatus{Name: "backup", Kind: copyKind, Line: b.Path}
	age := max(now.Sub(last.At), 0)
	made := "no copy was made yet"
	if ever {
		made = fmt.Sprintf("the last copy, %s, is %s old", filepath.Base(last.Path), roughly(age))
	}
	late := ever && age > 2*b.Every+time.Minute
	d.OK, d.Words = err == nil && !late, made
	switch {
	case err != nil:
		d.Words, d.Trouble = err.Error()+"; "+made, string(b.cause(err))
	case late:
		d.Words, d.Trouble = d.Words+", though one is due every "+short(b.Every), string(copyLate)
	}
	return d
}

// cause is why no copy can be made, which err says in words.
func (b Backup) cause(err error) cause {
	if errors.Is(err, store.ErrSameDisk) {
		return copySameDisk
	}
	if _, err := os.Stat(b.Path); errors.Is(err, fs.ErrNotExist) {
		return copyAbsent
	}
	return copyFailed
}

// roughly writes a time as people say it.
func roughly(d time.Duration) string {
	switch {
	case d < 2*time.Minute:
		return fmt.Sprintf("%d s", int(d.Seconds()))
	case d < 2*time.Hour:
		return fmt.Sprintf("%d min", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h", int(d.Hours()))
	}
	return fmt.Sprintf("%d days", int(d.Hours()/24))
}
