package main

import (
	_ "embed"
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
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Write(benchPage)
	})
	return mux
}
