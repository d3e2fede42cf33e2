//go:build box

package box

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// progress is what the box has said of its other work by now.
type progress struct {
	within bool   // between the begin of an act and its end
	tried  int    // acts that have ended
	ended  int    // those that ended well
	did    string // the last that ended well
	words  string // the last word
	failed string // of the last that did not end well
}

func (p progress) String() string {
	if p.words == "" {
		return ""
	}
	words := fmt.Sprintf(", %d of %d done, another one under way: %t", p.ended, p.tried, p.within)
	if p.ended < p.tried {
		words += fmt.Sprintf(" (%.200q)", p.failed)
	}
	return words
}

// busyNow reads it off the console.
func (m *machine) busyNow() (p progress) {
	text, _ := os.ReadFile(filepath.Join(m.dir, "console")) // not there yet: nothing was said
	for l := range strings.Lines(string(text)) {
		_, words, said := strings.Cut(strings.TrimSpace(l), "busy: ")
		if !said {
			continue
		}
		p.words, p.within = words, words == "begins"
		if !p.within {
			p.tried++
		}
		var code int
		var did string
		if n, _ := fmt.Sscanf(words, "ended %d %s", &code, &did); n == 2 && code == 0 {
			p.ended++
			p.did = did
		} else if !p.within {
			p.failed = words
		}
	}
	return p
}

// awaitAct waits until so many acts have ended well and another one is under way, for a while.
func awaitAct(now func() progress, ended int) {
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if p := now(); p.within && p.ended >= ended {
			return
		}
	}
}

// amidAct waits for a moment by lot within an act, for a while: a close of the day takes a
// part of a second, an upgrade many.
func (c *cutting) amidAct(now func() progress) {
	for range 10 {
		awaitAct(now, 0)
		time.Sleep(time.Duration(c.lot.Int64N(int64(time.Second))))
		if now().within {
			return
		}
	}
}

// summary is what a run of cuts amounts to.
type summary struct {
	cuts, forgot, journal, torn int // cuts; with something lost; with unflushed blocks of the journal; with torn blocks
	days                        int // closed in the end
	kinds                       map[string]*kindOfCuts
	moments                     map[moment]int
}

type kindOfCuts struct{ cuts, within, ended int }

func (s *summary) add(w work, when moment, f forgotten, now progress) {
	if s.kinds == nil {
		s.kinds, s.moments = map[string]*kindOfCuts{}, map[moment]int{}
	}
	s.cuts++
	s.moments[when]++
	for n, yes := range map[*int]bool{&s.forgot: f.lost > 0, &s.journal: f.journal > 0, &s.torn: f.torn > 0} {
		if yes {
			*n++
		}
	}
	k := s.kinds[w.name]
	if k == nil {
		k = &kindOfCuts{}
		s.kinds[w.name] = k
	}
	k.cuts++
	k.ended += now.ended
	if now.within {
		k.within++
	}
}

// say logs the figures, and fails the test where the cuts proved nothing.
func (s *summary) say(t *testing.T, sales, flushes int) {
	t.Helper()
	for _, w := range busy {
		if k := s.kinds[w.name]; k != nil && (w.act != "" || w.closes) {
			t.Logf("%s: %d cuts, %d of them within one, %d had ended well", w.name, k.cuts, k.within, k.ended)
			if k.cuts > 2 && (k.within == 0 || k.ended == 0) {
				t.Errorf("%s: never met, or never came to its end", w.name)
			}
		}
	}
	for when, n := range s.moments {
		t.Logf("%s: %d cuts", when, n)
	}
	t.Logf("%d power cuts, %d sales acknowledged, %d flushes", s.cuts, sales, flushes)
	t.Logf("%d days closed", s.days)
	t.Logf("%d cuts lost something, %d with unflushed blocks of posd's journal, %d with torn blocks", s.forgot, s.journal, s.torn)
	if s.journal == 0 {
		t.Error("no cut found a block of posd's journal that was not flushed: these cuts prove nothing")
	}
}
