package fleet

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"posd/device/sale"
)

// written is a commit as a counter publishes it, with texts of every kind.
func written(t testing.TB) string {
	t.Helper()
	all, err := encode(Name{"c", "s", "t"}, "1-0", &sale.Ancestor{Epoch: "1-9", Commit: 16}, sale.Commit{
		No: 17, Prev: "p", Hash: "h", Entries: "sales 1 d\nevents 2 d\n",
		Rows: []sale.CommitRow{
			{Table: "sales", Key: "1", Names: []string{"id", "amount_cents", "subject"}, Values: []any{"1", int64(-2865), "caf\u00e9 \u4eca\u5929 \"a\\b\" <&> \u2028 \x00 \t"}},
			{Table: "tokens", Key: "T", Names: []string{"name"}, Values: []any{""}, Withheld: []string{"hash"}},
		},
	})
	if err != nil || len(all) != 1 {
		t.Fatal(all, err)
	}
	return string(all[0].Body)
}

// What posd writes is read without encoding/json: the hub's speed rests on it.
func TestCommitsAreReadAsTheyAreWritten(t *testing.T) {
	c := textCursor{rest: written(t)}
	if b := c.body(); c.strange || b.Commit.No != 17 || len(b.RowTexts) != 2 {
		t.Errorf("%+v strange %v before %.60q", b, c.strange, c.rest)
	}
}

// However a text is written, both ways of reading say the same of it.
func FuzzDecode(f *testing.F) {
	text := written(f)
	f.Add(text)
	for _, change := range [][2]string{
		{`"format":1`, `"format":2`}, {`"no":17`, `"no": 17`}, {`17`, `017`}, {`17`, `1e3`}, {`17`, `99999999999999999999`}, {`-2865`, `28.65`}, {`-2865`, `null`}, {`-2865`, `-0`},
		{`"id",`, ``}, {`"names"`, `"NAMES"`}, {`"rows":[`, `"rows":[],"rows":[`}, {`\u2028`, `\ud800`}, {`\u2028`, `\ud83d\ude00`}, {`\u2028`, `\q`}, {"caf", "\xff"}, {"caf", "\n"},
		{`"withheld":["hash"]`, `"withheld":[]`}, {`}}`, `},"more":1}`}, {`}}`, ``}, {`"from":{"epoch":"1-9","commit":16},`, ``}, {`}}`, `}} more`},
	} {
		changed := strings.Replace(text, change[0], change[1], 1)
		if changed == text {
			f.Fatalf("%s is not in it", change[0])
		}
		f.Add(changed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		is, err := Decode(text)
		want, wantErr := decodeAny(text)
		if (err == nil) != (wantErr == nil) {
			t.Fatalf("%v, and encoding/json: %v", err, wantErr)
		}
		if err != nil {
			return
		}
		rows, err := decodeAny(`{"format":1,"commit":{"rows":[` + strings.Join(is.RowTexts, ",") + `]}}`)
		if err != nil || asJSON(t, rows.Commit.Rows) != asJSON(t, want.Commit.Rows) {
			t.Fatalf("rows kept as %q are %+v, want %+v (%v)", is.RowTexts, rows.Commit.Rows, want.Commit.Rows, err)
		}
		is.RowTexts, want.RowTexts = nil, nil
		if !reflect.DeepEqual(is, want) {
			t.Fatalf("%+v\nand encoding/json: %+v", is, want)
		}
	})
}

func asJSON(t *testing.T, rows []sale.CommitRow) string {
	t.Helper()
	text, err := json.Marshal(append([]sale.CommitRow{}, rows...)) // no rows are no rows, however they were left out
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
