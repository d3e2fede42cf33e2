package store

import (
	"context"
	"fmt"
	"strings"
	"time"

	"posd/device/sale"
)

// Pruned counts what Prune took away.
type Pruned struct {
	Sales   int // that keep only what stays for ever
	Events  int
	Jobs    int
	Commits int // of which only the sum is left
}

const (
	// pruneBatch is how many sales one transaction of Prune handles: the till
	// waits for it.
	pruneBatch = 100
	// details are the columns of a sale that prune empties.
	details = `words = '', attention = '', card_type = NULL, card_number = NULL, card_entry = NULL, card_account = NULL,
		card_label = NULL, card_aid = NULL, card_tvr = NULL, card_tsi = NULL, card_cryptogram = NULL, card_cvm = NULL, card_composed = NULL,
		card_auth_code = NULL, card_host_code = NULL, card_host_text = NULL, card_reference = NULL, card_batch = NULL,
		card_invoice = NULL, card_transaction = NULL, card_terminal_id = NULL, card_serial = NULL, card_terminal_time = NULL,
		card_language = NULL`
	// prunable are the sales that Prune may touch: final, their money settled,
	// and reported or never to be.
	prunable = `pruned_at IS NULL AND final_at IS NOT NULL AND final_at < ?
		AND state IN ('paid', 'declined', 'cancelled') AND reported IN ('not-needed', 'done', 'withdrawn') AND incident = ''
		AND NOT EXISTS (SELECT 1 FROM reports r WHERE r.sale = sales.id)
		AND NOT EXISTS (SELECT 1 FROM movements m WHERE m.sale = sales.id AND m.state IN ('waiting', 'unsure'))
		AND NOT EXISTS (SELECT 1 FROM jobs j WHERE j.sale = sales.id AND j.state NOT IN ('sent', 'printed', 'failed'))`
)

// Prune takes away the details of sales that ended before an instant: the
// card's fields, the words, the events, the print jobs. It never touches a sale
// that is open, not reported, an incident, or whose refund is not settled. What
// stays for ever of every sale: its id, bill, amounts, state and times, the keys
// with their digests, and every reference and number that went out. It works in
// small transactions, so that selling goes on meanwhile; when it is stopped half
// way, the rest is done by the next call.
func (s *Store) Prune(ctx context.Context, before, now time.Time) (Pruned, error) {
	var done Pruned
	for n := int64(0); ; {
		// Looked for beside the writer, and looked at once more by it.
		ids, last, err := s.prunable(ctx, n, before)
		if err == nil {
			err = s.pruneSome(ctx, ids, before, now, &done)
		}
		if err != nil {
			return done, explain("prune the journal", err)
		}
		if len(ids) == 0 {
			break
		}
		n = last
	}
	for after := int64(0); ; {
		next, err := s.sumUp(ctx, after, &done)
		if err != nil {
			return done, explain("prune the journal", err)
		}
		if next == after {
			break
		}
		after = next
	}
	s.log.Info("journal pruned", "before", before, "sales", done.Sales, "events", done.Events, "jobs", done.Jobs, "commits", done.Commits)
	return done, nil
}

// prunable returns a batch of sales behind the n-th, and the n of the last.
func (s *Store) prunable(ctx context.Context, n int64, before time.Time) (ids []string, last int64, err error) {
	err = s.look(ctx, "look for what can be pruned", func(v view) error {
		rows, err := v.tx.QueryContext(ctx, "SELECT n, id FROM sales WHERE n > ? AND "+prunable+" ORDER BY n LIMIT ?", n, formatTime(before), pruneBatch)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var id string
			if err := rows.Scan(&last, &id); err != nil {
				return err
			}
			ids = append(ids, id)
		}
		return rows.Err()
	})
	return ids, last, err
}

// pruneSome prunes a batch in one transaction.
func (s *Store) pruneSome(ctx context.Context, ids []string, before, now time.Time, done *Pruned) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return fmt.Errorf("%w: it is closed", sale.ErrJournalBroken)
	}
	some := *done
	_, err := s.transact(func(tx *transaction) error {
		if _, err := tx.exec("UPDATE horizon SET before = max(before, ?)", formatTime(before)); err != nil {
			return err
		}
		for _, id := range ids {
			still, err := tx.column("SELECT 1 FROM sales WHERE id = ? AND "+prunable, id, formatTime(before))
			if err == nil && len(still) > 0 {
				err = tx.pruneSale(id, formatTime(now), &some)
			}
			if err != nil {
				return fmt.Errorf("sale %s: %w", id, err)
			}
		}
		return tx.remove(events.ledger, "sale = '' AND at < ?", &some.Events, formatTime(before))
	})
	if err == nil {
		*done = some
	}
	return err
}

// pruneSale empties one sale. All that stays of it is entered anew, so that
// the commits which wrote it first are needed no more.
func (tx *transaction) pruneSale(id, now string, done *Pruned) error {
	if _, err := tx.exec("UPDATE sales SET pruned_at = ?, "+details+" WHERE id = ?", now, id); err != nil {
		return err
	}
	if err := tx.remove(events.ledger, "sale = ?", &done.Events, id); err != nil {
		return err
	}
	if err := tx.remove(jobs.ledger, "sale = ?", &done.Jobs, id); err != nil {
		return err
	}
	for _, t := range []struct {
		ledger
		column string
	}{{sales.ledger, "id"}, {attempts.ledger, "sale"}, {movements.ledger, "sale"}, {keys.ledger, "sale"}} {
		if err := tx.reenter(t.ledger, t.column+" = ?", id); err != nil {
			return err
		}
	}
	done.Sales++
	return nil
}

// reenter enters rows as they are into this commit.
func (tx *transaction) reenter(l ledger, where string, arg string) error {
	if _, err := tx.exec("UPDATE "+l.table+" SET written_in = ? WHERE "+where, tx.no, arg); err != nil {
		return err
	}
	found, err := tx.rows("SELECT "+strings.Join(l.covered, ", ")+", CAST("+l.key+" AS TEXT) FROM "+l.table+" WHERE "+where, arg)
	if err != nil {
		return err
	}
	for _, row := range found {
		tx.enter(l.table, row[len(row)-1].(string), digest(l.covered, row))
	}
	return nil
}

// remove takes rows away and enters that they are gone.
func (tx *transaction) remove(l ledger, where string, count *int, arg string) error {
	left, err := tx.column("SELECT CAST("+l.key+" AS TEXT) FROM "+l.table+" WHERE "+where, arg)
	if err != nil || len(left) == 0 {
		return err
	}
	for _, key := range left {
		tx.enter(l.table, key.(string), gone)
	}
	*count += len(left)
	_, err = tx.exec("DELETE FROM "+l.table+" WHERE "+where, arg)
	return err
}

// sumUp looks at the commits behind number after and leaves only the sum of
// those none of whose rows is as they wrote it. It returns how far it came.
func (s *Store) sumUp(ctx context.Context, after int64, done *Pruned) (int64, error) {
	if err := ctx.Err(); err != nil {
		return after, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return after, fmt.Errorf("%w: it is closed", sale.ErrJournalBroken)
	}
	tx := transaction{s: s}
	found, err := tx.rows("SELECT no, entries FROM commits WHERE no > ? ORDER BY no LIMIT ?", after, int64(4*pruneBatch))
	if err != nil || len(found) == 0 {
		return after, err
	}
	if _, err := tx.exec("BEGIN IMMEDIATE"); err != nil {
		return after, err
	}
	summed := 0
	for _, row := range found {
		no, entries := row[0].(int64), row[1].(string)
		if strings.HasPrefix(entries, sumPrefix) {
			continue
		}
		needed, err := tx.needed(no, entries)
		if err == nil && !needed {
			_, err = tx.exec("UPDATE commits SET entries = ? WHERE no = ?", sumPrefix+sumOf(entries), no)
			summed++
		}
		if err != nil {
			tx.rollback()
			return after, err
		}
	}
	if _, err := tx.exec("COMMIT"); err != nil {
		tx.rollback()
		return after, err
	}
	s.wrote()
	done.Commits += summed
	return found[len(found)-1][0].(int64), nil
}

// needed reports whether a commit vouches for a row, or for one that left:
// of those too the journal must be able to say who removed them.
func (tx *transaction) needed(no int64, entries string) (bool, error) {
	for line := range strings.Lines(entries) {
		table, key, sum, err := parseEntry(line)
		if err != nil || sum == gone {
			return true, err
		}
		for _, l := range ledgers {
			if l.table != table {
				continue
			}
			found, err := tx.column("SELECT 1 FROM "+table+" WHERE "+l.key+" = ? AND written_in = ?", key, no)
			if err != nil || len(found) > 0 {
				return true, err
			}
		}
	}
	return false, nil
}
