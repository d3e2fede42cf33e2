package nexo

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"mime"
	"net"
	"net/http"
	"strings"
	"time"

	"posd/device"
	"posd/device/door"
	"posd/device/ring"
	"posd/device/sale"
)

const (
	maxAtOnce = 64
	askLimit  = 10 * time.Second // for the till to take a request
)

// Till is what registers' requests are asked of.
type Till interface {
	Sell(ctx context.Context, r device.SellRequest) (s sale.Sale, replayed bool, err error)
	Refund(ctx context.Context, r device.GiveBackRequest) (s sale.Sale, movement string, replayed bool, err error)
	Void(ctx context.Context, r device.GiveBackRequest) (s sale.Sale, movement string, replayed bool, err error)
	Cancel(ctx context.Context, id sale.ID) (sale.Sale, error)
	Sale(ctx context.Context, id sale.ID) (sale.Sale, error)
	// Keyed returns what was begun under a key of an earlier run.
	Keyed(ctx context.Context, key string) (s sale.Sale, movement string, err error)
	// Await returns the sale once it is enough, or as it stands with ctx's error.
	Await(ctx context.Context, id sale.ID, enough func(sale.Sale) bool) (sale.Sale, error)
}

// Options are the parts of a Server.
type Options struct {
	Till       Till
	Notes      ring.Notes
	Earlier    map[string]string // notes of an earlier run
	NewKey     func() string     // unique
	Passphrase sale.Secret       // of sealed messages; empty for messages in clear
	Devices    func() []device.DeviceStatus
	Log        *slog.Logger
}

// Server stands in for a terminal.
type Server struct {
	c      Config
	o      Options
	till   Till
	log    *slog.Logger
	seal   *seal // nil for messages in clear
	desk   *desk
	gate   door.Gate
	places chan struct{}
}

// New returns a server that serves nobody yet; Run starts it.
func New(c Config, o Options) (*Server, error) {
	s := &Server{c: c, o: o, till: o.Till, log: o.Log, places: make(chan struct{}, maxAtOnce)}
	if o.Passphrase == "" {
		return s, nil
	}
	var err error
	s.seal, err = newSeal(o.Passphrase, c.KeyIdentifier, c.KeyVersion)
	return s, err
}

// Run serves registers until ctx ends. What they began goes on in the till.
func (s *Server) Run(ctx context.Context, l net.Listener) error {
	ctx, cancel := context.WithCancel(ctx)
	s.desk = newDesk(ctx, s.o)
	defer s.gate.Shut()
	defer cancel()
	srv := &http.Server{Handler: s, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 15 * time.Second, IdleTimeout: time.Minute, MaxHeaderBytes: 16 << 10,
		BaseContext: func(net.Listener) context.Context { return ctx }, ErrorLog: slog.NewLogLogger(s.log.Handler(), slog.LevelDebug)}
	stop := context.AfterFunc(ctx, func() { srv.Close() })
	defer stop()
	err := srv.Serve(l)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

// ServeHTTP answers one request of a register that is on the lists.
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
		http.Error(w, "too many registers ask at once", http.StatusServiceUnavailable)
		return
	}
	if !s.c.Admits(w, r) {
		s.log.Warn("refused a register that is not on the list", "client", r.RemoteAddr)
		http.Error(w, "this address or page is not on the list of registers", http.StatusForbidden)
		return
	}
	if r.Method == http.MethodOptions {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	if strings.Trim(r.URL.Path, "/") != "nexo" {
		http.Error(w, "ask /nexo/", http.StatusNotFound)
		return
	}
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); r.Method != http.MethodPost || err != nil || kind != "application/json" {
		w.Header().Set("Allow", "POST, OPTIONS")
		http.Error(w, "ask by POST, in application/json", http.StatusMethodNotAllowed)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequest))
	if err != nil {
		http.Error(w, "the body is too long, or ends early", http.StatusRequestEntityTooLarge)
		return
	}
	q, err := s.read(body)
	if err != nil {
		s.log.Info("a register's message is not understood", "client", r.RemoteAddr, "err", err)
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	answer := s.answer(r.Context(), q)
	if answer == nil { // an abort's, or the register is gone
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_, _ = w.Write(s.write(q.MessageHeader, answer)) // the register is gone
}

// write wraps a response as a message, sealed where requests are.
func (s *Server) write(h header, response map[string]any) []byte {
	h.MessageType = "Response"
	response["MessageHeader"] = h
	message, err := json.Marshal(map[string]any{"SaleToPOIResponse": response})
	if err != nil {
		panic(err) // strings, numbers and flags only
	}
	if s.seal == nil {
		return message
	}
	blob, t := s.seal.close(message)
	message, _ = json.Marshal(map[string]any{"SaleToPOIResponse": map[string]any{"MessageHeader": h, "NexoBlob": blob, "SecurityTrailer": t}})
	return message
}

// answer finds the response to a request; nil for none.
func (s *Server) answer(ctx context.Context, q *request) map[string]any {
	h := q.MessageHeader
	switch {
	case h.MessageCategory == "Payment" && q.Payment != nil:
		return under("PaymentResponse", s.pay(ctx, h, *q.Payment))
	case h.MessageCategory == "Reversal" && q.Reversal != nil:
		return under("ReversalResponse", s.reverse(ctx, h, *q.Reversal))
	case h.MessageCategory == "TransactionStatus" && q.Status != nil:
		return under("TransactionStatusResponse", s.status(ctx, h, q.Status.MessageReference))
	case h.MessageCategory == "Abort" && q.Abort != nil:
		if id, ok := s.desk.abort(h, q.Abort.MessageReference); ok {
			if _, err := s.till.Cancel(ctx, id); err != nil {
				s.log.Info("a register's abort was not taken", "sale", id, "err", err)
			}
		}
		return nil
	case h.MessageCategory == "Diagnosis":
		return under("DiagnosisResponse", s.diagnose())
	}
	switch h.MessageCategory {
	case "Payment", "Reversal", "TransactionStatus", "Abort":
		return under(h.MessageCategory+"Response", failed("MessageFormat", "the message holds no "+h.MessageCategory+"Request"))
	}
	no := failed("NotAllowed", "posd takes Payment, Reversal, TransactionStatus, Abort and Diagnosis")
	if h.MessageCategory == "Display" { // whose responses stand one for each output
		no["OutputResult"] = []any{map[string]any{"Device": "CustomerDisplay", "InfoQualify": "Display", "Response": no["Response"]}}
	}
	return under(h.MessageCategory+"Response", no)
}

// under names a response; a nil one is none.
func under(name string, response map[string]any) map[string]any {
	if response == nil {
		return nil
	}
	return map[string]any{name: response}
}

// diagnose says from memory how the devices are.
func (s *Server) diagnose() map[string]any {
	global, printer, host := "OK", "NoPrinter", true
	for _, d := range s.o.Devices() {
		switch {
		case d.Name == "printer" && d.OK:
			printer = "OK"
		case d.Name == "printer":
			printer = "OutOfOrder"
		case d.Name == "terminal" && !d.OK:
			global = "Unreachable"
		case d.Name == "gateway":
			host = d.OK
		}
	}
	status := map[string]any{"GlobalStatus": global, "CommunicationOKFlag": global == "OK"}
	if printer != "NoPrinter" {
		status["PrinterStatus"] = printer
	}
	return map[string]any{"Response": map[string]any{"Result": "Success"}, "POIStatus": status,
		"HostStatus": []any{map[string]any{"AcquirerID": "IOTPay", "IsReachableFlag": host}}, "LoggedSaleID": []string{}}
}
