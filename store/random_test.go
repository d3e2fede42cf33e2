package store_test

import (
	"flag"
	"fmt"
	"reflect"
	"time"

	"pgregory.net/rapid"

	"posd/device/sale"
)

// A failing sale is printed; a file of it would lie among the sources.
func init() { flag.Set("rapid.nofailfile", "true") }

// randomSale fills every field of a sale, so that a field without a column is
// found by the test that compares it.
func randomSale(r *rapid.T, n int) sale.Sale {
	var s sale.Sale
	fill(r, reflect.ValueOf(&s).Elem())
	s.ID = sale.ID(fmt.Sprintf("%026d", n))
	for i := range s.Attempts {
		s.Attempts[i].Ref = fmt.Sprintf("R%d-%d", n, i)
	}
	for i := range s.Refunds {
		s.Refunds[i].ID = fmt.Sprintf("M%d-%d", n, i)
	}
	return s
}

func fill(r *rapid.T, v reflect.Value) {
	if v.Type() == reflect.TypeFor[time.Time]() {
		at := time.Unix(rapid.Int64Range(-60_000_000_000, 250_000_000_000).Draw(r, "s"), rapid.Int64Range(0, 999_999_999).Draw(r, "ns"))
		v.Set(reflect.ValueOf(at.UTC()))
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(rapid.String().Draw(r, "text"))
	case reflect.Int, reflect.Int64:
		v.SetInt(rapid.Int64().Draw(r, "number"))
	case reflect.Bool:
		v.SetBool(rapid.Bool().Draw(r, "flag"))
	case reflect.Pointer:
		if rapid.Bool().Draw(r, "is there") {
			v.Set(reflect.New(v.Type().Elem()))
			fill(r, v.Elem())
		}
	case reflect.Struct:
		for i := range v.NumField() {
			fill(r, v.Field(i))
		}
	case reflect.Slice:
		if n := rapid.IntRange(0, 3).Draw(r, "how many"); n > 0 {
			v.Set(reflect.MakeSlice(v.Type(), n, n))
			for i := range n {
				fill(r, v.Index(i))
			}
		}
	default:
		r.Fatalf("a sale holds a %s, which this test cannot fill", v.Type())
	}
}
