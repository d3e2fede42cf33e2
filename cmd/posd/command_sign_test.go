package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// signing runs sign with a key in a file and text on its standard input.
func signing(t *testing.T, key, text string, args ...string) (code int, out, errs string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(file, []byte(key), 0o600); err != nil {
		t.Fatal(err)
	}
	object := filepath.Join(t.TempDir(), "object.json")
	if err := os.WriteFile(object, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	var stdout, stderr bytes.Buffer
	code = execute(context.Background(), append([]string{"sign", object, "-key-file", file}, args...), &stdout, &stderr)
	return code, stdout.String(), stderr.String()
}

func TestSignPrintsTheSignatureOfEveryVector(t *testing.T) {
	text, err := os.ReadFile("../../testdata/iotpay/sign-vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var vectors []struct{ Claim, JSON, Key, Signed, Sign string }
	if err := json.Unmarshal(text, &vectors); err != nil || len(vectors) == 0 {
		t.Fatal(err)
	}
	for _, v := range vectors {
		if code, out, errs := signing(t, v.Key, v.JSON); code != exitDone || strings.TrimSpace(out) != v.Sign {
			t.Errorf("%s: exit %d, %s%s", v.Claim, code, out, errs)
		}
	}
}

func TestVerifySaysWhatASignatureProves(t *testing.T) {
	const key = "the-key-is-a-secret"
	for name, c := range map[string]struct {
		object string
		code   int
		words  string
	}{
		"right":          {`{"a":"apple","b":"boat","sign":"SIGN"}`, exitDone, "is right"},
		"in small":       {`{"a":"apple","b":"boat","sign":"sign"}`, exitDone, "is right\n"},
		"not signed":     {`{"a":"apple","b":"boat"}`, exitDeclined, "not signed"},
		"a field more":   {`{"a":"apple","b":"boat","c":"x","sign":"SIGN"}`, exitDeclined, "is wrong"},
		"with payParams": {`{"a":"apple","b":"boat","payParams":"x","sign":"SIGN"}`, exitDone, "all fields but payParams"},
		"an object":      {`{"a":"apple","b":"boat","c":{"d":1},"sign":"SIGN"}`, exitUnsure, "not verifiable"},
	} {
		_, sign, _ := signing(t, key, `{"a":"apple","b":"boat"}`)
		sign = strings.TrimSpace(sign)
		object := strings.NewReplacer("SIGN", sign, `"sign":"sign"`, `"sign":"`+strings.ToLower(sign)+`"`).Replace(c.object)
		code, out, errs := signing(t, key, object, "-verify")
		if code != c.code || !strings.Contains(out, c.words) {
			t.Errorf("%s: exit %d, want %d and %q\n%s%s", name, code, c.code, c.words, out, errs)
		}
		if !strings.Contains(out, "a=apple&b=boat") || strings.Contains(out+errs, key) {
			t.Errorf("%s: the signed text is not shown, or the key is:\n%s%s", name, out, errs)
		}
		_, out, _ = signing(t, key, object, "-verify", "-json")
		var v struct {
			Right      bool
			SignedText string
		}
		if err := json.Unmarshal([]byte(out), &v); err != nil || v.Right != (c.code == exitDone) || !strings.HasPrefix(v.SignedText, "a=apple&b=boat") {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
	}
}

func TestSignRefusesWhatItCannotRead(t *testing.T) {
	for _, text := range []string{"", "[1]", `{"a":1,"a":2}`, `{"a":1} {"b":2}`, "params=%7B%7D", strings.Repeat("x", maxObject+1)} {
		if code, out, errs := signing(t, "key", text, "-verify"); code != exitRefused || out != "" || errs == "" {
			t.Errorf("%.20q: exit %d\n%s%s", text, code, out, errs)
		}
	}
	if code, _, errs := signing(t, "two\nlines", "{}"); code != exitRefused || strings.Contains(errs, "two") {
		t.Errorf("a key of two lines: exit %d: %s", code, errs)
	}
}
