package displaysim

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Fault is a way to fail.
type Fault struct{ Name, About string }

var commonFaults = []Fault{
	{"silent", "does what it is told but answers nothing"},
	{"dead", "neither does nor answers anything"},
	{"power-cycle", "loses its power once, for =DURATION (default 1s), and starts again"},
	{"overflow", "loses the second half of the next burst as if its input buffer had run over (once)"},
	{"noise", "puts three rubbish bytes before every answer"},
	{"slow", "takes =DURATION (default 50ms) for every command"},
	{"nak", "refuses every command, where it has words for that"},
	{"lost", "loses every =N-th byte it is sent (default 50)"},
	{"wrong-baud", "hears rubbish"},
	{"reset-on-open", "starts again whenever it is connected, as boards do whose port resets them"},
	{"holds", "takes nothing from its line, as a device whose flow control says stop; what its buffer holds it does later"},
	{"forgets", "loses what it was sent and has not done yet (once)"},
	{"unplug", "its cable is pulled: every connection ends (once)"},
}

// Faults lists the faults that SetFault knows.
func (d *Device) Faults() []Fault { return d.faults }

// SetFault sets a fault by name, with =ARG where it takes one. Power-cycle,
// forgets and unplug happen at once; overflow is gone after it has happened.
func (d *Device) SetFault(s string) error {
	name, arg, _ := strings.Cut(s, "=")
	if err := d.checkFault(name, arg); err != nil {
		return err
	}
	switch name {
	case "power-cycle":
		off := time.Second
		if arg != "" {
			off, _ = time.ParseDuration(arg) // checked
		}
		d.powerCycle(off)
	case "unplug":
		d.unplug()
	case "forgets":
		d.mu.Lock()
		for c := range d.conns {
			c.clear()
		}
		d.mu.Unlock()
	default:
		d.mu.Lock()
		d.set[name] = arg
		d.mu.Unlock()
	}
	return nil
}

func (d *Device) checkFault(name, arg string) error {
	for _, f := range d.faults {
		if f.Name != name {
			continue
		}
		switch name {
		case "power-cycle", "slow":
			if _, err := time.ParseDuration(arg); arg != "" && err != nil {
				return fmt.Errorf("fault %s=%s: write a duration like 200ms", name, arg)
			}
		case "lost":
			if n, err := strconv.Atoi(arg); arg != "" && (err != nil || n < 2) {
				return fmt.Errorf("fault %s=%s: write a number above 1", name, arg)
			}
		default:
			if arg != "" {
				return fmt.Errorf("fault %s takes no argument, not %q", name, arg)
			}
		}
		return nil
	}
	var names []string
	for _, f := range d.faults {
		names = append(names, f.Name)
	}
	return fmt.Errorf("unknown fault %q: use one of %s", name, strings.Join(names, ", "))
}

// ClearFault ends a fault; an empty name ends all.
func (d *Device) ClearFault(name string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if name == "" {
		clear(d.set)
	}
	delete(d.set, name)
	for c := range d.conns {
		c.poke() // one that held may go on
	}
}

func (d *Device) has(fault string) bool {
	_, ok := d.set[fault]
	return ok
}

// duration returns a fault's argument, its default, or 0 if it is not set.
func (d *Device) duration(fault string, normal time.Duration) time.Duration {
	arg, ok := d.set[fault]
	if !ok {
		return 0
	}
	if t, err := time.ParseDuration(arg); err == nil {
		return t
	}
	return normal
}

func (d *Device) number(fault string, normal int) int {
	arg, ok := d.set[fault]
	if !ok {
		return 0
	}
	if n, err := strconv.Atoi(arg); err == nil {
		return n
	}
	return normal
}

// Control is the device's back door:
//
//	GET  /state                        what it holds, JSON
//	GET  /screen.png                   what the customer sees
//	GET  /faults                       the faults it knows
//	POST /fault {"set":"slow=50ms"}    or ?set=slow=50ms, {"clear":"slow"}, {"clear":""} for all
func (d *Device) Control() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /state", func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, d.State()) })
	mux.HandleFunc("GET /faults", func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, d.faults) })
	mux.HandleFunc("GET /screen.png", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "image/png")
		w.Header().Set("Cache-Control", "no-store")
		w.Write(d.PNG())
	})
	mux.HandleFunc("POST /fault", func(w http.ResponseWriter, r *http.Request) {
		var ask struct{ Set, Clear *string }
		if strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") {
			if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 4096)).Decode(&ask); err != nil {
				http.Error(w, "read the fault: "+err.Error(), http.StatusBadRequest)
				return
			}
		} else if q := r.URL.Query(); q.Has("set") || q.Has("clear") {
			set, clear := q.Get("set"), q.Get("clear")
			if q.Has("set") {
				ask.Set = &set
			}
			if q.Has("clear") {
				ask.Clear = &clear
			}
		}
		if ask.Set == nil && ask.Clear == nil {
			http.Error(w, `send {"set":"NAME=ARG"} or {"clear":"NAME"} as application/json, or ?set= or ?clear=`, http.StatusBadRequest)
			return
		}
		if ask.Clear != nil {
			d.ClearFault(*ask.Clear)
		}
		if ask.Set != nil {
			if err := d.SetFault(*ask.Set); err != nil {
				http.Error(w, err.Error(), http.StatusBadRequest)
				return
			}
		}
		writeJSON(w, d.State())
	})
	return mux
}

func writeJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.Encode(v)
}
