package iotpaysim

import (
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// State is everything that was seen, as GET /state shows it.
type State struct {
	Orders   []order        `json:"orders"`
	Refunds  []refund       `json:"refunds"`
	Reports  []report       `json:"reports"`
	Requests map[string]int `json:"requests"` // by endpoint
	Refusals []refusal      `json:"refusals"`
	Notices  []notice       `json:"notices"`
	Faults   []string       `json:"faults"`
}

// State returns a copy of everything that was seen.
func (g *Gateway) State() State {
	g.mu.Lock()
	defer g.mu.Unlock()
	s := State{Orders: []order{}, Refunds: []refund{}, Reports: []report{}, Requests: map[string]int{}, Refusals: []refusal{}, Notices: []notice{}, Faults: []string{}}
	for _, o := range g.orders {
		s.Orders = append(s.Orders, *o)
	}
	for _, r := range g.refunds {
		s.Refunds = append(s.Refunds, *r)
	}
	for _, r := range g.reports {
		s.Reports = append(s.Reports, *r)
	}
	for endpoint, n := range g.requests {
		s.Requests[endpoint] = n
	}
	s.Refusals = append(s.Refusals, g.refusals...)
	s.Notices = append(s.Notices, g.notices...)
	for _, f := range g.faults {
		text := f.name
		if f.arg != "" {
			text += "=" + f.arg
		}
		if f.endpoint != "" {
			text += "@" + f.endpoint
		}
		s.Faults = append(s.Faults, text)
	}
	return s
}

// Control is how a person, a script or the simulated customer moves the gateway:
//
//	GET  /state                      everything seen
//	GET  /faults                     every fault there is
//	POST /scan?code=TEXT[&pay=1]     the customer scans the text of a QR
//	POST /pay?order=NO               the customer types the password
//	POST /close?order=NO&status=9    the order is closed: 4 by the system, 9 by the customer
//	POST /fault?set=NAME[=ARG][@ENDPOINT][*N]
//	POST /fault?clear=NAME           clear= ends all
//
// A fault may also be posted as JSON, {"set":"..."} or {"clear":"..."}, or as
// plain text, NAME[=ARG].
func (g *Gateway) Control() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /state", func(w http.ResponseWriter, _ *http.Request) { show(w, g.State()) })
	mux.HandleFunc("GET /faults", func(w http.ResponseWriter, _ *http.Request) { show(w, Faults()) })
	mux.HandleFunc("POST /scan", act(func(r *http.Request) error {
		return g.Scan(r.FormValue("code"), r.FormValue("pay") != "")
	}))
	mux.HandleFunc("POST /pay", act(func(r *http.Request) error {
		return g.Pay(r.FormValue("order"))
	}))
	mux.HandleFunc("POST /close", act(func(r *http.Request) error {
		status, err := strconv.Atoi(r.FormValue("status"))
		if err != nil {
			return err
		}
		return g.CloseOrder(r.FormValue("order"), status)
	}))
	mux.HandleFunc("POST /fault", act(func(r *http.Request) error {
		set, clear, err := readFault(r)
		switch {
		case err != nil:
			return err
		case clear != nil:
			g.ClearFault(*clear)
			return nil
		}
		return g.SetFault(set)
	}))
	return mux
}

// readFault reads which fault to set, or which to clear.
func readFault(r *http.Request) (set string, clear *string, err error) {
	if q := r.URL.Query(); q.Has("clear") {
		name := q.Get("clear")
		return "", &name, nil
	} else if q.Has("set") {
		return q.Get("set"), nil, nil
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, 4<<10))
	if err != nil {
		return "", nil, err
	}
	text := strings.TrimSpace(string(body))
	if !strings.HasPrefix(text, "{") {
		return text, nil, nil
	}
	var ask struct {
		Set   string
		Clear *string
	}
	err = json.Unmarshal(body, &ask)
	return ask.Set, ask.Clear, err
}

func act(do func(*http.Request) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if err := do(r); err != nil {
			http.Error(w, err.Error(), http.StatusConflict)
			return
		}
		show(w, map[string]bool{"done": true})
	}
}

func show(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	_ = enc.Encode(v) // the reader may have gone
}
