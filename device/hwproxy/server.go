package hwproxy

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"mime"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"posd/device"
	"posd/device/door"
	"posd/device/ring"
	"posd/device/sale"
)

const (
	maxBody   = 4 << 20 // pages send pictures of receipts
	maxAtOnce = 32
	askLimit  = 10 * time.Second
)

// Till is what pages' wishes are asked of.
type Till interface {
	Sell(ctx context.Context, r device.SellRequest) (s sale.Sale, replayed bool, err error)
	Sale(ctx context.Context, id sale.ID) (sale.Sale, error)
	// Await returns the sale once it is enough, or as it stands with ctx's error.
	Await(ctx context.Context, id sale.ID, enough func(sale.Sale) bool) (sale.Sale, error)
	OpenDrawer(ctx context.Context, by string) error
	Display(ctx context.Context, items []sale.Item, message string, choose bool) error
	PrintOwn(ctx context.Context, r device.PrintRequest) (j sale.Job, replayed bool, err error)
	// AwaitPrint returns a print once it is finished, or as it stands with ctx's error.
	AwaitPrint(ctx context.Context, id string) (sale.Job, error)
}

// Options are the parts of a Server.
type Options struct {
	Till    Till
	Notes   ring.Notes
	Earlier map[string]string // notes of an earlier run
	NewKey  func() string     // unique
	// Devices says from memory how the devices are; it is asked every second.
	Devices func() []device.DeviceStatus
	Log     *slog.Logger
}

// Server stands in for a hardware proxy.
type Server struct {
	c      Config
	o      Options
	ts     *transactions
	places chan struct{}
	gate   door.Gate
	prints prints
}

// New returns a server that serves nobody yet; Run starts it.
func New(c Config, o Options) *Server {
	return &Server{c: c, o: o, places: make(chan struct{}, maxAtOnce)}
}

// Run serves pages until ctx ends.
func (s *Server) Run(ctx context.Context, l net.Listener) error {
	ctx, cancel := context.WithCancel(ctx)
	s.ts = newTransactions(ctx, s.o)
	defer s.ts.work.Wait()
	defer s.gate.Shut()
	defer cancel()
	srv := &http.Server{Handler: s, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 30 * time.Second, WriteTimeout: 30 * time.Second, MaxHeaderBytes: 16 << 10,
		BaseContext: func(net.Listener) context.Context { return ctx }, ErrorLog: slog.NewLogLogger(s.o.Log.Handler(), slog.LevelDebug)}
	stop := context.AfterFunc(ctx, func() { srv.Close() })
	defer stop()
	err := srv.Serve(l)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

// call is a page's request: JSON-RPC in form, of which only params counts.
type call struct {
	ID     json.RawMessage `json:"id"`
	Params json.RawMessage `json:"params"`
}

// routes answers each endpoint; what it returns is the result.
var routes = map[string]func(*Server, context.Context, json.RawMessage, string) (any, error){
	"handshake":                          func(*Server, context.Context, json.RawMessage, string) (any, error) { return true, nil },
	"log":                                func(*Server, context.Context, json.RawMessage, string) (any, error) { return true, nil },
	"status_json":                        (*Server).status,
	"payment_terminal_transaction_start": (*Server).start,
	"open_cashbox":                       (*Server).cashbox,
	"default_printer_action":             (*Server).printerAction,
	"print_xml_receipt":                  (*Server).printXML,
	"send_text_customer_display":         (*Server).text,
	"customer_facing_display": func(*Server, context.Context, json.RawMessage, string) (any, error) {
		return map[string]string{"status": "updated"}, nil
	},
	"take_control": func(*Server, context.Context, json.RawMessage, string) (any, error) {
		return map[string]string{"status": "OWNER"}, nil
	},
	"test_ownership": func(*Server, context.Context, json.RawMessage, string) (any, error) {
		return map[string]string{"status": "OWNER"}, nil
	},
}

// ServeHTTP answers one request of a page that is on the lists.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !s.gate.Enter() {
		http.Error(w, "posd is stopping", http.StatusServiceUnavailable)
		return
	}
	defer s.gate.Leave()
	select {
	case s.places <- struct{}{}:
		defer func() { <-s.places }()
	default:
		http.Error(w, "too many pages ask at once", http.StatusServiceUnavailable)
		return
	}
	if !s.c.Admits(w, r) {
		http.Error(w, "this address or page is not on the list", http.StatusForbidden)
		return
	}
	name, known := strings.CutPrefix(r.URL.Path, "/hw_proxy/")
	switch {
	case r.Method == http.MethodOptions:
		w.WriteHeader(http.StatusNoContent)
		return
	case known && name == "hello" && r.Method == http.MethodGet:
		fmt.Fprint(w, "ping")
		return
	}
	do := routes[name]
	if !known || do == nil {
		http.Error(w, "posd has nothing of this name", http.StatusNotFound)
		return
	}
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); r.Method != http.MethodPost || err != nil || kind != "application/json" {
		w.Header().Set("Allow", "POST, OPTIONS")
		http.Error(w, "ask by POST, in application/json", http.StatusMethodNotAllowed)
		return
	}
	var c call
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody)).Decode(&c); err != nil {
		http.Error(w, "the body is no JSON object: "+err.Error(), http.StatusBadRequest)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), askLimit)
	defer cancel()
	result, err := do(s, ctx, c.Params, r.Header.Get("Origin"))
	reply(w, c.ID, result, err)
}

func reply(w http.ResponseWriter, id json.RawMessage, result any, err error) {
	if len(id) == 0 {
		id = json.RawMessage("null")
	}
	out := map[string]any{"jsonrpc": "2.0", "id": id}
	if err == nil {
		out["result"] = result
	} else {
		out["error"] = map[string]any{"code": 200, "message": err.Error(), "data": map[string]any{"message": err.Error()}}
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_ = json.NewEncoder(w).Encode(out) // the page is gone
}

// driver is what status_json says of one device.
type driver struct {
	Status       string   `json:"status"` // connected or disconnected
	Messages     []string `json:"messages"`
	Terminal     bool     `json:"is_terminal,omitempty"`
	Transactions []shown  `json:"transactions,omitempty"`
}

func (s *Server) status(context.Context, json.RawMessage, string) (any, error) {
	all := map[string]driver{"posd": {Status: "connected", Messages: []string{}, Terminal: true, Transactions: s.ts.all()}}
	for _, d := range s.o.Devices() {
		it := driver{Status: "connected", Messages: []string{}}
		if !d.OK {
			it.Status, it.Messages = "disconnected", []string{d.Words}
		}
		all[d.Name] = it
		if d.Name == "printer" {
			all["escpos"] = it // what pages look for
		}
	}
	return all, nil
}

// payment is what a page asks for, in a text of JSON inside the JSON. The amount
// is read from its decimal text: a float would cut cents off.
type payment struct {
	Amount   json.Number     `json:"amount"`
	Currency string          `json:"currency_iso"`
	Decimals *int            `json:"currency_decimals"`
	Mode     string          `json:"payment_mode"`
	Payment  json.RawMessage `json:"payment_id"` // text or number
	Order    json.RawMessage `json:"order_id"`
}

func (s *Server) start(ctx context.Context, params json.RawMessage, origin string) (any, error) {
	var in struct {
		Info string `json:"payment_info"`
	}
	if err := json.Unmarshal(params, &in); err != nil {
		return nil, errors.New("params holds no payment_info")
	}
	var p payment
	if err := json.Unmarshal([]byte(in.Info), &p); err != nil {
		return nil, errors.New("payment_info is no JSON text of a payment")
	}
	amount, err := cents(p)
	if err != nil {
		return nil, err
	}
	if p.Mode != "" && p.Mode != "card" {
		return nil, fmt.Errorf("payment_mode %.20q is not taken here", p.Mode)
	}
	if len(p.Order)+len(p.Payment) > 200 || len(bytes.TrimSpace(p.Payment)) == 0 {
		return nil, errors.New("payment_id is missing, or it and order_id are too long")
	}
	l := line{Origin: origin, Order: string(p.Order), Payment: string(p.Payment), Amount: amount}
	id, ok := s.ts.start(ctx, l, device.SellRequest{Amount: amount, Currency: p.Currency, Method: sale.Card, Foreign: foreign(p.Order)})
	if !ok {
		return false, nil
	}
	return map[string]int64{"transaction_id": id}, nil
}

// foreign is the order's name as far as it can be kept.
func foreign(order json.RawMessage) string {
	name := string(order)
	_ = json.Unmarshal(order, &name) // a number stays as it is written
	if len(name) > 64 || !sale.Printable(name) {
		return ""
	}
	return name
}

// cents reads an amount with at most two decimals that count.
func cents(p payment) (sale.Amount, error) {
	bad := fmt.Errorf("amount %.20q is no sum of money above zero", p.Amount.String())
	if p.Decimals != nil && *p.Decimals != 2 {
		return 0, fmt.Errorf("currency_decimals is %d: posd takes currencies of two", *p.Decimals)
	}
	whole, part, _ := strings.Cut(p.Amount.String(), ".")
	part = strings.TrimRight(part, "0") // 28.6500000 is 28.65
	if len(part) > 2 || whole == "" {
		return 0, bad
	}
	a, err := sale.ParseAmount(whole + "." + part + strings.Repeat("0", 2-len(part)))
	if err != nil || a <= 0 {
		return 0, bad
	}
	return a, nil
}

func (s *Server) cashbox(ctx context.Context, _ json.RawMessage, _ string) (any, error) {
	if err := s.o.Till.OpenDrawer(ctx, s.c.By); err != nil {
		return nil, err
	}
	return true, nil
}

func (s *Server) printerAction(ctx context.Context, params json.RawMessage, origin string) (any, error) {
	var in struct {
		Data struct {
			Action  string `json:"action"`
			Receipt string `json:"receipt"`
		} `json:"data"`
	}
	if err := json.Unmarshal(params, &in); err != nil {
		return nil, errors.New("params holds no data with an action")
	}
	switch in.Data.Action {
	case "cashbox":
		return s.cashbox(ctx, params, origin)
	case "print_receipt":
		return s.printPicture(ctx, in.Data.Receipt)
	}
	return nil, fmt.Errorf("the printer's action %.20q is not known here", in.Data.Action)
}

// text puts a page's two lines on the customer display.
func (s *Server) text(ctx context.Context, params json.RawMessage, _ string) (any, error) {
	var in struct {
		Text string `json:"text_to_display"`
	}
	var lines []string
	if json.Unmarshal(params, &in) != nil || json.Unmarshal([]byte(in.Text), &lines) != nil {
		return nil, errors.New("params holds no text_to_display, a JSON text of lines")
	}
	for i := range lines {
		lines[i] = strings.TrimSpace(lines[i])
	}
	lines = slices.DeleteFunc(lines, func(l string) bool { return l == "" })
	if err := s.o.Till.Display(ctx, nil, strings.Join(lines, " "), false); err != nil && !errors.Is(err, sale.ErrTillBusy) {
		return nil, err
	}
	return true, nil
}
