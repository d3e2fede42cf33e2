//go:build tools

package api

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"posd/device/sale"
)

// capture is a record of the terminal.
type capture struct {
	Type, Ref string
	Cents     int64
	Voided    bool
}

// order is one of the gateway's.
type order struct {
	MchOrderNo               string
	Amount, Status, Refunded int64
}

func (o order) paid() bool { return o.Status == 2 || o.Status == 3 }

// simulated is what terminal and gateway know.
func (r *robot) simulated() ([]capture, []order) {
	r.t.Helper()
	var pax struct{ Records []capture }
	var gateway struct{ Orders []order }
	for path, into := range map[string]any{"/pax/state": &pax, "/gateway/state": &gateway} {
		if err := json.Unmarshal([]byte(r.control("GET", path, "")), into); err != nil {
			r.t.Fatal(err)
		}
	}
	return pax.Records, gateway.Orders
}

// resolve tells posd of all that it asks a person about what the terminal's own list
// and the gateway's show.
func (r *robot) resolve() {
	for _, s := range r.all() {
		if s.Attention == "" {
			continue
		}
		taken, voided := r.known(s)
		if s.State == sale.Unsure {
			r.say(string(s.ID), map[bool]sale.State{true: sale.Paid, false: sale.Declined}[taken && !voided])
		}
		for _, m := range s.Refunds {
			if m.State == sale.MovementUnsure && m.Kind == sale.Void {
				r.say(string(m.ID), map[bool]sale.State{true: "done", false: "refused"}[voided])
			}
		}
	}
}

// known is whether money was taken for a sale, and whether that was undone.
func (r *robot) known(s sale.Sale) (taken, voided bool) {
	records, orders := r.simulated()
	for _, c := range records {
		if slices.ContainsFunc(s.Attempts, func(a sale.Attempt) bool { return a.Ref == c.Ref }) {
			taken, voided = true, c.Voided
		}
	}
	return taken || slices.ContainsFunc(orders, func(o order) bool { return o.MchOrderNo == s.MchOrderNo && o.paid() }), voided
}

// say is a person's word, which posd may refuse.
func (r *robot) say(id string, as sale.State) {
	a, err := http.Post(r.url+"/v1/sales/"+id+"/resolve", "application/json", strings.NewReader(fmt.Sprintf(`{"as":%q,"reason":"the list shows it","by":"robot"}`, as)))
	if err != nil {
		return // posd is away
	}
	a.Body.Close()
	r.did("a person says that %s is %s: %d", id, as, a.StatusCode)
	if a.StatusCode == http.StatusOK {
		r.told++
	}
}

// captures counts what the terminal and the gateway took of each bill and kept.
// More than once is only what was said to be another customer's, or what posd
// could not undo by itself and has laid before a person.
func (r *robot) captures() {
	r.t.Helper()
	pax, orders := r.simulated()
	taken := map[int64]int{}
	for _, c := range pax {
		switch {
		case c.Voided:
		case c.Type == "01" || c.Type == "04":
			taken[c.Cents]++
		case c.Type == "02":
			taken[c.Cents]--
		}
	}
	for _, o := range orders {
		if o.paid() && o.Refunded < o.Amount {
			taken[o.Amount]++
		}
	}
	list := r.all()
	captured := 0
	for _, n := range taken {
		captured += n
	}
	r.t.Logf("%d sales, %d captures of %d bills", len(list), captured, len(taken))
	for cents, n := range taken {
		b := r.seen[cents]
		if b == nil {
			r.t.Errorf("%d was taken %d times, and nobody owed it", cents, n)
			continue
		}
		told, paid := 0, []string{}
		for _, s := range list {
			if int64(s.Amount) != cents {
				continue
			}
			paid = append(paid, fmt.Sprintf("%s %s %s replaces %q %q %v", s.ID, s.Method, s.State, s.Replaces, s.Attention, s.Refunds))
			if s.State == sale.Paid && s.Attention != "" {
				told++
			}
		}
		if n > 1+b.others+told {
			r.t.Errorf("the bill of %d was captured %d times (another customer %d times, before a person %d): posd says\n%s", cents, n, b.others, told, strings.Join(paid, "\n"))
		}
	}
}
