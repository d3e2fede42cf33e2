package api

import (
	"net/http"
	"reflect"

	"github.com/danielgtaylor/huma/v2"
)

// schemaOf returns a reference to the schema of v's type.
func schemaOf(a huma.API, v any) *huma.Schema {
	return a.OpenAPI().Components.Schemas.Schema(reflect.TypeOf(v), true, "")
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
func document(o *huma.OpenAPI) {
	o.Servers = []*huma.Server{{URL: "http://127.0.0.1:8480", Description: "The counter's own machine; also a unix socket."}}
	for _, item := range o.Paths {
		for _, op := range []*huma.Operation{item.Get, item.Post, item.Put} {
			if op != nil {
				documentOperation(op)
			}
		}
	}
	kinds := o.Components.Schemas.Map()["Problem"].Properties["type"]
	for _, kind := range problemTypes() {
		kinds.Enum = append(kinds.Enum, kind)
	}
	current := o.Components.Schemas.Map()["SnapshotView"].Properties["current"]
	current.OneOf, current.Ref = []*huma.Schema{{Ref: current.Ref}, {Type: "null"}}, ""
	for name, s := range o.Components.Schemas.Map() {
		s.Description = descriptions[name][""]
		for member, p := range s.Properties {
			if words := descriptions[name][member]; words != "" {
				p.Description = words
			}
			p.Enum = append(p.Enum, values[name+"."+member]...)
			if p.Type == huma.TypeArray {
				p.Nullable = false // the answers hold empty lists instead
			}
		}
	}
}

func documentOperation(op *huma.Operation) {
	for _, p := range op.Parameters {
		if p.Name == "Idempotency-Key" {
			p.Required = true // the handler refuses with better words than huma
		}
	}
	for status, r := range op.Responses {
		if r.Description == "" || r.Description == "Accepted" || r.Description == "Created" || r.Description == "OK" || r.Description == "No Content" {
			r.Description = answers[status]
		}
	}
}

// answers say what a success means here.
var answers = map[string]string{
	"200": "As it stands now. For POST with an Idempotency-Key: the key was seen before, nothing new was done.",
	"201": "Stored; it goes on by itself.",
	"202": "Accepted; it goes on by itself.",
	"204": "Shown.",
}
