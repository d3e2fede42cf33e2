//go:build tools

package api

import (
	"bufio"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"

	"posd/device/sale"
)

// built makes posd and possim once.
var built = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "posd-pages-")
	if err != nil {
		return "", err
	}
	c := exec.Command("go", "build", "-o", dir, "posd/cmd/posd", "posd/cmd/possim")
	c.Stderr = os.Stderr
	return dir, c.Run()
})

// realCounter is a browser tab before a real posd with possim around it.
type realCounter struct {
	counter
	bench string // address of the simulators' control
	proc  *exec.Cmd
	args  []string
}

var addresses = regexp.MustCompile(`(?m)^  (cashier|simulators) +http://([^/]+)/`)

// newReal starts everything; args are possim's.
func newReal(t *testing.T, args ...string) *realCounter {
	t.Helper()
	r := &realCounter{counter: counter{t: t}, args: append([]string{"-state", t.TempDir(), "-think", "50ms"}, args...)}
	r.start()
	t.Cleanup(r.cut)
	r.tab = newTab(t)
	r.size(1024, 600)
	return r
}

// start puts the counter under power, at the same address as before.
func (r *realCounter) start() {
	r.t.Helper()
	dir, err := built()
	if err != nil {
		r.t.Fatal(err)
	}
	args := append([]string{"-posd", filepath.Join(dir, "posd")}, r.args...)
	if r.url != "" {
		args = append(args, "-listen", strings.TrimPrefix(r.url, "http://"), "-control", strings.TrimPrefix(r.bench, "http://"))
	}
	r.proc = exec.Command(filepath.Join(dir, "possim"), args...)
	r.proc.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
	out, err := r.proc.StdoutPipe()
	if err != nil {
		r.t.Fatal(err)
	}
	r.proc.Stderr = os.Stderr
	if err := r.proc.Start(); err != nil {
		r.t.Fatal(err)
	}
	lines, known := bufio.NewScanner(out), 0
	for known < 2 && lines.Scan() {
		m := addresses.FindStringSubmatch(lines.Text())
		if m == nil {
			continue
		}
		known++
		if m[1] == "cashier" {
			r.url = "http://" + m[2]
		} else {
			r.bench = "http://" + m[2]
		}
	}
	if known < 2 {
		r.t.Fatal("possim ended before it said where everything is")
	}
	go io.Copy(io.Discard, out)
}

// cut ends the counter, posd and all.
func (r *realCounter) cut() {
	r.proc.Process.Signal(syscall.SIGTERM)
	r.proc.Wait()
}

// control asks a simulator for something.
func (r *realCounter) control(method, path, body string) string {
	r.t.Helper()
	q, err := http.NewRequest(method, r.bench+path, strings.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	a, err := http.DefaultClient.Do(q)
	if err != nil {
		r.t.Fatal(err)
	}
	defer a.Body.Close()
	text, _ := io.ReadAll(a.Body)
	if a.StatusCode >= 300 {
		r.t.Fatalf("%s %s: %d %s", method, path, a.StatusCode, text)
	}
	return string(text)
}

// sold lists the sales as posd has them, newest first.
func (r *realCounter) sold() []sale.Sale {
	r.t.Helper()
	a, err := http.Get(r.url + "/v1/sales")
	if err != nil {
		r.t.Fatal(err)
	}
	defer a.Body.Close()
	var list []sale.Sale
	if err := json.NewDecoder(a.Body).Decode(&list); err != nil {
		r.t.Fatal(err)
	}
	return list
}

// begins opens the till.
func (r *realCounter) begins() {
	r.t.Helper()
	r.open("/")
	r.says("How does the customer pay?")
	r.until(`document.querySelectorAll("#pills .pill").length === 4`)
}

// enter is the Enter key as chromedp writes it.
const enter = "\r"

func TestCommonSaleIsFiveKeys(t *testing.T) {
	r := newReal(t)
	r.begins()
	for range 2 { // the next digit begins the next sale
		keys := []string{"2", "8", "6", "5", enter}
		for _, k := range keys {
			r.keys(k)
		}
		r.until(`document.getElementById("sale").dataset.tone === "paid"`)
		r.says("$28.65 was taken.")
	}
	if s := r.sold(); len(s) != 2 || s[0].Amount != 2865 || s[1].Amount != 2865 || s[0].State != sale.Paid {
		t.Errorf("sold %+v", s)
	}
}

func TestAmountIsWhatIsKeyed(t *testing.T) {
	r := newReal(t)
	r.begins()
	value := func() string { return js[string](&r.counter, `document.getElementById("amount").value`) }
	for _, c := range []struct{ keys, shown string }{{"5.5", "5.5"}, {"5,5", "5.5"}, {"2865", "28.65"}, {"-5", "-5"}, {"1e3", "1e3"}} {
		r.keys("\x1b" + c.keys)
		if got := value(); got != c.shown {
			t.Errorf("%q shows %q, want %q", c.keys, got, c.shown)
		}
		if c.shown == "-5" || c.shown == "1e3" {
			r.keys(enter)
			r.says("Write the amount as 28.65.")
		}
	}
	if s := r.sold(); len(s) != 0 {
		t.Fatalf("sold %+v", s)
	}
	js[any](&r.counter, `document.getElementById("amount").focus()`)
	paste := func(text string) {
		js[any](&r.counter, `(() => { const d = new DataTransfer(); d.setData("text/plain", `+quote(text)+`); document.getElementById("amount").dispatchEvent(new ClipboardEvent("paste", {bubbles: true, cancelable: true, clipboardData: d})) })()`)
	}
	paste("$1,234.50")
	if got := value(); got != "1234.50" {
		t.Errorf("pasted %q", got)
	}
	paste("28")
	r.says("no amount with its cents")
	r.keys("\x1b5.5" + enter)
	r.until(`document.getElementById("sale").dataset.tone === "paid"`)
	if s := r.sold(); len(s) != 1 || s[0].Amount != 550 {
		t.Errorf("sold %+v", s)
	}
}

// A point is a comma where the shop's people write one, on the pad and in the amount.
func TestAmountInFrenchHasAComma(t *testing.T) {
	r := newReal(t, "-language", "fr")
	r.open("/")
	r.says("Comment le client paie-t-il")
	r.keys("2865")
	if got := js[string](&r.counter, `document.getElementById("amount").value + document.getElementById("key-.").textContent`); got != "28,65," {
		t.Errorf("amount and pad show %q", got)
	}
	r.keys("\x1b5,5" + enter)
	r.until(`document.getElementById("sale").dataset.tone === "paid"`)
	if s := r.sold(); len(s) != 1 || s[0].Amount != 550 {
		t.Errorf("sold %+v", s)
	}
}

func TestScannerIsNoPerson(t *testing.T) {
	r := newReal(t)
	r.begins()
	r.keys("500")
	js[any](&r.counter, `document.getElementById("method-card").focus()`)
	r.scanner("5901234123457" + enter)
	r.until(`document.getElementById("reference").value === "5901234123457" && document.getElementById("amount").value === "5.00"`)
	r.scanner("ABC-1042-C" + enter)
	r.until(`document.getElementById("reference").value === "ABC-1042-C" && document.getElementById("amount").value === "5.00"`)
	r.scanner("B-77" + enter)
	r.until(`document.getElementById("reference").value === "B-77" && document.getElementById("amount").value === "5.00"`)
	r.scanner("978020137962") // without Enter
	r.until(`document.getElementById("reference").value === "978020137962" && document.getElementById("amount").value === "5.00"`)
	if s := r.sold(); len(s) != 0 {
		t.Fatalf("sold %+v", s)
	}
	// A wallet's code is the customer's: it takes the payment, and is written nowhere.
	r.scanner("134512345678901234" + enter)
	r.until(`document.getElementById("sale").offsetParent`)
	r.until(`document.getElementById("reference").value === ""`)
	s := r.sold()
	if len(s) != 1 || s[0].Method != sale.Scan && s[0].Method != sale.WeChat || s[0].Amount != 500 || s[0].Reference != "978020137962" {
		t.Fatalf("sold %+v", s)
	}
	if js[bool](&r.counter, `JSON.stringify(Object.assign({}, sessionStorage, localStorage)).includes("134512345678901234")`) {
		t.Error("the customer's code was kept in the browser")
	}
}

func TestHowAnUnsureSaleEndedStaysUntilSeen(t *testing.T) {
	r := newReal(t)
	r.begins()
	r.control("POST", "/pax/fault", "lose-answer=12s")
	r.keys("4200" + enter)
	r.until(`document.getElementById("sale").dataset.tone === "unsure"`)
	r.control("POST", "/pax/fault", "dead")
	r.says("Do not charge again.")
	r.shot("till-unsure")
	r.control("DELETE", "/pax/fault?name=dead", "")
	r.until(`document.getElementById("sale").dataset.tone === "paid"`)
	r.until(`document.querySelector(".outcomes li")`)
	r.keys("5\x1b") // whoever goes on with the next sale need not have seen it
	r.until(`document.getElementById("keying").offsetParent && document.querySelector(".outcomes li")`)
	r.open("/") // a reload
	r.until(`document.querySelector(".outcomes li")?.innerText.includes("$42.00")`)
	r.cut() // the power
	r.says("posd does not answer")
	r.start()
	r.until(`document.getElementById("banners").innerText === ""`)
	r.open("/")
	r.until(`document.querySelector(".outcomes li")?.innerText.includes("Paid")`)
	r.shot("till-inbox")
	r.press("Seen")
	r.until(`!document.querySelector(".outcomes")`)
	r.open("/")
	r.until(`document.querySelector("#strip .past") && !document.querySelector(".outcomes")`)
	if s := r.sold(); len(s) != 1 || s[0].State != sale.Paid {
		t.Errorf("sold %+v", s)
	}
}

func TestOneTapMakesACardSaleOfAWallet(t *testing.T) {
	r := newReal(t)
	r.control("POST", "/customer/wait", "") // nobody reads the code
	r.begins()
	r.keys("1250")
	r.press("WeChat Pay")
	r.says("The code is shown")
	r.press("Take a card instead")
	r.until(`document.getElementById("sale").dataset.tone === "paid"`)
	s := r.sold()
	if len(s) != 2 || s[0].Method != sale.Card || s[0].State != sale.Paid || s[0].Replaces != string(s[1].ID) {
		t.Fatalf("sold %+v", s)
	}
	if s[1].State == sale.Paid || s[1].State == sale.Waiting || s[1].State == sale.Unsure && !s[1].GivenUp {
		t.Errorf("the wallet's sale is %+v", s[1])
	}
}

func TestOneTapMakesAWalletSaleOfACardAndBack(t *testing.T) {
	r := newReal(t, "-think", "10m") // nobody shows a card
	r.control("POST", "/customer/wait", "")
	r.begins()
	r.keys("1250" + enter)
	r.press("Take WeChat Pay instead")
	r.says("The code is shown")
	r.press("Take a card instead")
	r.says("At the card terminal")
	s := r.sold()
	if len(s) != 3 || s[2].State != sale.Cancelled || s[1].Method != sale.WeChat || s[0].Method != sale.Card || s[0].State != sale.Waiting {
		t.Fatalf("sold %+v", s)
	}
	if open := s[1].State == sale.Unsure; open && (!s[1].GivenUp || s[0].Replaces != string(s[1].ID)) {
		t.Errorf("the wallet's sale is %+v, the card's %+v", s[1], s[0])
	}
}
