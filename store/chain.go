package store

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"

	"github.com/mattn/go-sqlite3"

	"posd/device/sale"
)

// The chain of commits:
//
//	no 17   entries  sales 01J... 5f0a...      table, key, digest of the row
//	                 events 203 91bc...
//	                 reports 01K... gone       a row that left
//	        hash     SHA-256( hash of 16, 17, SHA-256(entries) )
//
// Each row of the journal says in written_in which commit wrote it last. Once
// none of a commit's rows is as it wrote it, prune leaves "sum " and the SHA-256
// of the entries in their place: the chain holds without them.

// link is the end of the chain: the number and hash of the last commit.
type link struct {
	no   int64
	hash string
}

// sumPrefix begins entries of which only the sum is left.
const sumPrefix = "sum "

// sumOf is the sum of entries, also of those that are only a sum any more.
func sumOf(entries string) string {
	if sum, ok := strings.CutPrefix(entries, sumPrefix); ok {
		return sum
	}
	sum := sha256.Sum256([]byte(entries))
	return hex.EncodeToString(sum[:])
}

// entry is a line of a commit. A key may hold anything but a line's end, which
// is written as \n.
func entry(table, key, digest string) string {
	return table + " " + lineEnds.Replace(key) + " " + digest + "\n"
}

var lineEnds = strings.NewReplacer("\\", `\\`, "\n", `\n`)

// parseEntry undoes entry.
func parseEntry(line string) (table, key, digest string, err error) {
	line = strings.TrimSuffix(line, "\n")
	first, last := strings.IndexByte(line, ' '), strings.LastIndexByte(line, ' ')
	if first < 0 || first == last {
		return "", "", "", fmt.Errorf("line %q is not a table, a key and a digest", line)
	}
	return line[:first], strings.NewReplacer(`\\`, "\\", `\n`, "\n").Replace(line[first+1 : last]), line[last+1:], nil
}

// next returns the link of the commit that follows l with these entries.
func (l link) next(entries string) link {
	no := l.no + 1
	sum := sha256.Sum256([]byte(l.hash + "\n" + strconv.FormatInt(no, 10) + "\n" + sumOf(entries)))
	return link{no, hex.EncodeToString(sum[:])}
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
