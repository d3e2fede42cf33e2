package printersim

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"sync"
	"time"

	"golang.org/x/text/encoding/charmap"

	"posd/printer"
)

// Options say which printer it is.
type Options struct {
	Dots      int                            // of a line: 384, 512 or 576 (the default)
	Tables    map[byte]*charmap.Charmap      // code tables by number; Epson's without
	Hanzi     bool                           // has Chinese characters, switched on by FS &
	Chinese   bool                           // starts with them on, as printers for that market do
	NoQR      bool                           // firmware without QR codes
	NoCutter  bool                           // somebody tears the paper
	NoASB     bool                           // does not report by itself
	NoGSr     bool                           // does not answer GS r
	NoMemory  bool                           // keeps no pictures
	Star      bool                           // sends Star's own report when it is connected to, and at every change
	NoPulse   bool                           // does not open the drawer in real time
	ProcessID bool                           // answers GS ( H
	Buffer    int                            // receive buffer in bytes; 4096 without
	XonXoff   bool                           // says XOFF when its buffer fills, and drops what comes after it is full
	Line      time.Duration                  // time to print a line
	Matrix    func(string) ([][]bool, error) // draws QR codes; without it they are boxes
	Log       *slog.Logger
}

// Printer is an ESC/POS printer without metal. Make one with New and give it
// connections with Serve or ServeConn; what it printed stays when they end.
type Printer struct {
	opt Options
	log *slog.Logger

	mu      sync.Mutex
	waiting int           // how many wait for a change
	changed chan struct{} // closed and made anew at every change somebody may wait for
	machine machine
	faults  map[string]string
	left    map[string]int // lines until a counted fault happens
	pending []byte         // taken out of the buffer, not a whole command yet
	buffer  []byte         // received, not looked at
	tail    []byte         // last bytes received, for commands obeyed at once
	off     bool           // XOFF was said
	mask    byte           // GS a
	said    [4]byte        // the last report
	star    [9]byte        // the last one in Star's form
	out     chan []byte    // to the connection; nil without one
	dropped int            // bytes that found no room
	taken   int            // bytes received in all
	sheets  []sheet        // finished
	dead    bool
	hangUp  func()        // ends the connection
	cable   chan struct{} // holds one token: one connection at a time
}

// New returns a printer that is switched on, with paper, and its cover closed.
func New(opt Options) *Printer {
	if opt.Dots == 0 {
		opt.Dots = 576
	}
	if opt.Buffer == 0 {
		opt.Buffer = 4096
	}
	if opt.Tables == nil {
		opt.Tables = epsonTables
	}
	if opt.Log == nil {
		opt.Log = slog.New(slog.DiscardHandler)
	}
	opt.Hanzi = opt.Hanzi || opt.Chinese
	s := &Printer{opt: opt, log: opt.Log, changed: make(chan struct{}), faults: map[string]string{}, left: map[string]int{}, cable: make(chan struct{}, 1)}
	s.cable <- struct{}{}
	s.machine = machine{opt: opt, answer: s.sayInOrder, paper: s.paperByte}
	s.machine.reset()
	return s
}

// Serve takes connections one at a time until ctx ends; others wait, or are hung
// up on by a printer that has the fault.
func (s *Printer) Serve(ctx context.Context, l net.Listener) error {
	stop := context.AfterFunc(ctx, func() { l.Close() })
	defer stop()
	var all sync.WaitGroup
	defer all.Wait()
	for {
		conn, err := l.Accept()
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
		s.mu.Lock()
		refused, late := s.has("one-at-a-time") && s.out != nil, s.takes("slow-accept", 2*time.Second, 0)
		s.mu.Unlock()
		if tcp, ok := conn.(*net.TCPConn); ok && refused {
			tcp.SetLinger(0) // a reset, as a network card of little memory does it
			tcp.Close()
			continue
		}
		all.Go(func() {
			pause(ctx, late)
			if err := s.ServeConn(ctx, conn); err != nil {
				s.log.Debug("printer connection ended", "err", err)
			}
		})
	}
}

// ServeConn is one cable: it returns when the far side hangs up, the printer
// dies, or ctx ends. What is in the buffer is printed first, as far as it can be.
func (s *Printer) ServeConn(ctx context.Context, conn io.ReadWriteCloser) error {
	select {
	case <-s.cable:
		defer func() { s.cable <- struct{}{} }()
	case <-ctx.Done():
		return conn.Close()
	}
	ctx, cancel := context.WithCancel(ctx)
	out := make(chan []byte, 256)
	s.mu.Lock()
	if s.dead {
		s.mu.Unlock()
		cancel()
		return conn.Close()
	}
	s.out, s.mask, s.tail, s.hangUp = out, 0, nil, cancel
	s.starReport(true)
	s.mu.Unlock()

	var parts sync.WaitGroup
	ended := make(chan struct{})
	parts.Go(func() { s.work(ctx, ended) })
	parts.Go(func() { write(ctx, conn, out, ended) })
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	err := s.receive(ctx, conn)
	s.mu.Lock()
	s.out, s.hangUp = nil, nil
	s.mu.Unlock()
	close(ended)
	parts.Wait()
	cancel()
	stop()
	conn.Close()
	if errors.Is(err, io.EOF) || ctx.Err() != nil {
		return nil
	}
	return err
}

// write sends what the printer says.
func write(ctx context.Context, w io.Writer, out <-chan []byte, ended <-chan struct{}) {
	for {
		select {
		case b := <-out:
			if _, err := w.Write(b); err != nil {
				return
			}
		case <-ctx.Done():
			return
		case <-ended:
			return
		}
	}
}

// receive fills the buffer and obeys at once what is obeyed at once.
func (s *Printer) receive(ctx context.Context, r io.Reader) error {
	buf := make([]byte, 512)
	for {
		n, err := r.Read(buf)
		for _, b := range buf[:n] {
			if !s.accept(ctx, b) {
				return ctx.Err()
			}
		}
		if err != nil {
			return err
		}
	}
}

// accept takes one byte. Over a network a full buffer stops the sender; on a
// serial line the byte is lost.
func (s *Printer) accept(ctx context.Context, b byte) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.taken++
	for s.has("holds") {
		if !s.wait(ctx, nil) {
			return false
		}
	}
	for len(s.buffer) >= s.opt.Buffer {
		if s.opt.XonXoff {
			s.dropped++
			s.now(b)
			return true
		}
		if !s.wait(ctx, nil) {
			return false
		}
	}
	s.buffer = append(s.buffer, b)
	s.now(b)
	if s.opt.XonXoff && !s.off && s.opt.Buffer-len(s.buffer) < 128 {
		s.off = true
		s.say([]byte{printer.XOFF})
	}
	s.change()
	return true
}

// change wakes everybody who waits. Call it with mu held.
func (s *Printer) change() {
	if s.waiting == 0 {
		return
	}
	close(s.changed)
	s.changed = make(chan struct{})
}

// wait releases mu until something changes; false when ctx or ended ends.
func (s *Printer) wait(ctx context.Context, ended <-chan struct{}) bool {
	changed := s.changed
	s.waiting++
	s.mu.Unlock()
	defer func() { s.mu.Lock(); s.waiting-- }()
	select {
	case <-changed:
		return true
	case <-ctx.Done():
		return false
	case <-ended:
		return false
	}
}

// work executes what is in the buffer, one command after the other, as long as
// the printer can.
func (s *Printer) work(ctx context.Context, ended <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for ctx.Err() == nil {
		if s.stopped() || !s.step() {
			if !s.wait(ctx, ended) {
				// The cable is gone: print what can be printed, keep the rest.
				for !s.stopped() && s.step() {
				}
				return
			}
			continue
		}
		if d := s.lineTime(); d > 0 && s.machine.moved {
			s.mu.Unlock()
			pause(ctx, d)
			s.mu.Lock()
		}
	}
}

func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

// step executes one command; false when none is whole.
func (s *Printer) step() bool {
	s.pending = append(s.pending, s.buffer...)
	s.buffer = s.buffer[:0]
	s.change()
	if s.off && !s.has("xoff") {
		s.off = false
		s.say([]byte{printer.XON})
	}
	t, n := scan(s.pending)
	if n == 0 {
		s.machine.moved = false
		return false
	}
	before := len(s.machine.sheet)
	odd := len(s.machine.odd)
	s.machine.moved = s.machine.do(t)
	if t.name == "GS a" {
		s.report(t.args[0])
	}
	for _, what := range s.machine.odd[odd:] {
		s.log.Warn("printer does not understand", "bytes", what)
	}
	s.pending = append(s.pending[:0], s.pending[n:]...)
	if s.has("lies-healthy") && s.paperOut() {
		s.machine.sheet = s.machine.sheet[:before] // there is nothing to print on
	}
	if s.machine.moved {
		s.countDown()
	}
	s.collect()
	return true
}

// collect moves finished sheets off the printer.
func (s *Printer) collect() {
	m := &s.machine
	if n := len(m.sheet); n > 0 && m.sheet[n-1].kind == itemCut {
		s.sheets = append(s.sheets, m.sheet)
		m.sheet = nil
		s.change()
	}
}

// Receipts returns the text of every receipt that was cut or torn off.
func (s *Printer) Receipts() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]string, 0, len(s.sheets))
	for _, sh := range s.sheets {
		out = append(out, sh.text(s.opt.Dots/12))
	}
	return out
}

// Unfinished returns the text that hangs out of the printer, not cut yet.
func (s *Printer) Unfinished() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.machine.sheet.text(s.opt.Dots / 12)
}

// Unknown returns everything the printer was sent and did not understand.
func (s *Printer) Unknown() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string{}, s.machine.odd...)
}

// Wait blocks until n receipts were cut off, or ctx ends.
func (s *Printer) Wait(ctx context.Context, n int) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.sheets) < n {
		if !s.wait(ctx, nil) {
			return ctx.Err()
		}
	}
	return nil
}
