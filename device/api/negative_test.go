package api

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
)

// schema is the part of a schema that inputs are made from.
type schema struct {
	Ref              string `json:"$ref"`
	Type             any
	Format, Pattern  string
	Enum             []any
	Minimum, Maximum *float64
	MinLength        int
	MaxLength        *int
	MinItems         int
	MaxItems         *int
	Items            *schema
	Properties       map[string]*schema
	Required         []string
}

// operation is the part of an operation that inputs are made from.
type operation struct {
	Parameters []struct {
		Name, In string
		Required bool
		Schema   *schema
	}
	RequestBody *struct {
		Content map[string]struct{ Schema *schema }
	}
}

// forbidden makes requests that the description forbids.
type forbidden struct {
	t       *testing.T
	till    *fake
	handler http.Handler
	schemas map[string]*schema
	tried   int
}

// TestNothingIsTakenThatTheDescriptionForbids makes some thousands of requests
// from the description, each wrong in one way: every one is refused in words,
// before the till hears of it.
func TestNothingIsTakenThatTheDescriptionForbids(t *testing.T) {
	f := newFake()
	h := New(f, options(f))
	var doc struct {
		Paths      map[string]map[string]operation
		Components struct{ Schemas map[string]*schema }
	}
	if err := json.Unmarshal(ask(t, h, "GET", "/openapi.json", "").Body.Bytes(), &doc); err != nil {
		t.Fatal(err)
	}
	n := &forbidden{t: t, till: f, handler: h, schemas: doc.Components.Schemas}
	for _, path := range slices.Sorted(maps.Keys(doc.Paths)) {
		for method, op := range doc.Paths[path] {
			n.operation(strings.ToUpper(method), path, op)
		}
	}
	if n.tried < 5000 {
		t.Errorf("only %d requests were made", n.tried)
	}
	t.Log(n.tried, "requests")
}

func (n *forbidden) operation(method, path string, op operation) {
	at := strings.NewReplacer("{id}", "S1", "{no}", "K1", "{date}", "2026-11-21").Replace(path)
	body := ""
	var s *schema
	if op.RequestBody != nil {
		s = n.resolve(op.RequestBody.Content["application/json"].Schema)
		body = compose(n.members(s))
	}
	if path != "/v1/events" && path != "/metrics" {
		if status, text := n.send(method, at, body, nil); status == 400 || status == 415 || status == 422 || status >= 500 && !strings.Contains(text, "unavailable") {
			n.t.Errorf("%s %s %s, which is right, is answered with %d %s", method, at, body, status, text)
		}
	}
	n.queries(method, at, op, body)
	if strings.Contains(path, "{") {
		n.refuse(method, strings.NewReplacer("S1", "%ff", "K1", "%ff", "2026-11-21", "%ff%fe").Replace(at), body, nil)
	}
	if method == "GET" {
		return
	}
	for _, kind := range []string{"text/plain", "application/xml", "application/json; charset=latin1", "multipart/form-data", "x", "application/x-www-form-urlencoded"} {
		n.refuse(method, at, cmp.Or(body, "{}"), map[string]string{"Content-Type": kind})
	}
	if s == nil {
		for _, extra := range []string{`{"a":1}`, `[]`, `1`, `x`, `{"by":"Ana"}`} {
			n.refuse(method, at, extra, nil)
		}
		return
	}
	n.bodies(method, at, s, body)
}

// queries are wrong in their parameters.
func (n *forbidden) queries(method, at string, op operation, body string) {
	for i := range 80 {
		n.refuse(method, fmt.Sprintf("%s?%s=1", at, []string{"x", "dry", "Amount", "limit ", "_", "wait.", "datE", "force", "%00", "debug"}[i%10]+fmt.Sprint(i)), body, nil)
	}
	n.refuse(method, at+"?%zz=1", body, nil)
	n.refuse(method, at+"?a=%ff", body, nil)
	for _, p := range op.Parameters {
		if p.In == "header" && p.Name == "Idempotency-Key" {
			for _, key := range []string{strings.Repeat("k", 129), "k\x01", "k\xff"} {
				n.refuse(method, at, body, map[string]string{"Idempotency-Key": key})
			}
			if p.Required {
				n.refuse(method, at, body, map[string]string{"Idempotency-Key": ""})
			}
		}
		if p.In != "query" {
			continue
		}
		n.refuse(method, at+"?"+p.Name+"=1&"+p.Name+"=1", body, nil)
		n.refuse(method, at+"?"+p.Name+"=%ff", body, nil)
		if kind(p.Schema) == "string" && len(p.Schema.Enum) == 0 && p.Name != "wait" && p.Name != "date" {
			continue // any text
		}
		for _, bad := range []string{"%00", "nonsense", "-1", "1.5", "1e9", "99999999999999999999", "9999-12-31", "0000-00-00", "2026-13-01", "PAID"} {
			n.refuse(method, at+"?"+p.Name+"="+bad, body, nil)
		}
	}
}

// bodies are wrong in their body.
func (n *forbidden) bodies(method, at string, s *schema, body string) {
	for i := 1; i < len(body); i++ {
		n.refuse(method, at, body[:i], nil)
	}
	for _, text := range []string{"", " ", "null", "[]", "[" + body + "]", `"x"`, "1", "true", body + "{}", body + "x", "{", "}", strings.Repeat("[", 40), "\xef\xbb\xbf" + body, "\xff\xfe", body[:len(body)-1] + ",}"} {
		n.refuse(method, at, text, nil)
	}
	members := n.members(s)
	for i := range 80 {
		changed := maps.Clone(members)
		changed[[]string{"tips", "Amount", "AMOUNT", "by ", "", "__proto__", "reason2", "$schema", "é", "id"}[i%10]+strings.Repeat("_", i/10)] = "1"
		n.refuse(method, at, compose(changed), nil)
	}
	for name, p := range s.Properties {
		p = n.resolve(p)
		if p.Type == nil {
			continue // any JSON
		}
		good := compose(maps.Clone(with(members, name, n.valid(p))))
		n.refuse(method, at, good[:len(good)-1]+","+fmt.Sprintf("%q:%s}", name, n.valid(p)), nil) // twice
		for _, bad := range n.wrong(p, slices.Contains(s.Required, name)) {
			n.refuse(method, at, compose(with(members, name, bad)), nil)
		}
	}
	for _, name := range s.Required {
		changed := maps.Clone(members)
		delete(changed, name)
		n.refuse(method, at, compose(changed), nil)
	}
}

func with(members map[string]string, name, value string) map[string]string {
	changed := maps.Clone(members)
	changed[name] = value
	return changed
}

// wrong are values that a schema forbids.
func (n *forbidden) wrong(p *schema, required bool) (list []string) {
	common := []string{`{}`, `{"a":1}`}
	if required {
		common = append(common, "null")
	}
	switch kind(p) {
	case "integer":
		list = append(common, `"x"`, `"1"`, "1.5", "1.0", "1e2", "0.1", "true", "[]", "[1]", "99999999999999999999", "-99999999999999999999", "1e400", "--1", "0x10", "01", `""`)
		if p.Minimum != nil {
			list = append(list, fmt.Sprintf("%.0f", *p.Minimum-1))
		}
		if p.Maximum != nil {
			list = append(list, fmt.Sprintf("%.0f", *p.Maximum+1))
		}
	case "boolean":
		list = append(common, `"true"`, "1", "0", "[]", `""`, "yes")
	case "array":
		list = append(common, `"x"`, "1", "true", "[1]", "[[]]", "[null]")
		if p.MaxItems != nil {
			item := n.valid(n.resolve(p.Items))
			list = append(list, "["+strings.TrimSuffix(strings.Repeat(item+",", *p.MaxItems+1), ",")+"]")
		}
	case "string":
		list = append(common, "1", "1.5", "true", "[]", `["x"]`, `"`+"\xff"+`"`, `"\ud800"`, `"\udc00x"`, `"\ud800A"`, `"`+"\x01"+`"`, `"\x"`, `'x'`)
		if p.MaxLength != nil {
			list = append(list, `"`+strings.Repeat("x", *p.MaxLength+1)+`"`)
		}
		if p.MinLength > 0 {
			list = append(list, `""`)
		}
		if len(p.Enum) > 0 {
			list = append(list, `"nonsense"`, `"`+strings.ToUpper(fmt.Sprint(p.Enum[0]))+`"`)
		}
		if p.Pattern != "" || p.Format == "date-time" {
			list = append(list, `"cad"`, `"CA"`, `"C4D"`, `"2026-11-21"`)
		}
	}
	return list
}

// kind is the type of a schema, null left out.
func kind(p *schema) string {
	switch t := p.Type.(type) {
	case string:
		return t
	case []any:
		return fmt.Sprint(t[0])
	}
	return ""
}

func (n *forbidden) resolve(s *schema) *schema {
	if name, ok := strings.CutPrefix(s.Ref, "#/components/schemas/"); ok {
		return n.schemas[name]
	}
	return s
}

// members are the required ones of an object, each with a value that is right, and
// who asks: nobody is signed in.
func (n *forbidden) members(s *schema) map[string]string {
	m := map[string]string{}
	if by := s.Properties["by"]; by != nil {
		m["by"] = n.valid(by)
	}
	for _, name := range s.Required {
		m[name] = n.valid(n.resolve(s.Properties[name]))
	}
	return m
}

// valid is a value that a schema allows.
func (n *forbidden) valid(p *schema) string {
	switch kind(p) {
	case "integer":
		return "100"
	case "boolean":
		return "true"
	case "array":
		return "[" + strings.TrimSuffix(strings.Repeat(n.valid(n.resolve(p.Items))+",", p.MinItems), ",") + "]"
	case "object":
		return compose(n.members(p))
	}
	switch {
	case len(p.Enum) > 0:
		return fmt.Sprintf("%q", p.Enum[0])
	case p.Pattern == "^[0-9]+$":
		return `"270531"`
	case p.Pattern != "":
		return `"CAD"`
	case p.Format == "date-time":
		return `"2027-01-01T00:00:00Z"`
	}
	return `"Ana"`
}

func compose(members map[string]string) string {
	var list []string
	for _, name := range slices.Sorted(maps.Keys(members)) {
		list = append(list, fmt.Sprintf("%q:%s", name, members[name]))
	}
	return "{" + strings.Join(list, ",") + "}"
}

// send makes a request that is right but for what headers and body make of it.
func (n *forbidden) send(method, path, body string, headers map[string]string) (status int, text string) {
	n.till.asked = nil
	r := httptest.NewRequest(method, "http://localhost/", strings.NewReader(body))
	target, query, _ := strings.Cut(path, "?")
	r.URL.Path, r.URL.RawPath, r.URL.RawQuery = strings.ReplaceAll(strings.ReplaceAll(target, "%ff", "\xff"), "%fe", "\xfe"), target, query
	if method == "GET" {
		r.Body = http.NoBody
	}
	if method != "GET" && (body != "" || len(headers) > 0) {
		r.Header.Set("Content-Type", "application/json")
	}
	r.Header.Set("Idempotency-Key", "k")
	for name, value := range headers {
		r.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	n.handler.ServeHTTP(w, r)
	return w.Code, w.Body.String()
}

// refuse makes a request that must be refused before the till is asked.
func (n *forbidden) refuse(method, path, body string, headers map[string]string) {
	n.tried++
	status, text := n.send(method, path, body, headers)
	if status < 400 || status >= 500 || len(n.till.asked) > 0 {
		n.t.Errorf("%s %s %.200q %v: %d, the till was asked %v: %.200s", method, path, body, headers, status, n.till.asked, text)
	}
	for _, word := range []string{"json:", "Go ", "goroutine", "huma"} {
		if strings.Contains(text, word) {
			n.t.Errorf("%s %s %.200q: words of the program in %.300s", method, path, body, text)
		}
	}
}

// TestTheDescriptionIsTheStoredOne holds what is served beside what was agreed.
func TestTheDescriptionIsTheStoredOne(t *testing.T) {
	f := newFake()
	golden(t, "openapi.json", append(ask(t, New(f, options(f)), "GET", "/openapi.json", "").Body.Bytes(), '\n'))
}
