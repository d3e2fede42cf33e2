//go:build box

package box

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"sync"
	"testing"
)

// disk is a hard disk with a cache that forgets. A write is answered when it is in
// the cache; a flush, or a write that asks for it (FUA), brings what is cached to
// the platter. When the power goes, each cached sector is on the platter or is
// not, by lot. The platter lies over an image that is never written.
//
//	guest   write  write  flush  write   X the process of QEMU is killed
//	cache   a      a b    -      c       c: there, or not
//	platter -      -      a b    a b
//
// QEMU reaches it by the network block device protocol (NBD) over a unix socket:
// what QEMU has answered to the guest is here, and nothing else keeps it.
type disk struct {
	image *os.File
	size  int64

	mu      sync.Mutex
	platter map[int64]*sector
	cache   map[int64]*sector
	lies    bool // answers a flush and does nothing: a control
	fails   failure
	flushes int
	end
}

const sectorSize = 512

type sector [sectorSize]byte

// newDisk returns a disk over the image at path.
func newDisk(t *testing.T, path string) *disk {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	end, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		t.Fatal(err)
	}
	return &disk{image: f, size: end, platter: map[int64]*sector{}, cache: map[int64]*sector{}}
}

// fork returns another disk that holds what this one's platter holds.
func (d *disk) fork() *disk {
	d.mu.Lock()
	defer d.mu.Unlock()
	n := &disk{image: d.image, size: d.size, platter: make(map[int64]*sector, len(d.platter)), cache: map[int64]*sector{}}
	for at, s := range d.platter {
		n.platter[at] = s // sectors are replaced, never written into
	}
	return n
}

// flush brings the cache to the platter.
func (d *disk) flush() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.off || d.ends(beforeFlush, len(d.cache) > 0 && d.cached().journal > 0) {
		return
	}
	d.flushes++
	if d.lies {
		return
	}
	for at, s := range d.cache {
		d.platter[at] = s
	}
	clear(d.cache)
}

// write puts whole sectors into the cache, or on the platter at once.
func (d *disk) write(at int64, data []byte, through bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.off {
		return
	}
	journal := false
	for n := at / sectorSize; len(data) >= sectorSize; n, data = n+1, data[sectorSize:] {
		journal = journal || d.ofJournal(n)
		s := sector(data)
		if through && !d.lies {
			d.platter[n] = &s
			delete(d.cache, n)
		} else {
			d.cache[n] = &s
		}
	}
	d.ends(afterWrite, journal)
}

// read returns what the guest has written last.
func (d *disk) read(at int64, into []byte) error {
	if _, err := d.image.ReadAt(into, at); err != nil && err != io.EOF {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	for n := at / sectorSize; len(into) >= sectorSize; n, into = n+1, into[sectorSize:] {
		if s := d.cache[n]; s != nil {
			copy(into, s[:])
		} else if s := d.platter[n]; s != nil {
			copy(into, s[:])
		}
	}
	return nil
}

// The numbers of the protocol, as its document has them.
const (
	nbdMagic    = 0x4e42444d41474943 // NBDMAGIC
	nbdOptMagic = 0x49484156454f5054 // IHAVEOPT
	nbdReply    = 0x3e889045565a9
	nbdRequest  = 0x25609513
	nbdAnswer   = 0x67446698

	nbdExportName, nbdAbort, nbdInfo, nbdGo      = 1, 2, 6, 7
	nbdAck, nbdInfoReply, nbdUnknown             = 1, 3, 1<<31 | 1
	nbdRead, nbdWrite, nbdClose, nbdFlush        = 0, 1, 2, 3
	nbdHasFlags, nbdSendsFlush, nbdSendsFUA, fua = 1, 4, 8, 1
)

// serve answers QEMU on l until l is closed.
func (d *disk) serve(l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		go func() {
			defer c.Close()
			if d.agree(c) == nil {
				d.answer(c)
			}
		}()
	}
}

// agree negotiates the export, fixed newstyle.
func (d *disk) agree(c net.Conn) error {
	hello := binary.BigEndian.AppendUint64(nil, nbdMagic)
	hello = binary.BigEndian.AppendUint64(hello, nbdOptMagic)
	if _, err := c.Write(append(hello, 0, 3)); err != nil { // fixed newstyle, no zeroes
		return err
	}
	if _, err := io.ReadFull(c, make([]byte, 4)); err != nil {
		return err
	}
	export := binary.BigEndian.AppendUint64(nil, uint64(d.size))
	export = binary.BigEndian.AppendUint16(export, nbdHasFlags|nbdSendsFlush|nbdSendsFUA)
	for {
		var head [16]byte
		if _, err := io.ReadFull(c, head[:]); err != nil {
			return err
		}
		option := binary.BigEndian.Uint32(head[8:])
		size := binary.BigEndian.Uint32(head[12:])
		if size > 4096 {
			return errors.New("an option that long is none of QEMU's")
		}
		if _, err := io.ReadFull(c, make([]byte, size)); err != nil {
			return err
		}
		say := func(kind uint32, data []byte) error {
			b := binary.BigEndian.AppendUint64(nil, nbdReply)
			b = binary.BigEndian.AppendUint32(b, option)
			b = binary.BigEndian.AppendUint32(b, kind)
			b = binary.BigEndian.AppendUint32(b, uint32(len(data)))
			_, err := c.Write(append(b, data...))
			return err
		}
		switch option {
		case nbdExportName:
			_, err := c.Write(export)
			return err
		case nbdAbort:
			return errors.New("QEMU wants no disk")
		case nbdInfo, nbdGo:
			if err := errors.Join(say(nbdInfoReply, append([]byte{0, 0}, export...)), say(nbdAck, nil)); err != nil || option == nbdGo {
				return err
			}
		default:
			if err := say(nbdUnknown, nil); err != nil {
				return err
			}
		}
	}
}

// answer performs requests, one after the other, until QEMU goes away.
func (d *disk) answer(c net.Conn) {
	const ioError, badRequest = 5, 22 // EIO, EINVAL
	for {
		var head [28]byte
		if _, err := io.ReadFull(c, head[:]); err != nil || binary.BigEndian.Uint32(head[:]) != nbdRequest {
			return
		}
		flags, kind := binary.BigEndian.Uint16(head[4:]), binary.BigEndian.Uint16(head[6:])
		at, size := int64(binary.BigEndian.Uint64(head[16:])), binary.BigEndian.Uint32(head[24:])
		var code uint32
		var data []byte
		switch kind {
		case nbdClose:
			return
		case nbdFlush:
			if d.failing(everyWrite, 0, 0) {
				code = ioError
				break
			}
			d.flush()
		case nbdRead:
			data = make([]byte, size)
			if d.failing(readsOfJournal, at, int64(size)) || d.read(at, data) != nil {
				code, data = ioError, nil
			}
		case nbdWrite:
			into := make([]byte, size)
			if _, err := io.ReadFull(c, into); err != nil {
				return
			}
			if d.failing(everyWrite, at, int64(size)) || d.failing(writesOfJournal, at, int64(size)) {
				code = ioError
				break
			}
			d.write(at, into, flags&fua != 0)
		default:
			code = badRequest
		}
		if d.isOff() { // nothing is answered any more, until QEMU has ended
			io.Copy(io.Discard, c)
			return
		}
		b := binary.BigEndian.AppendUint32(nil, nbdAnswer)
		b = binary.BigEndian.AppendUint32(b, code)
		b = append(append(b, head[8:16]...), data...)
		if _, err := c.Write(b); err != nil {
			return
		}
	}
}

// A disk that forgets must forget: what was flushed stays, what was not goes by lot.
func TestADiskForgetsWhatWasNotFlushed(t *testing.T) {
	image := t.TempDir() + "/image"
	if err := os.WriteFile(image, make([]byte, 64*sectorSize), 0o600); err != nil {
		t.Fatal(err)
	}
	full := func(b byte) []byte { return bytes.Repeat([]byte{b}, sectorSize) }
	for name, c := range map[string]struct {
		lies bool
		want string // the first letter of each sector after the cut
	}{"honest": {false, "ac\x00"}, "lying": {true, "\x00\x00\x00"}} {
		d := newDisk(t, image)
		d.lies = c.lies
		d.write(0, full('a'), false)
		d.flush()
		d.write(0, full('b'), false)
		d.write(sectorSize, full('c'), true)
		d.write(2*sectorSize, full('d'), false)
		got := make([]byte, 3*sectorSize)
		for i, want := range []string{"bcd", c.want} {
			if err := d.read(0, got); err != nil {
				t.Fatal(err)
			}
			if first := string([]byte{got[0], got[sectorSize], got[2*sectorSize]}); first != want {
				t.Errorf("%s, after %d cuts: %q, want %q", name, i, first, want)
			}
			d.cut(rand.New(rand.NewPCG(1, 0)), 0)
		}
	}
}
