//go:build tools

package api

import (
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"posd/device/sale"
)

var (
	robotFor  = flag.Duration("robot", 15*time.Second, "how long the robot taps")
	robotSeed = flag.Uint64("robot-seed", 0, "what the robot taps; 0 draws a seed")
)

// robot taps at random on the cashier's and the manager's page, as nobody would, and
// says of nothing what is not so: what posd cannot tell it resolves as the simulators
// know it, and "another customer" it answers only to count it. It closes no day: what
// was captured would leave the terminal with its batch. Each customer has an amount that nobody else has, so that what the
// simulators captured tells of a bill without asking posd.
type robot struct {
	*realCounter
	lot  *rand.Rand
	bill bill
	seen map[int64]*bill // by amount
	taps []string
	told int // sales, refunds and voids that it resolved
}

// bill is what one customer owes.
type bill struct {
	cents     int64
	reference string // with one the robot keys the bill again and again
	others    int    // how often it was said that this is another customer
}

// TestRobot holds two properties under faults, power cuts and random taps: one
// bill is captured once; and while an outcome is open nothing says "try again".
func TestRobot(t *testing.T) {
	seed := *robotSeed
	if seed == 0 {
		seed = rand.Uint64N(1 << 32)
	}
	lot := rand.New(rand.NewPCG(seed, 0))
	language := sale.Languages[lot.IntN(len(sale.Languages))]
	t.Logf("robot-seed %d, in %s", seed, language)
	r := &robot{realCounter: newReal(t, "-language", string(language)), lot: lot, seen: map[int64]*bill{}}
	defer func() {
		if t.Failed() {
			t.Logf("again: go test -tags tools ./device/api -run '^TestRobot$' -args -robot %s -robot-seed %d\nthe last taps:\n%s",
				*robotFor, seed, strings.Join(r.taps[max(0, len(r.taps)-60):], "\n"))
		}
	}()
	r.open("/")
	r.until(`document.querySelectorAll("#pills .pill").length === 4`)
	r.customer()
	for end := time.Now().Add(*robotFor); time.Now().Before(end) && !t.Failed(); {
		r.turn()
		r.patientWords()
	}
	tapped := time.Now()
	r.settle()
	r.resolve() // what still asks for a person
	if len(r.all()) == 0 {
		t.Error("nothing was sold: the robot has seen nothing")
	}
	r.captures()
	t.Logf("settled in %s", time.Since(tapped).Round(time.Second))
	t.Logf("%d taps, %d bills, %d told by a person", len(r.taps), len(r.seen), r.told)
}

func (r *robot) did(format string, values ...any) {
	r.taps = append(r.taps, time.Now().Format("05.000 ")+fmt.Sprintf(format, values...))
}

// terminalFaults and gatewayFaults pass by themselves or are taken back.
var (
	terminalFaults = []string{"lose-ack", "lose-answer=2s", "eot-for-answer", "lose-eot", "nak-once", "bad-lrc-once", "bad-lrc-always", "garbage",
		"a35", "other-answer", "late-answer=2s", "decline", "abort", "timeout", "unplug-at=out:40", "unplug-at=in:20", "slow=1s"}
	gatewayFaults = []string{"slow=300ms*3", "5xx-before*1", "5xx-before@query_order*2", "5xx-after-commit*1", "5xx-after-commit@create_order*1",
		"5xx-after-commit@refund_order*1", "cut-at=200*2", "cut-before*1", "html-portal*2", "wrong-signature*2", "throttle=1*1"}
)

// turn is one thing that happens at the counter.
func (r *robot) turn() {
	draw := func(from []string) string { return from[r.lot.IntN(len(from))] }
	switch n := r.lot.IntN(100); {
	case n < 38:
		r.tap()
	case n < 50:
		r.customer()
	case n < 68:
		if r.bill.reference != "" {
			r.key(r.bill)
		}
	case n < 72:
		r.strike(draw([]string{"Escape", "Enter", "F1", "F2", "F3", "Tab"}))
	case n < 74:
		page := draw([]string{"/", "/", "/manager"})
		r.did("load %s", page)
		r.open(page)
	case n < 75:
		r.resolve()
	case n < 78:
		r.ask("POST", "/pax/fault", draw(terminalFaults))
	case n < 81:
		r.ask("POST", "/gateway/fault", draw(gatewayFaults))
	case n < 90:
		r.calm()
	case n < 94:
		r.ask("POST", "/customer/"+draw([]string{"pay", "close", "alone", "alone", "alone", "wait"}), "")
	case n < 95:
		r.ask("POST", "/posd/kill", "")
	default: // looks on
		time.Sleep(time.Second)
	}
	time.Sleep(time.Duration(r.lot.IntN(250)) * time.Millisecond) // the pace of a hand
}

// ask asks a simulator for something, which it may refuse.
func (r *robot) ask(method, path, body string) {
	r.did("%s %s %s", method, path, body)
	q, err := http.NewRequest(method, r.bench+path, strings.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	a, err := http.DefaultClient.Do(q)
	if err != nil {
		r.t.Fatal(err)
	}
	a.Body.Close()
}

// calm takes every fault back.
func (r *robot) calm() {
	r.ask("DELETE", "/pax/fault", "")
	r.ask("POST", "/pax/plug", "")
	r.ask("POST", "/gateway/fault?clear=", "")
}

// customer is the next one: nobody has paid this amount yet.
func (r *robot) customer() {
	r.bill = bill{cents: 1001 + int64(len(r.seen))*7}
	if r.lot.IntN(4) > 0 {
		r.bill.reference = fmt.Sprintf("B-%d", r.bill.cents)
	}
	b := r.bill
	r.seen[b.cents] = &b
	r.key(b)
}

// key keys a bill over whatever is on the page, and pays it one way or another.
func (r *robot) key(b bill) {
	r.did("key the bill %d %s", b.cents, b.reference)
	r.script(`(() => {
		const hit = (key) => document.body.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
		if (document.getElementById("dialog").open || !document.getElementById("keying")) return "";
		hit("Escape"); hit("Escape");
		if (document.getElementById("keying").hidden) return "";
		document.getElementById("reference").value = ` + quote(b.reference) + `;
		document.getElementById("amount").dispatchEvent(new ClipboardEvent("paste", { bubbles: true, cancelable: true,
			clipboardData: (() => { const d = new DataTransfer(); d.setData("text/plain", ` + quote(fmt.Sprintf("%d.%02d", b.cents/100, b.cents%100)) + `); return d })() }));
		return "";
	})()`)
	if r.lot.IntN(4) > 0 {
		ways := []string{"card", "card", "card", "wechat", "alipay", "unionpay"}
		r.script(`(document.getElementById("method-` + ways[r.lot.IntN(len(ways))] + `")?.click(), "")`)
	}
}

// finger finds what can be tapped, of which n chooses one; what only a person can
// know is left alone, and every field is filled in first.
const finger = `(async (n, wallet) => {
	const { word } = await import("/assets/words.js");
	const language = document.documentElement.lang || "en", say = (key) => word(key, language);
	const dialog = document.getElementById("dialog"), open = dialog?.open;
	const never = ["resolve", "meant", "entered", "uploaded", "notUploaded", "closeDay"].map(say);
	const all = [...(open ? dialog : document).querySelectorAll("button, summary")].filter((b) =>
		b.checkVisibility() && !b.disabled && !b.closest("#keypad, #pills, header") && !never.some((w) => b.innerText.includes(w)));
	if (!all.length) return "nothing can be tapped";
	const b = all[n % all.length], label = b.innerText.trim().split("\n")[0] || b.title;
	if (open) for (const i of dialog.querySelectorAll("input")) {
		if (!i.value && i.id !== "f-amount" && i.id !== "f-given") i.value = i.id === "f-authCode" ? wallet : "robot";
		i.dispatchEvent(new Event("input", { bubbles: true }));
	}
	b.click();
	return (label === say("otherCustomer") ? "another customer: " + dialog.innerText.replace(/\s+/g, " ") : label) || b.id;
})`

// tap taps one of all that can be tapped.
func (r *robot) tap() {
	what := r.script(fmt.Sprintf("%s(%d, %q)", finger, r.lot.IntN(1000), fmt.Sprintf("13%016d", r.lot.Int64N(1e15))))
	r.did("tap %s", what)
	if strings.HasPrefix(what, "another customer: ") { // whichever bill it was, it is allowed once more
		for cents, b := range r.seen {
			if strings.Contains(what, r.money(cents)) {
				b.others++
			}
		}
	}
}

// strike presses a key with whatever has the focus, unless that says what only a person knows.
func (r *robot) strike(key string) {
	r.did("press %s", key)
	r.script(`(() => {
		const at = document.activeElement, e = new KeyboardEvent("keydown", { key: ` + quote(key) + `, bubbles: true, cancelable: true });
		at.dispatchEvent(e);
		if (` + quote(key) + ` === "Escape" && document.getElementById("dialog").open) document.getElementById("dialog").dispatchEvent(new Event("cancel", { cancelable: true }));
		return "";
	})()`)
}

// script runs on the page as it is; a page that is being loaded runs nothing.
func (r *robot) script(expression string) string {
	v, err := chromedp.Run(r.tab, chromedp.Evaluate[string](expression, chromedp.EvalAwaitPromise))
	if err != nil && strings.Contains(err.Error(), "Uncaught") {
		r.t.Fatalf("%s: %v", expression, err)
	}
	if err != nil {
		return "nothing: " + err.Error()
	}
	return v
}

// money writes an amount as the page does.
func (r *robot) money(cents int64) string {
	return r.script(fmt.Sprintf(`import("/assets/words.js").then((m) => m.money(%d, "CAD", document.documentElement.lang))`, cents))
}

// urges is what the page says of trying again, and the line of the sale it says it about.
const urges = `(() => {
	const text = document.body.innerText, found = text.match(/[^\n]*(try (it |this )?again|another try|réessay|nouvel essai|recommenc|再试|再試|重试|重試|再收一次)[^\n]*/gi) || [];
	return JSON.stringify([found.join(" | "), document.querySelector("#sale:not([hidden])")?.innerText.split("\n")[0] || ""]);
})()`

// patientWords fails if the page goes on saying "try again" of a sale whose outcome
// is open. What posd has just told may take a moment to be drawn.
func (r *robot) patientWords() {
	r.t.Helper()
	if r.script(`location.pathname`) != "/" { // the manager's page tells of sales that are over, side by side
		return
	}
	var last string
	for limit := time.Now().Add(3 * time.Second); time.Now().Before(limit); time.Sleep(50 * time.Millisecond) {
		var says [2]string
		if json.Unmarshal([]byte(r.script(urges)), &says) != nil || says[0] == "" {
			return
		}
		open := r.unended()
		i := slices.IndexFunc(open, func(s sale.Sale) bool { return says[1] == "" || strings.Contains(says[1], r.money(int64(s.Amount))) })
		if i < 0 {
			return
		}
		last = fmt.Sprintf("%q is said of %q while the sale %s of %d is %s", says[0], says[1], open[i].ID, open[i].Amount, open[i].State)
	}
	r.t.Error(last)
}

// unended lists the sales whose outcome is open.
func (r *robot) unended() []sale.Sale {
	return slices.DeleteFunc(r.all(), func(s sale.Sale) bool { return s.State != sale.Waiting && s.State != sale.Unsure })
}

// all lists every sale; none while posd is away.
func (r *robot) all() (list []sale.Sale) {
	a, err := http.Get(r.url + "/v1/sales?limit=1000")
	if err != nil {
		return nil
	}
	defer a.Body.Close()
	json.NewDecoder(a.Body).Decode(&list)
	return list
}

// settle waits until nothing more happens to any money by itself.
func (r *robot) settle() {
	r.t.Helper()
	r.calm()
	var busy []string
	for limit := time.Now().Add(2 * patience); time.Now().Before(limit); time.Sleep(200 * time.Millisecond) {
		busy = nil
		for _, s := range r.all() {
			watched := s.Method != sale.Card || s.Attention != ""
			moves := slices.ContainsFunc(s.Refunds, func(m sale.Movement) bool {
				return m.State == sale.MovementWaiting || m.State == sale.MovementUnsure && s.Attention == ""
			})
			if s.State == sale.Waiting || s.State == sale.Unsure && !watched || moves {
				busy = append(busy, fmt.Sprintf("%s %d %s %s", s.ID, s.Amount, s.Method, s.State))
			}
		}
		if len(busy) == 0 {
			return
		}
	}
	r.t.Errorf("in two minutes without faults these did not end: %q", busy)
}
