package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"text/template"
	"time"
)

// The account that exists at the simulated gateway. The key opens nothing else.
const (
	merchantID  = "10000701"
	merchantKey = "key-of-a-shop-that-does-not-exist"
	loginName   = "possim"
	hookSecret  = "whsec_c2VjcmV0LW9mLWEtc2hvcC10aGF0LWRvZXMtbm90LWV4aXN0"
)

// waits are posd's waits in the simulation. They are the shop's in kind, and
// shorter, so that nobody who watches waits for a minute.
type waits struct {
	Keep      time.Duration // to keep a late payment
	Answer    time.Duration // for the terminal's answer, to a batch close, too
	Ask       time.Duration // between questions to a terminal whose answer was lost
	CodeShown time.Duration // of a code on the display
	Result    time.Duration // of a result on the display
	Backoff   time.Duration // longest, between two tries of a report
	Silence   time.Duration // of the printer, before it is taken for dead; 0: as posd has it
}

func shortWaits() waits {
	return waits{Keep: 2 * time.Second, Answer: 10 * time.Second, Ask: 500 * time.Millisecond,
		CodeShown: time.Minute, Result: 3 * time.Second, Backoff: 5 * time.Second}
}

// String lists the waits for whoever watches.
func (w waits) String() string {
	return fmt.Sprintf("keep a late payment %s, answer of the terminal %s, code on the display %s, result on the display %s, pause between reports at most %s",
		w.Keep, w.Answer, w.CodeShown, w.Result, w.Backoff)
}

// posdConfig is what posd's configuration says.
type posdConfig struct {
	Dir                        string // posd's state, socket and lock files
	Listen                     string
	Terminal, Display, Printer string // lines
	Driver                     string // of the display
	Language, Tip              string // of the shop, and where a tip is asked for; empty: as posd decides
	Gateway                    string // host:port
	Guarded                    bool   // the first report is held against the terminal's totals
	Waits                      waits
	Level                      string // of posd's log; empty: as posd decides
	Fleet                      *fleetPlace
	Webhook                    string // where the shop's own software hears of events; empty: nowhere
}

// fleetPlace is a counter's place in the chain inside this computer.
type fleetPlace struct{ Servers, Shop, Till string }

var posdTOML = template.Must(template.New("posd.toml").Funcs(template.FuncMap{"q": tomlString}).Parse(`# Written by possim for the counter inside this computer.

[shop]
name = "Counter in a Laptop"
{{- if .Language}}
language = {{q .Language}}
{{- end}}
{{- if .Tip}}
tip = {{q .Tip}}
{{- end}}
code_shown_for = {{q .Waits.CodeShown}}
keep_for = {{q .Waits.Keep}}
result_shown_for = {{q .Waits.Result}}
ask_terminal_every = {{q .Waits.Ask}}
backoff_max = {{q .Waits.Backoff}}

[store]
dir = {{q (printf "%s/data" .Dir)}}

[api]
listen = {{q .Listen}}
socket = {{q (printf "%s/posd.sock" .Dir)}}

[daemon]
lock_dir = {{q .Dir}}
{{- if .Level}}
log_level = {{q .Level}}
{{- end}}

[terminal]
line = {{q .Terminal}}
answer_wait = {{q .Waits.Answer}}
batch_wait = {{q .Waits.Answer}}

[gateway]
base_url = {{q (printf "http://%s/v1/" .Gateway)}}
mch_id = "` + merchantID + `"
job_no = "` + loginName + `"
key_file = {{q (printf "%s/iotpay-key" .Dir)}}
first_report = {{if .Guarded}}"guarded"{{else}}"trusted"{{end}}

[[display]]
line = {{q .Display}}
driver = {{q .Driver}}

[printer]
line = {{q .Printer}}
{{- if .Waits.Silence}}
answer_limit = {{q .Waits.Silence}}
{{- end}}
{{- if .Webhook}}

[[webhook]]
url = {{q .Webhook}}
secret_file = {{q (printf "%s/webhook-secret" .Dir)}}
{{- end}}
{{- with .Fleet}}

[fleet]
servers = [{{q .Servers}}]
chain = "demo"
shop = {{q .Shop}}
till = {{q .Till}}
answers = true
{{- end}}
`))

// tomlString writes a text or a time as a TOML basic string.
func tomlString(v any) string {
	var b bytes.Buffer
	b.WriteByte('"')
	for _, r := range fmt.Sprint(v) {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r < ' ' || r == 0x7f:
			fmt.Fprintf(&b, `\u%04X`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// text returns the file's text.
func (c posdConfig) text() string {
	var b bytes.Buffer
	if err := posdTOML.Execute(&b, c); err != nil {
		panic("write a template into memory: " + err.Error()) // its fields are the struct's
	}
	return b.String()
}

// write puts configuration and merchant key into c.Dir and returns the
// configuration's path.
func (c posdConfig) write() (string, error) {
	path := filepath.Join(c.Dir, "posd.toml")
	if err := os.WriteFile(path, []byte(c.text()), 0o600); err != nil {
		return "", err
	}
	if err := os.WriteFile(filepath.Join(c.Dir, "webhook-secret"), []byte(hookSecret+"\n"), 0o600); err != nil {
		return "", err
	}
	return path, os.WriteFile(filepath.Join(c.Dir, "iotpay-key"), []byte(merchantKey+"\n"), 0o600)
}
