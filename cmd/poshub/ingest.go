package main

import (
	"context"
	_ "embed"
	"encoding/json"
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
	epochs map[[2]string]*epochState // of this transaction and earlier ones; dropped when one fails
	raised int
}

type epochState struct {
	no, first, last int64
	hash            string
	from            sale.Ancestor
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
	return &ledger{w: w, cal: cal, now: time.Now, log: log, epochs: map[[2]string]*epochState{}}
}

// book books messages in one transaction.
func (l *ledger) book(ctx context.Context, d fleet.Delivery) error {
	err := l.w.transact(ctx, func() error {
		for _, words := range d.Strange {
			if err := l.alarm(ctx, "", "", 0, alarmRead, words); err != nil {
				return err
			}
		}
		last := uint64(0)
		for _, m := range d.Messages {
			if err := l.message(ctx, m); err != nil {
				return fmt.Errorf("book commit %d of %s: %w", m.Commit, m.Name, err)
			}
			last = max(last, m.Seq)
		}
		return l.reached(ctx, last)
	})
	if err != nil {
		clear(l.epochs)
	}
	return err
}

func (l *ledger) message(ctx context.Context, m fleet.Message) error {
	till := m.Name.String()
	text := string(m.Body)
	if m.Parts > 1 {
		whole, err := l.part(ctx, m)
		if err != nil || whole == "" {
			return err
		}
		text = whole
	}
	b, err := fleet.Decode([]byte(text))
	if err != nil {
		return l.alarm(ctx, till, m.Epoch, m.Commit, alarmRead, err.Error())
	}
	c := b.Commit
	if c.No != m.Commit || c.Hash != m.Hash || c.Hash != sale.HashCommit(c.Prev, c.No, c.Entries) {
		return l.alarm(ctx, till, m.Epoch, m.Commit, alarmHash, "its hash is not that of what it says: it was changed on the way, or in the stream")
	}
	if err := l.commit(ctx, till, m.Epoch, b, text); err != nil {
		return err
	}
	return l.release(ctx, till, m.Epoch)
}

// part keeps a part of a large commit and returns the whole with the last one.
func (l *ledger) part(ctx context.Context, m fleet.Message) (string, error) {
	till := m.Name.String()
	if m.Part == 1 { // once more from its beginning: what was there was never finished
		if _, err := l.w.exec(ctx, "DELETE FROM parts WHERE till = ? AND epoch = ? AND commit_no = ?", till, m.Epoch, m.Commit); err != nil {
			return "", err
		}
	}
	if _, err := l.w.exec(ctx, "INSERT INTO parts (till, epoch, commit_no, part, body) VALUES (?, ?, ?, ?, ?) ON CONFLICT (till, epoch, commit_no, part) DO UPDATE SET body = excluded.body",
		till, m.Epoch, m.Commit, m.Part, string(m.Body)); err != nil || m.Part < m.Parts {
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
func (l *ledger) commit(ctx context.Context, till, epoch string, b fleet.Body, text string) error {
	c := b.Commit
	e, err := l.epoch(ctx, till, epoch)
	if err != nil {
		return err
	}
	if e == nil {
		if e, err = l.begin(ctx, till, epoch, b); err != nil {
			return err
		}
		if e == nil {
			return l.hold(ctx, till, epoch, c, text)
		}
	}
	switch {
	case c.No <= e.last:
		return l.again(ctx, till, epoch, e, c)
	case c.No > e.last+1:
		if err := l.alarm(ctx, till, epoch, e.last+1, alarmGap, fmt.Sprintf("commits %d to %d are missing; later ones wait", e.last+1, c.No-1)); err != nil {
			return err
		}
		return l.hold(ctx, till, epoch, c, text)
	case c.Prev != e.hash:
		return l.alarm(ctx, till, epoch, c.No, alarmFork, fmt.Sprintf("it does not follow commit %d as it was booked (%.8s there, %.8s here): two boxes wrote under one name", e.last, c.Prev, e.hash))
	}
	if words := unproven(c); words != "" {
		if err := l.alarm(ctx, till, epoch, c.No, alarmRow, words); err != nil {
			return err
		}
		return l.hold(ctx, till, epoch, c, text)
	}
	if _, err := l.w.exec(ctx, "INSERT INTO commits (till, epoch, commit_no, hash, entries) VALUES (?, ?, ?, ?, ?)", till, epoch, c.No, c.Hash, plainText(c.Entries)); err != nil {
		return err
	}
	if err := l.rows(ctx, till, e, c); err != nil {
		return err
	}
	if err := l.clear(ctx, till, epoch, c.No, alarmGap); err != nil {
		return err
	}
	e.last, e.hash = c.No, c.Hash
	_, err = l.w.exec(ctx, "UPDATE epochs SET last = ?, last_hash = ? WHERE till = ? AND epoch = ?", e.last, e.hash, till, epoch)
	return err
}

// unproven names a row that is not as the commit's digest says.
func unproven(c sale.Commit) string {
	if strings.HasPrefix(c.Entries, sale.SumPrefix) {
		if len(c.Rows) > 0 {
			return "it has rows, and of its digests only the sum"
		}
		return ""
	}
	last := map[string]string{}
	for line := range strings.Lines(c.Entries) {
		table, key, digest, err := sale.ParseEntry(line)
		if err != nil {
			return err.Error()
		}
		last[table+" "+key] = digest
	}
	for _, r := range c.Rows {
		digest, there := last[r.Table+" "+r.Key]
		if !there || len(r.Withheld) == 0 && digest != sale.DigestRow(r.Names, r.Values) {
			return fmt.Sprintf("%s %s is not as its digest says", r.Table, r.Key)
		}
	}
	return ""
}

// again looks at a commit that was booked already.
func (l *ledger) again(ctx context.Context, till, epoch string, e *epochState, c sale.Commit) error {
	of := epoch
	if c.No < e.first { // of the epoch before, published again under this one
		of = e.from.Epoch
	}
	var hash string
	if _, err := l.w.find(ctx, "SELECT hash FROM commits WHERE till = ? AND epoch = ? AND commit_no = ?", []any{till, of, c.No}, &hash); err != nil {
		return err
	}
	if hash == c.Hash {
		return nil
	}
	return l.alarm(ctx, till, epoch, c.No, alarmFork, fmt.Sprintf("it was booked with hash %.8s and came again with %.8s: two boxes wrote under one name", hash, c.Hash))
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
	l.epochs[[2]string{till, epoch}] = e
	return e, nil
}

// begin books the beginning of an epoch; it returns nil where that cannot be, and says why.
func (l *ledger) begin(ctx context.Context, till, epoch string, b fleet.Body) (*epochState, error) {
	c := b.Commit
	e := &epochState{first: c.No, last: c.No - 1, hash: c.Prev}
	switch {
	case c.No == 1:
	case b.From == nil:
		return nil, l.alarm(ctx, till, epoch, 1, alarmGap, fmt.Sprintf("commits 1 to %d are missing; later ones wait", c.No-1))
	default:
		e.from = *b.From
		var hash string
		found, err := l.w.find(ctx, "SELECT hash FROM commits WHERE till = ? AND epoch = ? AND commit_no = ?", []any{till, e.from.Epoch, e.from.Commit}, &hash)
		if err != nil {
			return nil, err
		}
		if !found || e.from.Commit != c.No-1 {
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
	if err == nil {
		l.epochs[[2]string{till, epoch}] = e
	}
	return e, err
}

func (l *ledger) hold(ctx context.Context, till, epoch string, c sale.Commit, text string) error {
	_, err := l.w.exec(ctx, "INSERT INTO held (till, epoch, commit_no, hash, body) VALUES (?, ?, ?, ?, ?) ON CONFLICT (till, epoch, commit_no) DO NOTHING", till, epoch, c.No, c.Hash, text)
	return err
}

// release books what was held and now follows.
func (l *ledger) release(ctx context.Context, till, epoch string) error {
	for {
		e, err := l.epoch(ctx, till, epoch)
		if err != nil || e == nil {
			return err
		}
		var text string
		next := e.last + 1
		found, err := l.w.find(ctx, "SELECT body FROM held WHERE till = ? AND epoch = ? AND commit_no = ?", []any{till, epoch, next}, &text)
		if err != nil || !found {
			return err
		}
		b, err := fleet.Decode([]byte(text))
		if err != nil {
			return err
		}
		if b.Commit.Prev == e.hash && unproven(b.Commit) == "" {
			if err := l.commit(ctx, till, epoch, b, text); err != nil {
				return err
			}
		}
		if e.last < next {
			return nil
		}
		if _, err := l.w.exec(ctx, "DELETE FROM held WHERE till = ? AND epoch = ? AND commit_no = ?", till, epoch, next); err != nil {
			return err
		}
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

// dataOf writes a row as it is kept in facts.
func dataOf(r sale.CommitRow) (string, error) {
	text, err := json.Marshal(r)
	return string(text), err
}

// rowOf undoes dataOf.
func rowOf(data string) (r sale.CommitRow, err error) {
	b, err := fleet.Decode([]byte(`{"format":1,"commit":{"rows":[` + data + `]}}`))
	if err != nil || len(b.Commit.Rows) != 1 {
		return r, fmt.Errorf("read a row of the books: %w", err)
	}
	return b.Commit.Rows[0], nil
}
