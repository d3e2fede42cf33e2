package main

import (
	"bytes"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"
)

// String returns the configuration in force as TOML: every key, in the order
// of the structs, defaults included. No secret is in it, as none is in Config.
func (c Config) String() string {
	var b bytes.Buffer
	section(&b, "", false, reflect.ValueOf(c))
	return strings.TrimSpace(b.String()) + "\n"
}

// section writes a struct's keys, then its sub-sections.
func section(b *bytes.Buffer, path string, several bool, v reflect.Value) {
	switch {
	case several:
		fmt.Fprintf(b, "\n[[%s]]\n", path)
	case path != "":
		fmt.Fprintf(b, "\n[%s]\n", path)
	}
	eachKey(v, func(name string, field reflect.Value) {
		if text, ok := literal(field); ok {
			fmt.Fprintf(b, "%s = %s\n", name, text)
		}
	})
	eachKey(v, func(name string, field reflect.Value) {
		at := strings.TrimPrefix(path+"."+name, ".")
		switch {
		case field.Kind() == reflect.Pointer && !field.IsNil():
			section(b, at, false, field.Elem())
		case field.Kind() == reflect.Struct:
			section(b, at, false, field)
		case field.Kind() == reflect.Slice && field.Type().Elem().Kind() == reflect.Struct:
			for i := range field.Len() {
				section(b, at, true, field.Index(i))
			}
		}
	})
}

// eachKey calls f for every key of a struct, those of embedded structs in their place.
func eachKey(v reflect.Value, f func(name string, field reflect.Value)) {
	for sf, value := range v.Fields() {
		name := sf.Tag.Get("toml")
		switch {
		case sf.Anonymous && name == "":
			eachKey(value, f)
		case name != "" && name != "-":
			f(name, value)
		}
	}
}

// literal writes a value as it stands in the file; ok is false for sections.
func literal(v reflect.Value) (text string, ok bool) {
	if d, is := v.Interface().(time.Duration); is {
		return fmt.Sprintf("%q", short(d)), true
	}
	switch v.Kind() {
	case reflect.String:
		return quote(v.String()), true
	case reflect.Bool, reflect.Int, reflect.Int64:
		return fmt.Sprint(v.Interface()), true
	case reflect.Slice:
		if k := v.Type().Elem().Kind(); k != reflect.String && k != reflect.Int {
			return "", false
		}
		list := make([]string, v.Len())
		for i := range list {
			list[i], _ = literal(v.Index(i))
		}
		return "[" + strings.Join(list, ", ") + "]", true
	case reflect.Map:
		var list []string
		for _, k := range v.MapKeys() {
			list = append(list, quote(k.String())+" = "+quote(v.MapIndex(k).String()))
		}
		slices.Sort(list)
		return "{" + strings.Join(list, ", ") + "}", true
	}
	return "", false
}

// short writes a time without the zeros that Duration.String adds: 2m, not 2m0s.
func short(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// quote writes a TOML basic string.
func quote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r < ' ' || r == 0x7f:
			fmt.Fprintf(&b, `\u%04X`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}
