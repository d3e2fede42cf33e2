package nexo

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"testing/synctest"
)

func TestSealedMessages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCounter()
		s, stop := box(t, c, "not a real passphrase")
		defer stop()
		if code, text := raw(s, payment("s1", "5.00", "")); code != 400 || !strings.Contains(text, "not sealed") {
			t.Errorf("in clear: %d %s", code, text)
		}
		sealed := func(plain string, change func(blob []byte, tr *trailer)) string {
			blob, tr := s.seal.close([]byte(plain))
			change(blob, &tr)
			var e struct {
				SaleToPOIRequest struct{ MessageHeader json.RawMessage }
			}
			if err := json.Unmarshal([]byte(plain), &e); err != nil {
				t.Fatal(err)
			}
			text, _ := json.Marshal(map[string]any{"SaleToPOIRequest": map[string]any{"MessageHeader": e.SaleToPOIRequest.MessageHeader, "NexoBlob": blob, "SecurityTrailer": tr}})
			return string(text)
		}
		diagnosis := message("Diagnosis", "d1", "{}")
		code, text := raw(s, sealed(diagnosis, func([]byte, *trailer) {}))
		var out struct {
			SaleToPOIResponse struct {
				NexoBlob        []byte
				SecurityTrailer trailer
			}
		}
		if err := json.Unmarshal([]byte(text), &out); err != nil || code != 200 {
			t.Fatalf("%d %s: %v", code, text, err)
		}
		plain, err := s.seal.open(out.SaleToPOIResponse.NexoBlob, out.SaleToPOIResponse.SecurityTrailer)
		if err != nil || !bytes.Contains(plain, []byte(`"GlobalStatus":"OK"`)) {
			t.Errorf("%s, %v", plain, err)
		}
		for name, change := range map[string]func(blob []byte, tr *trailer){
			"a byte of the text": func(b []byte, _ *trailer) { b[20] ^= 1 }, "the last byte": func(b []byte, _ *trailer) { b[len(b)-1] ^= 1 },
			"the nonce": func(_ []byte, tr *trailer) { tr.Nonce[0] ^= 1 }, "no nonce": func(_ []byte, tr *trailer) { tr.Nonce = nil },
			"the HMAC": func(_ []byte, tr *trailer) { tr.Hmac[5] ^= 1 }, "no HMAC": func(_ []byte, tr *trailer) { tr.Hmac = nil },
			"another key": func(_ []byte, tr *trailer) { tr.KeyVersion = 9 },
		} {
			if code, text := raw(s, sealed(diagnosis, change)); code != 400 || !strings.Contains(text, "cannot be opened") {
				t.Errorf("%s: %d %s", name, code, text)
			}
		}
		other := strings.Replace(sealed(diagnosis, func([]byte, *trailer) {}), `"ServiceID":"d1"`, `"ServiceID":"d2"`, 1)
		if code, text := raw(s, other); code != 400 || !strings.Contains(text, "another header") {
			t.Errorf("another header beside it: %d %s", code, text)
		}
	})
}
