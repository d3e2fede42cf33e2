package store

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/bits"
	"os"

	"posd/device/sale"
)

// SQLite's log, as it lies on the disk. All numbers are big-endian; the
// checksums are summed up in the byte order that the mark names.
//
//	header   0 mark  4 version  8 page size  12 round  16 salt  20 salt  24 checksum (8)
//	frame    0 page  4 pages of the database, if this frame ends a commit, else 0
//	         8 salt  12 salt  16 checksum (8)  24 the page
//
// A frame's checksum begins with that of the frame before it, so each frame is
// linked to the one before. SQLite takes frames as long as salts and checksums
// agree, up to the last that ends a commit, and says nothing of what lies behind:
// a power cut in the middle of a commit leaves just that. But a commit whose
// frames are followed by a linked frame was synced and acknowledged before that
// one was written, for posd syncs each commit. Where SQLite's reading stops
// before such a commit the log is damaged, and what it held would be lost.

const walMark = 0x377f0682 // the lowest bit says big-endian checksums

// walScan is what a reading of the log beside SQLite's found.
type walScan struct {
	empty  bool  // no frame was ever written to it
	header bool  // the header agrees with its checksum
	salts  salts // of the round in force
	taken  int64 // frames that SQLite takes
	torn   bool  // frames of the round lie behind those, as a cut of the power leaves them
	lost   int64 // a frame behind those that ends an acknowledged commit; 0: none
}

// damaged says in words what proves that the log lost something, nil if nothing does.
func (w walScan) damaged() error {
	switch {
	case w.lost > 0:
		return fmt.Errorf("it can be read up to frame %d only, and an acknowledged commit ends in frame %d", w.taken, w.lost)
	case !w.empty && !w.header:
		return errors.New("its head does not agree with its checksum, and frames lie behind it")
	}
	return nil
}

// salts name a round of the log: the first counts on by one with each round, the
// second is random. A log that is made anew begins with two random ones.
type salts [2]uint32

// follows reports whether a log that was in round a may be in round b now.
func (b salts) follows(a salts) bool {
	ahead := b[0] - a[0]
	return a == salts{} || b == a || ahead > 0 && ahead < 1<<16
}

// readSalts returns the round of the log at path, none if it has no header that holds.
func readSalts(path string) salts {
	f, err := os.Open(path)
	if err != nil {
		return salts{}
	}
	defer f.Close()
	if w, err := scanWAL(io.NewSectionReader(f, 0, walHeaderBytes)); err == nil && w.header {
		return w.salts
	}
	return salts{}
}

type walSum struct{ a, b uint32 }

// add sums data up, which is a multiple of 8 bytes long.
func (s walSum) add(order binary.ByteOrder, data []byte) walSum {
	big := order == binary.ByteOrder(binary.BigEndian) // asked once: a log is a million words long
	for ; len(data) >= 8; data = data[8:] {
		a, b := binary.LittleEndian.Uint32(data), binary.LittleEndian.Uint32(data[4:])
		if big {
			a, b = bits.ReverseBytes32(a), bits.ReverseBytes32(b)
		}
		s.a += a + s.b
		s.b += b + s.a
	}
	return s
}

// walFrame is a frame: its own words, and what its checksum should be.
type walFrame struct {
	page, pages uint32
	salts       salts
	stored      walSum
	computed    walSum // from the stored checksum of the frame before
	chained     walSum // from the computed one of the frame before
}

// scanLog reads the whole log at path. A log that is not there is empty.
func scanLog(path string) (w walScan, err error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return walScan{empty: true}, nil
	}
	if err != nil {
		return w, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return w, err
	}
	return scanWAL(bufio.NewReaderSize(io.NewSectionReader(f, 0, info.Size()), 16*pageBytes))
}

func scanWAL(r io.Reader) (w walScan, err error) {
	s := &walReader{r: r, page: pageBytes}
	head := make([]byte, walHeaderBytes)
	if _, err := io.ReadFull(r, head); err != nil {
		w.empty = true
		return w, shortRead(err)
	}
	w.header, s.order = s.readHeader(head)
	w.salts = salts{binary.BigEndian.Uint32(head[16:]), binary.BigEndian.Uint32(head[20:])}
	w.empty = allZero(head)
	good, before := w.header, walFrame{stored: s.sum, computed: s.sum}
	for n := int64(1); ; n++ {
		f, err := s.next(before)
		if err != nil {
			return w, shortRead(err)
		}
		if f == (walFrame{computed: f.computed, chained: f.chained}) { // wiped, or never written
			good, before = false, f
			continue
		}
		w.empty = false
		mine := f.salts == w.salts
		if good = good && mine && f.page != 0 && f.stored == f.computed; good {
			if f.pages != 0 {
				w.taken, w.torn = n, false
			} else {
				w.torn = true
			}
			before = f
			continue
		}
		if w.header && mine {
			w.torn = true
			if before.pages != 0 && n-1 > w.taken && (f.stored == f.computed || f.stored == f.chained) {
				w.lost = n - 1
			}
		}
		before = f
	}
}

func shortRead(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return nil
	}
	return err
}

// walReader reads frame after frame.
type walReader struct {
	r     io.Reader
	page  int
	order binary.ByteOrder
	sum   walSum // of the header
	buf   []byte
}

// readHeader judges the header and prepares the reading of frames.
func (s *walReader) readHeader(head []byte) (ok bool, order binary.ByteOrder) {
	mark := binary.BigEndian.Uint32(head)
	order = binary.ByteOrder(binary.LittleEndian)
	if mark&1 == 1 {
		order = binary.BigEndian
	}
	s.sum = walSum{}.add(order, head[:24])
	stored := walSum{binary.BigEndian.Uint32(head[24:]), binary.BigEndian.Uint32(head[28:])}
	size := binary.BigEndian.Uint32(head[8:])
	ok = mark&^1 == walMark && stored == s.sum && size >= 512 && size <= 65536
	if ok {
		s.page = int(size)
	}
	return ok, order
}

func (s *walReader) next(before walFrame) (f walFrame, err error) {
	if s.buf == nil {
		s.buf = make([]byte, frameHeaderBytes+s.page)
	}
	if _, err := io.ReadFull(s.r, s.buf); err != nil {
		return f, err
	}
	be := binary.BigEndian
	f = walFrame{
		page: be.Uint32(s.buf), pages: be.Uint32(s.buf[4:]), salts: salts{be.Uint32(s.buf[8:]), be.Uint32(s.buf[12:])},
		stored: walSum{be.Uint32(s.buf[16:]), be.Uint32(s.buf[20:])},
	}
	f.computed = before.stored.add(s.order, s.buf[:8]).add(s.order, s.buf[frameHeaderBytes:])
	f.chained = f.computed
	if before.computed != before.stored {
		f.chained = before.computed.add(s.order, s.buf[:8]).add(s.order, s.buf[frameHeaderBytes:])
	}
	return f, nil
}

func allZero(b []byte) bool {
	for _, c := range b {
		if c != 0 {
			return false
		}
	}
	return true
}

// checkLog reads the log before SQLite does, and refuses one that lost what was
// acknowledged. SQLite would take it without a word.
func (s *Store) checkLog() error {
	path := s.door.path + "-wal"
	if now := readSalts(path); now != (salts{}) && !now.follows(s.was.salts) {
		s.suspect = true
	}
	if s.was.closed || s.salvage { // all is in the database, whatever the log has lost
		return nil
	}
	size := int64(0)
	if info, err := os.Stat(path); err == nil {
		size = info.Size()
	} else if !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("look at the journal's log: %w", err)
	}
	if size < s.was.log {
		how := fmt.Sprintf("it was cut from %d bytes to %d", s.was.log, size)
		if size == 0 {
			how = "it was taken away or emptied"
		}
		return s.lostLog(how)
	}
	w, err := scanLog(path)
	if err != nil {
		return unread("read "+path, err)
	}
	if err := w.damaged(); err != nil {
		if w.lost == 0 { // the header alone
			whole, lookErr := allInDatabase(s.door.path)
			if lookErr != nil {
				return unread("compare "+s.door.path+" with its log", lookErr)
			}
			if whole {
				s.log.Warn("the head of the journal's log is torn, as a cut of the power leaves it where a new round of the log begins; all that the log holds is in the journal", "path", path)
				return nil
			}
		}
		return s.lostLog(err.Error())
	}
	if w.torn {
		s.log.Warn("the journal's log ends in a commit that is not whole, as a power cut leaves one: it was not acknowledged, or the last bytes of the log are damaged; compare the last sales with the terminal",
			"path", path, "frames", w.taken)
	}
	return nil
}

// lostLog is the refusal of a journal whose log is not as it was.
func (s *Store) lostLog(how string) error {
	return fmt.Errorf("open %s: %w: its log %s-wal is not as posd left it: %s; what was sold last would be missing. All is left as it is: `posd restore COPY` puts a copy in its place and keeps this aside, `posd restore -damaged %s` goes on with what can be read",
		s.door.path, sale.ErrJournalBroken, s.door.path, how, s.door.path)
}
