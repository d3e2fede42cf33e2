package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"posd/device/api"
	"posd/device/port"
	"posd/device/sale"
)

// Scanner is the code reader on a serial line of its own; one that types like a
// keyboard needs no section.
type Scanner struct {
	LineConfig
	// MaxLength is how many characters a code may have; longer ones are refused. Default 128.
	MaxLength int `toml:"max_length"`
	// Silence ends a code where the scanner sends no CR or LF after it. Default 200ms; 0s waits for CR or LF.
	Silence time.Duration `toml:"silence"`
}

func (s *Scanner) setDefaults() {
	*s = Scanner{LineConfig: LineConfig{port.Defaults()}, MaxLength: 128, Silence: 200 * time.Millisecond}
}

func (s *Scanner) validate() []error {
	var faults []error
	if s.MaxLength < 16 || s.MaxLength > 128 {
		faults = append(faults, fmt.Errorf("max_length = %d: write 16 to 128", s.MaxLength))
	}
	if s.Silence < 0 || s.Silence > 5*time.Second {
		faults = append(faults, fmt.Errorf("silence = %s: write up to 5s, or 0s where the scanner ends every code with CR or LF", s.Silence))
	}
	return faults
}

// scanner reads codes from its line. A code goes to whoever waits for one at that
// moment; scanned when nobody waits it is dropped, so that no customer pays
// with the code of the one before. No code is stored or logged.
//
//	6 2 2 3 4 ... CR LF        a code; CR, LF, both, or silence ends it
//	      |
//	      +--> waiting? --yes--> Scan returns it
//	                    --no---> dropped
type scanner struct {
	lastHeard
	line   *port.Line
	config Scanner
	log    *slog.Logger
	codes  chan scanned // unbuffered: only who waits now gets one
}

// scanned is one code, or why it is none.
type scanned struct {
	code sale.Secret
	err  error
}

func newScanner(line *port.Line, c Scanner, log *slog.Logger) *scanner {
	return &scanner{line: line, config: c, log: log, codes: make(chan scanned)}
}

// scannerRetry is the pause before a line that was lost is opened again.
const scannerRetry = time.Second

// Run reads until ctx ends. A line that is not there is tried again and again.
func (s *scanner) Run(ctx context.Context) error {
	defer context.AfterFunc(ctx, func() { s.line.Close() })()
	well := true // as far as the log knows
	for {
		_, err := s.line.Open(ctx)
		if err == nil {
			s.hear(true, "ready", sale.TroubleNone)
			s.log.Info("scanner is there")
			well = true
			err = s.read()
			s.line.Close()
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		s.hear(false, err.Error(), sale.TroubleNone)
		if well {
			s.log.Warn("scanner is away", "err", err)
			well = false
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(scannerRetry):
		}
	}
}

// read hands on code after code until the line is lost.
func (s *scanner) read() error {
	var piece [64]byte
	code := make([]byte, 0, s.config.MaxLength)
	length := 0 // of what was scanned, however much of it was kept
	end := func() {
		if length > 0 {
			s.hand(code, length)
		}
		clear(code[:cap(code)])
		code, length = code[:0], 0
	}
	defer end()
	for {
		var until time.Time
		if length > 0 && s.config.Silence > 0 {
			until = time.Now().Add(s.config.Silence)
		}
		if err := s.line.SetReadDeadline(until); err != nil {
			return err
		}
		n, err := s.line.Read(piece[:])
		for _, b := range piece[:n] {
			if b == '\r' || b == '\n' {
				end()
				continue
			}
			if length++; length <= s.config.MaxLength {
				code = append(code, b)
			}
		}
		clear(piece[:])
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded):
			end()
		case err != nil:
			length = 0 // half a code is none
			return err
		case n == 0:
			return io.ErrUnexpectedEOF
		}
	}
}

// hand gives what was scanned to whoever waits, if somebody does.
func (s *scanner) hand(code []byte, length int) {
	var found scanned
	switch {
	case length > s.config.MaxLength:
		found.err = fmt.Errorf("%w: what was scanned has %d characters, more than a payment code: scan the code for paying on the customer's phone", api.ErrNoCode, length)
	case !visible(code):
		found.err = fmt.Errorf("%w: the scanner sent what is no text: compare its speed and format with [scanner] in the configuration", api.ErrNoCode)
	default:
		found.code = sale.Secret(code)
	}
	select {
	case s.codes <- found:
		s.log.Debug("code scanned")
	default:
		s.log.Info("code scanned that nobody waited for")
	}
}

// visible reports whether a code is ASCII that can be seen.
func visible(code []byte) bool {
	for _, b := range code {
		if b <= ' ' || b > '~' {
			return false
		}
	}
	return true
}

// Scan waits for the next code until ctx ends.
func (s *scanner) Scan(ctx context.Context) (sale.Secret, error) {
	if ok, words := s.state(); !ok {
		return "", fmt.Errorf("%w: the scanner cannot be read: %s", api.ErrNoScanner, words)
	}
	select {
	case found := <-s.codes:
		return found.code, found.err
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

// state returns how the scanner is.
func (s *scanner) state() (ok bool, words string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.asked {
		return false, "posd has not opened it yet"
	}
	return s.ok, s.words
}

// greet opens the line, which is all that can be asked of a scanner.
func (s *scanner) greet(ctx context.Context) {
	if _, err := s.line.Open(ctx); err != nil {
		s.hear(false, err.Error(), sale.TroubleNone)
		return
	}
	s.hear(true, "ready", sale.TroubleNone)
}
