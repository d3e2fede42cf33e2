package main

import (
	"bytes"
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// recorded is the history of a counter that sold thirteen times and did nothing wrong.
func recorded(t *testing.T) []event {
	t.Helper()
	text, err := os.ReadFile("../../../testdata/possim/history.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	var all []event
	for line := range strings.Lines(string(text)) {
		var e event
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatal(err)
		}
		all = append(all, e)
	}
	return all
}

// judged judges a history that is in memory.
func judged(t *testing.T, all []event) verdict {
	t.Helper()
	var text bytes.Buffer
	lines := json.NewEncoder(&text)
	for _, e := range all {
		if err := lines.Encode(e); err != nil {
			t.Fatal(err)
		}
	}
	v, err := judge(&text)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestNothingIsWrongWithAGoodHistory(t *testing.T) {
	v := judged(t, recorded(t))
	for _, rule := range rules {
		found := v.Rules[rule.name]
		if found.Looked == 0 || len(found.Broken) > 0 {
			t.Errorf("%s has looked at %d and found %q", rule.name, found.Looked, found.Broken)
		}
	}
}

// replace changes the text of a line; it must stand there.
func (e *event) replace(t *testing.T, from, to string) {
	t.Helper()
	if !strings.Contains(string(e.Body), from) {
		t.Fatalf("%s %s does not have %s:\n%s", e.Who, e.What, from, e.Body)
	}
	e.Body = json.RawMessage(strings.Replace(string(e.Body), from, to, 1))
}

// first returns where the first line stands that is so, from a place on.
func first(t *testing.T, all []event, from int, is func(event) bool) int {
	t.Helper()
	i := slices.IndexFunc(all[from:], is)
	if i < 0 {
		t.Fatal("the history has no such line")
	}
	return from + i
}

func says(who, what, text string) func(event) bool {
	return func(e event) bool {
		return e.Who == who && e.What == what && strings.Contains(string(e.Body)+string(e.Bytes)+e.Text, text)
	}
}

// last is the answer that lists all sales.
func last(t *testing.T, all []event) *event {
	return &all[first(t, all, 0, func(e event) bool { return e.What == "answers" && bytes.HasPrefix(e.Body, []byte("[")) })]
}

// TestTheJudgeSees plants in a good history, rule by rule, what the rule is against.
func TestTheJudgeSees(t *testing.T) {
	type plant func(*testing.T, []event) []event
	edit := func(is func(event) bool, from, to string) plant {
		return func(t *testing.T, all []event) []event {
			all[first(t, all, 0, is)].replace(t, from, to)
			return all
		}
	}
	books := func(who string) func(event) bool { return says(who, "books", "") }
	charge := says("terminal", "hears", "T00")
	for name, p := range map[string]struct {
		rule  string
		plant plant
	}{
		"an acknowledged sale is lost": {"kept", func(t *testing.T, all []event) []event {
			var list []json.RawMessage
			json.Unmarshal(last(t, all).Body, &list)
			last(t, all).Body, _ = json.Marshal(list[1:])
			return all
		}},
		"a key makes another sale": {"one-key", func(t *testing.T, all []event) []event {
			asked := all[first(t, all, 0, func(e event) bool { return e.Method == "POST" && e.Path == "/v1/sales" })]
			answer := all[first(t, all, 0, func(e event) bool { return e.What == "answers" && e.N == asked.N })]
			at := len(all) - 3
			asked.N, answer.N, asked.T, answer.T = 99999, 99999, all[at].T, all[at].T
			answer.replace(t, `"id":"01`, `"id":"02`)
			return slices.Insert(all, at, asked, answer)
		}},
		"a sale that was paid is declined": {"final", func(t *testing.T, all []event) []event {
			last(t, all).replace(t, `"state":"paid"`, `"state":"declined"`)
			return all
		}},
		"paid is guessed": {"in-words", func(t *testing.T, all []event) []event {
			i := first(t, all, 0, says("terminal", "says", "APPROVED"))
			return slices.Delete(all, i, i+1)
		}},
		"paid by an answer that nobody signed": {"in-words", func(t *testing.T, all []event) []event {
			for i, e := range all {
				if e.Who == "gateway" && e.What == "says" {
					all[i].Bytes = regexp.MustCompile(`"sign":"....`).ReplaceAll(e.Bytes, []byte(`"sign":"0000`))
				}
			}
			return all
		}},
		"a shown code is cancelled without a word": {"closed", func(t *testing.T, all []event) []event {
			for i, e := range all {
				all[i].Body = bytes.ReplaceAll(e.Body, []byte(`"state":"unsure","reason":"cashier"`), []byte(`"state":"cancelled","reason":"cashier"`))
			}
			return all
		}},
		"a late payment stays": {"late", func(t *testing.T, all []event) []event {
			for i, e := range all {
				if bytes.Contains(e.Body, []byte(`"givenUp":true`)) || e.What == "answers" && bytes.HasPrefix(e.Body, []byte("[")) {
					all[i].Body = regexp.MustCompile(`"refunds":\[\{[^]]*\]`).ReplaceAll(e.Body, []byte(`"refunds":[]`))
				}
			}
			return all
		}},
		"a card is charged twice":   {"taken-once", edit(books("terminal"), `"06H1Z5AHAY5SRZ4Y":1`, `"06H1Z5AHAY5SRZ4Y":2`)},
		"a paid sale took nothing":  {"taken-once", edit(books("gateway"), `"status":2`, `"status":1`)},
		"nobody knows of an order":  {"known", edit(books("gateway"), `"mchOrderNo":"01`, `"mchOrderNo":"02`)},
		"nobody knows of a charge":  {"known", edit(books("terminal"), `"approvals":{`, `"approvals":{"0STRANGER":1,`)},
		"a bill is taken twice":     {"one-bill", edit(func(e event) bool { return e.What == "answers" && bytes.HasPrefix(e.Body, []byte("[")) }, `"possim Alipay"`, `"possim WeChat"`)},
		"a refund is lost":          {"given-back", edit(books("gateway"), `"mchRefundNo":"01`, `"mchRefundNo":"02`)},
		"a sale is reported twice":  {"reported", edit(books("gateway"), `"accepted":1`, `"accepted":2`)},
		"a report says another sum": {"reported", edit(books("gateway"), `"amount":2865`, `"amount":2866`)},
		"an answer has a card":      {"masked", edit(says("client", "answers", `"words":"`), `"words":"`, `"words":"4111111111111111 `)},
		"a charge is over another sum": {"sent-known", func(t *testing.T, all []event) []event {
			e := &all[first(t, all, 0, charge)]
			e.Bytes = bytes.Replace(e.Bytes, []byte("2865"), []byte("2856"), 1) // the check byte stays right
			return all
		}},
		"a charge is sent again": {"sent-once", func(t *testing.T, all []event) []event {
			i := first(t, all, 0, charge)
			again := all[i]
			j := first(t, all, i, says("terminal", "says", "APPROVED"))
			again.T = all[j].T
			return slices.Insert(all, j, again)
		}},
		"a code stays on the glass": {"glass", func(t *testing.T, all []event) []event {
			return slices.DeleteFunc(all, func(e event) bool { return e.Who == "glass" && e.Text == "" })
		}},
		"a stranger's code is shown": {"glass", func(t *testing.T, all []event) []event {
			all[first(t, all, 0, says("glass", "shows", "weixin"))].Text += "x"
			return all
		}},
		"a receipt is missing": {"paper", func(t *testing.T, all []event) []event {
			return slices.DeleteFunc(all, says("paper", "prints", "28.65"))
		}},
		"two receipts pass for the original": {"paper", func(t *testing.T, all []event) []event {
			i := first(t, all, 0, says("paper", "prints", "28.65"))
			return slices.Insert(all, i, all[i])
		}},
		"an unpaid receipt says approved": {"paper", func(t *testing.T, all []event) []event {
			e := &all[first(t, all, 0, says("paper", "prints", "TRANSACTION NOT APPROVED"))]
			e.Text = strings.Replace(e.Text, "TRANSACTION NOT APPROVED", "00 APPROVED", 1)
			return all
		}},
		"a frame is torn": {"frames", func(t *testing.T, all []event) []event {
			e := &all[first(t, all, 0, charge)]
			e.Bytes = bytes.Replace(e.Bytes, []byte("2865"), []byte("2875"), 1)
			return all
		}},
	} {
		t.Run(name, func(t *testing.T) {
			v := judged(t, p.plant(t, recorded(t)))
			if len(v.Rules[p.rule].Broken) == 0 {
				t.Errorf("the rule %s does not see it: %+v", p.rule, v.Rules)
			}
		})
	}
}

// What is no history is refused, with the line.
func TestWhatIsNoHistoryIsRefused(t *testing.T) {
	for text, want := range map[string]string{
		"":     "nobody asked",
		"{}\n": "line 1",
		"{\n":  "line 1 is no line",
		`{"who":"client","what":"answers","n":3}` + "\n":                        "request 3, which nobody asked",
		`{"who":"client","what":"asks","n":1,"method":"GET","path":"/"}` + "\n": "breaks off",
	} {
		if _, err := judge(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", text, err)
		}
	}
}
