package api

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"posd/device/sale"
)

// described is the part of a description that the tests look at.
type described struct {
	OpenAPI string
	Paths   map[string]map[string]struct {
		Summary    string
		Parameters []struct {
			Name, Description string
			Required          bool
		}
		Responses map[string]answered
	}
	Components struct {
		Responses map[string]answered
		Schemas   map[string]struct {
			Description string
			Properties  map[string]struct {
				Description string
				Type        any
				Enum        []string
			}
		}
	}
}

type answered struct {
	Ref         string `json:"$ref"`
	Description string
	Content     map[string]any
}

func description(t *testing.T) described {
	t.Helper()
	f := newFake()
	w := ask(t, New(f, options(f)), "GET", "/openapi.json", "")
	var d described
	if err := json.Unmarshal(w.Body.Bytes(), &d); err != nil {
		t.Fatalf("%v: %.200s", err, w.Body)
	}
	return d
}

func TestEveryPathIsDescribed(t *testing.T) {
	d := description(t)
	if !strings.HasPrefix(d.OpenAPI, "3.1") {
		t.Errorf("OpenAPI %q", d.OpenAPI)
	}
	for path, methods := range map[string]string{
		"/v1/sales": "get post", "/v1/sales/{id}": "get", "/v1/sales/{id}/cancel": "post", "/v1/sales/{id}/refund": "post", "/v1/sales/{id}/void": "post",
		"/v1/sales/{id}/keep": "post", "/v1/sales/{id}/resolve": "post", "/v1/sales/{id}/print": "post", "/v1/sales/{id}/receipt": "get",
		"/v1/events": "get", "/v1/display": "put", "/v1/devices": "get", "/v1/queue": "get", "/v1/queue/{id}/retry": "post",
		"/v1/sales/{id}/complete": "post", "/v1/sales/{id}/upload": "post", "/v1/refunds": "post", "/v1/day/close": "post",
		"/v1/reports/{date}": "get", "/v1/reports/{date}/print": "post", "/v1/drawer": "post", "/v1/orders": "post", "/v1/orders/{no}": "get", "/v1/orders/{no}/refund": "post", "/v1/prune": "get post", "/healthz": "get", "/metrics": "get",
	} {
		for _, m := range strings.Fields(methods) {
			if _, ok := d.Paths[path][m]; !ok {
				t.Errorf("%s %s is not described", m, path)
			}
		}
	}
	for path, methods := range d.Paths {
		for method, op := range methods {
			if op.Summary == "" {
				t.Errorf("%s %s has no summary", method, path)
			}
			for _, p := range op.Parameters {
				if p.Description == "" {
					t.Errorf("%s %s: parameter %s has no description", method, path, p.Name)
				}
				if p.Name == "Idempotency-Key" && !p.Required && path != "/v1/day/close" {
					t.Errorf("%s %s: the key is not described as required", method, path)
				}
			}
			for _, status := range []string{"401", "403", "422", "503"} {
				if _, ok := op.Responses[status]; !ok {
					t.Errorf("%s %s: answer %s is not described", method, path, status)
				}
			}
			for status, r := range op.Responses {
				if name, ok := strings.CutPrefix(r.Ref, "#/components/responses/"); ok {
					r = d.Components.Responses[name]
				}
				if text, err := json.Marshal(r.Content); err != nil || strings.Contains(string(text), `["array","null"]`) {
					t.Errorf("%s %s: answer %s is described as a list or null: %s, %v", method, path, status, text, err)
				}
				if r.Description == "" {
					t.Errorf("%s %s: answer %s has no description", method, path, status)
				}
				if _, problem := r.Content["application/problem+json"]; status >= "4" && !problem {
					t.Errorf("%s %s: answer %s is not described as a problem", method, path, status)
				}
			}
		}
	}
}

func TestEverySchemaIsDescribed(t *testing.T) {
	d := description(t)
	for name, s := range d.Components.Schemas {
		if s.Description == "" {
			t.Errorf("%s has no description", name)
		}
		for member, p := range s.Properties {
			if p.Description == "" {
				t.Errorf("%s.%s has no description", name, member)
			}
			if fmt.Sprint(p.Type) == "[array null]" {
				t.Errorf("%s.%s is described as a list or null", name, member)
			}
		}
	}
	for _, about := range descriptions {
		for _, words := range about.words {
			if _, ok := d.Components.Schemas[about.schema].Properties[words[0]]; !ok && words[0] != "" {
				t.Errorf("%s.%s is described and not there", about.schema, words[0])
			}
		}
	}
}

// texts turns a vocabulary into plain strings.
func texts[T ~string](list []T) (out []string) {
	for _, v := range list {
		out = append(out, string(v))
	}
	return out
}

func TestDescribedValuesAreTheVocabulary(t *testing.T) {
	s := description(t).Components.Schemas
	for name, c := range map[string]struct{ got, want []string }{
		"state":   {s["Sale"].Properties["state"].Enum, texts(sale.States)},
		"method":  {s["Sale"].Properties["method"].Enum, texts(sale.Methods)},
		"request": {s["SaleRequest"].Properties["method"].Enum, texts(sale.Methods)},
		"reason":  {s["Sale"].Properties["reason"].Enum, texts(sale.Reasons)},
		"event":   {s["EventView"].Properties["kind"].Enum, sale.EventKinds},
		"screen":  {s["ScreenView"].Properties["kind"].Enum, texts(sale.ScreenKinds)},
	} {
		if !slices.Equal(c.got, c.want) {
			t.Errorf("%s: described %q, the vocabulary is %q", name, c.got, c.want)
		}
	}
}
