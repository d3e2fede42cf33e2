package api

import (
	"context"
	"net/http"
	"slices"
	"time"

	"posd/device/sale"
)

// The people of the counter. Where somebody was added, what gives money away or
// changes what the shop relies on takes a person's right:
//
//	a page        the person who is signed in there; locked after a while without
//	              a request, and then it sells on in that person's name
//	a token       for itself; with a person signed in, both must be allowed
//	the socket    a user of the box: everything; the file's mode decided
//
// Nobody is asked for a PIN by an ordinary sale. Somebody else's PIN lets one
// single request through (approve), without anyone being signed out for it.

// People keeps who works here. Its errors are refusals.
type People interface {
	// Any reports whether anybody works here: then rights count.
	Any() bool
	// List is everybody who works here or did, by name.
	List() []sale.Person
	Add(ctx context.Context, r PersonRequest) (sale.Person, error)
	SetPIN(ctx context.Context, id string, pin sale.Secret) (sale.Person, error)
	Remove(ctx context.Context, id string) (sale.Person, error)
	// Check returns the person of that ID or name if the PIN is right.
	Check(ctx context.Context, id string, pin sale.Secret) (sale.Person, error)
	// May is what goes with a role.
	May(role sale.Role) sale.Limits
	// LockAfter is how long a page stays unlocked without a request.
	LockAfter() time.Duration
}

// PersonRequest is the body of POST /v1/people.
type PersonRequest struct {
	Name string    `json:"name" minLength:"1" maxLength:"64" doc:"The person's name, as the journal and the pages say it." example:"Ana"`
	Role sale.Role `json:"role" enum:"cashier,supervisor,manager" doc:"What the person is here; the configuration says what goes with it." example:"cashier"`
	PIN  string    `json:"pin" minLength:"4" maxLength:"12" pattern:"^[0-9]+$" doc:"4 to 12 digits. Kept only as what a PIN is compared with." example:"270531"`
}

// PINRequest is the body of sign-in and of pin.
type PINRequest struct {
	PIN string `json:"pin" minLength:"4" maxLength:"12" pattern:"^[0-9]+$" doc:"The PIN, 4 to 12 digits." example:"270531"`
}

// ApproveRequest is the body of approve.
type ApproveRequest struct {
	PIN  string `json:"pin" minLength:"4" maxLength:"12" pattern:"^[0-9]+$" doc:"The PIN of the person who approves." example:"270531"`
	Path string `json:"path" minLength:"1" maxLength:"200" doc:"The path of the one request that is approved." example:"/v1/sales/01KAEXAMPLE000000000000000/refund"`
}

// PersonView is a person as listed.
type PersonView struct {
	ID        string     `json:"id" doc:"ULID."`
	Name      string     `json:"name" doc:"The person's name."`
	Role      sale.Role  `json:"role" enum:"cashier,supervisor,manager" doc:"What the person is here."`
	CreatedAt time.Time  `json:"createdAt" doc:"When the person was added."`
	CreatedBy string     `json:"createdBy" doc:"Who did so."`
	RemovedAt *time.Time `json:"removedAt" doc:"When the person was removed; null: works here."`
	RemovedBy string     `json:"removedBy" doc:"Who did so."`
}

// SignedIn says who is signed in at a page.
type SignedIn struct {
	People           bool      `json:"people" doc:"Whether anybody was added here: without people everything is as the tokens have it."`
	ID               string    `json:"id" doc:"ID of the person; empty for nobody."`
	Name             string    `json:"name" doc:"Who sells here; empty for nobody."`
	Role             sale.Role `json:"role" doc:"What the person is here."`
	Rights           []string  `json:"rights" doc:"What the person may do besides selling: refund, void, return, drawer, close, manage; none while locked."`
	Locked           bool      `json:"locked" doc:"Whether a PIN is needed for anything but selling."`
	LockAfterSeconds float64   `json:"lockAfterSeconds" doc:"How long without a request until it is."`
}

// Approval answers approve.
type Approval struct {
	Approval string    `json:"approval" doc:"Goes as the header Posd-Approval with the one request."`
	By       string    `json:"by" doc:"Who has approved it."`
	Until    time.Time `json:"until" doc:"How long it can be sent, and repeated under its Idempotency-Key."`
}

// ViewPerson is a person as listed.
func ViewPerson(p sale.Person) PersonView {
	return PersonView{p.ID, p.Name, p.Role, p.CreatedAt, p.CreatedBy, p.RemovedAt, p.RemovedBy}
}

func (h *handlers) listPeople(context.Context, *struct{}) (*struct{ Body []PersonView }, error) {
	list := []PersonView{}
	if h.People != nil {
		for _, p := range h.People.List() {
			list = append(list, ViewPerson(p))
		}
	}
	return &struct{ Body []PersonView }{list}, nil
}

// PersonID is embedded in requests about one person.
type PersonID struct {
	ID string `path:"id" maxLength:"64" doc:"ID of the person, or the name."`
}

type personOut struct {
	Status int
	Body   PersonView
}

func noPeople() error {
	return problem(http.StatusConflict, "not-possible", "This posd keeps no people.")
}

func (h *handlers) addPerson(ctx context.Context, in *struct{ Body PersonRequest }) (*personOut, error) {
	if h.People == nil {
		return nil, noPeople()
	}
	p, err := h.People.Add(ctx, in.Body)
	if err != nil {
		return nil, h.refuse("add person", err)
	}
	return &personOut{http.StatusCreated, ViewPerson(p)}, nil
}

func (h *handlers) setPIN(ctx context.Context, in *struct {
	PersonID
	Body PINRequest
}) (*personOut, error) {
	if h.People == nil {
		return nil, noPeople()
	}
	p, err := h.People.SetPIN(ctx, in.ID, sale.Secret(in.Body.PIN))
	if err != nil {
		return nil, h.refuse("set PIN", err)
	}
	return &personOut{http.StatusOK, ViewPerson(p)}, nil
}

func (h *handlers) removePerson(ctx context.Context, in *struct{ PersonID }) (*personOut, error) {
	if h.People == nil {
		return nil, noPeople()
	}
	p, err := h.People.Remove(ctx, in.ID)
	if err != nil {
		return nil, h.refuse("remove person", err)
	}
	return &personOut{http.StatusOK, ViewPerson(p)}, nil
}

type signedInOut struct {
	SetCookie string `header:"Set-Cookie" doc:"The cookie by which the page's requests name the person."`
	Body      SignedIn
}

// signIn puts a person's name to what the page asks from now on; whoever was
// signed in before is not any more.
func (h *handlers) signIn(ctx context.Context, in *struct {
	PersonID
	Was  string `cookie:"posd_person" doc:"Whoever was signed in before."`
	Body PINRequest
}) (*signedInOut, error) {
	if h.People == nil {
		return nil, noPeople()
	}
	p, err := h.People.Check(ctx, in.ID, sale.Secret(in.Body.PIN))
	if err != nil {
		return nil, h.refuse("sign in", err)
	}
	h.signed.end(in.Was)
	value := h.signed.begin(signing{person: p.ID, used: h.Clock()}, h.Clock(), sessionFor)
	return &signedInOut{h.cookieNamed(ctx, personCookie, value, int(sessionFor.Seconds())), h.signedIn(p, false)}, nil
}

func (h *handlers) whoAmI(_ context.Context, in *struct {
	Session string `cookie:"posd_person" doc:"The cookie of a sign-in."`
}) (*struct{ Body SignedIn }, error) {
	p, locked, ok := h.person(in.Session)
	if !ok {
		return &struct{ Body SignedIn }{SignedIn{People: h.People != nil && h.People.Any(), Rights: []string{}, Locked: true}}, nil
	}
	return &struct{ Body SignedIn }{h.signedIn(p, locked)}, nil
}

// lock asks for a PIN from now on; it sells on in the same name.
func (h *handlers) lock(ctx context.Context, in *struct {
	Session string `cookie:"posd_person" doc:"The cookie of a sign-in."`
}) (*struct{ Body SignedIn }, error) {
	h.signed.change(in.Session, func(s *signing) { s.locked = true })
	return h.whoAmI(ctx, in)
}

// signedIn tells of a person at a page.
func (h *handlers) signedIn(p sale.Person, locked bool) SignedIn {
	rights := sale.AllRights &^ h.People.May(p.Role).Lacks
	if locked {
		rights = 0
	}
	return SignedIn{People: true, ID: p.ID, Name: p.Name, Role: p.Role, Rights: rights.Names(), Locked: locked, LockAfterSeconds: h.People.LockAfter().Seconds()}
}

// approveFor is how long an approval can be sent.
const approveFor = time.Minute

// approve lets one request through on somebody else's right.
func (h *handlers) approve(ctx context.Context, in *struct {
	PersonID
	Body ApproveRequest
}) (*struct{ Body Approval }, error) {
	if h.People == nil {
		return nil, noPeople()
	}
	p, err := h.People.Check(ctx, in.ID, sale.Secret(in.Body.PIN))
	if err != nil {
		return nil, h.refuse("approve", err)
	}
	value := h.approved.begin(approval{person: p.ID, path: in.Body.Path}, h.Clock(), approveFor)
	return &struct{ Body Approval }{Approval{value, p.Name, h.Clock().Add(approveFor).UTC()}}, nil
}

const (
	personCookie   = "posd_person"
	approvalHeader = "Posd-Approval"
)

// signing is a person signed in at a page.
type signing struct {
	person string // ID
	used   time.Time
	locked bool
}

// approval is somebody's word for one request. The first Idempotency-Key that comes
// with it is the only one.
type approval struct{ person, path, key string }

// worker finds somebody who works here.
func (h *handlers) worker(id string) (sale.Person, bool) {
	list := h.People.List()
	i := slices.IndexFunc(list, func(p sale.Person) bool { return p.ID == id && p.RemovedAt == nil })
	if i < 0 {
		return sale.Person{}, false
	}
	return list[i], true
}

// person is who is signed in by a cookie.
func (h *handlers) person(cookie string) (p sale.Person, locked, ok bool) {
	if h.People == nil {
		return p, false, false
	}
	s, ok := h.signed.find(cookie, h.Clock())
	if !ok {
		return p, false, false
	}
	p, ok = h.worker(s.person)
	return p, s.locked || h.Clock().Sub(s.used) >= h.People.LockAfter(), ok
}

// named adds to an actor who is signed in, and how far that person may go.
func (h *handlers) named(a sale.Actor, r *http.Request) sale.Actor {
	if h.People == nil || overSocket(r) || !h.People.Any() {
		return a
	}
	cookie := ""
	if c, err := r.Cookie(personCookie); err == nil {
		cookie = c.Value
	}
	p, locked, ok := h.person(cookie)
	switch {
	case !ok && r.Header.Get("Authorization") != "": // a program acts for itself
		return a
	case !ok:
		a.Limits.Lacks = sale.AllRights
	case locked:
		a.Person, a.Limits.Lacks = p.Name, sale.AllRights
	default:
		a = may(a, p, h.People.May(p.Role))
		a.Person = p.Name
		if r.Method != http.MethodGet {
			h.signed.change(cookie, func(s *signing) { s.used = h.Clock() })
		}
	}
	if by, ok := h.approver(r); ok {
		a = may(a, by, h.People.May(by.Role))
		a.Approver = by.Name
	}
	return a
}

// may gives an actor the rights and limits of a person.
func may(a sale.Actor, p sale.Person, l sale.Limits) sale.Actor {
	a.Limits.Lacks, a.Limits.Person = l.Lacks, l.Person
	a.Limits.Person.Who = p.Name
	return a
}

// approver is who has approved a request, by its header.
func (h *handlers) approver(r *http.Request) (sale.Person, bool) {
	shown, key := r.Header.Get(approvalHeader), r.Header.Get("Idempotency-Key")
	one, ok := h.approved.find(shown, h.Clock())
	if !ok || one.path != r.URL.Path || one.key != "" && one.key != key {
		return sale.Person{}, false
	}
	if key == "" { // cannot be told from another one: once
		h.approved.end(shown)
	}
	h.approved.change(shown, func(a *approval) { a.key = key })
	return h.worker(one.person)
}

// somebody refuses what nobody stands for: neither a name was given, nor is
// somebody signed in.
func somebody(ctx context.Context, by string) error {
	if by != "" || sale.ActorOf(ctx).Person != "" {
		return nil
	}
	p := problem(http.StatusUnprocessableEntity, "invalid", "by is missing. "+hints["by"])
	p.Errors = []Fault{{"body.by", "expected a name, as nobody is signed in"}}
	return p
}
