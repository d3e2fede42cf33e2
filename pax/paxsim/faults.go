package paxsim

import (
	"fmt"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"
)

// Fault is something that can go wrong with the terminal or its line.
type Fault struct{ Name, About string }

// faultTable lists the faults. An argument is a list parted by commas: a value
// where one is named below, how many times (a number after x, or always;
// default once), and for which commands (T, T00, R02, ...; default T, the money
// ones). So lose-answer=5s,x2 or bad-lrc-once=R02.
var faultTable = []struct {
	Fault
	value   bool   // takes a value
	on      string // default command prefix
	forever bool
}{
	{Fault: Fault{"lose-ack", "the request is heard, its ACK never leaves"}, on: "T"},
	{Fault: Fault{"lose-answer", "the sale is approved and recorded, its response never leaves; nothing is heard for the time given"}, value: true, on: "T"},
	{Fault: Fault{"late-answer", "the response leaves the time given later (10s); the terminal is idle before"}, value: true, on: "T"},
	{Fault: Fault{"eot-for-answer", "EOT where the response is due; the sale stands"}, on: "T"},
	{Fault: Fault{"lose-eot", "the EOT after our response never leaves"}, on: "T"},
	{Fault: Fault{"nak-once", "the request is refused with NAK"}, on: "T"},
	{Fault: Fault{"nak-always", "every request is refused with NAK until cleared"}, on: "T", forever: true},
	{Fault: Fault{"bad-lrc-once", "the response's first copy has a wrong LRC"}, on: "T"},
	{Fault: Fault{"bad-lrc-always", "every copy of the response has a wrong LRC"}, on: "T"},
	{Fault: Fault{"garbage", "noise and NULs before the response"}, on: "T"},
	{Fault: Fault{"a35", "progress reports before the response"}, on: "T"},
	{Fault: Fault{"other-answer", "another command's response before the right one"}, on: "T"},
	{Fault: Fault{"glued", "the ACK waits for the response and leaves in one piece with it"}, on: "T"},
	{Fault: Fault{"split", "the response leaves byte by byte"}, on: "T"},
	{Fault: Fault{"busy", "not on the start screen: requests are not acknowledged"}},
	{Fault: Fault{"dead", "nothing is acknowledged until cleared"}, forever: true},
	{Fault: Fault{"unplug-at", "the connection breaks at the byte after N received, counted from the request's first (in:N), or once N bytes were sent after it (out:N, the ACK included)"}, value: true, on: "T"},
	{Fault: Fault{"decline", "the card's host declines"}, on: "T"},
	{Fault: Fault{"abort", "the customer presses cancel: 100002"}, on: "T"},
	{Fault: Fault{"timeout", "nobody shows a card: 100001"}, on: "T"},
	{Fault: Fault{"partial", "approved for N cents only: 000002"}, value: true, on: "T"},
	{Fault: Fault{"offline", "approved offline: 000001"}, on: "T"},
	{Fault: Fault{"duplicate", "100011 with the latest approval's data"}, on: "T"},
	{Fault: Fault{"code", "the result code given, and nothing done"}, value: true, on: "T"},
	{Fault: Fault{"code-after-card", "the result code given once a card was read, and nothing done"}, value: true, on: "T"},
	{Fault: Fault{"no-surcharge", "approved, the surcharge not applied: 000003"}, on: "T"},
	{Fault: Fault{"tip", "the customer adds a tip of N cents"}, value: true, on: "T"},
	{Fault: Fault{"tip-beside", "a tip of N cents, told beside an approved amount that leaves it out"}, value: true, on: "T"},
	{Fault: Fault{"cashback", "the customer takes cashback of N cents"}, value: true, on: "T"},
	{Fault: Fault{"surcharge", "a surcharge of N cents is added"}, value: true, on: "T"},
	{Fault: Fault{"late-approval", "the terminal is idle and knows nothing of the sale, and approves it the time given later (20s)"}, value: true, on: "T"},
	{Fault: Fault{"reboot", "the sale is approved and recorded, and the terminal starts anew instead of answering; when it is back, look-ups find nothing for the time given (6s)"}, value: true, on: "T"},
	{Fault: Fault{"first-verdict", "a response with the result code given, without a reference, and then the right one in the same conversation"}, value: true, on: "T"},
	{Fault: Fault{"stray-approval", "before the response one that approves a sale of another till's reference"}, on: "T"},
	{Fault: Fault{"odd-approval", "the approval is told with a fault: " + oddNames()}, value: true, on: "T"},
	{Fault: Fault{"lookup-off", "look-ups by reference find nothing until cleared"}, on: "R02", forever: true},
	{Fault: Fault{"out-of-balance", "the batch is closed, and the host's sums differ: 000300"}, on: "B00"},
	{Fault: Fault{"no-header", "over HTTP: the response comes without HTTP's header"}, on: "T"},
	{Fault: Fault{"several", "look-ups find several records"}, on: "R02"},
	{Fault: Fault{"foreign", "look-ups name another till's reference"}, on: "R02"},
}

// Faults lists the faults that can be set.
func Faults() []Fault {
	out := make([]Fault, len(faultTable))
	for i, f := range faultTable {
		out[i] = f.Fault
	}
	return out
}

// Amounts says what happens to sales whose amount ends in these two digits,
// when Options.ByAmount is set.
func Amounts() map[string]string {
	return map[string]string{
		"01": "decline", "02": "partial=500", "03": "timeout", "04": "abort", "05": "offline",
		"06": "code=100009", "07": "tip=100", "08": "cashback=1000", "09": "surcharge=50", "10": "duplicate",
	}
}

// chosen returns the fault called name if the amount chooses it.
func chosen(name, cents string) *fault {
	if len(cents) < 2 {
		return nil
	}
	f, err := parseFault(Amounts()[cents[len(cents)-2:]])
	if err != nil || f.name != name {
		return nil
	}
	return f
}

// fault is a fault that is set.
type fault struct {
	name   string
	value  string
	on     []string // command prefixes
	left   int
	always bool
}

// SetFault sets a fault: a name of Faults, with "=" and an argument if wanted.
func (t *Terminal) SetFault(spec string) error {
	f, err := parseFault(spec)
	if err != nil {
		return err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.faults[f.name] = f
	return nil
}

// ClearFault takes a fault back; all of them if name is empty.
func (t *Terminal) ClearFault(name string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if name == "" {
		clear(t.faults)
		t.deafUntil, t.blindUntil = time.Time{}, time.Time{}
	}
	delete(t.faults, name)
}

func parseFault(spec string) (*fault, error) {
	name, arg, _ := strings.Cut(spec, "=")
	for _, known := range faultTable {
		if known.Name != name {
			continue
		}
		f := &fault{name: name, on: []string{known.on}, left: 1, always: known.forever}
		named := false
		for part := range strings.SplitSeq(arg, ",") {
			n, err := strconv.Atoi(strings.TrimPrefix(part, "x"))
			switch {
			case part == "":
			case part == "always":
				f.always = true
			case strings.HasPrefix(part, "x") && err == nil && n > 0:
				f.left = n
			case strings.ContainsAny(part[:1], "TARB") && len(part) <= 3:
				if !named {
					f.on, named = nil, true
				}
				f.on = append(f.on, part)
			case known.value && f.value == "":
				f.value = part
			default:
				return nil, fmt.Errorf("fault %s: argument %q is not understood: use always, xN for N times, a command such as T00%s",
					name, part, map[bool]string{true: ", or its value", false: ""}[known.value])
			}
		}
		return f, f.check()
	}
	names := make([]string, len(faultTable))
	for i, k := range faultTable {
		names[i] = k.Name
	}
	sort.Strings(names)
	return nil, fmt.Errorf("unknown fault %q: there are %s", name, strings.Join(names, ", "))
}

// check refuses a value that means nothing.
func (f *fault) check() error {
	switch f.name {
	case "partial", "tip", "tip-beside", "cashback", "surcharge":
		if n, err := strconv.ParseInt(f.value, 10, 64); err != nil || n <= 0 {
			return fmt.Errorf("fault %s=%s: write an amount in cents, such as %s=500", f.name, f.value, f.name)
		}
	case "odd-approval":
		if oddApprovals[f.value] == nil {
			return fmt.Errorf("fault odd-approval=%s: write one of %s", f.value, oddNames())
		}
	case "code", "code-after-card", "first-verdict":
		if len(f.value) != 6 {
			return fmt.Errorf("fault %s=%s: write a result code of six digits, such as %s=103000", f.name, f.value, f.name)
		}
	case "unplug-at":
		if newCut(f.value) == nil {
			return fmt.Errorf("fault unplug-at=%s: write in:N or out:N", f.value)
		}
	case "lose-answer", "late-answer", "late-approval", "reboot":
		if _, err := time.ParseDuration(f.value); f.value != "" && err != nil {
			return fmt.Errorf("fault %s=%s: write a time, such as %s=5s", f.name, f.value, f.name)
		}
	}
	return nil
}

func (f *fault) duration(otherwise time.Duration) time.Duration {
	if d, err := time.ParseDuration(f.value); err == nil {
		return d
	}
	return otherwise
}

func (f *fault) cents() int64 {
	if f == nil {
		return 0
	}
	n, _ := strconv.ParseInt(f.value, 10, 64)
	return n
}

// fault takes a fault once if it is set for the command.
func (t *Terminal) fault(name, command string) *fault {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.faultLocked(name, command)
}

func (t *Terminal) faultLocked(name, command string) *fault {
	f := t.faults[name]
	if f == nil {
		return nil
	}
	for _, on := range f.on {
		if !strings.HasPrefix(command, on) {
			continue
		}
		if !f.always {
			if f.left--; f.left <= 0 {
				delete(t.faults, name)
			}
		}
		return f
	}
	return nil
}

// breaksIn reports whether the line shall break while a request comes.
func (t *Terminal) breaksIn(command string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	f := t.faults["unplug-at"]
	return f != nil && strings.HasPrefix(f.value, "in:") && slices.ContainsFunc(f.on, func(on string) bool { return strings.HasPrefix(command, on) })
}

// cut breaks a connection after so many bytes one way.
type cut struct {
	incoming bool
	left     int
}

func newCut(value string) *cut {
	way, n, _ := strings.Cut(value, ":")
	left, err := strconv.Atoi(n)
	if err != nil || left < 0 || way != "in" && way != "out" {
		return nil
	}
	return &cut{incoming: way == "in", left: left}
}

// in counts a byte that came and reports whether the line breaks at it.
func (c *cut) in() bool {
	if c == nil || !c.incoming {
		return false
	}
	c.left--
	return c.left < 0
}

// out counts bytes to be written; when the line breaks it says how many still go.
func (c *cut) out(n int) (int, bool) {
	if c == nil || c.incoming || c.left >= n {
		if c != nil && !c.incoming {
			c.left -= n
		}
		return n, false
	}
	return c.left, true
}
