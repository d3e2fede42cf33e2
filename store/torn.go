package store

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"io/fs"
	"os"
)

// allInDatabase reports whether each page that the log beside the database at path
// holds stands in the database as its last whole commit wrote it. Then the log has
// nothing to lose. So it is before SQLite begins a new round: it writes the new
// header over the old one, and a kill or a power cut in the middle of that leaves a
// header that agrees with nothing, in front of frames that are of no use any more.
//
// The frames are those of the first one's round; their checksums count for nothing,
// since a damaged frame differs from the database.
func allInDatabase(path string) (bool, error) {
	wal, err := os.Open(path + "-wal")
	if err != nil {
		return false, err
	}
	defer wal.Close()
	last, err := lastCommitted(wal)
	if err != nil {
		return false, err
	}
	db, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return len(last) == 0, nil
	}
	if err != nil {
		return false, err
	}
	defer db.Close()
	want, got := make([]byte, pageBytes), make([]byte, pageBytes)
	for page, at := range last {
		if _, err := wal.ReadAt(want, at); err != nil {
			return false, err
		}
		switch _, err := db.ReadAt(got, int64(page-1)*pageBytes); {
		case errors.Is(err, io.EOF):
			return false, nil
		case err != nil:
			return false, err
		case !bytes.Equal(want, got):
			return false, nil
		}
	}
	return true, nil
}

// lastCommitted returns where in the log the last committed content of each page
// lies, in bytes from its beginning.
func lastCommitted(wal io.ReaderAt) (map[uint32]int64, error) {
	const frame = frameHeaderBytes + pageBytes
	committed, open := map[uint32]int64{}, map[uint32]int64{}
	head := make([]byte, frameHeaderBytes)
	var round salts
	for at := int64(walHeaderBytes); ; at += frame {
		if _, err := wal.ReadAt(head, at); err != nil {
			return committed, shortRead(err)
		}
		page, pages := binary.BigEndian.Uint32(head), binary.BigEndian.Uint32(head[4:])
		mine := salts{binary.BigEndian.Uint32(head[8:]), binary.BigEndian.Uint32(head[12:])}
		if round == (salts{}) {
			round = mine
		}
		if page == 0 || mine != round {
			return committed, nil
		}
		open[page] = at + frameHeaderBytes
		if pages == 0 {
			continue
		}
		for page, at := range open {
			committed[page] = at
		}
		clear(open)
		for page := range committed { // the commit left the database this long
			if page > pages {
				delete(committed, page)
			}
		}
	}
}
