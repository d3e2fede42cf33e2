package sale

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write golden files anew")

func TestTransitionTableIsTheOneDrawn(t *testing.T) {
	var b strings.Builder
	for _, from := range States {
		for _, to := range States {
			if from.CanBecome(to) {
				fmt.Fprintf(&b, "%s -> %s\n", from, to)
			}
		}
	}
	const golden = "../../testdata/sale/transitions.txt"
	if *update {
		if err := os.WriteFile(golden, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if b.String() != string(want) {
		t.Errorf("transitions are\n%swant\n%s", b.String(), want)
	}
}

func TestNothingLeavesAFinalState(t *testing.T) {
	for _, from := range States {
		for _, to := range States {
			if from.Final() && from.CanBecome(to) {
				t.Errorf("%s may become %s", from, to)
			}
		}
	}
}

func TestParseAmount(t *testing.T) {
	good := map[string]Amount{"28.65": 2865, "2865c": 2865, "0.01": 1, "1c": 1, "9999999.99": MaxAmount, "007.10": 710}
	for in, want := range good {
		if got, err := ParseAmount(in); err != nil || got != want {
			t.Errorf("ParseAmount(%q) = %d, %v; want %d", in, got, err, want)
		}
	}
	for _, in := range []string{"", "28", "28.6", "28.650", ".65", "28,65", "-1.00", "+1.00", "1e2c", " 1.00", "0.00", "0c", "c", "10000000.00", "99999999999999999999c", "1.0x", "１.００"} {
		if got, err := ParseAmount(in); err == nil {
			t.Errorf("ParseAmount(%q) = %d, want an error", in, got)
		} else if in != "" && in != "0.00" && in != "0c" && in != "10000000.00" && !strings.Contains(err.Error(), "28.65") {
			t.Errorf("ParseAmount(%q): %v, which does not say how to write it", in, err)
		}
	}
}

func FuzzParseAmount(f *testing.F) {
	f.Add("28.65")
	f.Add("2865c")
	f.Fuzz(func(t *testing.T, s string) {
		a, err := ParseAmount(s)
		if err != nil {
			return
		}
		if again, err := ParseAmount(a.String()); err != nil || again != a {
			t.Fatalf("%q gives %d, written %s, read back %d, %v", s, a, a, again, err)
		}
	})
}

func TestSecretsShowDots(t *testing.T) {
	const text = "134567890123456789"
	b, err := json.Marshal(struct{ Code Secret }{text})
	if err != nil {
		t.Fatal(err)
	}
	for _, shown := range []string{string(b), fmt.Sprint(Secret(text)), fmt.Sprintf("%v %+v %#v %s %q", Secret(text), Secret(text), Secret(text), Secret(text), Secret(text))} {
		if strings.Contains(shown, "34567") {
			t.Errorf("a secret shows: %s", shown)
		}
	}
	if Secret(text).Reveal() != text {
		t.Error("Reveal does not return the text")
	}
}

func TestRefundableCountsUnsureMovementsAsGone(t *testing.T) {
	s := Sale{State: Paid, ApprovedAmount: 1000, Refunds: []Movement{
		{Amount: 100, State: MovementDone}, {Amount: 200, State: MovementUnsure}, {Amount: 300, State: MovementRefused}, {Amount: 50, State: MovementKept}, {Amount: 25, State: MovementWaiting},
	}}
	if got := s.Refundable(); got != 675 {
		t.Errorf("refundable %d, want 675", got)
	}
	if s.Undone() {
		t.Error("partly refunded counts as undone")
	}
}

func TestTakenIsWhatWasApprovedAndWhatStandsBesideIt(t *testing.T) {
	for name, c := range map[string]struct {
		s    Sale
		want Amount
	}{
		"all in":               {Sale{Amount: 1000, Tip: 200, Cashback: 2000, ApprovedAmount: 3200}, 3200},
		"the tip beside":       {Sale{Amount: 1000, Tip: 200, Cashback: 2000, ApprovedAmount: 3000}, 3200},
		"all beside":           {Sale{Amount: 1000, Tip: 200, Cashback: 2000, Surcharge: 35, ApprovedAmount: 1000}, 3235},
		"a part, the tip in":   {Sale{Amount: 1000, Tip: 200, ApprovedAmount: 700, Due: 500}, 700},
		"a part, tip beside":   {Sale{Amount: 1000, Tip: 200, ApprovedAmount: 700, Due: 300}, 900},
		"more than anyone can": {Sale{Amount: 1000, Tip: 200, ApprovedAmount: 1007}, 1007},
		"explain":              {Sale{Amount: 1000, ApprovedAmount: 993}, 993},
		"held":                 {Sale{Kind: CardAuth, Amount: 1000, Tip: 200, ApprovedAmount: 1000}, 0},
	} {
		c.s.State = Paid
		if got := c.s.Taken(); got != c.want {
			t.Errorf("%s: %s was taken, want %s", name, got, c.want)
		}
	}
}

func TestScreensAreEqualOnlyIfEveryFieldIs(t *testing.T) {
	at := time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)
	full := Screen{
		Kind: ScreenCode, Sale: "S", Amount: 1, Currency: "CAD", Method: WeChat, Code: "C", Until: &at, Language: French,
		Items: []Item{{"tea", 1}}, Subtotal: 1, Taxes: []Tax{{"GST", 1}}, Tips: []Tip{{15, 1}}, Tip: 1, Change: 1, Message: "M", Brand: AlipayPlus,
	}
	copied, same := at, full
	same.Until = &copied
	if !full.Equal(same) || !(Screen{}).Equal(Screen{}) {
		t.Error("a screen is not equal to its copy")
	}
	for i := range reflect.TypeFor[Screen]().NumField() {
		other := full
		reflect.ValueOf(&other).Elem().Field(i).SetZero()
		if full.Equal(other) || other.Equal(full) {
			t.Errorf("screens that differ in %s are equal", reflect.TypeFor[Screen]().Field(i).Name)
		}
	}
}
