package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
)

// event is one line of a history.
type event struct {
	T      int64           `json:"t"`
	Who    string          `json:"who"`
	What   string          `json:"what"`
	N      int             `json:"n"`
	Method string          `json:"method"`
	Path   string          `json:"path"`
	Key    string          `json:"key"`
	Status int             `json:"status"`
	Text   string          `json:"text"`
	Bytes  []byte          `json:"bytes"`
	Body   json.RawMessage `json:"body"`
}

// exchange is one request to posd and its answer; status 0: none was heard.
type exchange struct {
	event
	asked, answered int64
	answer          json.RawMessage
}

// sold is what posd says of a sale.
type sold struct {
	ID             string    `json:"id"`
	Reference      string    `json:"reference"`
	Amount         int64     `json:"amount"`
	Method         string    `json:"method"`
	Kind           string    `json:"kind"`
	State          string    `json:"state"`
	GivenUp        bool      `json:"givenUp"`
	MchOrderNo     string    `json:"mchOrderNo"`
	ApprovedAmount int64     `json:"approvedAmount"`
	Printed        string    `json:"printed"`
	Reported       string    `json:"reported"`
	Attempts       []attempt `json:"attempts"`
	Refunds        []moved   `json:"refunds"`
}

// attempt is one try of a sale, with the number that went out.
type attempt struct {
	Ref string `json:"ref"`
}

// moved is a refund or a void of a sale.
type moved struct {
	ID     string `json:"id"`
	Kind   string `json:"kind"`
	Amount int64  `json:"amount"`
	State  string `json:"state"`
}

func (s sold) ended() bool {
	return s.State == "paid" || s.State == "declined" || s.State == "cancelled"
}

// seen is a sale as an answer of posd had it.
type seen struct {
	sold
	asked, answered int64
}

// terminalBooks and gatewayBooks are what the two have written down.
type terminalBooks struct {
	Approvals map[string]int `json:"approvals"`
}

type gatewayBooks struct {
	Orders  []order `json:"orders"`
	Refunds []struct {
		MchRefundNo string `json:"mchRefundNo"`
		Amount      int64  `json:"amount"`
		Failed      bool   `json:"failed"`
	} `json:"refunds"`
	Reports []struct {
		MchOrderNo string `json:"mchOrderNo"`
		Amount     int64  `json:"amount"`
		Accepted   int    `json:"accepted"`
	} `json:"reports"`
}

// order is one that the gateway has.
type order struct {
	MchOrderNo string `json:"mchOrderNo"`
	Amount     int64  `json:"amount"`
	Status     int    `json:"status"`
	Code       string `json:"code"`
	Refunded   int64  `json:"refunded"`
}

// facts are a history in the order in which the rules want it.
type facts struct {
	asks     []*exchange
	views    []seen // of every sale in every answer, as they came
	list     []sold // the last list of all sales
	listed   bool
	frames   []frame
	calls    []*call
	glass    []event
	papers   []string
	terminal *terminalBooks
	gateway  *gatewayBooks
	atRest   bool
	unrest   string // what still moved when the history ended
	wires    []event
}

// read reads a history. What is not one is an error that names the line.
func read(r io.Reader) (*facts, error) {
	f := &facts{}
	open := map[int]*exchange{}
	lines := bufio.NewReader(r)
	for n := 1; ; n++ {
		text, err := lines.ReadBytes('\n')
		if errors.Is(err, io.EOF) && len(text) == 0 {
			break
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, err
		}
		var e event
		if err := json.Unmarshal(text, &e); err != nil {
			return nil, fmt.Errorf("line %d is no line of a history: %w", n, err)
		}
		if err := f.add(e, open); err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
	}
	if len(f.asks) == 0 {
		return nil, errors.New("nobody asked posd for anything in it: no history")
	}
	f.readWires()
	return f, nil
}

func (f *facts) add(e event, open map[int]*exchange) error {
	switch e.Who + " " + e.What {
	case "client asks":
		x := &exchange{event: e, asked: e.T}
		open[e.N] = x
		f.asks = append(f.asks, x)
	case "client answers":
		x := open[e.N]
		if x == nil {
			return fmt.Errorf("an answer to request %d, which nobody asked", e.N)
		}
		delete(open, e.N)
		x.answered, x.Status, x.answer = e.T, e.Status, e.Body
		f.hear(x)
	case "client leaves":
		f.atRest = e.Text == "at rest"
		f.unrest = e.Text
	case "glass shows":
		f.glass = append(f.glass, e)
	case "paper prints":
		f.papers = append(f.papers, e.Text)
	case "terminal books":
		return json.Unmarshal(e.Body, &f.terminal)
	case "gateway books":
		return json.Unmarshal(e.Body, &f.gateway)
	case "terminal hears", "terminal says", "gateway hears", "gateway says":
		f.wires = append(f.wires, e)
	case "posd starts", "posd ends":
	default:
		return fmt.Errorf("nobody knows what %s %s is", e.Who, e.What)
	}
	return nil
}

// hear takes every sale out of an answer, wherever it stands in it.
func (f *facts) hear(x *exchange) {
	if x.Status/100 != 2 {
		return
	}
	var all []sold
	sales(x.answer, &all)
	for _, s := range all {
		f.views = append(f.views, seen{s, x.asked, x.answered})
	}
	if x.Method == "GET" && (x.Path == "/v1/sales" || len(x.Path) > 10 && x.Path[:10] == "/v1/sales?") {
		f.list, f.listed = all, true
	}
}

// sales finds what looks like a sale.
func sales(text json.RawMessage, into *[]sold) {
	var list []json.RawMessage
	if json.Unmarshal(text, &list) == nil {
		for _, one := range list {
			sales(one, into)
		}
		return
	}
	var members map[string]json.RawMessage
	if json.Unmarshal(text, &members) != nil {
		return
	}
	if members["id"] != nil && members["state"] != nil && members["method"] != nil {
		var s sold
		if json.Unmarshal(text, &s) == nil {
			*into = append(*into, s)
		}
		return
	}
	if members["sale"] != nil {
		sales(members["sale"], into)
	}
}

// owned says which numbers and references posd knows.
func (f *facts) owned() map[string]sold {
	owned := map[string]sold{}
	for _, s := range f.list {
		owned[s.MchOrderNo] = s
		for _, a := range s.Attempts {
			owned[a.Ref] = s
		}
		for _, m := range s.Refunds {
			owned[m.ID] = s
		}
	}
	delete(owned, "")
	return owned
}

// taken is how often the money of a sale was taken, by the books.
func (f *facts) taken(s sold) int {
	n := 0
	for _, a := range s.Attempts {
		if s.Method == "card" {
			n += f.terminal.Approvals[a.Ref]
			continue
		}
		for _, o := range f.gateway.Orders {
			if o.MchOrderNo == a.Ref && (o.Status == 2 || o.Status == 3) {
				n++
			}
		}
	}
	return n
}

// back is how often a movement was made, by the books.
func (f *facts) back(s sold, m moved) int {
	if s.Method == "card" {
		return f.terminal.Approvals[m.ID]
	}
	n := 0
	for _, r := range f.gateway.Refunds {
		if r.MchRefundNo == m.ID && !r.Failed {
			n++
		}
	}
	return n
}

// byHand reports whether a person has said how the sale or one of its movements ended.
func (f *facts) byHand(id string) bool {
	return slices.ContainsFunc(f.asks, func(x *exchange) bool { return x.Path == "/v1/sales/"+id+"/resolve" && x.Status/100 == 2 })
}
