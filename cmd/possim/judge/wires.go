package main

import (
	"bufio"
	"bytes"
	"crypto/md5"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// frame is one of POSLINK: STX, the body, ETX, and the exclusive or of all after STX.
type frame struct {
	at     int64
	fromUs bool // posd said it
	fields []string
	good   bool  // its check byte is right
	acked  int64 // when the other side said ACK to it; 0: it did not
}

const (
	stx, etx, eot, ack, nak = 2, 3, 4, 6, 21
	fieldSep, unitSep       = "\x1c", "\x1f"
)

// field returns a field, counted from 0; what is not there is empty.
func (f frame) field(n int) string {
	if n >= len(f.fields) {
		return ""
	}
	return f.fields[n]
}

// transaction returns what T00, T02 and their like ask for: type, cents and the
// reference of the register; ok is false for all else.
func (f frame) transaction() (kind string, cents int64, ref string, ok bool) {
	command := f.field(0)
	if !f.fromUs || len(command) != 3 || command[0] != 'T' {
		return "", 0, "", false
	}
	amount, _, _ := strings.Cut(f.field(3), unitSep)
	cents, _ = strconv.ParseInt(amount, 10, 64) // a void has none
	at := 5                                     // T00: version, type, amount, account, trace
	ref, _, _ = strings.Cut(f.field(at), unitSep)
	return f.field(2), cents, ref, ref != ""
}

// call is one request of posd to the gateway, and the answer; empty: none was said.
type call struct {
	at, answeredAt int64
	endpoint       string
	asked          map[string]any
	answer         map[string]any
	verified       bool // the answer's signature is right
}

// readWires reads frames and calls out of the bytes that passed.
func (f *facts) readWires() {
	type way struct {
		who, what string
		n         int
	}
	streams := map[way]*splitter{}
	conns := map[int]*connection{}
	var order []int
	for _, e := range f.wires {
		if e.Who == "terminal" {
			w := way{e.Who, e.What, e.N}
			if streams[w] == nil {
				streams[w] = &splitter{}
			}
			f.terminalSays(e, streams[w])
			continue
		}
		c := conns[e.N]
		if c == nil {
			c = &connection{}
			conns[e.N], order = c, append(order, e.N)
		}
		if e.What == "hears" {
			c.in.add(e)
		} else {
			c.out.add(e)
		}
	}
	for _, n := range order {
		f.calls = append(f.calls, conns[n].calls()...)
	}
}

// splitter finds frames and single bytes in one direction of a line.
type splitter struct {
	body  []byte
	state int // 0 outside, 1 inside, 2 the check byte follows
}

func (f *facts) terminalSays(e event, s *splitter) {
	fromUs := e.What == "hears"
	for _, b := range e.Bytes {
		switch {
		case s.state == 2:
			var sum byte
			for _, x := range s.body {
				sum ^= x
			}
			body := strings.TrimSuffix(string(s.body), "\x03")
			f.frames = append(f.frames, frame{at: e.T, fromUs: fromUs, fields: strings.Split(body, fieldSep), good: sum == b})
			s.state, s.body = 0, nil
		case s.state == 1:
			if s.body = append(s.body, b); b == etx {
				s.state = 2
			}
		case b == stx:
			s.state, s.body = 1, nil
		case b == ack:
			for i := len(f.frames) - 1; i >= 0; i-- { // the last of the other side
				if f.frames[i].fromUs != fromUs {
					if f.frames[i].acked == 0 {
						f.frames[i].acked = e.T
					}
					break
				}
			}
		}
	}
}

// stream is one direction of a connection, with when each byte passed.
type stream struct {
	text  []byte
	until []int // of text, for each piece
	at    []int64
}

func (s *stream) add(e event) {
	s.text = append(s.text, e.Bytes...)
	s.until = append(s.until, len(s.text))
	s.at = append(s.at, e.T)
}

// when says when the byte before n had passed.
func (s *stream) when(n int) int64 {
	for i, end := range s.until {
		if n <= end {
			return s.at[i]
		}
	}
	return 0
}

type connection struct{ in, out stream }

// calls reads HTTP out of a connection, as far as it is whole.
func (c *connection) calls() (all []*call) {
	in, out := bytes.NewReader(c.in.text), bytes.NewReader(c.out.text)
	asks, answers := bufio.NewReader(in), bufio.NewReader(out)
	for {
		r, err := http.ReadRequest(asks)
		if err != nil {
			return all
		}
		text, err := io.ReadAll(r.Body)
		if err != nil {
			return all
		}
		one := &call{at: c.in.when(len(c.in.text) - in.Len() - asks.Buffered()), endpoint: r.URL.Path[strings.LastIndex(r.URL.Path, "/")+1:]}
		if form, err := url.ParseQuery(string(text)); err == nil {
			json.Unmarshal([]byte(form.Get("params")), &one.asked) // what is no JSON was refused
		}
		all = append(all, one)
		w, err := http.ReadResponse(answers, r)
		if err != nil {
			return all
		}
		if text, err = io.ReadAll(w.Body); err != nil {
			return all
		}
		one.answeredAt = c.out.when(len(c.out.text) - out.Len() - answers.Buffered())
		json.Unmarshal(text, &one.answer) // a portal's page is none
		one.verified = verified(text)
	}
}

// merchantKey signs at possim's gateway. It opens nothing else.
const merchantKey = "key-of-a-shop-that-does-not-exist"

// verified checks the signature of an answer: MD5 over its members in order, those that
// are empty left out, and the key.
func verified(answer []byte) bool {
	var members map[string]any
	numbers := json.NewDecoder(bytes.NewReader(answer))
	numbers.UseNumber() // as they were written
	if numbers.Decode(&members) != nil {
		return false
	}
	said, _ := members["sign"].(string)
	delete(members, "sign")
	var signed strings.Builder
	for _, name := range slices.Sorted(maps.Keys(members)) {
		if value := fmt.Sprint(members[name]); members[name] != nil && value != "" {
			fmt.Fprintf(&signed, "%s=%s&", name, value)
		}
	}
	return said == fmt.Sprintf("%X", md5.Sum([]byte(signed.String()+"key="+merchantKey)))
}

// text returns a member as text; numbers are written plainly.
func text(members map[string]any, name string) string {
	switch v := members[name].(type) {
	case string:
		return v
	case float64:
		return strconv.FormatInt(int64(v), 10)
	}
	return ""
}
