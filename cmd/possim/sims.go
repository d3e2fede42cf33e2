package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"

	"posd/display/displaysim"
	"posd/pax/paxsim"
	"posd/printer/printersim"
	"posd/sync/iotpay/iotpaysim"
)

// sim is a simulator as possim handles it, whichever it is.
type sim struct {
	name      string // as in "possim NAME" and in the paths of the control address
	summary   string
	control   http.Handler
	faults    []fault
	setFault  func(string) error
	serve     func(context.Context, net.Listener) error
	serveConn func(context.Context, io.ReadWriteCloser) error // nil: not on a serial line
	overHTTP  http.Handler                                    // nil: does not speak its protocol over HTTP

	serveCancels func(context.Context, net.Listener) error // as serve, for cancels alone
	httpCancels  http.Handler                              // as overHTTP, for cancels alone
}

// fault is something a simulator does wrong on request.
type fault struct{ name, summary string }

func terminalSim(t *paxsim.Terminal) sim {
	s := sim{name: "pax", summary: "a PAX card terminal that speaks POSLINK", control: t.Control(),
		setFault: t.SetFault, serve: t.Serve, serveConn: t.ServeConn, overHTTP: t.HTTP(),
		serveCancels: t.ServeCancels, httpCancels: t.HTTPCancels()}
	for _, f := range paxsim.Faults() {
		s.faults = append(s.faults, fault{f.Name, f.About})
	}
	return s
}

func gatewaySim(g *iotpaysim.Gateway) sim {
	s := sim{name: "gateway", summary: "the IOTPay gateway", control: g.Control(), setFault: g.SetFault, serve: g.Serve}
	for _, f := range iotpaysim.Faults() {
		s.faults = append(s.faults, fault{f.Name, f.About})
	}
	return s
}

func displaySim(d *displaysim.Device) sim {
	s := sim{name: "display", summary: "a customer display", control: d.Control(),
		setFault: d.SetFault, serve: d.Serve, serveConn: d.ServeConn}
	for _, f := range d.Faults() {
		s.faults = append(s.faults, fault{f.Name, f.About})
	}
	return s
}

func printerSim(p *printersim.Printer) sim {
	s := sim{name: "printer", summary: "an ESC/POS receipt printer", control: p.Control(),
		setFault: p.SetFault, serve: p.Serve, serveConn: p.ServeConn}
	for _, f := range p.Faults() {
		s.faults = append(s.faults, fault{f.Name, f.About})
	}
	return s
}

// listFaults writes the faults as a table.
func (s sim) listFaults(w io.Writer) {
	width := 0
	for _, f := range s.faults {
		width = max(width, len(f.name))
	}
	for _, f := range s.faults {
		fmt.Fprintf(w, "  %-*s  %s\n", width, f.name, f.summary)
	}
}

// withLine adds the cable to a simulator's control address: POST /unplug and
// POST /plug.
func withLine(control http.Handler, l *line) http.Handler {
	if l == nil {
		return control
	}
	mux := http.NewServeMux()
	mux.Handle("/", control)
	mux.HandleFunc("POST /unplug", func(w http.ResponseWriter, _ *http.Request) {
		l.Unplug()
		fmt.Fprintf(w, "%s is gone\n", l.link)
	})
	mux.HandleFunc("POST /plug", func(w http.ResponseWriter, _ *http.Request) {
		if err := l.Plug(); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		fmt.Fprintf(w, "%s is there\n", l.link)
	})
	return mux
}
