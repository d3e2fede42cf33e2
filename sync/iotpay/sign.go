package iotpay

import (
	"bytes"
	"crypto/md5"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"posd/device/sale"
)

// Object is a JSON object as it came: every field, known or not, because every
// field takes part in the signature.
type Object struct {
	fields []field
}

type field struct {
	name   string
	raw    json.RawMessage
	text   string // what enters the signature
	nested bool   // an object or an array
}

// ParseObject reads one JSON object. A name that stands twice is refused: the
// two sides could not agree which value was signed.
func ParseObject(text []byte) (Object, error) {
	dec := json.NewDecoder(bytes.NewReader(text))
	if tok, err := dec.Token(); err != nil {
		return Object{}, fmt.Errorf("read JSON object: %w", err)
	} else if tok != json.Delim('{') {
		return Object{}, fmt.Errorf("read JSON object: it begins with %v", tok)
	}
	var o Object
	seen := map[string]bool{}
	for dec.More() {
		tok, err := dec.Token()
		if err != nil {
			return Object{}, fmt.Errorf("read JSON object: %w", err)
		}
		f := field{name: tok.(string)} // inside an object More promises a name
		if seen[f.name] {
			return Object{}, fmt.Errorf("read JSON object: field %q stands twice", f.name)
		}
		seen[f.name] = true
		if err := dec.Decode(&f.raw); err != nil {
			return Object{}, fmt.Errorf("read JSON field %q: %w", f.name, err)
		}
		if f.text, f.nested, err = signedText(f.raw); err != nil {
			return Object{}, fmt.Errorf("read JSON field %q: %w", f.name, err)
		}
		o.fields = append(o.fields, f)
	}
	if _, err := dec.Token(); err != nil {
		return Object{}, fmt.Errorf("read JSON object: %w", err)
	}
	if dec.More() {
		return Object{}, errors.New("read JSON object: more text follows it")
	}
	return o, nil
}

// signedText returns what a value contributes to the signature: a string's
// characters, a number as written, a nested value as compact JSON, null nothing.
func signedText(raw json.RawMessage) (text string, nested bool, err error) {
	switch raw[0] {
	case '"':
		err = json.Unmarshal(raw, &text)
		return text, false, err
	case '{', '[':
		var b bytes.Buffer
		err = json.Compact(&b, raw)
		return b.String(), true, err
	case 'n':
		return "", false, nil
	}
	return string(raw), false, nil
}

// Text returns the value of a field as text; "" if it is missing, null or empty.
func (o Object) Text(name string) string { return o.find(name).text }

// Has reports whether the field is there and not empty.
func (o Object) Has(name string) bool { return o.Text(name) != "" }

// Int returns a field as a whole number, written as a JSON number or as text.
// ok is false if the field is empty.
func (o Object) Int(name string) (n int64, ok bool, err error) {
	text := o.Text(name)
	if text == "" {
		return 0, false, nil
	}
	n, err = strconv.ParseInt(wholeText(text), 10, 64)
	if err != nil {
		return 0, true, fmt.Errorf("field %s is %q, not a whole number", name, printable(text))
	}
	return n, true, nil
}

// wholeText drops a fraction of zeros: 1000.0 is 1000.
func wholeText(text string) string {
	if n, fraction, ok := strings.Cut(text, "."); ok && n != "" && fraction != "" && strings.Trim(fraction, "0") == "" {
		return n
	}
	return text
}

// Nested returns a field that is an object. ok is false if it is anything else.
func (o Object) Nested(name string) (inner Object, ok bool) {
	f := o.find(name)
	if !f.nested || f.raw[0] != '{' {
		return Object{}, false
	}
	inner, err := ParseObject(f.raw)
	return inner, err == nil
}

func (o Object) find(name string) field {
	for _, f := range o.fields {
		if f.name == name {
			return f
		}
	}
	return field{}
}

// SignedText returns the text that is signed, without the key: fields that are
// not empty, without sign, sorted bytewise by name.
func (o Object) SignedText() string { return o.joined(byName) }

// joined returns the fields that are signed, without those named, in an order.
func (o Object) joined(by order, without ...string) string {
	kept := make([]field, 0, len(o.fields))
	for _, f := range o.fields {
		if f.text != "" && f.name != "sign" && !slices.Contains(without, f.name) {
			kept = append(kept, f)
		}
	}
	slices.SortStableFunc(kept, by)
	var b strings.Builder
	for i, f := range kept {
		if i > 0 {
			b.WriteByte('&')
		}
		b.WriteString(f.name)
		b.WriteByte('=')
		b.WriteString(f.text)
	}
	return b.String()
}

// Sign returns the signature of o under key.
func Sign(o Object, key sale.Secret) string { return digest(o.SignedText(), key) }

func digest(text string, key sale.Secret) string {
	sum := md5.Sum([]byte(text + "&key=" + key.Reveal()))
	return strings.ToUpper(hex.EncodeToString(sum[:]))
}

// Verdict is what a signature proves.
type Verdict string

// Verdicts on a signature.
const (
	Genuine       Verdict = "genuine"
	Unsigned      Verdict = "not signed"
	Forged        Verdict = "signature wrong"
	NotVerifiable Verdict = "signature not verifiable"
)

// Verify checks o's signature under key, in constant time.
func Verify(o Object, key sale.Secret) Verdict {
	verdict, _ := VerifyText(o, key)
	return verdict
}

// VerifyText is Verify, and returns the text that the signature belongs to. The
// fields are tried in every order in which a gateway of this family sorts them,
// and once more without payParams, which some answers leave out of what they
// sign: all agree on the names that are documented, and one new name may tell
// them apart. How an object inside an answer enters the signature is not
// documented, so one that holds an object and does not verify is NotVerifiable:
// as little proof as a forged one, but another cause.
func VerifyText(o Object, key sale.Secret) (Verdict, string) {
	got := []byte(strings.ToUpper(o.Text("sign")))
	if len(got) == 0 {
		return Unsigned, o.SignedText()
	}
	for _, left := range [][]string{nil, {"payParams"}} {
		if left != nil && !o.Has("payParams") {
			continue
		}
		for _, by := range orders {
			text := o.joined(by, left...)
			if subtle.ConstantTimeCompare(got, []byte(digest(text, key))) == 1 {
				return Genuine, text
			}
		}
	}
	if slices.ContainsFunc(o.fields, func(f field) bool { return f.nested }) {
		return NotVerifiable, o.SignedText()
	}
	return Forged, o.SignedText()
}

// signed returns the JSON text of an object with its signature as last field.
// The text before it is left byte for byte as it was.
func signed(params []byte, key sale.Secret) ([]byte, error) {
	if !utf8.Valid(params) {
		return nil, errors.New("sign request: it holds bytes that are not UTF-8")
	}
	o, err := ParseObject(params)
	if err != nil {
		return nil, fmt.Errorf("sign request: %w", err)
	}
	if o.find("sign").raw != nil {
		return nil, errors.New("sign request: it has a sign already")
	}
	end := bytes.LastIndexByte(params, '}')
	out := make([]byte, 0, len(params)+48)
	out = append(out, params[:end]...)
	if len(o.fields) > 0 {
		out = append(out, ',')
	}
	out = append(out, `"sign":"`...)
	out = append(out, Sign(o, key)...)
	return append(out, `"}`...), nil
}
