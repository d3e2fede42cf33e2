package iotpay

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"unicode/utf8"
)

// params writes a JSON object field by field. Empty texts are left out, which
// is what the signature does with them too, and & < > stand as they are: limits
// count bytes.
type params struct{ b bytes.Buffer }

func (p *params) name(name string) {
	if p.b.Len() == 0 {
		p.b.WriteByte('{')
	} else {
		p.b.WriteByte(',')
	}
	p.b.WriteString(`"` + name + `":`)
}

func (p *params) text(name, value string) {
	if value == "" {
		return
	}
	p.name(name)
	enc := json.NewEncoder(&p.b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(value)       // a string into a buffer: cannot fail
	p.b.Truncate(p.b.Len() - 1) // the encoder's line end
}

func (p *params) number(name string, n int64) {
	p.name(name)
	p.b.WriteString(strconv.FormatInt(n, 10))
}

// object returns the finished JSON text.
func (p *params) object() []byte {
	if p.b.Len() == 0 {
		return []byte("{}")
	}
	return append(p.b.Bytes(), '}')
}

// textField is a field of a request with its limit in characters; 0 is none.
type textField struct {
	name   string
	value  string
	limit  int
	hidden bool // its value must not stand in an error
}

func (f textField) check(faults []error) []error {
	shown := strconv.Quote(f.value)
	if f.hidden {
		shown = "(hidden)"
	}
	if !utf8.ValidString(f.value) {
		return append(faults, fmt.Errorf("%s: not valid UTF-8: %s", f.name, shown))
	}
	if n := utf8.RuneCountInString(f.value); f.limit > 0 && n > f.limit {
		return append(faults, fmt.Errorf("%s: %d characters, at most %d: %s", f.name, n, f.limit, shown))
	}
	return faults
}
