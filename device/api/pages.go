package api

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"fmt"
	"net/http"
	"path"
	"regexp"
	"strings"
	"sync"

	"posd/device/sale"
)

//go:embed pages
var files embed.FS

// types of the embedded files: the machine's own table may lack or bend them.
var types = map[string]string{
	".html": "text/html; charset=utf-8",
	".css":  "text/css; charset=utf-8",
	".js":   "text/javascript; charset=utf-8",
	".svg":  "image/svg+xml",
}

// pages are the three pages and what they load.
func (h *handlers) pages() []route {
	at := func(path, name string) route {
		return route{"GET", path, "", requestLimit, anyone, plain(page(name))}
	}
	all := []route{
		{"GET", "/{$}", "", requestLimit, anyone, plain(h.behindLogin("cashier.html"))},
		{"GET", "/manager", "", requestLimit, anyone, plain(h.behindLogin("manager.html"))},
		at("/display", "display.html"),
		at("/worker.js", "worker.js"), // at the root: it serves every page
	}
	entries, err := files.ReadDir("pages")
	if err != nil {
		panic(err) // embedded: cannot fail at run time
	}
	for _, e := range entries {
		if path.Ext(e.Name()) != ".html" && e.Name() != "worker.js" {
			all = append(all, at("/assets/"+e.Name(), e.Name()))
		}
	}
	return all
}

// behindLogin serves a page to whoever has rights, and the log-in to others.
func (h *handlers) behindLogin(name string) http.HandlerFunc {
	asked, login := page(name), page("login.html")
	return func(w http.ResponseWriter, r *http.Request) {
		if sale.ActorOf(r.Context()).Scopes&reader == 0 {
			login(w, r)
			return
		}
		asked(w, r)
	}
}

// page serves one embedded file. The browser asks each time whether it
// changed, so that a new posd never meets an old page. It is made ready when it is
// first asked for: a start does not wait for pages that nobody opens.
func page(name string) http.HandlerFunc {
	ready := sync.OnceValues(func() (body []byte, tag string) {
		body = asset(name)
		return body, fmt.Sprintf(`"%x"`, sha256.Sum256(body))
	})
	small := sync.OnceValue(func() []byte { body, _ := ready(); return packed(body) })
	return func(w http.ResponseWriter, r *http.Request) {
		body, tag := ready()
		w.Header().Set("Cache-Control", "no-cache")
		w.Header().Set("Vary", "Accept-Encoding")
		w.Header().Set("ETag", tag)
		if r.Header.Get("If-None-Match") == tag {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		w.Header().Set("Content-Type", types[path.Ext(name)])
		send := body
		if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
			w.Header().Set("Content-Encoding", "gzip")
			send = small()
		}
		_, _ = w.Write(send) // the browser may be gone
	}
}

// asset is a file as browsers get it: what only people read in it, comments,
// indentation and blanks between signs, stays in the source. No text in these files
// goes over a line.
func asset(name string) []byte {
	body, err := files.ReadFile("pages/" + name)
	if err != nil {
		panic(err) // embedded: cannot fail at run time
	}
	var out bytes.Buffer
	for line := range bytes.Lines(body) {
		line = bytes.TrimLeft(line, "\t")
		if len(line) <= 1 || bytes.HasPrefix(line, []byte("//")) {
			continue
		}
		if path.Ext(name) == ".js" {
			line = tightLine(line)
		}
		out.Write(line)
	}
	if path.Ext(name) == ".css" {
		return []byte(tightStyle(out.String()))
	}
	return out.Bytes()
}

// tightStyle takes out of a style sheet what says nothing: blanks, the last semicolon
// of a rule, a nought before a point, quotes around a name.
func tightStyle(text string) string {
	text = leadingZero().ReplaceAllString(blanksOut.Replace(text), ".$1")
	return quotedName().ReplaceAllString(text, "=$1]")
}

// lazily compiles a regular expression when it is first used.
func lazily(text string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(text) })
}

var (
	blanksOut = strings.NewReplacer("; }", "}", ";\n}", "}", " * ", "*", " > ", ">", "; ", ";", ": ", ":", ", ", ",", " { ", "{", " {\n", "{", ";\n", ";", " }", "}", "\n}", "}")

	leadingZero = lazily(`\b0\.(\d)`)
	quotedName  = lazily(`="([a-z][a-z-]*)"\]`)
)

// comment is one behind a line of script. signs are those that need no blank around
// them, sums those that need none unless they stand twice; behind them in ends a line may end that ends no statement.
var (
	comment = lazily(`\s// .*`)
	signs   = lazily(` *([=,:;?{}()\[\]<>*]|=>|&&|\|\||!==) *`)
	sums    = lazily(`([^-+ ]) ([-+]) ([^-+ ])`)
	ends    = "{([,;"
)

// tightLine takes the blanks out of a line of script that say nothing. It touches no
// line in which anything but double quotes may begin a text: what stands between
// those is left, and nothing else that is left can hold a blank.
func tightLine(line []byte) []byte {
	parts := strings.Split(strings.TrimSuffix(string(line), "\n"), `"`)
	for i := 0; i < len(parts); i += 2 {
		at := comment().FindStringIndex(parts[i])
		if at != nil && !strings.ContainsAny(strings.Join(parts[:i], "")+parts[i][:at[0]], "`'\\") {
			parts[i], parts = parts[i][:at[0]], parts[:i+1]
		}
	}
	for i := 0; i < len(parts); i += 2 {
		if strings.ContainsAny(parts[i], "`'/") || bytes.Contains(line, []byte(`\"`)) {
			return append([]byte(strings.Join(parts, `"`)), '\n')
		}
	}
	for i := 0; i < len(parts); i += 2 {
		parts[i] = sums().ReplaceAllString(signs().ReplaceAllString(parts[i], "$1"), "$1$2$3")
	}
	s := strings.Join(parts, `"`)
	if s != "" && strings.ContainsRune(ends, rune(s[len(s)-1])) {
		return []byte(s)
	}
	return append([]byte(s), '\n')
}

// packed is a file as it is sent to a browser: a third of its size.
func packed(body []byte) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(body); err != nil {
		panic(err) // into memory
	}
	if err := w.Close(); err != nil {
		panic(err)
	}
	return b.Bytes()
}
