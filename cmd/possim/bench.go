package main

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"net/http"
)

// benchPage shows what stands on the display and what came out of the printer.
//
//go:embed bench.html
var benchPage []byte

// controls serves every simulator's control address under its name, and a page
// from which a person can see and move them.
func (c *counter) controls() http.Handler {
	mux := http.NewServeMux()
	for path, h := range map[string]http.Handler{
		"/pax":     withLine(terminalSim(c.terminal).control, c.terminalLine),
		"/display": withLine(displaySim(c.display).control, c.displayLine),
		"/printer": printerSim(c.printer).control,
		"/gateway": gatewaySim(c.gateway).control,
	} {
		mux.Handle(path+"/", http.StripPrefix(path, h))
	}
	mux.HandleFunc("GET /customer/state", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		json.NewEncoder(w).Encode(c.shopper.state())
	})
	mux.HandleFunc("POST /customer/{does}", c.letCustomer)
	mux.HandleFunc("POST /posd/kill", c.cutPower)
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Write(benchPage)
	})
	return mux
}

// cutPower ends posd as a power cut would, and starts it again.
func (c *counter) cutPower(w http.ResponseWriter, r *http.Request) {
	c.running().Kill()
	if err := c.startPosd(context.WithoutCancel(r.Context())); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	fmt.Fprintln(w, "done")
}

// letCustomer plays the customer with the telephone.
func (c *counter) letCustomer(w http.ResponseWriter, r *http.Request) {
	var err error
	switch does := r.PathValue("does"); does {
	case "alone":
		c.shopper.leave(false)
	case "wait":
		c.shopper.leave(true)
	case "pay":
		err = c.shopper.payLast(r.Context())
	case "close":
		err = c.closeLast()
	default:
		http.Error(w, "the customer does not know how to "+does+": pay, close, alone or wait", http.StatusNotFound)
		return
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusConflict)
		return
	}
	fmt.Fprintln(w, "done")
}

// closeLast is the customer who closes the payment in the wallet: status 9.
func (c *counter) closeLast() error {
	code, err := c.shopper.lastCode()
	if err != nil {
		return err
	}
	for _, o := range c.gateway.State().Orders {
		if o.Code == code {
			return c.gateway.CloseOrder(o.MchOrderNo, 9)
		}
	}
	return fmt.Errorf("no order has the code %q", code)
}
