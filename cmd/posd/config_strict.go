package main

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"
)

// Fault is one thing wrong with the configuration file.
type Fault struct {
	Line    int    // in the file; 0 for what is not in it
	Section string // "terminal"; "display 2" for the second of several
	Words   string // the key, what is wrong with it, and the remedy
}

// Faults is everything wrong with one file, in the order of its lines.
type Faults struct {
	File string
	List []Fault
}

// Error returns one line per fault: FILE:LINE: [section] words.
func (f *Faults) Error() string {
	var b strings.Builder
	for i, one := range f.List {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(f.File)
		if one.Line > 0 {
			fmt.Fprintf(&b, ":%d", one.Line)
		}
		b.WriteString(": ")
		if one.Section != "" {
			fmt.Fprintf(&b, "[%s] ", one.Section)
		}
		b.WriteString(one.Words)
	}
	return b.String()
}

// sectioned is a part of the configuration that stands in the file or does
// not; its defaults apply where it does.
type sectioned interface{ setDefaults() }

// strict reads a TOML document into a struct and collects every fault on the way:
//
//	[terminal]            path "terminal"       -> struct, or pointer to one
//	line = "/dev/x"       path "terminal.line"  -> field with that toml tag
//	[[display]]           path "display.0"      -> element of a slice of structs
//
// The parser's own Unmarshal stops at the first wrong value and its
// positions do not reach the program, hence the walk by hand.
type strict struct {
	lines  map[string]int // where each path stands
	unread map[int]bool   // lines whose value could not be taken
	faults []Fault
}

// read fills into, which holds the defaults. An error is one of syntax: nothing was read.
func (d *strict) read(text []byte, into any) error {
	var tree map[string]any
	if err := toml.Unmarshal(text, &tree); err != nil {
		var at *toml.DecodeError
		if errors.As(err, &at) {
			row, _ := at.Position()
			d.faults = append(d.faults, Fault{Line: row, Words: "this is not TOML: " + strings.TrimPrefix(at.Error(), "toml: ")})
			return err
		}
		d.faults = append(d.faults, Fault{Words: "this is not TOML: " + err.Error()})
		return err
	}
	d.lines, d.unread = locate(text), map[int]bool{}
	d.table(tree, reflect.ValueOf(into).Elem(), "")
	return nil
}

// has reports whether a path stands in the file.
func (d *strict) has(path string) bool { return d.lines[path] > 0 }

// fault notes what is wrong at a path.
func (d *strict) fault(path, format string, args ...any) {
	section := ""
	if i := strings.LastIndexByte(path, '.'); i >= 0 {
		section = path[:i]
	}
	d.faults = append(d.faults, Fault{Line: d.lines[path], Section: sectionName(section), Words: fmt.Sprintf(format, args...)})
}

// judge notes what a part's own Validate found wrong with the section at path.
// The words begin with the key they are about, by which the line is found.
func (d *strict) judge(path string, errs []error) {
	for _, err := range errs {
		words := err.Error()
		key := words[:len(words)-len(strings.TrimLeft(words, "abcdefghijklmnopqrstuvwxyz0123456789_."))]
		line := d.lines[path+"."+strings.TrimRight(key, ".")]
		if line == 0 {
			line = d.lines[path]
		}
		if d.unread[line] {
			continue // it was judged by its default
		}
		d.faults = append(d.faults, Fault{Line: line, Section: sectionName(path), Words: words})
	}
}

// sectionName turns "display.1" into "display 2", as people count.
func sectionName(path string) string {
	name, index, ok := strings.Cut(path, ".")
	var n int
	if _, err := fmt.Sscanf(index, "%d", &n); ok && err == nil {
		return fmt.Sprintf("%s %d", name, n+1)
	}
	return path
}

func (d *strict) table(tree map[string]any, into reflect.Value, path string) {
	fields := map[string]reflect.Value{}
	var names []string
	eachKey(into, func(name string, field reflect.Value) {
		fields[name] = field
		names = append(names, name)
	})
	for name, value := range tree {
		at := name
		if path != "" {
			at = path + "." + name
		}
		field, ok := fields[name]
		if !ok {
			where := "here"
			if path != "" {
				where = "in [" + sectionName(path) + "]"
			}
			remedy := "remove it"
			if near := nearest(name, names); near != "" {
				remedy = "did you mean " + near + "?"
			} else if path == "" {
				slices.Sort(names)
				remedy = "sections are " + strings.Join(names, ", ")
			}
			d.fault(at, "%s is not a key known %s: %s", name, where, remedy)
			continue
		}
		d.value(value, field, at, name)
	}
}

// value sets one field, or notes why it cannot be set.
func (d *strict) value(v any, into reflect.Value, path, name string) {
	wrong := func(want string) {
		d.unread[d.lines[path]] = true
		d.fault(path, "%s = %s is wrong: write %s", name, show(v), want)
	}
	if into.Type() == reflect.TypeFor[time.Duration]() {
		text, _ := v.(string)
		t, err := time.ParseDuration(text)
		if err != nil {
			wrong(`a time with its unit, such as "30s", "500ms" or "2m"`)
			return
		}
		into.SetInt(int64(t))
		return
	}
	switch into.Kind() {
	case reflect.Pointer:
		part := reflect.New(into.Type().Elem())
		if s, ok := part.Interface().(sectioned); ok {
			s.setDefaults()
		}
		d.value(v, part.Elem(), path, name)
		into.Set(part)
	case reflect.Struct:
		tree, ok := v.(map[string]any)
		if !ok {
			wrong("a section: [" + path + "] on a line of its own, its keys below")
			return
		}
		d.table(tree, into, path)
	case reflect.Map:
		tree, ok := v.(map[string]any)
		if !ok {
			wrong(`a table, such as {"17" = "P"}`)
			return
		}
		d.texts(tree, into, path)
	case reflect.Slice:
		list, ok := v.([]any)
		switch {
		case ok:
			d.list(list, into, path, name)
		case into.Type().Elem().Kind() == reflect.Struct:
			wrong("[[" + name + "]], with two brackets, as there may be several")
		default:
			wrong(`a list of texts, such as ["one", "two"]`)
		}
	default:
		d.plain(v, into, wrong)
	}
}

// texts sets a map of texts.
func (d *strict) texts(tree map[string]any, into reflect.Value, path string) {
	made := reflect.MakeMap(into.Type()) // never the map of the defaults
	for _, k := range into.MapKeys() {
		made.SetMapIndex(k, into.MapIndex(k))
	}
	for k, one := range tree {
		text, ok := one.(string)
		if !ok {
			d.fault(path+"."+k, "%s = %s is wrong: write a text in quotes", k, show(one))
			continue
		}
		made.SetMapIndex(reflect.ValueOf(k), reflect.ValueOf(text))
	}
	into.Set(made)
}

// list sets a slice, one element after the other.
func (d *strict) list(list []any, into reflect.Value, path, name string) {
	made := reflect.MakeSlice(into.Type(), len(list), len(list))
	for i, one := range list {
		if s, ok := made.Index(i).Addr().Interface().(sectioned); ok {
			s.setDefaults()
		}
		d.value(one, made.Index(i), fmt.Sprintf("%s.%d", path, i), name)
	}
	into.Set(made)
}

// plain sets a text, a truth or a number.
func (d *strict) plain(v any, into reflect.Value, wrong func(want string)) {
	switch into.Kind() {
	case reflect.String:
		text, ok := v.(string)
		if !ok {
			wrong("a text in quotes")
			return
		}
		into.SetString(text)
	case reflect.Bool:
		b, ok := v.(bool)
		if !ok {
			wrong("true or false")
			return
		}
		into.SetBool(b)
	case reflect.Int, reflect.Int64:
		n, ok := v.(int64)
		if !ok || n > math.MaxInt32 {
			wrong("a whole number")
			return
		}
		into.SetInt(n)
	default:
		panic("configuration: no way to read a " + into.Type().String())
	}
}

// show writes a value from the file as it might stand there.
func show(v any) string {
	switch v := v.(type) {
	case string:
		return fmt.Sprintf("%q", v)
	case map[string]any:
		return "{...}"
	case []any:
		return "[...]"
	}
	return fmt.Sprint(v)
}

// locate finds the line of every table and key of a document that is known to be TOML.
func locate(text []byte) map[string]int {
	lines := map[string]int{}
	seen := map[string]int{} // how many of each [[table]] so far
	prefix := ""
	var p unstable.Parser
	p.Reset(text)
	for p.NextExpression() {
		node := p.Expression()
		var parts []string
		line := 0
		for k := node.Key(); k.Next(); {
			parts = append(parts, string(k.Node().Data))
			line = 1 + bytes.Count(text[:k.Node().Raw.Offset], []byte("\n"))
		}
		switch node.Kind {
		case unstable.Table, unstable.ArrayTable:
			prefix = ""
			for i, part := range parts {
				prefix = strings.TrimPrefix(prefix+"."+part, ".")
				last := i == len(parts)-1
				if last && node.Kind == unstable.ArrayTable {
					seen[prefix]++
				}
				if n := seen[prefix]; n > 0 {
					prefix = fmt.Sprintf("%s.%d", prefix, n-1)
				}
				if lines[prefix] == 0 {
					lines[prefix] = line
				}
			}
		case unstable.KeyValue:
			at := prefix
			for _, part := range parts {
				at = strings.TrimPrefix(at+"."+part, ".")
				if lines[at] == 0 {
					lines[at] = line
				}
			}
			inline(lines, at, node.Value(), line)
		}
	}
	return lines
}

// inline gives the keys of a table written on one line that line.
func inline(lines map[string]int, path string, node *unstable.Node, line int) {
	if node.Kind != unstable.InlineTable {
		return
	}
	for c := node.Children(); c.Next(); {
		at := path
		for k := c.Node().Key(); k.Next(); {
			at += "." + string(k.Node().Data)
			lines[at] = line
		}
		inline(lines, at, c.Node().Value(), line)
	}
}

// nearest returns the known name that a mistyped one was probably meant to be,
// or nothing if none is near.
func nearest(name string, known []string) string {
	best, least := "", 1+max(1, (len(name)+2)/3)
	slices.Sort(known)
	for _, k := range known {
		if n := distance(name, k); n < least {
			best, least = k, n
		}
	}
	return best
}

// distance counts the letters to insert, remove or change to get from a to b.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j+1]+1, row[j]+1)
		}
	}
	return row[len(b)]
}
