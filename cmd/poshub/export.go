package main

import (
	"context"
	"fmt"
	"slices"

	"posd/device/sale"
)

// told is what the books hold of one counter's journal, for store.Assemble: the
// chain of its newest epoch from commit 1 on, through the epochs that it continues,
// and the newest known row of everything.
type told struct {
	b    *books
	till string
	span []span
}

// span is a stretch of the chain in one epoch.
type span struct {
	epoch       string
	first, last int64
}

// journalOf finds the chain of a counter.
func journalOf(ctx context.Context, b *books, till string) (*told, error) {
	t := &told{b: b, till: till}
	var epoch string
	err := b.db.QueryRowContext(ctx, b.mark("SELECT epoch FROM epochs WHERE till = ? ORDER BY no DESC LIMIT 1"), till).Scan(&epoch)
	if err != nil {
		return nil, fmt.Errorf("find the counter %q: %w: `poshub check` lists those that are known, as shop/till", till, err)
	}
	for upTo := int64(-1); epoch != ""; {
		s := span{epoch: epoch}
		var from string
		var fromCommit int64
		if err := b.db.QueryRowContext(ctx, b.mark("SELECT first, last, from_epoch, from_commit FROM epochs WHERE till = ? AND epoch = ?"), till, epoch).Scan(&s.first, &s.last, &from, &fromCommit); err != nil {
			return nil, fmt.Errorf("find epoch %s of %s: %w", epoch, till, err)
		}
		if upTo >= 0 {
			s.last = min(s.last, upTo)
		}
		t.span = append(t.span, s)
		epoch, upTo = from, fromCommit
	}
	slices.Reverse(t.span)
	return t, nil
}

// Commits implements store.Told.
func (t *told) Commits(ctx context.Context, each func(sale.Commit) error) error {
	for _, s := range t.span {
		if err := t.commits(ctx, s, each); err != nil {
			return err
		}
	}
	return nil
}

func (t *told) commits(ctx context.Context, s span, each func(sale.Commit) error) error {
	rows, err := t.b.db.QueryContext(ctx, t.b.mark("SELECT commit_no, hash, entries FROM commits WHERE till = ? AND epoch = ? AND commit_no >= ? AND commit_no <= ? ORDER BY commit_no"), t.till, s.epoch, s.first, s.last)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var c sale.Commit
		if err := rows.Scan(&c.No, &c.Hash, &c.Entries); err != nil {
			return err
		}
		if err := each(c); err != nil {
			return err
		}
	}
	return rows.Err()
}

// Rows implements store.Told.
func (t *told) Rows(ctx context.Context, table string, each func(sale.CommitRow) error) error {
	order := "name"
	if table == "events" || table == "days" { // numbers
		order = "CAST(name AS BIGINT)"
	}
	rows, err := t.b.db.QueryContext(ctx, t.b.mark("SELECT data FROM facts WHERE till = ? AND tbl = ? ORDER BY "+order), t.till, table)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var data string
		if err := rows.Scan(&data); err != nil {
			return err
		}
		r, err := rowOf(data)
		if err != nil {
			return err
		}
		if err := each(r); err != nil {
			return err
		}
	}
	return rows.Err()
}
