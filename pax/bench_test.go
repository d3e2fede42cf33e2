package pax

import (
	"bytes"
	"context"
	"net"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// t01 is a T01 of 434 bytes, as long as an approved tap's on a newer terminal.
func t01(t testing.TB) []byte {
	f := frames(t, "constructed.txt")["C4"]
	b := append([]byte{}, f[1:len(f)-2]...)
	for len(b) < 434-3 {
		b = append(b, '0')
	}
	return AppendFrame(nil, string(b))
}

// lean is what leanest makes of a T01: 33 values, six of them numbers.
type lean struct {
	text  [27][]byte
	cents [6]int64
}

// leanest is the least that reads a T01: one loop that checks the LRC and cuts,
// then values taken from where they stand in this very frame. It knows nothing
// of open-ended lists or of keys in another order. It is the floor of
// BenchmarkReadT01.
func leanest(f []byte, to *lean) bool {
	var lrc byte
	var at [96][]byte
	n, start := 0, 1
	for i, b := range f[1 : len(f)-1] {
		lrc ^= b
		if b == FS || b == US || b == ETX {
			at[n] = f[start : i+1]
			n++
			start = i + 2
		}
	}
	if lrc != f[len(f)-1] || n < 55 {
		return false
	}
	copy(to.text[:], at[1:12])    // command to type
	copy(to.text[11:], at[18:21]) // account
	to.text[14] = at[24]
	copy(to.text[15:], at[29:33]) // trace
	for i, v := range at[36:44] { // EMV
		to.text[19+i] = v[bytes.IndexByte(v, '=')+1:]
	}
	for i, v := range at[12:18] {
		var c int64
		for _, d := range v {
			c = c*10 + int64(d-'0')
		}
		to.cents[i] = c
	}
	return true
}

// BenchmarkReadT01 checks, splits and types a T01, and prints how many times
// the leanest reader's time it took.
func BenchmarkReadT01(b *testing.B) {
	f := t01(b)
	var s Scanner
	var least lean
	var parsed transaction
	ours := func() {
		tok, _ := s.Next(f)
		r, err := parseReply(tok.Body)
		if err != nil {
			b.Fatal(err)
		}
		parsed = transaction{}
		if err := parsePayment(r, &parsed); err != nil || parsed.Amounts.Approved != 2865 || string(parsed.More.CVM) != "7" {
			b.Fatal(err, parsed)
		}
	}
	floor := func() {
		if !leanest(f, &least) || least.cents[0] != 2865 || string(least.text[26]) != "MASTERCARD" {
			b.Fatalf("%+v", least)
		}
	}
	b.ReportAllocs()
	var ratios []float64
	const block = 2000
	for b.Loop() {
		begin := time.Now()
		for range block {
			floor()
		}
		between := time.Now()
		for range block {
			ours()
		}
		ratios = append(ratios, float64(time.Since(between))/float64(between.Sub(begin)))
	}
	slices.Sort(ratios)
	b.ReportMetric(ratios[len(ratios)/2], "x-floor")
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/block/(1+ratios[len(ratios)/2]), "ns-floor")
	b.ReportMetric(0, "ns/op")
}

// connLink is a Link that is always open.
type connLink struct{ net.Conn }

func (connLink) Open(context.Context) (uint64, error) { return 1, nil }

// BenchmarkTurnAround measures from the last byte of a T01 to the ACK, on a
// socket, against a program that reads once and writes one byte.
func BenchmarkTurnAround(b *testing.B) {
	near, far := sockets(b)
	defer near.Close()
	defer far.Close()
	frame := t01(b)
	l := newLine(connLink{near}, Defaults(), nil, func(Reply) {})
	turns := make(chan bool)
	go func() {
		buf := make([]byte, 1024)
		for lean := range turns {
			if lean {
				near.Read(buf)
				near.Write([]byte{ACK})
				continue
			}
			x := exchange{line: l, call: call{command: cmdCredit}, until: time.Now().Add(time.Minute)}
			if tok, err := l.next(context.Background(), x.until); err == nil {
				x.take(tok)
			}
		}
	}()
	defer close(turns)
	turn := func(lean bool) time.Duration {
		turns <- lean
		start := time.Now()
		var one [1]byte
		far.Write(frame)
		far.Read(one[:])
		return time.Since(start)
	}
	near.SetReadDeadline(time.Now().Add(time.Hour))
	var floor, ours []float64
	for b.Loop() {
		floor = append(floor, float64(turn(true)))
		ours = append(ours, float64(turn(false)))
	}
	slices.Sort(floor)
	slices.Sort(ours)
	b.ReportMetric(ours[len(ours)/2]/floor[len(floor)/2], "x-floor")
	b.ReportMetric(floor[len(floor)/2], "ns-floor")
	b.ReportMetric(0, "ns/op")
}

// sockets returns the two ends of a connection through the kernel.
func sockets(b *testing.B) (near, far net.Conn) {
	l, err := net.Listen("unix", filepath.Join(b.TempDir(), "line"))
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	accepted := make(chan net.Conn)
	go func() {
		c, _ := l.Accept()
		accepted <- c
	}()
	if near, err = net.Dial("unix", l.Addr().String()); err != nil {
		b.Fatal(err)
	}
	return near, <-accepted
}
