package poslink

import (
	"bytes"
	"encoding/base64"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"posd/device/sale"
	"posd/pax"
)

// TestEveryPaymentAnswerIsWhole holds what registers were seen to break on, over
// every way a payment can end.
func TestEveryPaymentAnswerIsWhole(t *testing.T) {
	card := &sale.CardInfo{Type: "INTERAC", Number: "XXXXXXXXXXXX1119", Entry: sale.EntryChip, HostCode: "0", HostText: "Approuvé\x1c", Label: "INTERAC"}
	results := []result{
		refused(codeRefused, "TERMINAL BUSY"), refused(codeDuplicate, "DUP TRANSACTION"), unavailable(nil),
		gaveBack(sale.Sale{}, sale.Movement{State: sale.MovementDone, Amount: 5}), gaveBack(sale.Sale{}, sale.Movement{State: sale.MovementUnsure}),
	}
	for _, state := range sale.States {
		for _, c := range []*sale.CardInfo{nil, card} {
			results = append(results, ended(sale.Sale{ID: "01SALE", State: state, Amount: 350, ApprovedAmount: 350, Card: c}),
				ended(sale.Sale{State: state, Amount: 350, ApprovedAmount: 200, Due: 150, Card: c}))
		}
	}
	groups := map[string]map[int]int{ // field after the text -> subfields
		"T00": {5: 12, 7: 8, 8: 13, 9: 6, 10: 2, 11: 7, 12: 6},
		"T02": {5: 12, 7: 8, 8: 13, 9: 6},
	}
	for command, want := range groups {
		for _, r := range results {
			for _, ref := range []string{"", "1", "ORDER-12", "ÉÉ"} {
				frame := paymentAnswer(payment{command: command, kind: typeSale, asked: typeSale, ref: ref}, r, time.Now())
				if unlikedLRC(frame[len(frame)-1]) {
					t.Errorf("%s %s: check byte %x", command, r.code, frame[len(frame)-1])
				}
				if i := bytes.IndexFunc(frame[:len(frame)-1], func(b rune) bool { return b > '~' }); i >= 0 {
					t.Errorf("%s %s: not ASCII: %q", command, r.code, frame)
				}
				fields := strings.Split(string(frame[1:len(frame)-2]), "\x1c")
				for i, n := range want {
					if got := len(strings.Split(fields[i], "\x1f")); got != n {
						t.Errorf("%s %s: field %d has %d subfields, want %d: %q", command, r.code, i, got, n, fields[i])
					}
				}
				checkWords(t, command, r, fields)
			}
		}
	}
}

// checkWords holds the rules about texts, codes and pairs of one answer.
func checkWords(t *testing.T, command string, r result, fields []string) {
	t.Helper()
	host := strings.Split(fields[5], "\x1f")
	paid := fields[3] == codeOK || fields[3] == codePartial
	if paid != (fields[4] == "OK") || paid != (host[0] == "00") {
		t.Errorf("%s %s: text %q, host code %q", command, fields[3], fields[4], host[0])
	}
	if !paid && !strings.Contains(fields[4], "ABORTED") && !strings.Contains(fields[4], "TIMEOUT") && !strings.Contains(fields[4], "DECLINED") {
		t.Errorf("%s %s: %q is taken for an approval by some", command, fields[3], fields[4])
	}
	if !paid && (strings.Trim(host[0], "0") == "" || host[0] == "85") {
		t.Errorf("%s %s: host code %q is taken for an approval by some", command, fields[3], host[0])
	}
	pairs, seen := strings.Split(fields[len(fields)-1], "\x1f"), map[string]bool{}
	for _, kv := range pairs {
		k, v, ok := strings.Cut(kv, "=")
		if !ok || v == "" || seen[k] {
			t.Errorf("%s %s: pair %q", command, fields[3], kv)
		}
		seen[k] = true
	}
	if len(pairs) < 14 || !strings.HasPrefix(pairs[2], "HRef=") || !strings.HasPrefix(pairs[13], "APPLAB=") {
		t.Errorf("%s %s: pairs %q", command, fields[3], pairs)
	}
}

func TestFramesOfRegistersThatTrimOrMistakeTheCheckByte(t *testing.T) {
	body := func(lrc byte) []byte { // a frame whose check byte is lrc
		for c := byte(' '); c < 0x7f; c++ {
			if f := pax.AppendFrame(nil, "A00", "1.35", string(c)+string(c^f0(lrc))); f[len(f)-1] == lrc {
				return f
			}
		}
		t.Fatalf("no frame with check byte %x", lrc)
		return nil
	}
	for name, c := range map[string]struct {
		sent  []byte
		taken bool
	}{
		"whole":                    {body(0x41), true},
		"a blank trimmed off":      {body(' ')[:len(body(' '))-1], true},
		"another byte missing":     {body(0x41)[:len(body(0x41))-1], false},
		"the digit 0 for 00":       {append(body(0)[:len(body(0))-1], '0'), true},
		"the digit 0 for others":   {append(body(0x41)[:len(body(0x41))-1], '0'), false},
		"noise before":             {append([]byte("\x00\xffgarbage"), body(0x41)...), true},
		"a head without its tail":  {append([]byte("\x02T00\x1c1.35"), body(0x41)...), true},
		"one bit of it turned":     {append([]byte{pax.STX, 'B'}, body(0x41)[2:]...), false},
		"ETX as the check byte":    {body(pax.ETX), true},
		"a check byte that is STX": {body(pax.STX), true},
	} {
		t.Run(name, func(t *testing.T) {
			within(t, Defaults(), func(t *testing.T, s *Server, _ *counter) {
				r := connect(t, s, "127.0.0.1")
				r.send(c.sent)
				got, _ := r.byteWithin(time.Second)
				if want := map[bool]byte{true: pax.ACK, false: pax.NAK}[c.taken]; got != want {
					t.Errorf("answered %x, want %x", got, want)
				}
				r.conn.Close()
			})
		})
	}
}

// f0 makes the two characters before the check byte differ by it, so that it can be chosen.
func f0(lrc byte) byte {
	base := pax.AppendFrame(nil, "A00", "1.35", "  ")
	return base[len(base)-1] ^ lrc
}

func TestAHostileRegisterCostsOnlyItself(t *testing.T) {
	within(t, Defaults(), func(t *testing.T, s *Server, c *counter) {
		endless := connect(t, s, "127.0.0.1")
		go endless.conn.Write(append([]byte{pax.STX}, bytes.Repeat([]byte("A"), 1<<20)...))
		slow := connect(t, s, "127.0.0.1")
		slow.send([]byte{pax.STX, 'T'})
		silent := connect(t, s, "127.0.0.1")
		if code := sell(t, s, c, saleFrame("350", "1"), sale.Paid); code != codeOK {
			t.Errorf("the sale beside them ended %s", code)
		}
		time.Sleep(idleLimit + time.Second)
		synctest.Wait()
		for name, r := range map[string]register{"endless": endless, "slow": slow, "silent": silent} {
			if _, open := r.byteWithin(time.Second); open {
				t.Errorf("%s: its connection is still served", name)
			}
		}
	})
}

func TestEveryCommandIsAnswered(t *testing.T) {
	within(t, Defaults(), func(t *testing.T, s *Server, _ *counter) {
		for _, command := range []string{"A00", "A02", "A08", "A20", "A16", "B00", "R00", "R02", "R10", "T04", "T06", "T00", "T02"} {
			r := connect(t, s, "127.0.0.1")
			r.send(pax.AppendFrame(nil, command, "1.28"))
			if got := r.answer(); got[1] != next(command) || got[3] == "" || got[4] == "" {
				t.Errorf("%s answered %q", command, got)
			}
			r.ack()
		}
	})
}

func TestOverHTTP(t *testing.T) {
	c := newCounter()
	cfg := Defaults()
	cfg.Origins = []string{"https://shop.example"}
	s, stop := box(t, c, cfg)
	defer stop()
	frame := saleFrame("350", "1")
	ask := func(query, remote string, header http.Header) *httptest.ResponseRecorder {
		r := httptest.NewRequest("GET", "/?"+query, nil)
		r.RemoteAddr, r.Header = remote, header
		w := httptest.NewRecorder()
		s.web(w, r)
		return w
	}
	const local = "127.0.0.1:5000"
	sold := func(query string) string {
		go func() { c.end(<-c.begun, sale.Paid) }()
		w := ask(query, local, http.Header{})
		return strings.Split(w.Body.String(), "\x1c")[3]
	}
	std := base64.StdEncoding.EncodeToString(frame)
	for name, query := range map[string]string{
		"standard": std, "for URLs": base64.URLEncoding.EncodeToString(frame), "without padding": strings.TrimRight(std, "="), "escaped": strings.NewReplacer("+", "%2B", "/", "%2F", "=", "%3D").Replace(std),
	} {
		if code := sold(query); code != codeOK {
			t.Errorf("%s: %s", name, code)
		}
	}
	if c.captured() != 4 {
		t.Errorf("%d captured, want 4", c.captured())
	}
	for name, w := range map[string]*httptest.ResponseRecorder{
		"an address not listed": ask(std, net.JoinHostPort("192.0.2.7", "5000"), http.Header{}),
		"a page not listed":     ask(std, local, http.Header{"Origin": {"https://evil.example"}}),
		"an image of a page":    ask(std, local, http.Header{"Sec-Fetch-Site": {"cross-site"}}),
		"no frame":              ask("hello", local, http.Header{}),
		"a wrong check byte":    ask(base64.StdEncoding.EncodeToString(append(frame[:len(frame)-1:len(frame)-1], 0x7e)), local, http.Header{}),
	} {
		if w.Code < 400 {
			t.Errorf("%s: status %d", name, w.Code)
		}
	}
	if c.captured() != 4 {
		t.Errorf("%d captured after refusals, want 4", c.captured())
	}
	w := ask(base64.StdEncoding.EncodeToString(pax.AppendFrame(nil, "A00", "1.35")), local, http.Header{"Origin": {"https://shop.example"}})
	if w.Code != 200 || w.Header().Get("Access-Control-Allow-Origin") != "https://shop.example" || !strings.Contains(w.Body.String(), "POSD000001") {
		t.Errorf("the listed page: %d %q %q", w.Code, w.Header(), w.Body)
	}
}

func TestConfigFaultsAreSaid(t *testing.T) {
	if faults := (Config{}).Validate(); len(faults) < 5 {
		t.Errorf("an empty configuration has %d faults", len(faults))
	}
	good := Defaults()
	good.Listen = "127.0.0.1:10009"
	if faults := good.Validate(); len(faults) != 0 {
		t.Errorf("%v", faults)
	}
}

func FuzzFrame(f *testing.F) {
	f.Add(saleFrame("350", "1"))
	f.Add(pax.AppendFrame(nil, "T02", "1.28", typeVoid, "1\x1f2\x1f3", "", "1\x1f2\x1f3\x1f4", "", "HREF=x"))
	f.Fuzz(func(t *testing.T, data []byte) {
		body, err := frameOf(base64.StdEncoding.EncodeToString(data))
		if err != nil {
			return
		}
		r, err := parseRequest(body)
		if err != nil {
			return
		}
		p, err := parsePayment(r)
		if err == nil && p.kind != typeVoid && (p.amount <= 0 || p.amount > sale.MaxAmount) {
			t.Errorf("%q asks for %d", body, p.amount)
		}
		answer := paymentAnswer(p, ended(sale.Sale{State: sale.Paid, Amount: 1, ApprovedAmount: 1}), time.Now())
		if n := bytes.Count(answer, []byte{pax.ETX}); n != 1 && answer[len(answer)-1] != pax.ETX {
			t.Errorf("answer %q has %d ends", answer, n)
		}
	})
}
