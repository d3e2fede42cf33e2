package sale

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Scopes are rights to ask posd for something, any number of them.
type Scopes uint8

// The rights.
const (
	ScopeSell    Scopes = 1 << iota // take payments, cancel them, show bills to the customer
	ScopeRefund                     // refund, void, keep, return
	ScopeManage                     // resolve, close the day, put reports back, prune, order past the till
	ScopeRead                       // see sales, receipts, reports, devices and numbers; change nothing
	ScopeDisplay                    // see what the customer sees; nothing else
)

// scopeNames are their names, in the order of the bits.
var scopeNames = []string{"sell", "refund", "manage", "read", "display"}

// AllScopes are all rights.
const AllScopes = ScopeSell | ScopeRefund | ScopeManage | ScopeRead | ScopeDisplay

// String lists the names, with commas.
func (s Scopes) String() string {
	var names []string
	for i, name := range scopeNames {
		if s&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	return strings.Join(names, ",")
}

// ParseScopes reads a list of names with commas between them.
func ParseScopes(text string) (Scopes, error) {
	var s Scopes
	for name := range strings.SplitSeq(text, ",") {
		i := 0
		for i < len(scopeNames) && scopeNames[i] != strings.TrimSpace(name) {
			i++
		}
		if i == len(scopeNames) {
			return 0, fmt.Errorf("%q is no scope: use %s, with commas between several", strings.TrimSpace(name), strings.Join(scopeNames, ", "))
		}
		s |= 1 << i
	}
	if s == 0 {
		return 0, errors.New("name at least one scope")
	}
	return s, nil
}

// Token lets a program or a page in. What it shows is nowhere but with it: here
// stands the SHA-256, which is right for 256 random bits.
type Token struct {
	ID        string
	Name      string // for people: which register, which tablet
	Hash      string // hex
	Scopes    Scopes
	MaxRefund Amount // of one refund or return; 0 means no limit
	MaxDay    Amount // of all refunds, voids and returns in one business day; 0 means no limit
	Returns   bool   // whether it may return without a sale
	CreatedAt time.Time
	CreatedBy string
	ExpiresAt *time.Time // nil: never
	RevokedAt *time.Time // nil: in force
	RevokedBy string
}

// InForce reports whether a token lets in at an instant; the words say why not.
func (t Token) InForce(now time.Time) (ok bool, words string) {
	switch {
	case t.RevokedAt != nil:
		return false, "This token was revoked"
	case t.ExpiresAt != nil && !now.Before(*t.ExpiresAt):
		return false, "This token has expired"
	}
	return true, ""
}

// TokenRow makes or changes a token.
type TokenRow struct{ Token Token }

func (TokenRow) row() {}

// Actor is who acts: by a token, by a user of this box over the unix socket, or by a
// front end, which asks for no PIN,
// and the person who is signed in at the page. The zero Actor is any program of
// the box, where no token was made yet.
type Actor struct {
	Token    string // name of the token
	User     string // of the box
	Front    string // the front end that was asked, and the name its section gives to those who ask there
	Person   string // who is signed in; "" for nobody, and where the shop has no people
	Approver string // who has let the person do this one thing
	Scopes   Scopes
	Limits   Limits
}

// Limits are how far an actor may go; the zero Limits are none. The step checks
// them, so that no way leads past.
type Limits struct {
	NoReturns bool   // of the token: nothing is returned without a sale
	Lacks     Rights // of the person: what takes somebody else
	Token     Cap
	Person    Cap
}

// Cap bounds what may be given back; 0 means no limit.
type Cap struct {
	Who       string // whose sum of the day it is, and for words
	MaxRefund Amount // of one refund, void or return
	MaxDay    Amount // of all asked for in one business day
}

// Acted names in an event who acted.
type Acted struct {
	Actor    string `json:"actor,omitempty"`    // by which token, as which user of the box, or through which front end
	Person   string `json:"person,omitempty"`   // who was signed in
	Approver string `json:"approver,omitempty"` // who let the person do it
}

// Acted returns the actor as events name it.
func (a Actor) Acted() Acted { return Acted{a.String(), a.Person, a.Approver} }

type actorKey struct{}

// WithActor returns a context in which actor asks.
func WithActor(ctx context.Context, actor Actor) context.Context {
	return context.WithValue(ctx, actorKey{}, actor)
}

// ActorOf returns who asks in a context.
func ActorOf(ctx context.Context) Actor {
	a, _ := ctx.Value(actorKey{}).(Actor)
	return a
}

// String names the actor as the journal does; "" is nobody in particular.
func (a Actor) String() string {
	switch {
	case a.Token != "":
		return "token " + a.Token
	case a.User != "":
		return "user " + a.User
	case a.Front != "":
		return a.Front
	}
	return ""
}
