package api

import (
	"encoding/json"
	"net/http"
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"posd/device/sale"
)

// schemaOf returns a reference to the schema of v's type.
type schemaOf func(v any) *huma.Schema

// unsaid is the schemaOf of who answers requests, and describes nothing.
func unsaid(any) *huma.Schema { return nil }

// describe makes the description, of an API that answers nobody: what words and schemas
// take is given back once it is written.
func (h *handlers) describe() ([]byte, error) {
	mux := http.NewServeMux()
	a := humago.New(mux, h.described())
	o := a.OpenAPI()
	words := operations(func(v any) *huma.Schema { return o.Components.Schemas.Schema(reflect.TypeOf(v), true, "") })
	for _, r := range h.routes() {
		r.serve(mux, a, r.operation(words[r.id]))
	}
	h.document(o)
	return json.MarshalIndent(o, "", "  ")
}

// description answers with the whole description.
func (h *handlers) description(w http.ResponseWriter, _ *http.Request) {
	text, err := h.openapi()
	if err != nil {
		h.Log.Error("description not written", "err", err)
		writeProblem(w, problem(http.StatusInternalServerError, "internal", "posd cannot describe itself. The log says more."))
		return
	}
	w.Header().Set("Content-Type", "application/vnd.oai.openapi+json")
	_, _ = w.Write(text) // the caller may be gone
}

// document adds what the types cannot say of themselves: the vocabulary of
// device/sale knows nothing of HTTP, so its words for a reader stand in descriptions.
func (h *handlers) document(o *huma.OpenAPI) {
	o.Servers = []*huma.Server{{URL: "http://127.0.0.1:8480", Description: "The counter's own machine; also a unix socket."}}
	o.Components.SecuritySchemes = map[string]*huma.SecurityScheme{"token": {Type: "http", Scheme: "bearer",
		Description: "A token that `posd token create` has made. Until the first is made, and over the unix socket, none is needed."}}
	o.Components.Responses = map[string]*huma.Response{}
	for status, words := range refusals {
		o.Components.Responses["Refused"+status] = &huma.Response{Description: words,
			Content: map[string]*huma.MediaType{"application/problem+json": {Schema: &huma.Schema{Ref: "#/components/schemas/Problem"}}}}
	}
	for path, item := range o.Paths {
		for method, op := range map[string]*huma.Operation{http.MethodGet: item.Get, http.MethodPost: item.Post, http.MethodPut: item.Put} {
			if op != nil {
				documentOperation(op, h.table[method+" "+path])
			}
		}
	}
	details := o.Components.Schemas.Schema(reflect.TypeOf(EventDetails{}), true, "")
	o.Components.Schemas.Map()["EventDetails"].AdditionalProperties = true
	o.Components.Schemas.Map()["EventView"].Properties["data"] = details
	o.Components.Schemas.Map()["EventView"].Properties["kind"].Enum = anys(sale.EventKinds)
	o.Components.Schemas.Map()["Sale"].Properties["reason"].Enum = anys(sale.Reasons)
	o.Components.Schemas.Map()["EventDetails"].Properties["reason"].Enum = anys(sale.Reasons)
	kinds := o.Components.Schemas.Map()["Problem"].Properties["type"]
	for _, kind := range problemTypes() {
		kinds.Enum = append(kinds.Enum, kind)
	}
	current := o.Components.Schemas.Map()["SnapshotView"].Properties["current"]
	current.OneOf, current.Ref = []*huma.Schema{{Ref: current.Ref}, {Type: "null"}}, ""
	about := map[string]string{}
	for _, d := range descriptions {
		for _, words := range d.words {
			about[d.schema+"."+words[0]] = words[1]
		}
	}
	for name, s := range o.Components.Schemas.Map() {
		s.Description = about[name+"."]
		for member, p := range s.Properties {
			if words := about[name+"."+member]; words != "" {
				p.Description = words
			}
		}
	}
	constrain(o)
}

// constrain adds what the types cannot say and requests are held against.
func constrain(o *huma.OpenAPI) {
	for name, s := range o.Components.Schemas.Map() {
		for member, p := range s.Properties {
			p.Enum = append(p.Enum, values[name+"."+member]...)
			if p.Type == huma.TypeArray {
				p.Nullable = false // the answers hold empty lists instead
			}
		}
	}
}

// anys is a list as enums hold it.
func anys[T any](list []T) (out []any) {
	for _, v := range list {
		out = append(out, v)
	}
	return out
}

// documentOperation says of an operation what all have alike: who may ask, and what
// the guard answers before it is asked.
func documentOperation(op *huma.Operation, r route) {
	for _, p := range op.Parameters {
		if p.Name == "Idempotency-Key" && op.OperationID != "close-day" {
			p.Required = true // the handler refuses with better words than huma
			if made := op.Responses["201"]; made != nil && op.Responses["200"] == nil {
				op.Responses["200"] = &huma.Response{Content: made.Content}
			}
		}
	}
	if r.who != anyone {
		op.Security = []map[string][]string{{"token": {}}, {}}
		op.Extensions = map[string]any{"x-scopes": strings.Split(r.who.String(), ",")}
	}
	for _, status := range []string{"400", "401", "403", "422", "429", "500", "503", "504"} {
		op.Responses[status] = nil
	}
	if op.Method != http.MethodGet {
		op.Responses["413"], op.Responses["415"] = nil, nil
	}
	for status, r := range op.Responses {
		if refusals[status] != "" {
			op.Responses[status] = &huma.Response{Ref: "#/components/responses/Refused" + status}
			continue
		}
		for _, m := range r.Content {
			if m.Schema != nil && m.Schema.Type == huma.TypeArray {
				m.Schema.Nullable = false // an empty list instead
			}
		}
		if r.Description == "" || r.Description == "Accepted" || r.Description == "Created" || r.Description == "OK" || r.Description == "No Content" {
			r.Description = answers[status]
		}
	}
}

// refusals say what a failure means, by its status; the type of problem says more.
var refusals = map[string]string{
	"400":     "The request cannot be read, or lacks the Idempotency-Key: malformed, key-missing. Nothing was done.",
	"401":     "No token, or one that is not in force: token-missing, token-refused. Nothing was done.",
	"403":     "Not for this token, this person, or a page from there: not-allowed, pin-needed, pin-refused, foreign. Nothing was done.",
	"404":     "There is no such thing: not-found.",
	"409":     "It cannot be done as things stand: till-busy, terminal-held, same-bill, bill-paid, not-possible, no-device, no-code, refused. Nothing was done.",
	"413":     "The body is too large: too-large. Nothing was done.",
	"415":     "The body is no JSON in UTF-8: not-json. Nothing was done.",
	"422":     "A member or parameter is missing, unknown or wrong, or the key belongs to another request: invalid, key-reused. Nothing was done.",
	"429":     "Too fast, or too many wrong PINs: too-many, pin-locked. Nothing was done.",
	"500":     "posd may have taken the request: internal. Repeat it under the same key.",
	"503":     "Not now: unavailable, starting, too-many, no-scanner. Nothing was done.",
	"504":     "posd may have taken the request: late, unsure. Repeat it under the same key.",
	"default": "A failure in words.",
}

// answers say what a success means here.
var answers = map[string]string{
	"200": "As it stands now. For POST with an Idempotency-Key: the key was seen before, nothing new was done.",
	"201": "Stored; it goes on by itself.",
	"202": "Accepted; it goes on by itself.",
	"204": "Shown.",
}
