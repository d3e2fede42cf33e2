package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"posd/device/api"
	"posd/device/sale"
	"posd/store"
)

// People is what goes with the roles of those who work here; `posd person` adds them.
type People struct {
	// LockAfter is how long a page stays unlocked without a request: then giving
	// back, the drawer and settings take a PIN again, and selling goes on. Default 3m.
	LockAfter  time.Duration `toml:"lock_after"`
	Cashier    RoleMay       `toml:"cashier"`
	Supervisor RoleMay       `toml:"supervisor"`
}

// RoleMay is what a role may do besides selling. A manager may do everything.
type RoleMay struct {
	// Rights are any of refund, void, return, drawer, close, manage.
	Rights []string `toml:"rights"`
	// MaxRefundCents bounds one refund, void or return; 0: no limit. Default 0.
	MaxRefundCents int `toml:"max_refund_cents"`
	// MaxDayCents bounds all that one person gives back in a business day; 0: no limit. Default 0.
	MaxDayCents int `toml:"max_day_cents"`
}

func defaultPeople() People {
	return People{LockAfter: 3 * time.Minute, Cashier: RoleMay{Rights: []string{"drawer"}},
		Supervisor: RoleMay{Rights: []string{"refund", "void", "return", "drawer", "close"}}}
}

func (p People) validate() []error {
	var faults []error
	if p.LockAfter < 10*time.Second || p.LockAfter > 12*time.Hour {
		faults = append(faults, fmt.Errorf("lock_after = %s: write a time from 10s to 12h", p.LockAfter))
	}
	for name, role := range map[string]RoleMay{"cashier": p.Cashier, "supervisor": p.Supervisor} {
		if _, err := sale.ParseRights(role.Rights); err != nil {
			faults = append(faults, fmt.Errorf("%s.rights: %w", name, err))
		}
		if role.MaxRefundCents < 0 || role.MaxDayCents < 0 {
			faults = append(faults, fmt.Errorf("%s.max_refund_cents and max_day_cents cannot be below 0: 0 is no limit", name))
		}
	}
	return faults
}

// peopleKeeper holds the journal's people in memory and writes changes before
// they count.
type peopleKeeper struct {
	config People
	set    setter
	pins   pins
	now    func() time.Time

	turn sync.Mutex // one change, or one PIN, at a time: guessing in parallel gains nothing
	miss misses     // by turn
	list atomic.Pointer[[]sale.Person]
}

func newPeopleKeeper(ctx context.Context, c Config, s *store.Store, set setter) (*peopleKeeper, error) {
	list, err := s.People(ctx)
	if err != nil {
		return nil, err
	}
	k := &peopleKeeper{config: c.People, set: set, pins: pins{dir: c.Store.Dir}, now: time.Now}
	k.list.Store(&list)
	notes, err := s.Notes(ctx)
	k.miss.recall(notes[noteMisses])
	return k, err
}

// Any is api.People.Any.
func (k *peopleKeeper) Any() bool {
	return slices.ContainsFunc(*k.list.Load(), func(p sale.Person) bool { return p.RemovedAt == nil })
}

// List is api.People.List.
func (k *peopleKeeper) List() []sale.Person {
	return slices.Clone(*k.list.Load())
}

// LockAfter is api.People.LockAfter.
func (k *peopleKeeper) LockAfter() time.Duration { return k.config.LockAfter }

// May is api.People.May.
func (k *peopleKeeper) May(role sale.Role) sale.Limits {
	of := RoleMay{}
	switch role {
	case sale.Manager:
		return sale.Limits{}
	case sale.Supervisor:
		of = k.config.Supervisor
	case sale.Cashier:
		of = k.config.Cashier
	}
	rights, _ := sale.ParseRights(of.Rights) // judged with the file
	return sale.Limits{Lacks: sale.AllRights &^ rights, Person: sale.Cap{MaxRefund: sale.Amount(of.MaxRefundCents), MaxDay: sale.Amount(of.MaxDayCents)}}
}

// Add is api.People.Add.
func (k *peopleKeeper) Add(ctx context.Context, r api.PersonRequest) (sale.Person, error) {
	name := strings.TrimSpace(r.Name)
	if name == "" || !sale.Printable(name) {
		return sale.Person{}, &sale.Refusal{Kind: sale.ErrInvalid, Words: "the name must be printable"}
	}
	role, err := sale.ParseRole(string(r.Role))
	if err != nil {
		return sale.Person{}, &sale.Refusal{Kind: sale.ErrInvalid, Words: err.Error()}
	}
	k.turn.Lock()
	defer k.turn.Unlock()
	list, i := k.find(name)
	if i >= 0 {
		return list[i], &sale.Refusal{Kind: sale.ErrNotPossible, Words: fmt.Sprintf("%s works here already: choose another name, or give %s another PIN", name, name)}
	}
	hash, err := k.pins.hash(sale.Secret(r.PIN))
	if err != nil {
		return sale.Person{}, err
	}
	a := sale.ActorOf(ctx)
	p := sale.Person{ID: newKey(), Name: name, Pin: hash, Role: role, CreatedAt: k.now().UTC(), CreatedBy: actorName(a)}
	if err := k.set(ctx, []sale.Row{sale.PersonRow{Person: p}}, "person.added", fmt.Sprintf("%s (%s)", p.Name, p.Role), true); err != nil {
		return p, err
	}
	list = append(k.List(), p)
	slices.SortStableFunc(list, func(a, b sale.Person) int { return strings.Compare(a.Name, b.Name) })
	k.list.Store(&list)
	return p, nil
}

// SetPIN is api.People.SetPIN.
func (k *peopleKeeper) SetPIN(ctx context.Context, id string, pin sale.Secret) (sale.Person, error) {
	return k.change(ctx, id, "person.pin", func(p *sale.Person) (err error) {
		p.Pin, err = k.pins.hash(pin)
		return err
	})
}

// Remove is api.People.Remove.
func (k *peopleKeeper) Remove(ctx context.Context, id string) (sale.Person, error) {
	return k.change(ctx, id, "person.removed", func(p *sale.Person) error {
		now := k.now().UTC()
		p.RemovedAt, p.RemovedBy = &now, actorName(sale.ActorOf(ctx))
		return nil
	})
}

// change changes somebody who works here.
func (k *peopleKeeper) change(ctx context.Context, id, kind string, f func(*sale.Person) error) (sale.Person, error) {
	k.turn.Lock()
	defer k.turn.Unlock()
	list, i := k.find(id)
	if i < 0 {
		return sale.Person{}, noPerson(id)
	}
	p := list[i]
	if err := f(&p); err != nil {
		return p, err
	}
	if err := k.set(ctx, []sale.Row{sale.PersonRow{Person: p}}, kind, p.Name, true); err != nil {
		return p, err
	}
	list[i] = p
	k.list.Store(&list)
	return p, nil
}

// find returns a copy of the list, and the place in it of somebody who works here,
// by ID or name; -1 for nobody.
func (k *peopleKeeper) find(id string) (list []sale.Person, at int) {
	list = k.List()
	return list, slices.IndexFunc(list, func(p sale.Person) bool { return p.RemovedAt == nil && (p.ID == id || p.Name == id) })
}

func noPerson(id string) error {
	return &sale.Refusal{Kind: sale.ErrNotFound, Words: fmt.Sprintf("nobody called %s works here: posd person list shows who does", id)}
}

// Check is api.People.Check.
func (k *peopleKeeper) Check(ctx context.Context, id string, pin sale.Secret) (sale.Person, error) {
	k.turn.Lock()
	defer k.turn.Unlock()
	list, i := k.find(id)
	if i < 0 {
		return sale.Person{}, noPerson(id)
	}
	p := list[i]
	if wait := k.miss.wait(p.ID, k.now()); wait > 0 {
		return p, &sale.Refusal{Kind: sale.ErrPINLocked, Words: fmt.Sprintf("Too many wrong PINs: the next one for %s can be given in %s. Selling goes on without one.", p.Name, inWords(wait))}
	}
	right, err := k.pins.same(p.Pin, pin)
	if err != nil || right {
		return p, err
	}
	// What cannot be written counts in this run all the same.
	k.miss.add(p.ID, k.now())
	row := sale.NoteRow{Name: noteMisses, Value: k.miss.text()}
	if err := k.set(ctx, []sale.Row{row}, "person.wrong-pin", p.Name, false); err != nil && !errors.Is(err, sale.ErrUnavailable) {
		return p, err
	}
	return p, &sale.Refusal{Kind: sale.ErrWrongPIN, Words: fmt.Sprintf("That is not the PIN of %s.", p.Name)}
}

// inWords says a wait in minutes, which nobody has to count.
func inWords(d time.Duration) string {
	if n := int((d + time.Minute - 1) / time.Minute); n > 1 {
		return fmt.Sprintf("%d minutes", n)
	}
	return "a minute"
}

// actorName names who changed something.
func actorName(a sale.Actor) string {
	if a.Person != "" {
		return a.Person
	}
	return a.String()
}
