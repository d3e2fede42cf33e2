package printersim

import (
	"fmt"
	"sort"
	"strconv"
	"strings"
	"time"
)

// Fault is something that can go wrong on request.
type Fault struct {
	Name  string `json:"name"`
	About string `json:"about"`
}

var faults = []Fault{
	{"paper-out", "the paper ends after =N more lines (default 0); clearing it puts in a new roll"},
	{"near-end", "the paper is nearly out"},
	{"cover", "the cover opens after =N more lines (default 0); clearing it closes it"},
	{"cutter", "the cutter jams after =N more lines (default 0)"},
	{"hot", "the head is too hot after =N more lines (default 0)"},
	{"error", "an error that only switching off and on ends, after =N more lines (default 0)"},
	{"offline", "somebody pressed the online button"},
	{"slow", "a line takes =DURATION (default 200ms)"},
	{"dies-mid", "loses its power after =N more lines (default 5) with all that is not printed; clearing it switches it on"},
	{"silent-clone", "answers nothing, ever"},
	{"lies-healthy", "says that all is well whatever happens, and drops what it has no paper for"},
	{"holds", "takes nothing from its line until it is cleared, as one whose flow control says stop"},
	{"forgets", "loses all that it took and has not printed (once), and stays switched on"},
	{"xoff", "says XOFF and prints nothing until it is cleared"},
	{"one-at-a-time", "on a network: hangs up on whoever comes while another is connected, instead of letting them wait"},
	{"slow-accept", "on a network: looks at a new connection only after =DURATION (default 2s)"},
}

// counted are the faults that happen after a number of lines.
var afterLines = map[string]int{"paper-out": 0, "cover": 0, "cutter": 0, "hot": 0, "error": 0, "dies-mid": 5}

// Faults lists the faults that SetFault knows.
func Faults() []Fault { return append([]Fault{}, faults...) }

// Faults lists the faults that SetFault knows.
func (s *Printer) Faults() []Fault { return Faults() }

// SetFault sets a fault: its name, or name=argument.
func (s *Printer) SetFault(text string) error {
	name, arg, _ := strings.Cut(text, "=")
	known := false
	for _, f := range faults {
		known = known || f.Name == name
	}
	if !known {
		var names []string
		for _, f := range faults {
			names = append(names, f.Name)
		}
		return fmt.Errorf("unknown fault %q: use one of %s", name, strings.Join(names, ", "))
	}
	lines, isCounted := afterLines[name]
	switch {
	case isCounted && arg != "":
		n, err := strconv.Atoi(arg)
		if err != nil || n < 0 {
			return fmt.Errorf("fault %s=%s: write a number of lines", name, arg)
		}
		lines = n
	case (name == "slow" || name == "slow-accept") && arg != "":
		if d, err := time.ParseDuration(arg); err != nil || d < 0 {
			return fmt.Errorf("fault %s=%s: write a duration like 200ms", name, arg)
		}
	case arg != "":
		return fmt.Errorf("fault %s takes no argument, not %q", name, arg)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if isCounted && lines > 0 {
		delete(s.faults, name)
		s.left[name] = lines
		s.report(s.mask)
		s.change()
		return nil
	}
	s.happen(name, arg)
	return nil
}

// ClearFault ends a fault; an empty name ends all.
func (s *Printer) ClearFault(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if name == "" || name == "dies-mid" {
		s.dead = false
	}
	if name == "" {
		clear(s.faults)
		clear(s.left)
	}
	delete(s.faults, name)
	delete(s.left, name)
	if s.off && !s.has("xoff") {
		s.off = false
		s.say([]byte{0x11})
	}
	s.report(s.mask)
	s.change()
}

// happen makes a fault true. Call it with mu held.
func (s *Printer) happen(name, arg string) {
	s.faults[name] = arg
	switch name {
	case "dies-mid":
		s.die()
	case "forgets":
		delete(s.faults, name)
		s.clear()
		s.machine.reset()
	case "xoff":
		s.off = true
		s.say([]byte{0x13})
	}
	s.report(s.mask)
	s.change()
}

// die loses the power, and with it all that is not on paper.
func (s *Printer) die() {
	s.dead = true
	s.clear()
	s.machine.reset()
	s.mask, s.off = 0, false
	if s.hangUp != nil {
		s.hangUp()
	}
}

// countDown brings counted faults a line nearer.
func (s *Printer) countDown() {
	for _, name := range sortedKeys(s.left) {
		if s.left[name]--; s.left[name] <= 0 {
			delete(s.left, name)
			s.happen(name, "")
		}
	}
}

func sortedKeys(m map[string]int) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}

func (s *Printer) has(name string) bool { _, ok := s.faults[name]; return ok }

func (s *Printer) paperOut() bool { return s.has("paper-out") }

// offline reports whether it says that it cannot print.
func (s *Printer) offline() bool {
	for _, name := range []string{"paper-out", "cover", "cutter", "hot", "error", "offline"} {
		if s.has(name) {
			return true
		}
	}
	return false
}

// stopped reports whether it executes nothing now.
func (s *Printer) stopped() bool {
	if s.has("lies-healthy") {
		return s.dead || s.has("xoff")
	}
	return s.dead || s.has("xoff") || s.offline()
}

// lineTime is how long a line takes.
func (s *Printer) lineTime() time.Duration { return s.takes("slow", 200*time.Millisecond, s.opt.Line) }

// takes is the time that a fault names, usual where it names none, and well without the fault.
func (s *Printer) takes(fault string, usual, well time.Duration) time.Duration {
	arg, ok := s.faults[fault]
	if !ok {
		return well
	}
	if d, err := time.ParseDuration(arg); err == nil {
		return d
	}
	return usual
}
