package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"posd/device"
	"posd/device/sale"
	"posd/store"
)

const (
	// verifyFirst is how long after the start the first one begins: a start, and who sells
	// at once, shall not share the disk with it.
	verifyFirst = 5 * time.Second
	// verifyEvery is the pause between two verifications of the whole journal.
	verifyEvery = 24 * time.Hour
	// verifyAgain is the pause after one that could not be brought to its end.
	verifyAgain = 10 * time.Minute
	// verifyShare is how many times as long as it took a piece is rested after it.
	verifyShare = 9
	// placeEvery is how often it is looked whether the state folder is still there, and
	// whether a disk that would not read does again, for whoever reads the devices page:
	// new business looks for itself.
	placeEvery = time.Minute
)

// verifier reads the whole journal in the background, after the start and then
// daily, and says what it found: damage is seen while nobody asks for what is
// damaged. It reads a piece at a time and rests nine times as long, so that a sale never feels it.
type verifier struct {
	begin   func() piecewise
	inPlace func() error                              // the journal's files are where they were
	span    func(ctx context.Context) (string, error) // what a restore may have lost
	log     *slog.Logger

	mu        sync.Mutex
	damage    error     // what is not as it was written; nil if nothing is known
	lost      string    // what a restore may have lost, in words
	displaced error     // why the journal's files are not where they were
	at        time.Time // when the last whole verification ended; zero: none in this run
	skipped   int
	read, of  int64 // of the one under way, or the last
	before    store.Verified
}

// piecewise is a verification under way; *store.Walk is one.
type piecewise interface {
	Next(ctx context.Context) (done bool, err error)
	Progress() (read, of int64)
	Skipped() int
}

func newVerifier(s *store.Store, dir string, log *slog.Logger) *verifier {
	v := &verifier{begin: func() piecewise { return s.Walk() }, log: log}
	v.inPlace = func() error { return errors.Join(s.InPlace(), s.Log()) }
	v.span = s.LostSpan
	v.before, _ = store.LastVerified(dir)
	s.Troubled = v.found
	return v
}

// run verifies until ctx ends.
func (v *verifier) run(ctx context.Context) error {
	look := time.NewTimer(sale.UntilRound(time.Now(), placeEvery))
	defer look.Stop()
	next := time.NewTimer(verifyFirst)
	defer next.Stop()
	v.restored(ctx)
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-look.C:
			look.Reset(sale.UntilRound(time.Now(), placeEvery))
			v.place(v.inPlace())
			if v.lost != "" { // until a day is closed
				v.restored(ctx)
			}
			if v.unread() {
				next.Reset(0)
			}
		case <-next.C:
			pause := verifyEvery
			if err := v.once(ctx); err != nil && ctx.Err() == nil {
				v.log.Warn("the journal was not verified to its end", "err", err)
				pause = verifyAgain
			}
			next.Reset(pause)
		}
	}
}

// once goes through the journal. Damage is a result and no error.
func (v *verifier) once(ctx context.Context) error {
	w := v.begin()
	for {
		begun := time.Now()
		done, err := w.Next(ctx)
		if errors.Is(err, sale.ErrJournalBroken) {
			v.found(err)
			return nil
		}
		if err != nil {
			return err
		}
		v.progress(w, done)
		if done {
			return nil
		}
		select {
		case <-time.After(verifyShare * time.Since(begun)):
		case <-ctx.Done():
			return ctx.Err()
		}
		v.place(v.inPlace())
	}
}

// found notes damage, and says so once. It stays until the whole journal was
// found sound, or posd is started again.
func (v *verifier) found(err error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	switch {
	case v.damage != nil:
	case errors.Is(err, store.ErrDisk):
		v.log.Error("the journal cannot be read", "err", err)
	default:
		v.log.Error("the journal is not as posd wrote it", "err", err)
	}
	v.damage = err
}

// unread reports whether all that is known to be wrong is a disk that would not read.
func (v *verifier) unread() bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return errors.Is(v.damage, store.ErrDisk)
}

func (v *verifier) progress(w piecewise, done bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.read, v.of = w.Progress()
	if !done {
		return
	}
	if v.damage != nil {
		v.log.Info("every row of the journal was found as it was written; an earlier read was not", "earlier", v.damage)
	}
	v.damage, v.at, v.skipped = nil, time.Now(), w.Skipped()
}

// restored looks whether a restore may have lost something.
func (v *verifier) restored(ctx context.Context) {
	words, err := v.span(ctx)
	if err != nil {
		v.log.Error("it cannot be looked up whether the journal was restored", "err", err)
		return
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if words != "" && v.lost == "" {
		v.log.Warn("the journal was restored", "words", words)
	}
	v.lost = words
}

func (v *verifier) place(err error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if err != nil && v.displaced == nil {
		v.log.Error("the journal's files are not as they should be", "err", err)
	}
	v.displaced = err
}

// judge adds what is known to how the journal is.
func (v *verifier) judge(d device.DeviceStatus) device.DeviceStatus {
	v.mu.Lock()
	defer v.mu.Unlock()
	switch {
	case v.damage != nil:
		d.OK, d.Words, d.Trouble = false, v.damage.Error(), string(journalCause(v.damage, d.Line))
	case v.displaced != nil:
		d.OK, d.Words = false, v.displaced.Error()
	case v.at.IsZero() && v.of > 0:
		d.Words += fmt.Sprintf("; being verified, %d of %d commits read", v.read, v.of)
	case v.at.IsZero():
		d.Words += "; not verified yet in this run"
		if v.before.Commit > 0 {
			d.Words += fmt.Sprintf(", up to commit %d on %s", v.before.Commit, v.before.At.UTC().Format(time.DateTime))
		}
	default:
		d.Words += fmt.Sprintf("; every row verified up to commit %d, %s ago", v.of, roughly(time.Since(v.at)))
		if v.skipped > 0 {
			d.Words += fmt.Sprintf(", the pages of %d tables not to their end", v.skipped)
		}
	}
	if v.lost != "" {
		d.Words += "; " + v.lost
	}
	return d
}

// last returns the age of the last whole verification, and whether the journal is sound as far as is known.
func (v *verifier) last() (age time.Duration, ever, sound bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	return time.Since(v.at), !v.at.IsZero(), v.damage == nil
}
