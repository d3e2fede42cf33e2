package api

import (
	"reflect"

	"github.com/danielgtaylor/huma/v2"
)

// schemaOf returns a reference to the schema of v's type.
func schemaOf(a huma.API, v any) *huma.Schema {
	return a.OpenAPI().Components.Schemas.Schema(reflect.TypeOf(v), true, "")
}

// document adds what the types cannot say of themselves.
func document(o *huma.OpenAPI) {
	for _, item := range o.Paths {
		for _, op := range []*huma.Operation{item.Get, item.Post, item.Put} {
			if op == nil {
				continue
			}
			for _, p := range op.Parameters {
				if p.Name == "Idempotency-Key" {
					p.Required = true
				}
			}
		}
	}
}
