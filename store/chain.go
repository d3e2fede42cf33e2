package store

import (
	"fmt"

	"github.com/mattn/go-sqlite3"

	"posd/device/sale"
)

// The chain of commits is drawn at sale.Commit. Each row of the journal says in
// written_in which commit wrote it last. Prune leaves only the sum of a commit's
// entries once none of its rows is as it wrote it.

// link is the end of the chain: the number and hash of the last commit.
type link struct {
	no   int64
	hash string
}

// next returns the link of the commit that follows l with these entries.
func (l link) next(entries string) link {
	no := l.no + 1
	return link{no, sale.HashCommit(l.hash, no, entries)}
}

// load reads the end of the chain and checks the last link. The whole chain is
// for Verify: it grows with the years, a start must not.
func (l *link) load(c *sqlite3.SQLiteConn) error {
	const doing = "read the end of the journal"
	last, err := first(c, `SELECT no, entries, hash, coalesce((SELECT hash FROM commits b WHERE b.no = a.no - 1), '')
		FROM commits a ORDER BY no DESC LIMIT 1`)
	if err != nil {
		return explain(doing, err)
	}
	if last == nil {
		*l = link{}
		return nil
	}
	no, _ := last[0].(int64)
	entries, _ := last[1].(string)
	before, _ := last[3].(string)
	*l = link{no - 1, before}.next(entries)
	if l.hash != last[2] {
		return fmt.Errorf("%s: %w: commit %d does not agree with its hash: run posd check, or restore a backup", doing, sale.ErrJournalBroken, no)
	}
	return nil
}
