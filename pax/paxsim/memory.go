package paxsim

import (
	"slices"
	"time"
)

// Swap puts another terminal in its place, called serial, with a memory of its
// own: what the first one remembers is there again when it is put back.
func (t *Terminal) Swap(serial string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if serial == t.opt.Serial {
		return
	}
	t.drawer[t.opt.Serial] = t.batch
	b, ok := t.drawer[serial]
	if !ok {
		b = batch{number: 1, approvals: t.batch.approvals} // approvals are told of all terminals together
	}
	t.opt.Serial, t.batch = serial, b
}

// Clear empties the terminal's memory, as its menu can: the records are gone,
// nothing is settled, and nobody is told. Numbers start again.
func (t *Terminal) Clear() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.batch.records, t.batch.last = nil, 0
}

// Reboot starts the terminal anew: nothing is heard for a while, and for
// another one look-ups find nothing, until its records are read in again.
func (t *Terminal) Reboot(deaf, blind time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.deafUntil = time.Now().Add(deaf)
	t.blindUntil = t.deafUntil.Add(blind)
}

// found returns what a look-up by reference finds. The lock is held.
func (t *Terminal) found(ref, command string) []*record {
	if t.faultLocked("lookup-off", command) != nil || time.Now().Before(t.blindUntil) {
		return nil
	}
	return slices.DeleteFunc(t.batch.byRef(ref), func(r *record) bool {
		return r.mark || r.void != "" && t.opt.Voided == "gone" || r.store == offline && t.opt.Stored == "hidden" || r.store == failed && t.opt.Stored != "numbered"
	})
}
