package store

import (
	"database/sql/driver"
	"strings"
	"time"

	"posd/device/sale"
)

// madeAt reads the time in a reference: the 48 bits of a ULID (26 characters)
// or of an ECR reference (16 characters), both in Crockford's base32.
func madeAt(ref string) (time.Time, bool) {
	const digits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
	if len(ref) != 26 && len(ref) != 16 {
		return time.Time{}, false
	}
	ms := int64(0)
	for _, c := range ref[:10] {
		d := strings.IndexRune(digits, c)
		if d < 0 {
			return time.Time{}, false
		}
		ms = ms<<5 | int64(d)
	}
	if len(ref) == 16 {
		ms >>= 2 // 80 bits begin with the time; 130 bits begin with two of padding
	}
	return time.UnixMilli(ms).UTC(), true
}

// lost reports whether ref was made in a span that a restore lost.
func (v view) lost(ref string) (lost bool, err error) {
	at, ok := madeAt(ref)
	if !ok {
		return false, nil
	}
	err = v.value(&lost, "SELECT EXISTS (SELECT 1 FROM restores WHERE lost_from <= ?1 AND ?1 <= lost_to)", formatTime(at))
	return lost, err
}

// setAsideWords stand with a report whose request a backup does not hold.
const setAsideWords = "restored from a backup, which holds no card expiry: look this sale up at IOTPay and report it by hand"

// mark writes into a restored journal what must not be forgotten about it, and
// notes in r what was lost and set aside.
func (s *Store) mark(now time.Time, from string, complete bool, day int, epoch sale.NoteRow, r *Restored) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, err := s.transact(func(tx *transaction) error {
		last, err := tx.column("SELECT at FROM events ORDER BY seq DESC LIMIT 1")
		if err != nil {
			return err
		}
		lostFrom, lostTo := "", formatTime(now)
		if len(last) > 0 {
			lostFrom = last[0].(string)
		}
		r.LostFrom, r.LostTo = time.Time{}, now
		if lostFrom != "" {
			if r.LostFrom, err = time.Parse(time.RFC3339, lostFrom); err != nil {
				return err
			}
		}
		if lostFrom > lostTo { // the clock is behind
			lostFrom, lostTo = lostTo, lostFrom
			r.LostFrom, r.LostTo = r.LostTo, r.LostFrom
		}
		found, err := tx.gap(lostFrom, lostTo, complete, day)
		if err != nil {
			return err
		}
		r.Gap = found.Gap
		without, err := tx.rows("SELECT no FROM reports WHERE params = ''")
		if err != nil {
			return err
		}
		r.SetAside = len(without)
		for _, do := range []struct {
			stmt string
			args []driver.Value
		}{
			{"INSERT INTO restores (at, lost_from, lost_to) VALUES (?, ?, ?)", []driver.Value{formatTime(now), lostFrom, lostTo}},
			// The numbers given out since the backup stay unused.
			{"INSERT INTO sqlite_sequence (name, seq) SELECT 'events', 0 WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'events')", nil},
			{"UPDATE sqlite_sequence SET seq = seq + 1000000 WHERE name = 'events'", nil},
			{"UPDATE sales SET reported = 'set-aside' WHERE id IN (SELECT sale FROM reports WHERE params = '')", nil},
			{"UPDATE reports SET attempted = 1", nil},
			{"UPDATE reports SET state = 'set-aside', words = ? WHERE params = ''", []driver.Value{setAsideWords}},
		} {
			if err := tx.exec(do.stmt, do.args...); err != nil {
				return err
			}
		}
		waiting, err := tx.rows("SELECT no, sale FROM reports")
		if err != nil {
			return err
		}
		for _, row := range waiting {
			if err := tx.reenter(reports.ledger, "no = ?", row[0].(string)); err != nil {
				return err
			}
			if err := tx.reenter(sales.ledger, "id = ?", row[1].(string)); err != nil {
				return err
			}
		}
		if err := tx.row(epoch); err != nil {
			return err
		}
		found.Backup, found.LostFrom, found.LostTo = from, lostFrom, lostTo
		return tx.event(sale.EventRow{At: now, Kind: "restored", Data: found})
	})
	return err
}
