package store

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"

	"github.com/mattn/go-sqlite3"

	"posd/device/sale"
)

// link is the end of the chain of commits: the number and hash of the last one.
type link struct {
	no   int64
	hash string
}

// next returns the link of a commit with these entries.
func (l link) next(entries string) link {
	no := l.no + 1
	h := sha256.New()
	h.Write([]byte(l.hash))
	h.Write([]byte("\n" + strconv.FormatInt(no, 10) + "\n"))
	h.Write([]byte(entries))
	return link{no, hex.EncodeToString(h.Sum(nil))}
}

// load reads the end of the chain and checks the last link. The whole chain is
// for Verify: it grows with the years, a start must not.
func (l *link) load(c *sqlite3.SQLiteConn) error {
	const doing = "read the end of the journal"
	last, err := first(c, "SELECT no, entries, hash FROM commits ORDER BY no DESC LIMIT 1")
	if err != nil {
		return explain(doing, err)
	}
	if last == nil {
		before, err := linkAt(c, 0)
		if err != nil {
			return explain(doing, err)
		}
		*l = before
		return nil
	}
	no, _ := last[0].(int64)
	entries, _ := last[1].(string)
	before, err := linkAt(c, no-1)
	if err != nil {
		return explain(doing, err)
	}
	*l = before.next(entries)
	if l.no != no || l.hash != last[2] {
		return fmt.Errorf("%s: %w: commit %d does not agree with its hash: run posd check, or restore a backup", doing, sale.ErrJournalBroken, no)
	}
	return nil
}

// linkAt returns the link number no, or the one that prune left to go on from.
func linkAt(c *sqlite3.SQLiteConn, no int64) (link, error) {
	row, err := first(c, "SELECT no, hash FROM commits WHERE no = ? UNION ALL SELECT commit_no, hash FROM pruned", no)
	if err != nil || row == nil {
		return link{}, err
	}
	n, _ := row[0].(int64)
	hash, _ := row[1].(string)
	return link{n, hash}, nil
}
