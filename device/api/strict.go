package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"
)

// expected is what a route takes besides its path: nothing else is let in, so
// that a misspelt member or parameter is never silently left out.
type expected struct {
	query []string
	body  bool
}

// expectations lists what every described route takes, by the mux's pattern.
func expectations(o *huma.OpenAPI) map[string]expected {
	all := map[string]expected{}
	for path, item := range o.Paths {
		for method, op := range map[string]*huma.Operation{"GET": item.Get, "POST": item.Post, "PUT": item.Put} {
			if op == nil {
				continue
			}
			e := expected{body: op.RequestBody != nil}
			for _, p := range op.Parameters {
				if p.In == "query" {
					e.query = append(e.query, p.Name)
				}
			}
			all[method+" "+path] = e
		}
	}
	return all
}

// bodyLimit is how long a body may take to arrive.
const bodyLimit = 5 * time.Second

// strict refuses what encoding/json and net/url would bend or leave out: unknown
// and repeated parameters, text that is not UTF-8, members that stand twice, half
// a surrogate pair, another charset, a body where none is taken.
func (h *handlers) strict(w http.ResponseWriter, r *http.Request, pattern string) *Problem {
	ready, ok := h.serves[pattern]
	if !ok || !ready().described {
		return nil
	}
	e := ready().expected
	if !utf8.ValidString(r.URL.Path) {
		return problem(http.StatusBadRequest, "malformed", "The path is not UTF-8. Nothing was done.")
	}
	if p := e.queryFault(r.URL.RawQuery); p != nil {
		return p
	}
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		return nil
	}
	if _, params, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err == nil && params["charset"] != "" && !strings.EqualFold(params["charset"], "utf-8") {
		return problem(http.StatusUnsupportedMediaType, "not-json", "The body must be JSON in UTF-8: leave the charset out. Nothing was done.")
	}
	// A recorder in a test has no deadlines.
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(bodyLimit))
	body, err := io.ReadAll(r.Body)
	_ = http.NewResponseController(w).SetReadDeadline(time.Time{})
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return problem(http.StatusRequestEntityTooLarge, "too-large", fmt.Sprintf("The body is larger than %d bytes: nothing was done.", large.Limit))
	case err != nil:
		return problem(http.StatusBadRequest, "malformed", "The body did not arrive whole. Nothing was done.")
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	if !e.body {
		if text := strings.TrimSpace(string(body)); text != "" && text != "{}" {
			return problem(http.StatusUnprocessableEntity, "invalid", "Nothing is taken in the body here: leave it out. Nothing was done.")
		}
		return nil
	}
	return bodyFault(body)
}

// queryFault says what is wrong with a query.
func (e expected) queryFault(raw string) *Problem {
	values, err := url.ParseQuery(raw)
	if err != nil || !utf8.ValidString(raw) {
		return problem(http.StatusBadRequest, "malformed", "The query cannot be read. Nothing was done.")
	}
	for name, list := range values {
		switch {
		case !slices.Contains(e.query, name):
			known := "there is none here"
			if len(e.query) > 0 {
				known = "known are " + strings.Join(e.query, ", ")
			}
			p := problem(http.StatusUnprocessableEntity, "invalid", fmt.Sprintf("The parameter %s is not known: %s.", strconv.QuoteToASCII(name), known))
			p.Errors = []Fault{{"query." + strings.ToValidUTF8(name, "?"), "unknown parameter"}}
			return p
		case len(list) > 1:
			p := problem(http.StatusUnprocessableEntity, "invalid", fmt.Sprintf("The parameter %s stands %d times: give it once.", name, len(list)))
			p.Errors = []Fault{{"query." + name, "repeated parameter"}}
			return p
		case !utf8.ValidString(list[0]):
			return problem(http.StatusBadRequest, "malformed", "The parameter "+name+" is not UTF-8.")
		}
	}
	return nil
}

// bodyFault says what is wrong with a JSON text that a decoder would bend. What
// is no JSON at all is left to the decoder.
func bodyFault(body []byte) *Problem {
	bad := func(words string) *Problem {
		return problem(http.StatusBadRequest, "malformed", "The body cannot be taken: "+words+". Nothing was done.")
	}
	if !utf8.Valid(body) {
		return bad("it is not UTF-8")
	}
	if halfSurrogate(body) {
		return bad("a text in it holds half a surrogate pair")
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	name, err := repeatedMember(d, 0)
	switch {
	case errors.Is(err, errDeep), errors.Is(err, errLarge):
		return bad(err.Error())
	case err == nil && name != "":
		p := bad("the member " + strconv.QuoteToASCII(name) + " stands twice")
		p.Errors = []Fault{{"body." + name, "repeated member"}}
		return p
	}
	return nil
}

// halfSurrogate finds an escape of half a surrogate pair. A backslash in JSON
// stands in a text only.
func halfSurrogate(body []byte) bool {
	unit := func(at int) (v uint64, ok bool) {
		if at+6 > len(body) || body[at] != '\\' || body[at+1] != 'u' {
			return 0, false
		}
		v, err := strconv.ParseUint(string(body[at+2:at+6]), 16, 32)
		return v, err == nil
	}
	for i := 0; i < len(body); i++ {
		if body[i] != '\\' {
			continue
		}
		v, ok := unit(i)
		switch {
		case !ok:
			i++ // another escape, of one letter
		case v >= 0xD800 && v < 0xDC00:
			low, ok := unit(i + 6)
			if !ok || low < 0xDC00 || low > 0xDFFF {
				return true
			}
			i += 11
		case v >= 0xDC00 && v <= 0xDFFF:
			return true
		default:
			i += 5
		}
	}
	return false
}

// maxDepth is how deep a body may be nested.
const maxDepth = 16

var (
	errDeep  = fmt.Errorf("it is nested deeper than %d times", maxDepth)
	errLarge = errors.New("a number in it is far too large")
)

// repeatedMember reads one value and returns the name of a member that stands
// twice in an object of it.
func repeatedMember(d *json.Decoder, depth int) (name string, err error) {
	if depth > maxDepth {
		return "", errDeep
	}
	t, err := d.Token()
	if n, ok := t.(json.Number); ok {
		if _, err := n.Float64(); err != nil {
			return "", errLarge
		}
	}
	if err != nil || t != json.Delim('{') && t != json.Delim('[') {
		return "", err
	}
	seen := map[string]bool{}
	for d.More() {
		if t == json.Delim('{') {
			key, err := d.Token()
			if err != nil {
				return "", err
			}
			if k, _ := key.(string); seen[k] {
				return k, nil
			} else {
				seen[k] = true
			}
		}
		if name, err = repeatedMember(d, depth+1); name != "" || err != nil {
			return name, err
		}
	}
	_, err = d.Token()
	return "", err
}
