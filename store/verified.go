package store

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// verifiedNote is a file in the state folder: up to which commit the journal was found
// as it was written. A copy then verifies only what was written since; its older rows
// were, in the journal that it was copied from.
//
//	Walk, a whole Verify    from the first commit    since 0
//	a copy                  from the note's          since + 1, at most wholeEvery
//
// It counts for a file only that has its commit under its hash. One that cannot be read
// is one that is not there: all is verified then.
const verifiedNote = "posd.verified"

// wholeEvery is how many verifications may go on from an earlier one, until one reads
// all again: a week of copies every six hours.
const wholeEvery = 28

// Verified says up to where a journal was found as it was written.
type Verified struct {
	Commit int64     // the last that was read
	At     time.Time // when that was
	From   int64     // the commit from which on it was verified; 0: all of it
	since  int       // verifications since one that read all
	hash   string    // of the commit
}

const verifiedFormat = "posd.verified commit %d hash %s from %d since %d at %s\n"

// LastVerified returns what the last verification of the journal in dir found sound; ok
// is false where nothing is known of one.
func LastVerified(dir string) (v Verified, ok bool) {
	text, err := os.ReadFile(filepath.Join(dir, verifiedNote))
	if err != nil {
		return Verified{}, false
	}
	var at string
	if _, err := fmt.Sscanf(string(text), verifiedFormat, &v.Commit, &v.hash, &v.From, &v.since, &at); err != nil {
		return Verified{}, false
	}
	v.At, err = time.Parse(time.RFC3339, at)
	return v, err == nil && v.Commit > 0
}

// base returns where a verification may go on; the zero link: it reads all.
func (v Verified) base() link {
	if v.since >= wholeEvery {
		return link{}
	}
	return link{v.Commit, v.hash}
}

// after is what is known once a verification that went on from a base has ended.
func (v Verified) after(from, end link, now time.Time) Verified {
	next := Verified{Commit: end.no, hash: end.hash, At: now, From: from.no}
	if from.no > 0 {
		next.since = v.since + 1
	}
	return next
}

// noteVerified writes the note anew. Without it more is verified than need be, so that
// it cannot be written is no error: a copy may be made by who may only read the folder.
func (s *Store) noteVerified(v Verified) {
	if !s.keeps || v.Commit == 0 {
		return
	}
	dir := filepath.Dir(s.door.path)
	path := filepath.Join(dir, verifiedNote)
	text := fmt.Sprintf(verifiedFormat, v.Commit, v.hash, v.From, v.since, v.At.UTC().Format(time.RFC3339))
	err := os.WriteFile(path+".part", []byte(text), 0o640)
	if err == nil {
		err = errors.Join(adopt(path+".part", dir), os.Rename(path+".part", path))
	}
	if err != nil {
		s.log.Debug("not noted how far the journal is verified", "path", path, "err", err)
	}
}
