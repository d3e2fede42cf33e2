package core_test

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"posd/device/core"
	"posd/device/sale"
)

// TestJumpsOfTheClockChangeNothing runs each seed twice: by a clock that is right,
// and by one that is set anew before every event, over restarts. All that posd
// wants must be the same but for the times that it prints.
func TestJumpsOfTheClockChangeNothing(t *testing.T) {
	seeds := max(*simSeeds, 150)
	asked := 0
	for seed := uint64(1); seed <= seeds; seed++ {
		right, wrong := clocked(seed, nil), clocked(seed, rand.New(rand.NewPCG(seed, 7)))
		if difference := right.wants.differ(wrong.wants); difference != "" {
			t.Fatalf("seed %d: %s", seed, difference)
		}
		asked += right.wants.asked
	}
	if asked == 0 {
		t.Error("no question about a bill without a number was asked")
	}
}

// clocked runs a seed at a shop whose bills have no numbers, so that the same bill
// is told by its amount and a while, and where reports may get too old.
func clocked(seed uint64, jumps *rand.Rand) *world {
	w := newWorld(seed, false)
	w.steady, w.jumps, w.wants = true, jumps, &wants{names: map[string]string{}}
	w.shop.bare, w.policy.BillWindow = true, 15*time.Minute/w.pace
	w.policy.Refunds = core.RefundLimits{} // a wallet counts the calendar's days: those are the wall clock's to tell
	w.policy.OfflineMaxAge = 10 * time.Minute / w.pace
	w.start()
	w.after(time.Second, func() { w.shop.open(w, 10+w.rnd.IntN(15)) })
	w.trouble()
	w.run(40 * time.Minute / w.pace)
	w.becomeCalm()
	w.run(w.now + 30*time.Minute)
	return w
}

// setClock sets the wall clock before an event, where the world's is one that jumps.
func (w *world) setClock() {
	switch {
	case w.jumps != nil && w.jumps.IntN(3) == 0:
		w.skew = max(time.Duration(w.jumps.Int64N(int64(8*365*24*time.Hour)))-4*365*24*time.Hour, time.Unix(0, 0).Sub(epoch)-w.now)
	case w.jumps != nil && w.jumps.IntN(3) == 0:
		w.skew = time.Duration(w.jumps.Int64N(int64(time.Hour))) - 30*time.Minute
	case w.steady && w.jumps == nil:
		w.skew = 0
	}
}

// wants is all that posd wanted of a world, in order, without the times in it and
// with names for what is called by a time.
type wants struct {
	lines []string
	names map[string]string
	asked int // questions about a bill
}

var (
	called  = regexp.MustCompile(`\b[PQ]?[0-9A-HJKMNP-TV-Z]{26}\b|\b[0-9A-HJKMNP-TV-Z]{16}\b|\b[0-9A-HJKMNP-TV-Z]{12}\b`)
	printed = regexp.MustCompile(`\d{4}-\d\d-\d\d([ T]\d\d:\d\d(:\d\d(\.\d+)?)?)?( \+0000 UTC|Z)?`)
)

func (t *wants) add(out core.Effects) {
	for _, list := range [][]core.Effect{out.Now, out.After} {
		for _, e := range list {
			if r, ok := e.(core.Reply); ok && r.Err != nil {
				e = core.Refuse{Token: r.Token, Err: r.Err}
			}
			if r, ok := e.(core.Refuse); ok {
				t.lines = append(t.lines, t.plain(fmt.Sprintf("refuse %d: %v", r.Token, r.Err)))
				if strings.Contains(r.Err.Error(), "another customer") {
					t.asked++
				}
				continue
			}
			t.lines = append(t.lines, t.plain(fmt.Sprintf("%T %s", e, aboutEffect(e))))
		}
	}
	for _, r := range out.Rows {
		switch r := r.(type) {
		case sale.SaleRow:
			t.lines = append(t.lines, t.plain(aboutSale(r.Sale)))
		case sale.ReportRow:
			t.lines = append(t.lines, t.plain(fmt.Sprintf("report %s %s %d %s", r.Report.No, r.Report.State, r.Report.Attempts, r.Report.Words)))
		case sale.NoteRow:
			t.lines = append(t.lines, "note "+r.Name) // its value holds times, in their order
		default:
			t.lines = append(t.lines, fmt.Sprintf("%T", r))
		}
	}
}

func aboutEffect(e core.Effect) string {
	switch e := e.(type) {
	case core.Charge:
		return fmt.Sprintf("%s %s %s", e.Request.Kind, e.Request.Ref, e.Request.Amount)
	case core.Find:
		return fmt.Sprintf("%s %s", e.Lookup.Kind, e.Lookup.Ref)
	case core.SendReports:
		return fmt.Sprint(len(e.Reports))
	case core.SendRefund:
		return fmt.Sprintf("%s %s", e.Request.No, e.Request.Amount)
	case core.Log:
		return e.Message + ": " + e.Words
	case core.Reply:
		return aboutSale(e.Sale)
	}
	return ""
}

func aboutSale(s sale.Sale) string {
	line := fmt.Sprintf("sale %s %s %s %s %s %s printed %s reported %s given up %v replaced by %s", s.ID, s.Method, s.Amount, s.State, s.Reason, s.ApprovedAmount, s.Printed, s.Reported, s.GivenUp, s.ReplacedBy)
	for _, m := range s.Refunds {
		line += fmt.Sprintf(", %s %s %s %s", m.Kind, m.ID, m.Amount, m.State)
	}
	return line
}

// plain takes times out of a text, and calls by their order what bears a time in its name.
func (t *wants) plain(text string) string {
	text = called.ReplaceAllStringFunc(text, func(name string) string {
		if t.names[name] == "" {
			t.names[name] = fmt.Sprintf("<%d>", len(t.names)+1)
		}
		return t.names[name]
	})
	return printed.ReplaceAllString(text, "<time>")
}

// differ says where another world was wanted something else of, with what went before.
func (t *wants) differ(u *wants) string {
	for i := range max(len(t.lines), len(u.lines)) {
		a, b := "nothing", "nothing"
		if i < len(t.lines) {
			a = t.lines[i]
		}
		if i < len(u.lines) {
			b = u.lines[i]
		}
		if a != b {
			before := slices.Clone(t.lines[max(0, i-8):min(i, len(t.lines))])
			return fmt.Sprintf("by a right clock posd wants %q, by one that jumps %q, after\n%s", a, b, strings.Join(before, "\n"))
		}
	}
	return ""
}
