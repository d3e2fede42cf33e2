package core_test

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"flag"
	"fmt"
	"hash"
	"os"
	"reflect"
	"slices"
	"strings"
	"time"

	"posd/device/core"
)

var simHash = flag.String("hash", "", "file into which TestSimulation writes a hash of each seed's effects, to compare two versions of posd")

// effectsHash sums up every Effects of a seed. Two versions of posd that decide
// the same give the same sum. It knows types by their bare names and fields by
// their order, so that code may move between packages.
type effectsHash struct {
	sum hash.Hash
	buf []byte
}

func newEffectsHash() *effectsHash { return &effectsHash{sum: sha256.New()} }

func (h *effectsHash) add(out core.Effects) {
	h.buf = h.buf[:0]
	h.value(reflect.ValueOf(out))
	h.sum.Write(h.buf)
}

func (h *effectsHash) String() string { return hex.EncodeToString(h.sum.Sum(nil)[:8]) }

func (h *effectsHash) number(n uint64) { h.buf = binary.LittleEndian.AppendUint64(h.buf, n) }

func (h *effectsHash) text(s string) {
	h.number(uint64(len(s)))
	h.buf = append(h.buf, s...)
}

var (
	timeType  = reflect.TypeFor[time.Time]()
	errorType = reflect.TypeFor[error]()
)

// value appends v: every exported field, whatever its depth.
func (h *effectsHash) value(v reflect.Value) {
	switch v.Kind() {
	case reflect.Interface:
		if v.IsNil() {
			h.text("nil")
			return
		}
		e := v.Elem()
		h.text(bareName(e.Type()))
		if e.Type().Implements(errorType) {
			h.text(e.Interface().(error).Error())
		}
		h.value(e)
	case reflect.Pointer:
		if v.IsNil() {
			h.number(0)
			return
		}
		h.number(1)
		h.value(v.Elem())
	case reflect.Struct:
		if v.Type() == timeType {
			h.number(uint64(v.Interface().(time.Time).UnixNano()))
			return
		}
		for i := range v.NumField() {
			if f := v.Field(i); f.CanInterface() {
				h.value(f)
			}
		}
	case reflect.Slice, reflect.Array:
		h.number(uint64(v.Len()))
		for i := range v.Len() {
			h.value(v.Index(i))
		}
	case reflect.Map:
		keys := v.MapKeys()
		slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })
		for _, k := range keys {
			h.text(k.String())
			h.value(v.MapIndex(k))
		}
	case reflect.String:
		h.text(v.String())
	case reflect.Bool:
		if v.Bool() {
			h.number(1)
		} else {
			h.number(0)
		}
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		h.number(uint64(v.Int()))
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		h.number(v.Uint())
	default:
		panic(fmt.Sprintf("no hash of a %s", v.Type()))
	}
}

// bareName is a type's name without its package.
func bareName(t reflect.Type) string {
	if t.Kind() == reflect.Pointer {
		return bareName(t.Elem())
	}
	return t.Name()
}

// writeHashes writes a line for each seed, in order, and returns the hash of them all.
func writeHashes(path string, hashes []string) (string, error) {
	text := &strings.Builder{}
	for i, h := range hashes {
		fmt.Fprintf(text, "%d %s\n", i+1, h)
	}
	all := sha256.Sum256([]byte(text.String()))
	return hex.EncodeToString(all[:]), os.WriteFile(path, []byte(text.String()), 0o644)
}
