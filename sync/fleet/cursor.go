package fleet

import (
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"
)

// cursorFile keeps the cursor beside the journal, in one line that is written over:
//
//	posd.fleet   1-9f3c21aa 00000000000000000017 9f3c... 00000000000000000212 sum 4e1f0a77
//
// It is written after an acknowledgement only, and believed only as far as the
// stream bears it out: a cursor that is lost, older or torn costs one look at the
// stream, and the words about a stream that was taken back.
type cursorFile struct{ f *os.File }

const cursorLine = "%-40s %020d %-64s %020d"

func openCursor(path string) (*cursorFile, cursor, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o640)
	if err != nil {
		return nil, cursor{}, fmt.Errorf("open %s: %w: give the folder to the user posd runs as", path, err)
	}
	text, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		f.Close()
		return nil, cursor{}, err
	}
	return &cursorFile{f}, readCursor(string(text)), nil
}

func (c cursor) String() string {
	line := fmt.Sprintf(cursorLine, c.Epoch, c.Commit, c.Hash, c.Seq)
	return fmt.Sprintf("%s sum %08x\n", line, crc32.ChecksumIEEE([]byte(line)))
}

// readCursor returns no cursor for a line that is not whole.
func readCursor(text string) (c cursor) {
	var sum uint32
	if _, err := fmt.Sscanf(text, "%s %d %s %d sum %x", &c.Epoch, &c.Commit, &c.Hash, &c.Seq, &sum); err != nil || c.String() != text {
		return cursor{}
	}
	return c
}

func (c *cursorFile) write(at cursor) error {
	_, err := c.f.WriteAt([]byte(at.String()), 0)
	return err
}
