package main

import (
	"context"
	_ "embed"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"posd/device/sale"
	"posd/sync/fleet"
)

//go:embed schema.sql
var schema string

// ledger books commits. What it decides of a message:
//
//	hash not that of its entries          alarm hash; not booked
//	a row not as its digest               alarm row; held
//	booked already, same hash             nothing
//	booked already, another hash          alarm fork; not booked
//	follows the last one, by hash         booked, with what was held behind it
//	follows the last one, by number only  alarm fork; not booked
//	further on                            held, alarm gap until what is missing comes
//	first of its epoch                    booked if commit 1, or if the commit that it
//	                                      continues is booked under the hash before it
//
// Nothing is skipped: a counter's books stand still until an alarm is cleared.
type ledger struct {
	w      *writer
	cal    sale.Calendar
	now    func() time.Time
	log    *slog.Logger
	raised int

	// What is known of the books, of this transaction and earlier ones; dropped when one fails.
	epochs map[[2]string]*epochState
	newest map[string]int64 // number of each counter's newest epoch
	batch  *batch
}

type epochState struct {
	no, first, last int64
	hash            string
	from            sale.Ancestor
	held            int64 // commits that wait
	gap             bool  // its alarm stands
}

// kinds of alarm.
const (
	alarmGap   = "gap"
	alarmFork  = "fork"
	alarmHash  = "hash"
	alarmRow   = "row"
	alarmRead  = "unreadable"
	alarmLost  = "left behind"
	alarmTaken = "stream taken back"
)

func newLedger(w *writer, cal sale.Calendar, log *slog.Logger) *ledger {
	l := &ledger{w: w, cal: cal, now: time.Now, log: log}
	l.forget()
	return l
}

func (l *ledger) forget() {
	l.epochs, l.newest, l.batch = map[[2]string]*epochState{}, map[string]int64{}, newBatch()
}

// book books messages in one transaction; strange are words about others that are no messages of the books.
func (l *ledger) book(ctx context.Context, all []checked, strange []string) error {
	err := l.w.transact(ctx, func() error {
		for _, words := range strange {
			if err := l.alarm(ctx, "", "", 0, alarmRead, words); err != nil {
				return err
			}
		}
		last := uint64(0)
		for i := range all {
			if err := l.message(ctx, &all[i]); err != nil {
				return fmt.Errorf("book commit %d of %s: %w", all[i].Commit, all[i].Name, err)
			}
			last = max(last, all[i].Seq)
		}
		if err := l.flush(ctx); err != nil {
			return fmt.Errorf("book %d messages: %w", len(all), err)
		}
		return l.reached(ctx, last)
	})
	if err != nil {
		l.forget()
	}
	return err
}

func (l *ledger) message(ctx context.Context, b *checked) error {
	if b.Parts > 1 {
		whole, err := l.part(ctx, b)
		if err != nil || whole == "" {
			return err
		}
		b.text = whole
		b.read()
	}
	if b.unreadable != nil {
		return l.alarm(ctx, b.till, b.Epoch, b.Commit, alarmRead, b.unreadable.Error())
	}
	if b.altered {
		return l.alarm(ctx, b.till, b.Epoch, b.Commit, alarmHash, "its hash is not that of what it says: it was changed on the way, or in the stream")
	}
	if err := l.commit(ctx, b); err != nil {
		return err
	}
	return l.release(ctx, b.till, b.Epoch)
}

// part keeps a part of a large commit and returns the whole with the last one.
func (l *ledger) part(ctx context.Context, m *checked) (string, error) {
	till := m.till
	if m.Part == 1 { // once more from its beginning: what was there was never finished
		if _, err := l.w.exec(ctx, "DELETE FROM parts WHERE till = ? AND epoch = ? AND commit_no = ?", till, m.Epoch, m.Commit); err != nil {
			return "", err
		}
	}
	if _, err := l.w.exec(ctx, "INSERT INTO parts (till, epoch, commit_no, part, body) VALUES (?, ?, ?, ?, ?) ON CONFLICT (till, epoch, commit_no, part) DO UPDATE SET body = excluded.body",
		till, m.Epoch, m.Commit, m.Part, m.text); err != nil || m.Part < m.Parts {
		return "", err
	}
	stmt, err := l.w.stmt(ctx, "SELECT body FROM parts WHERE till = ? AND epoch = ? AND commit_no = ? ORDER BY part")
	if err != nil {
		return "", err
	}
	rows, err := stmt.QueryContext(ctx, till, m.Epoch, m.Commit)
	if err != nil {
		return "", err
	}
	defer rows.Close()
	var whole strings.Builder
	n := 0
	for ; rows.Next(); n++ {
		var piece string
		if err := rows.Scan(&piece); err != nil {
			return "", err
		}
		whole.WriteString(piece)
	}
	if err := rows.Err(); err != nil {
		return "", err
	}
	rows.Close()
	if n != m.Parts {
		return "", l.alarm(ctx, till, m.Epoch, m.Commit, alarmRead, fmt.Sprintf("%d of its %d parts are here", n, m.Parts))
	}
	_, err = l.w.exec(ctx, "DELETE FROM parts WHERE till = ? AND epoch = ? AND commit_no = ?", till, m.Epoch, m.Commit)
	return whole.String(), err
}

// commit decides what becomes of a commit whose hash is right.
func (l *ledger) commit(ctx context.Context, b *checked) error {
	till, epoch, c := b.till, b.Epoch, b.body.Commit
	e, err := l.epoch(ctx, till, epoch)
	if err != nil {
		return err
	}
	if e == nil {
		if e, err = l.begin(ctx, till, epoch, b.body); err != nil {
			return err
		}
		if e == nil {
			return l.hold(ctx, nil, b)
		}
	}
	switch {
	case c.No <= e.last:
		return l.again(ctx, till, epoch, e, c)
	case c.No > e.last+1:
		if err := l.alarm(ctx, till, epoch, e.last+1, alarmGap, fmt.Sprintf("commits %d to %d are missing; later ones wait", e.last+1, c.No-1)); err != nil {
			return err
		}
		e.gap = true
		return l.hold(ctx, e, b)
	case c.Prev != e.hash:
		return l.alarm(ctx, till, epoch, c.No, alarmFork, fmt.Sprintf("it does not follow commit %d as it was booked (%.8s there, %.8s here): two boxes wrote under one name", e.last, c.Prev, e.hash))
	}
	if b.unproven != "" {
		if err := l.alarm(ctx, till, epoch, c.No, alarmRow, b.unproven); err != nil {
			return err
		}
		return l.hold(ctx, e, b)
	}
	l.batch.commits = append(l.batch.commits, []any{till, epoch, c.No, c.Hash, plainText(c.Entries)})
	l.batch.hashes[commitKey{till, epoch, c.No}] = c.Hash
	l.batch.epochs[[2]string{till, epoch}] = e
	if err := l.rows(ctx, till, e, b); err != nil {
		return err
	}
	if e.gap {
		if err := l.clear(ctx, till, epoch, c.No, alarmGap); err != nil {
			return err
		}
		if e.gap, err = l.w.find(ctx, gapStands, []any{till, epoch}, new(int)); err != nil {
			return err
		}
	}
	e.last, e.hash = c.No, c.Hash
	return nil
}

// gapStands finds an alarm of a gap.
const gapStands = "SELECT 1 FROM alarms WHERE till = ? AND epoch = ? AND kind = 'gap' AND cleared_at = '' LIMIT 1"

// again looks at a commit that was booked already.
func (l *ledger) again(ctx context.Context, till, epoch string, e *epochState, c sale.Commit) error {
	of := epoch
	if c.No < e.first { // of the epoch before, published again under this one
		of = e.from.Epoch
	}
	hash, err := l.hashOf(ctx, till, of, c.No)
	if err != nil {
		return err
	}
	if hash == c.Hash {
		return nil
	}
	return l.alarm(ctx, till, epoch, c.No, alarmFork, fmt.Sprintf("it was booked with hash %.8s and came again with %.8s: two boxes wrote under one name", hash, c.Hash))
}

// hashOf is the hash under which a commit is booked, empty if it is not.
func (l *ledger) hashOf(ctx context.Context, till, epoch string, no int64) (hash string, err error) {
	if hash = l.batch.hashes[commitKey{till, epoch, no}]; hash != "" {
		return hash, nil
	}
	_, err = l.w.find(ctx, "SELECT hash FROM commits WHERE till = ? AND epoch = ? AND commit_no = ?", []any{till, epoch, no}, &hash)
	return hash, err
}

// epoch returns what is booked of an epoch, nil if nothing is.
func (l *ledger) epoch(ctx context.Context, till, epoch string) (*epochState, error) {
	if e := l.epochs[[2]string{till, epoch}]; e != nil {
		return e, nil
	}
	e := &epochState{}
	found, err := l.w.find(ctx, "SELECT no, first, last, last_hash, from_epoch, from_commit FROM epochs WHERE till = ? AND epoch = ?", []any{till, epoch},
		&e.no, &e.first, &e.last, &e.hash, &e.from.Epoch, &e.from.Commit)
	if err != nil || !found {
		return nil, err
	}
	return e, l.known(ctx, till, epoch, e)
}

// known reads what else is asked at every commit of an epoch, and remembers it.
func (l *ledger) known(ctx context.Context, till, epoch string, e *epochState) (err error) {
	if _, err := l.w.find(ctx, "SELECT count(*) FROM held WHERE till = ? AND epoch = ?", []any{till, epoch}, &e.held); err != nil {
		return err
	}
	if e.gap, err = l.w.find(ctx, gapStands, []any{till, epoch}, new(int)); err != nil {
		return err
	}
	var most int64
	if _, err := l.w.find(ctx, "SELECT coalesce(max(no), 0) FROM epochs WHERE till = ?", []any{till}, &most); err != nil {
		return err
	}
	l.epochs[[2]string{till, epoch}], l.newest[till] = e, most
	return nil
}

// begin books the beginning of an epoch; it returns nil where that cannot be, and says why.
func (l *ledger) begin(ctx context.Context, till, epoch string, b fleet.Body) (*epochState, error) {
	if err := l.flush(ctx); err != nil { // what is asked here is asked of the books alone
		return nil, err
	}
	c := b.Commit
	e := &epochState{first: c.No, last: c.No - 1, hash: c.Prev}
	switch {
	case c.No == 1:
	case b.From == nil:
		return nil, l.alarm(ctx, till, epoch, 1, alarmGap, fmt.Sprintf("commits 1 to %d are missing; later ones wait", c.No-1))
	default:
		e.from = *b.From
		hash, err := l.hashOf(ctx, till, e.from.Epoch, e.from.Commit)
		if err != nil {
			return nil, err
		}
		if hash == "" || e.from.Commit != c.No-1 {
			return nil, l.alarm(ctx, till, epoch, c.No-1, alarmGap, fmt.Sprintf("it continues commit %d of epoch %s, which is not here", e.from.Commit, e.from.Epoch))
		}
		if hash != c.Prev {
			return nil, l.alarm(ctx, till, epoch, c.No, alarmFork, fmt.Sprintf("it continues commit %d of epoch %s as %.8s, and that was booked as %.8s", e.from.Commit, e.from.Epoch, c.Prev, hash))
		}
	}
	var most, reached int64
	if _, err := l.w.find(ctx, "SELECT coalesce(max(no), 0) FROM epochs WHERE till = ?", []any{till}, &most); err != nil {
		return nil, err
	}
	if _, err := l.w.find(ctx, "SELECT last FROM epochs WHERE till = ? AND epoch = ?", []any{till, e.from.Epoch}, &reached); err != nil {
		return nil, err
	}
	if reached > e.from.Commit && e.from.Epoch != "" {
		words := fmt.Sprintf("the counter was restored from a copy that ends with commit %d of epoch %s: commits %d to %d are booked here and not in its journal; compare its sales of that time", e.from.Commit, e.from.Epoch, e.from.Commit+1, reached)
		if err := l.alarm(ctx, till, epoch, e.from.Commit, alarmLost, words); err != nil {
			return nil, err
		}
	}
	e.no = most + 1
	_, err := l.w.exec(ctx, "INSERT INTO epochs (till, epoch, no, from_epoch, from_commit, first, last, last_hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
		till, epoch, e.no, e.from.Epoch, e.from.Commit, e.first, e.last, e.hash)
	if err != nil {
		return nil, err
	}
	return e, l.known(ctx, till, epoch, e)
}

// hold keeps a commit that cannot be booked yet; e is nil where its epoch has not begun.
func (l *ledger) hold(ctx context.Context, e *epochState, b *checked) error {
	n, err := l.w.exec(ctx, "INSERT INTO held (till, epoch, commit_no, hash, body) VALUES (?, ?, ?, ?, ?) ON CONFLICT (till, epoch, commit_no) DO NOTHING", b.till, b.Epoch, b.Commit, b.Hash, b.text)
	if e != nil {
		e.held += n
	}
	return err
}

// release books what was held and now follows.
func (l *ledger) release(ctx context.Context, till, epoch string) error {
	for {
		e, err := l.epoch(ctx, till, epoch)
		if err != nil || e == nil || e.held == 0 {
			return err
		}
		next := e.last + 1
		b := checked{Message: fleet.Message{Epoch: epoch, Commit: next}, till: till}
		found, err := l.w.find(ctx, "SELECT hash, body FROM held WHERE till = ? AND epoch = ? AND commit_no = ?", []any{till, epoch, next}, &b.Hash, &b.text)
		if err != nil || !found {
			return err
		}
		if b.read(); b.unreadable != nil {
			return b.unreadable
		}
		if b.altered {
			return l.alarm(ctx, till, epoch, next, alarmHash, "what was kept of it until those before it came was changed in the database")
		}
		if b.body.Commit.Prev == e.hash && b.unproven == "" {
			if err := l.commit(ctx, &b); err != nil {
				return err
			}
		}
		if e.last < next {
			return nil
		}
		if _, err := l.w.exec(ctx, "DELETE FROM held WHERE till = ? AND epoch = ? AND commit_no = ?", till, epoch, next); err != nil {
			return err
		}
		e.held--
	}
}

// alarm notes what a person must look at. The same one is noted once.
func (l *ledger) alarm(ctx context.Context, till, epoch string, no int64, kind, words string) error {
	n, err := l.w.exec(ctx, `INSERT INTO alarms (till, epoch, commit_no, kind, words, raised_at, cleared_at) VALUES (?, ?, ?, ?, ?, ?, '')
		ON CONFLICT (till, epoch, commit_no, kind) DO UPDATE SET words = excluded.words, cleared_at = ''`, till, epoch, no, kind, plainText(words), stamp(l.now()))
	if err == nil && n > 0 {
		l.raised++
		l.log.Error("alarm", "kind", kind, "till", till, "epoch", epoch, "commit", no, "words", words)
	}
	return err
}

func (l *ledger) clear(ctx context.Context, till, epoch string, no int64, kind string) error {
	_, err := l.w.exec(ctx, "UPDATE alarms SET cleared_at = ? WHERE till = ? AND epoch = ? AND commit_no <= ? AND kind = ? AND cleared_at = ''", stamp(l.now()), till, epoch, no, kind)
	return err
}

// reached notes up to which message of the stream all is booked or held.
func (l *ledger) reached(ctx context.Context, seq uint64) error {
	if seq == 0 {
		return nil
	}
	_, err := l.w.exec(ctx, "INSERT INTO meta (name, value) VALUES ('reached', ?) ON CONFLICT (name) DO UPDATE SET value = CASE WHEN CAST(excluded.value AS BIGINT) > CAST(meta.value AS BIGINT) THEN excluded.value ELSE meta.value END", fmt.Sprint(seq))
	return err
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// plainText is a text without what PostgreSQL cannot store.
func plainText(s string) string { return strings.ReplaceAll(s, "\x00", "\\0") }
