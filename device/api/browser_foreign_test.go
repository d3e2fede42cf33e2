//go:build tools

package api

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// attacks is a page of another origin that tries all that a page can do. Each try
// ends with what came of it; nothing else is worth anything to the page.
const attacks = `<!doctype html><meta charset="utf-8"><title>shop</title><script>
const body = '{"amount":100,"method":"card"}'
const patience = (done) => setTimeout(() => done("nothing"), 5000)
const asked = (url, init) => fetch(url, init).then((r) => r.type === "opaque" ? "nothing" : r.status + "", () => "nothing")
const loads = (make) => new Promise((done) => { const e = make(done); patience(done); if (e) document.body.append(e) })
window.attack = async (till) => ({
  "fetch": await asked(till + "/v1/sales"),
  "fetch, a sale": await asked(till + "/v1/sales", { method: "POST", body, headers: { "Content-Type": "application/json", "Idempotency-Key": "k" } }),
  "fetch, as a form": await asked(till + "/v1/sales", { method: "POST", body, mode: "no-cors", headers: { "Content-Type": "text/plain" } }),
  "fetch, kept alive": await asked(till + "/v1/drawer", { method: "POST", body: "{}", mode: "no-cors", keepalive: true, credentials: "include" }),
  "form": await loads((done) => {
    const frame = document.createElement("iframe"), form = document.createElement("form")
    frame.name = "hidden"
    Object.assign(form, { action: till + "/v1/sales", method: "post", enctype: "text/plain", target: "hidden", innerHTML: "<input name='" + body.slice(0, -1) + "' value='}'>" })
    frame.onload = () => { try { done(frame.contentDocument.body.innerText || "nothing") } catch { done("nothing") } }
    document.body.append(frame, form)
    form.submit()
  }),
  "image": await loads((done) => Object.assign(new Image(), { onload: () => done("drawn"), onerror: () => done("nothing"), src: till + "/v1/sales/S1/receipt?format=png" })),
  "script": await loads((done) => Object.assign(document.createElement("script"), { onload: () => done("run"), onerror: () => done("nothing"), src: till + "/assets/words.js" })),
  "events": await loads((done) => { const s = new EventSource(till + "/v1/events"); s.addEventListener("snapshot", () => done("told")); s.onerror = () => { s.close(); done("nothing") } }),
  "socket": await loads((done) => { const s = new WebSocket(till.replace("http", "ws") + "/v1/events"); s.onopen = () => done("open"); s.onerror = () => done("nothing") }),
  "frame": await loads((done) => Object.assign(document.createElement("iframe"), { src: till + "/", onload: (e) => { try { done(e.target.contentDocument ? "shown" : "nothing") } catch { done("nothing") } } })),
})
</script><body></body>`

// heardServer is a till's server that notes how it answered.
type heardServer struct {
	mu   sync.Mutex
	list []string
	http.Handler
}

func (s *heardServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.list = append(s.list, fmt.Sprintf("%s %s from %q to %s", r.Method, r.URL.Path, r.Header.Get("Origin"), r.Host))
	s.mu.Unlock()
	s.Handler.ServeHTTP(w, r)
}

// beside runs a till and, in a tab, the page of another origin.
func beside(t *testing.T, named bool) (f *fake, c *counter, till string) {
	t.Helper()
	foreign := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, attacks)
	}))
	t.Cleanup(foreign.Close)
	f = newFake()
	o := options(f)
	o.Clock = time.Now
	if named {
		o.Origins = []string{foreign.URL}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	h := &heardServer{Handler: New(f, o)}
	srv := Server(t.Context(), h, slog.New(slog.DiscardHandler))
	go srv.Serve(l)
	t.Cleanup(func() { srv.Close(); t.Log(strings.Join(h.list, "\n")) })
	c = &counter{t: t, tab: newTab(t), url: foreign.URL}
	c.open("/")
	return f, c, "http://" + l.Addr().String()
}

// tried runs the attacks of the page and returns what came of them.
func (c *counter) tried(till string) map[string]string {
	c.t.Helper()
	text := jsAwait[string](c, fmt.Sprintf("attack(%q).then(JSON.stringify)", till))
	var got map[string]string
	if err := json.Unmarshal([]byte(text), &got); err != nil || len(got) != 10 {
		c.t.Fatalf("%v: %s", err, text)
	}
	return got
}

func TestAPageOfAnotherOriginCanDoNothing(t *testing.T) {
	f, c, till := beside(t, false)
	_, port, _ := net.SplitHostPort(strings.TrimPrefix(till, "http://"))
	// The till by its address, by the address of all, and by a name that somebody else
	// has made to point here.
	for _, at := range []string{till, "http://localhost:" + port, "http://0.0.0.0:" + port, "http://evil.localhost:" + port} {
		for name, got := range c.tried(at) {
			if got != "nothing" {
				t.Errorf("%s, %s: %s", at, name, got)
			}
		}
	}
	// The page itself under such a name is of the same origin, and reads what it is told.
	for _, host := range []string{"evil.localhost:" + port, "0.0.0.0:" + port} {
		if err := chromedp.Do(c.tab, chromedp.Navigate("http://"+host+"/")); err != nil {
			t.Log(host, err) // the browser itself does not go there
			continue
		}
		if text := js[string](c, "document.body.innerText"); !strings.Contains(text, "does not answer to this name") {
			t.Errorf("%s says %s", host, text)
		}
		if got := jsAwait[string](c, `fetch("/v1/sales",{method:"POST",body:'{"amount":100,"method":"card"}',headers:{"Content-Type":"application/json","Idempotency-Key":"k"}}).then(r=>r.status+"")`); got != "403" {
			t.Errorf("%s: a sale by a page of that name is answered %s", host, got)
		}
	}
	if len(f.asked) > 0 {
		t.Errorf("the till was asked %v", f.asked)
	}
}

func TestAPageOfANamedOriginCanSell(t *testing.T) {
	f, c, till := beside(t, true)
	got := c.tried(till)
	for name, want := range map[string]string{"fetch": "200", "fetch, a sale": "201", "fetch, as a form": "nothing", "fetch, kept alive": "nothing",
		"form": "nothing", "image": "nothing", "events": "told", "socket": "nothing", "frame": "nothing", "script": "nothing"} {
		if got[name] != want {
			t.Errorf("%s: %s, want %s", name, got[name], want)
		}
	}
	if sold := strings.Count(strings.Join(f.asked, "\n"), "sell"); sold != 1 {
		t.Errorf("%d sales: %v", sold, f.asked)
	}
}
