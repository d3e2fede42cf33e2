package paxsim

import (
	"strings"

	"posd/pax"
)

const (
	fs = string(pax.FS)
	us = string(pax.US)
)

// request is what came: a command and its fields, the version left out. Fields
// and subfields that are not there read as empty.
type request struct {
	command string
	version string
	fields  []string
}

func parseRequest(body []byte) request {
	parts := strings.Split(string(body), fs)
	r := request{command: parts[0]}
	if len(parts) > 1 {
		r.version = parts[1]
	}
	if len(parts) > 2 {
		r.fields = parts[2:]
	}
	if len(r.command) != 3 {
		r.command = "???"
	}
	return r
}

// field returns field n, counted from 1 after the version.
func (r request) field(n int) string {
	if n > len(r.fields) {
		return ""
	}
	return r.fields[n-1]
}

// sub returns subfield k of field n, counted from 0.
func (r request) sub(n, k int) string {
	subs := strings.Split(r.field(n), us)
	if k >= len(subs) {
		return ""
	}
	return subs[k]
}

// pair returns the value of a KEY=value element of field n.
func (r request) pair(n int, key string) string {
	for p := range strings.SplitSeq(r.field(n), us) {
		if k, v, ok := strings.Cut(p, "="); ok && strings.EqualFold(k, key) {
			return v
		}
	}
	return ""
}

// reply is the body of a response.
func reply(version, command, code, text string, fields ...string) []byte {
	all := append([]string{"0", command, version, code, text}, fields...)
	return []byte(strings.Join(all, fs))
}

// list joins subfields and leaves trailing empty ones out.
func list(subs ...string) string { return strings.TrimRight(strings.Join(subs, us), us) }

// frame wraps a body.
func frame(body []byte) []byte {
	f := make([]byte, 0, len(body)+3)
	f = append(f, pax.STX)
	f = append(f, body...)
	f = append(f, pax.ETX)
	var lrc byte
	for _, b := range f[1:] {
		lrc ^= b
	}
	return append(f, lrc)
}
