package paxsim

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"time"
)

// Record is an approved transaction as the control address shows it.
type Record struct {
	Number int       `json:"number"`
	Ref    string    `json:"ref"`
	Type   string    `json:"type"`
	Cents  int64     `json:"cents"`
	Card   string    `json:"card"` // masked
	Auth   string    `json:"auth"`
	Voided bool      `json:"voided"`
	Stored string    `json:"stored,omitempty"` // offline: waits for its upload; failed: was refused at it
	At     time.Time `json:"at"`
}

// State is what the terminal remembers.
type State struct {
	Serial    string         `json:"serial"`
	Batch     int            `json:"batch"`
	Closed    int            `json:"batchesClosed"`
	Running   string         `json:"running"` // reference of the transaction under way
	Records   []Record       `json:"records"`
	Approvals map[string]int `json:"approvals"` // by ECR reference, closed batches included
	Frames    map[string]int `json:"frames"`    // requests taken, by command
	Faults    []string       `json:"faults"`
}

// State returns what the terminal remembers now.
func (t *Terminal) State() State {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := State{Serial: t.opt.Serial, Batch: t.batch.number, Closed: t.batch.closed, Records: []Record{}, Approvals: map[string]int{}, Frames: map[string]int{}, Faults: []string{}}
	if t.running != nil {
		s.Running = t.running.request.sub(4, 0)
	}
	for _, r := range t.batch.records {
		s.Records = append(s.Records, Record{r.number, r.ref, r.kind, r.amount, "XXXXXXXXXXXX" + r.card.last, r.auth, r.void != "", stores[r.store], r.at})
	}
	for k, v := range t.batch.approvals {
		s.Approvals[k] = v
	}
	for k, v := range t.frames {
		s.Frames[k] = v
	}
	for name, f := range t.faults {
		if f.value != "" {
			name += "=" + f.value
		}
		s.Faults = append(s.Faults, name)
	}
	return s
}

// blindFor is how long look-ups find nothing once a terminal has started anew.
const blindFor = 6 * time.Second

var stores = map[store]string{offline: "offline", failed: "failed"}

// Upload sends what was approved offline to the host, as a terminal does when
// its network is back, and returns how many transactions that were. The host may
// refuse them.
func (t *Terminal) Upload(refused bool) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.batch.upload(refused)
}

// ShowCard chooses the card that the next customers show; see Cards.
func (t *Terminal) ShowCard(name string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	c, ok := cards[name]
	switch {
	case !ok:
	case c.debit:
		t.opt.DebitCard = name
	default:
		t.opt.Card = name
	}
	return ok
}

// Speak sets the language of the cards shown next: 1 English, 2 French, 3 Chinese.
func (t *Terminal) Speak(status string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.opt.Language = status
}

// Settle closes the batch as the terminal's own timer would: nobody is told.
func (t *Terminal) Settle() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.batch.close()
}

// Control is the terminal's control address:
//
//	GET  /state          what it remembers
//	GET  /faults         the faults there are
//	POST /fault          body: name[=argument]; DELETE /fault?name=N clears one, without a name all
//	POST /settle         close the batch unseen
//	POST /upload         send what was approved offline to the host; body: refuse, or nothing
//	POST /cancel         the customer presses the red key
//	POST /card           body: which card is shown next
//	POST /language       body: language status of the cards shown next: 1, 2 or 3
//	POST /swap           body: serial number of the terminal put in its place, with a memory of its own
//	POST /clear          its memory is emptied from its menu
//	POST /reboot         it starts anew: deaf as after lose-answer, and then look-ups find nothing for 6s
func (t *Terminal) Control() http.Handler {
	mux := http.NewServeMux()
	body := func(w http.ResponseWriter, r *http.Request) string {
		b, _ := io.ReadAll(http.MaxBytesReader(w, r.Body, 4096))
		return strings.TrimSpace(string(b))
	}
	show := func(w http.ResponseWriter, v any) {
		w.Header().Set("Content-Type", "application/json")
		enc := json.NewEncoder(w)
		enc.SetIndent("", "  ")
		_ = enc.Encode(v) // the reader went away
	}
	mux.HandleFunc("GET /state", func(w http.ResponseWriter, r *http.Request) { show(w, t.State()) })
	mux.HandleFunc("GET /faults", func(w http.ResponseWriter, r *http.Request) { show(w, Faults()) })
	mux.HandleFunc("POST /fault", func(w http.ResponseWriter, r *http.Request) {
		if err := t.SetFault(body(w, r)); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		show(w, t.State())
	})
	mux.HandleFunc("DELETE /fault", func(w http.ResponseWriter, r *http.Request) {
		t.ClearFault(r.URL.Query().Get("name"))
		show(w, t.State())
	})
	mux.HandleFunc("POST /settle", func(w http.ResponseWriter, r *http.Request) { t.Settle(); show(w, t.State()) })
	mux.HandleFunc("POST /upload", func(w http.ResponseWriter, r *http.Request) { t.Upload(body(w, r) == "refuse"); show(w, t.State()) })
	mux.HandleFunc("POST /cancel", func(w http.ResponseWriter, r *http.Request) { t.cancelRunning(); show(w, t.State()) })
	mux.HandleFunc("POST /swap", func(w http.ResponseWriter, r *http.Request) { t.Swap(body(w, r)); show(w, t.State()) })
	mux.HandleFunc("POST /clear", func(w http.ResponseWriter, r *http.Request) { t.Clear(); show(w, t.State()) })
	mux.HandleFunc("POST /reboot", func(w http.ResponseWriter, r *http.Request) { t.Reboot(t.opt.Deaf, blindFor); show(w, t.State()) })
	mux.HandleFunc("POST /language", func(w http.ResponseWriter, r *http.Request) { t.Speak(body(w, r)); show(w, t.State()) })
	mux.HandleFunc("POST /card", func(w http.ResponseWriter, r *http.Request) {
		if name := body(w, r); !t.ShowCard(name) {
			http.Error(w, "no such card "+name+": there are "+strings.Join(Cards(), ", "), http.StatusBadRequest)
			return
		}
		show(w, t.State())
	})
	return mux
}
