package printersim

import (
	"encoding/json"
	"fmt"
	"image/png"
	"net/http"
	"strconv"
	"strings"
)

// State is what can be seen of the printer from outside.
type State struct {
	Online     bool     `json:"online"`
	Dead       bool     `json:"dead"`
	Faults     []string `json:"faults"`
	Receipts   int      `json:"receipts"`
	Unfinished string   `json:"unfinished"`
	Unknown    []string `json:"unknown"`
	Drawer     int      `json:"drawer"` // kicks
	Kept       int      `json:"kept"`   // pictures kept without power
	Writes     int      `json:"writes"` // of that memory
	Bytes      int      `json:"bytes"`  // received
	Dropped    int      `json:"dropped"`
	Waiting    int      `json:"waiting"` // bytes received and not executed
}

// State returns the printer's state.
func (s *Printer) State() State {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := State{
		Online: !s.offline() && !s.dead, Dead: s.dead, Faults: []string{}, Receipts: len(s.sheets),
		Unfinished: s.machine.sheet.text(s.opt.Dots / 12), Unknown: append([]string{}, s.machine.odd...),
		Kept: len(s.machine.memory.keyed) + len(s.machine.memory.numbered), Writes: s.machine.memory.writes, Drawer: s.machine.drawer, Bytes: s.taken, Dropped: s.dropped, Waiting: len(s.buffer) + len(s.pending),
	}
	for _, f := range faults {
		if s.has(f.Name) {
			st.Faults = append(st.Faults, f.Name)
		}
		if n, ok := s.left[f.Name]; ok {
			st.Faults = append(st.Faults, fmt.Sprintf("%s=%d", f.Name, n))
		}
	}
	return st
}

// Control is the printer's control address:
//
//	GET  /state             what it is doing, and what it did not understand
//	GET  /receipts          every receipt as text, a line of tildes where it was cut
//	GET  /receipt.png?n=N   receipt N (from 1; without N the last) as it looks
//	GET  /faults            the faults there are
//	POST /fault?set=NAME[=ARG]   or {"set":"NAME=ARG"}
//	POST /fault?clear=NAME       or {"clear":"NAME"}; an empty name clears all
func (s *Printer) Control() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /state", func(w http.ResponseWriter, _ *http.Request) { show(w, s.State()) })
	mux.HandleFunc("GET /faults", func(w http.ResponseWriter, _ *http.Request) { show(w, faults) })
	mux.HandleFunc("GET /receipts", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		for _, r := range s.Receipts() {
			fmt.Fprint(w, r, strings.Repeat("~", s.opt.Dots/12), "\n")
		}
	})
	mux.HandleFunc("GET /receipt.png", func(w http.ResponseWriter, r *http.Request) {
		n, err := strconv.Atoi(r.FormValue("n"))
		if r.FormValue("n") == "" {
			n, err = s.State().Receipts, nil
		}
		img, ok := s.Image(n)
		if err != nil || !ok {
			http.Error(w, fmt.Sprintf("no receipt %q: there are %d", r.FormValue("n"), s.State().Receipts), http.StatusNotFound)
			return
		}
		w.Header().Set("Content-Type", "image/png")
		png.Encode(w, img)
	})
	mux.HandleFunc("POST /fault", func(w http.ResponseWriter, r *http.Request) {
		var wish struct{ Set, Clear *string }
		if r.URL.Query().Has("set") {
			v := r.URL.Query().Get("set")
			wish.Set = &v
		}
		if r.URL.Query().Has("clear") {
			v := r.URL.Query().Get("clear")
			wish.Clear = &v
		}
		if wish.Set == nil && wish.Clear == nil {
			if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<10)).Decode(&wish); err != nil || wish.Set == nil && wish.Clear == nil {
				http.Error(w, `say {"set":"NAME=ARG"} or {"clear":"NAME"}`, http.StatusBadRequest)
				return
			}
		}
		if wish.Set != nil {
			if err := s.SetFault(*wish.Set); err != nil {
				http.Error(w, err.Error(), http.StatusBadRequest)
				return
			}
		}
		if wish.Clear != nil {
			s.ClearFault(*wish.Clear)
		}
		show(w, s.State())
	})
	return mux
}

func show(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.Encode(v)
}
