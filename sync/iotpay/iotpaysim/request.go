package iotpaysim

import (
	"bytes"
	"crypto/md5"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"
)

// request is one request's fields as text; a nested value is not documented for any.
type request struct {
	text   map[string]string
	number map[string]bool // written as a JSON number
	strike strike
}

// readForm returns the one form field of a request.
func readForm(r *http.Request) (string, error) {
	if r.Method != http.MethodPost {
		return "", fmt.Errorf("method %s, want POST", r.Method)
	}
	if kind, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";"); kind != "application/x-www-form-urlencoded" {
		return "", fmt.Errorf("content type %q, want application/x-www-form-urlencoded", kind)
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, 64<<10))
	if err != nil {
		return "", err
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return "", err
	}
	if len(form["params"]) != 1 {
		return "", errors.New("the form must hold params once")
	}
	return form.Get("params"), nil
}

// readRequest reads the JSON object that a request is.
func readRequest(body string) (request, error) {
	req := request{text: map[string]string{}, number: map[string]bool{}}
	if !utf8.ValidString(body) {
		return req, errors.New("params is not UTF-8")
	}
	dec := json.NewDecoder(strings.NewReader(body))
	dec.UseNumber()
	var fields map[string]any
	if err := dec.Decode(&fields); err != nil {
		return req, errors.New("params is not a JSON object")
	}
	for name, v := range fields {
		switch v := v.(type) {
		case nil:
		case string:
			req.text[name] = v
		case json.Number:
			req.text[name] = v.String()
			req.number[name] = true
		default:
			return req, fmt.Errorf("%s is neither text nor number", name)
		}
	}
	return req, nil
}

// signedWith checks the request's signature.
func (r request) signedWith(key string) bool {
	fields := map[string]any{}
	for name, v := range r.text {
		fields[name] = v
	}
	return r.text["sign"] != "" && r.text["sign"] == signature(fields, key, false)
}

// signature is sign in the documented order.
func signature(fields map[string]any, key string, odd bool) string {
	return sign(fields, key, odd, byName)
}

// sign is the MD5 of the sorted, joined fields that are not empty. How a nested
// value enters is not documented: as its JSON text, or, with odd set, in another
// way that nobody can guess.
func sign(fields map[string]any, key string, odd bool, sorted func(a, b string) int) string {
	var pairs []string
	for name, v := range fields {
		if name == "sign" {
			continue
		}
		value := ""
		switch v := v.(type) {
		case nil:
		case string:
			value = v
		case map[string]any:
			value = string(encode(v))
			if odd {
				value = fmt.Sprint(v)
			}
		default:
			value = fmt.Sprint(v)
		}
		if value != "" {
			pairs = append(pairs, name+"="+value)
		}
	}
	slices.SortFunc(pairs, sorted)
	return fmt.Sprintf("%X", md5.Sum([]byte(strings.Join(pairs, "&")+"&key="+key)))
}

// The orders in which gateways of this family sort pairs of name and value.
func byName(a, b string) int { return strings.Compare(name(a), name(b)) }
func byCase(a, b string) int {
	return strings.Compare(strings.ToUpper(name(a)), strings.ToUpper(name(b)))
}
func byPair(a, b string) int { return strings.Compare(strings.ToLower(a), strings.ToLower(b)) }

func name(pair string) string {
	name, _, _ := strings.Cut(pair, "=")
	return name
}

// withNewMember adds a member that no document knows, and whose place depends on
// how names are sorted.
func withNewMember(a reply) reply {
	a["MchName"], a["mchOrderNo1"] = "the shop", "1"
	return a
}

// encode writes JSON as the gateway does: & < > as they are.
func encode(fields map[string]any) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(fields); err != nil {
		panic("iotpaysim: " + err.Error()) // it is made of texts, numbers and maps of them
	}
	return bytes.TrimSpace(b.Bytes())
}

// want is what a field must be.
type want struct {
	name     string
	limit    int // characters
	required bool
}

// check returns a refusal that names the first field at fault, or nil.
func (r request) check(fields []want) reply {
	for _, f := range fields {
		v := r.text[f.name]
		if v == "" && f.required {
			return fail("%s is missing", f.name)
		}
		if n := utf8.RuneCountInString(v); n > f.limit {
			return fail("%s has %d characters, at most %d are taken", f.name, n, f.limit)
		}
	}
	return nil
}

// cents reads an amount: digits, as a number or as text, above zero.
func (r request) cents(name string) (int64, reply) {
	var n int64
	if err := json.Unmarshal([]byte(r.text[name]), &n); err != nil || n <= 0 {
		return 0, fail("%s must be a whole number of cents above zero", name)
	}
	return n, nil
}
