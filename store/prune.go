package store

import (
	"context"
	"errors"
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
	details = "words = '', attention = '', items = '', " + cardDetails
	// cardDetails are those of a card, in sales and in movements.
	cardDetails = `card_type = NULL, card_number = NULL, card_entry = NULL, card_account = NULL,
		card_label = NULL, card_aid = NULL, card_tvr = NULL, card_tsi = NULL, card_cryptogram = NULL, card_cvm = NULL, card_composed = NULL,
		card_auth_code = NULL, card_host_code = NULL, card_host_text = NULL, card_reference = NULL, card_batch = NULL,
		card_invoice = NULL, card_transaction = NULL, card_terminal_id = NULL, card_serial = NULL, card_terminal_time = NULL,
		card_language = NULL`
	// prunable are the sales that Prune may touch: final, their money returned,
	// and reported or never to be; no offline approval whose upload is not known,
	// no authorisation that can still be completed, and, where days are closed,
	// nothing of one that is open: its report sums up card types.
	prunable = `pruned_at IS NULL AND final_at IS NOT NULL AND final_at < ?
		AND state IN ('paid', 'declined', 'cancelled') AND reported IN ('not-needed', 'done', 'withdrawn') AND incident = ''
		AND NOT EXISTS (SELECT 1 FROM movements m WHERE m.sale = sales.id AND m.state IN ('waiting', 'unsure'))
		AND NOT (offline = 1 AND upload = '')
		AND max(day, coalesce((SELECT max(m.day) FROM movements m WHERE m.sale = sales.id), 0)) <= (SELECT coalesce(max(no), 1000000000) FROM days)
		AND NOT (kind = 'auth' AND state = 'paid'
			AND NOT EXISTS (SELECT 1 FROM sales c WHERE c.original = sales.id AND c.original <> '' AND c.state = 'paid')
			AND NOT EXISTS (SELECT 1 FROM movements m WHERE m.sale = sales.id AND m.state = 'done'))`
	// ofPruned are the rows of a table t whose sale was pruned.
	ofPruned = "EXISTS (SELECT 1 FROM sales s WHERE s.id = t.sale AND s.pruned_at IS NOT NULL)"
)

// Prune takes away the details of sales that ended before an instant: the
// card's fields, the words, the events, the print jobs. It never touches a sale
// that is open, not reported, an incident, or whose refund has not ended. What
// stays for ever of every sale: its id, bill, amounts, state and times, the keys
// with their digests, and every reference and number that went out. It goes
// through the tables in small transactions, so that selling goes on meanwhile;
// when it is stopped half way, the rest is done by the next call.
func (s *Store) Prune(ctx context.Context, before, now time.Time) (Pruned, error) {
	p := pruning{s: s, ctx: ctx, before: formatTime(before), now: formatTime(now)}
	for _, step := range []func() error{p.raiseHorizon, p.lookForBusy, p.sales, p.keys, p.events, p.jobs, p.commits} {
		if err := step(); err != nil {
			return p.done, explain("prune the journal", err)
		}
	}
	s.log.Info("journal pruned", "before", before, "sales", p.done.Sales, "events", p.done.Events, "jobs", p.done.Jobs, "commits", p.done.Commits)
	return p.done, nil
}

// pruning is one Prune under way.
type pruning struct {
	s           *Store
	ctx         context.Context
	before, now string
	busy        map[string]bool // sales with a report or a receipt to print
	done        Pruned
}

// raiseHorizon lets the triggers know up to when events may leave.
func (p *pruning) raiseHorizon() error {
	return p.write(func(tx *transaction) error {
		return tx.exec("UPDATE horizon SET before = max(before, ?)", p.before)
	})
}

// lookForBusy lists the sales that something still waits for. None joins them
// later: a sale that is final and reported gets no report any more, and a copy
// of a receipt is printed from what is left.
func (p *pruning) lookForBusy() error {
	p.busy = map[string]bool{}
	return p.s.look(p.ctx, "look for what waits", func(v view) error {
		rows, err := v.tx.QueryContext(p.ctx, "SELECT sale FROM reports UNION SELECT sale FROM jobs WHERE state NOT IN ('sent', 'printed', 'failed')")
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var id string
			if err := rows.Scan(&id); err != nil {
				return err
			}
			p.busy[id] = true
		}
		return rows.Err()
	})
}

// sales empties the sales. What stays of them is entered anew, so that the
// commits which wrote it first are needed no more.
func (p *pruning) sales() error {
	find := "SELECT n, id FROM sales WHERE n > ? AND " + prunable + " ORDER BY n LIMIT ?"
	return p.pass(find, int64(0), []any{p.before}, func(tx *transaction, id string) error {
		if p.busy[id] {
			return nil
		}
		still, err := tx.column("SELECT 1 FROM sales WHERE id = ? AND "+prunable, id, p.before)
		if err != nil || len(still) == 0 {
			return err
		}
		if err := tx.exec("UPDATE sales SET pruned_at = ?, "+details+" WHERE id = ?", p.now, id); err != nil {
			return err
		}
		if err := tx.exec("UPDATE movements SET "+cardDetails+" WHERE sale = ?", id); err != nil {
			return err
		}
		p.done.Sales++
		return errors.Join(tx.reenter(sales.ledger, "id = ?", id), tx.reenter(attempts.ledger, "sale = ?", id), tx.reenter(movements.ledger, "sale = ?", id))
	})
}

func (p *pruning) keys() error {
	find := `SELECT key, key FROM keys k WHERE key > ? AND EXISTS (SELECT 1 FROM sales s
		WHERE s.id = k.sale AND s.pruned_at IS NOT NULL AND s.written_in > k.written_in) ORDER BY key LIMIT ?`
	return p.pass(find, "", nil, func(tx *transaction, key string) error { return tx.reenter(keys.ledger, "key = ?", key) })
}

func (p *pruning) events() error {
	find := "SELECT seq, CAST(seq AS TEXT) FROM events t WHERE seq > ? AND at < ? AND (sale = '' OR " + ofPruned + ") ORDER BY seq LIMIT ?"
	return p.pass(find, int64(0), []any{p.before}, func(tx *transaction, seq string) error {
		p.done.Events++
		return tx.remove(events.ledger, seq)
	})
}

func (p *pruning) jobs() error {
	find := "SELECT id, id FROM jobs t WHERE id > ? AND state IN ('sent', 'printed', 'failed') AND (sale = '' AND at < ? OR " + ofPruned + ") ORDER BY id LIMIT ?"
	return p.pass(find, "", []any{p.before}, func(tx *transaction, id string) error {
		p.done.Jobs++
		return tx.remove(jobs.ledger, id)
	})
}

// commits leaves only the sum of those none of whose rows is as they wrote it.
func (p *pruning) commits() error {
	find := "SELECT no, CAST(no AS TEXT) FROM commits WHERE no > ? AND entries NOT LIKE 'sum %' ORDER BY no LIMIT ?"
	return p.pass(find, int64(0), nil, func(tx *transaction, no string) error {
		found, err := tx.rows("SELECT no, entries FROM commits WHERE no = ?", no)
		if err != nil {
			return err
		}
		entries := found[0][1].(string)
		if needed, err := tx.needed(found[0][0].(int64), entries); err != nil || needed {
			return err
		}
		p.done.Commits++
		return tx.exec("UPDATE commits SET entries = ? WHERE no = ?", sale.SumPrefix+sale.SumEntries(entries), no)
	})
}

// pass goes through what find finds, a batch to a transaction. find takes where
// it got to, then args, then how many, and gives a place and a key. It looks
// beside the writer; change does its work in the writer's transaction.
func (p *pruning) pass(find string, place any, args []any, change func(*transaction, string) error) error {
	for {
		var found []string
		err := p.s.look(p.ctx, "look for what can be pruned", func(v view) error {
			rows, err := v.tx.QueryContext(p.ctx, find, append(append([]any{place}, args...), pruneBatch)...)
			if err != nil {
				return err
			}
			defer rows.Close()
			for rows.Next() {
				var key string
				if err := rows.Scan(&place, &key); err != nil {
					return err
				}
				found = append(found, key)
			}
			return rows.Err()
		})
		if err != nil || len(found) == 0 {
			return err
		}
		before := p.done
		err = p.write(func(tx *transaction) error {
			for _, key := range found {
				if err := change(tx, key); err != nil {
					return fmt.Errorf("%s: %w", key, err)
				}
			}
			return nil
		})
		if err != nil {
			p.done = before
			return err
		}
	}
}

// write runs f in one transaction; the till waits for it.
func (p *pruning) write(f func(*transaction) error) error {
	if err := p.ctx.Err(); err != nil {
		return err
	}
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	if p.s.closed {
		return fmt.Errorf("%w: it is closed", sale.ErrJournalBroken)
	}
	_, err := p.s.transact(f)
	return err
}

// reenter enters rows as they are into this commit.
func (tx *transaction) reenter(l ledger, where string, arg string) error {
	if err := tx.exec("UPDATE "+l.table+" SET written_in = ? WHERE "+where, tx.no, arg); err != nil {
		return err
	}
	found, err := tx.rows("SELECT "+strings.Join(l.covered, ", ")+", CAST("+l.key+" AS TEXT) FROM "+l.table+" WHERE "+where, arg)
	if err != nil {
		return err
	}
	for _, row := range found {
		tx.enter(l.table, row[len(row)-1].(string), sale.DigestRow(l.covered, row))
	}
	return nil
}

// remove takes a row away and enters that it is gone.
func (tx *transaction) remove(l ledger, key string) error {
	tx.enter(l.table, key, sale.EntryGone)
	return tx.exec("DELETE FROM "+l.table+" WHERE "+l.key+" = ?", key)
}

// needed reports whether a commit vouches for a row, or for one that left:
// of those too the journal must be able to say who removed them.
func (tx *transaction) needed(no int64, entries string) (bool, error) {
	for line := range strings.Lines(entries) {
		table, key, sum, err := sale.ParseEntry(line)
		if err != nil || sum == sale.EntryGone {
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
