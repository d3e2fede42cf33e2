package sale

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
)

// Commit is one link of a journal's chain, as it is told to whoever keeps the
// books of several counters:
//
//	no 17   entries  sales 01J... 5f0a...      table, key, digest of the row
//	                 events 203 91bc...
//	                 reports 01K... gone       a row that left
//	        hash     SHA-256( hash of 16, 17, SHA-256(entries) )
//
// Once none of a commit's rows is as it wrote it, only "sum " and the SHA-256 of
// the entries may be left of them: the chain holds without.
type Commit struct {
	No      int64       `json:"no"`
	Prev    string      `json:"prev"` // hash of the commit before, empty for the first
	Hash    string      `json:"hash"`
	Entries string      `json:"entries"`
	Rows    []CommitRow `json:"rows,omitempty"`
}

// CommitRow is a row as its commit wrote it. Empty columns are left out, as they
// are in the digest; the others stand in the order in which they are digested.
type CommitRow struct {
	Table    string   `json:"table"`
	Key      string   `json:"key"`
	Names    []string `json:"names"`
	Values   []any    `json:"values"`             // string, or int64
	Withheld []string `json:"withheld,omitempty"` // columns that stay at the counter: the digest then proves nothing
}

// Epoch is a stretch of a journal's life from its beginning, or from a restore,
// on. A restored journal goes on under numbers that the one before it may have
// used, so what is told of it stands under a name of its own.
type Epoch struct {
	Name string     `json:"name"`
	From []Ancestor `json:"from,omitempty"` // the epochs before it, in order
}

// Ancestor is an epoch of which a later one has the commits up to Commit.
type Ancestor struct {
	Epoch  string `json:"epoch"`
	Commit int64  `json:"commit"`
}

// SumPrefix begins entries of which only the sum is left.
const SumPrefix = "sum "

// EntryGone stands for the digest of a row that left.
const EntryGone = "gone"

// SumEntries is the sum of a commit's entries, also of those that are only a sum any more.
func SumEntries(entries string) string {
	if sum, ok := strings.CutPrefix(entries, SumPrefix); ok {
		return sum
	}
	return Sum(entries)
}

// Sum is the SHA-256 of a text, in hex.
func Sum(text string) string {
	sum := sha256.Sum256([]byte(text))
	var out [2 * sha256.Size]byte
	return string(hex.AppendEncode(out[:0], sum[:]))
}

// HashCommit is the hash of commit no, behind one with the hash prev.
func HashCommit(prev string, no int64, entries string) string {
	return Sum(prev + "\n" + strconv.FormatInt(no, 10) + "\n" + SumEntries(entries))
}

// Entry is a line of a commit's entries. A key may hold anything but a line's
// end, which is written as \n.
func Entry(table, key, digest string) string {
	return string(AppendEntry(nil, table, key, digest))
}

// AppendEntry is Entry behind those that are there already.
func AppendEntry(entries []byte, table, key, digest string) []byte {
	entries = append(append(entries, table...), ' ')
	entries = append(append(entries, lineEnds.Replace(key)...), ' ')
	return append(append(entries, digest...), '\n')
}

var (
	lineEnds  = strings.NewReplacer("\\", `\\`, "\n", `\n`)
	lineStart = strings.NewReplacer(`\\`, "\\", `\n`, "\n")
)

// ParseEntry undoes Entry.
func ParseEntry(line string) (table, key, digest string, err error) {
	line = strings.TrimSuffix(line, "\n")
	first, last := strings.IndexByte(line, ' '), strings.LastIndexByte(line, ' ')
	if first < 0 || first == last {
		return "", "", "", fmt.Errorf("line %q is not a table, a key and a digest", line)
	}
	return line[:first], lineStart.Replace(line[first+1 : last]), line[last+1:], nil
}

// DigestRow sums a row's columns up: strings and whole numbers under their names.
// Empty ones are left out, so that a column added later leaves the digests of
// older rows as they are. names may be shorter than row.
func DigestRow[V any](names []string, row []V) string {
	b := make([]byte, 0, 1024)
	for i, name := range names {
		switch v := any(row[i]).(type) {
		case string:
			if v != "" {
				b = append(b, name...)
				b = append(b, '$')
				b = strconv.AppendInt(b, int64(len(v)), 10)
				b = append(b, '=')
				b = append(b, v...)
			}
		case int64:
			if v != 0 {
				b = append(b, name...)
				b = append(b, '#')
				b = strconv.AppendInt(b, v, 10)
				b = append(b, ';')
			}
		}
	}
	sum := sha256.Sum256(b)
	var text [32]byte
	return string(hex.AppendEncode(text[:0], sum[:16]))
}
