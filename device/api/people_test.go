package api

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"posd/device"
	"posd/device/sale"
)

// crew keeps people in memory; everybody's PIN is 2705 and the length of the name.
type crew struct{ list []sale.Person }

func (c *crew) Any() bool                { return len(c.list) > 0 }
func (c *crew) List() []sale.Person      { return c.list }
func (c *crew) LockAfter() time.Duration { return time.Minute }
func (c *crew) May(role sale.Role) sale.Limits {
	if role == sale.Manager {
		return sale.Limits{}
	}
	return sale.Limits{Lacks: sale.AllRights &^ sale.RightDrawer, Person: sale.Cap{MaxRefund: 500}}
}
func (c *crew) Add(_ context.Context, r PersonRequest) (sale.Person, error) {
	c.list = append(c.list, sale.Person{ID: "P" + r.Name, Name: r.Name, Role: r.Role, CreatedAt: at})
	return c.list[len(c.list)-1], nil
}
func (c *crew) find(id string) int {
	return slices.IndexFunc(c.list, func(p sale.Person) bool { return p.ID == id && p.RemovedAt == nil })
}
func (c *crew) SetPIN(ctx context.Context, id string, _ sale.Secret) (sale.Person, error) {
	return c.Check(ctx, id, "2705")
}
func (c *crew) Remove(_ context.Context, id string) (p sale.Person, err error) {
	i := c.find(id)
	if i < 0 {
		return p, &sale.Refusal{Kind: sale.ErrNotFound, Words: "nobody"}
	}
	c.list[i].RemovedAt = &at
	return c.list[i], nil
}
func (c *crew) Check(_ context.Context, id string, pin sale.Secret) (p sale.Person, err error) {
	i := c.find(id)
	switch {
	case i < 0:
		return p, &sale.Refusal{Kind: sale.ErrNotFound, Words: "nobody"}
	case pin.Reveal() != "2705":
		return p, &sale.Refusal{Kind: sale.ErrWrongPIN, Words: "That is not the PIN."}
	}
	return c.list[i], nil
}

// actors is a till that notes who asks it for a refund.
type actors struct {
	*fake
	seen []sale.Actor
}

func (a *actors) Refund(ctx context.Context, r device.GiveBackRequest) (sale.Sale, string, bool, error) {
	a.seen = append(a.seen, sale.ActorOf(ctx))
	return a.fake.Refund(ctx, r)
}

func (a *actors) Sell(ctx context.Context, r device.SellRequest) (sale.Sale, bool, error) {
	a.seen = append(a.seen, sale.ActorOf(ctx))
	return a.fake.Sell(ctx, r)
}

// last is who asked last.
func (a *actors) last() sale.Actor { return a.seen[len(a.seen)-1] }

func cookieOf(t *testing.T, h http.Header) string {
	t.Helper()
	cookie, _, _ := strings.Cut(h.Get("Set-Cookie"), ";")
	if cookie == "" {
		t.Fatal("no cookie")
	}
	return cookie
}

// TestAPageActsInTheNameOfWhoeverIsSignedIn goes through a shift at one page.
func TestAPageActsInTheNameOfWhoeverIsSignedIn(t *testing.T) {
	f := &actors{fake: newFake()}
	o := options(f.fake)
	c := &crew{}
	now := at
	o.People, o.Clock = c, func() time.Time { return now }
	h := New(f, o)
	refund := func(headers ...string) sale.Actor {
		t.Helper()
		if w := ask(t, h, "POST", "/v1/sales/S1/refund", `{"by":"somebody"}`, append(headers, "Idempotency-Key", "k")...); w.Code != 201 {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
		return f.last()
	}
	if a := refund(); a.Limits.Lacks != 0 || a.Person != "" {
		t.Errorf("a shop without people: %+v", a)
	}
	c.list = []sale.Person{{ID: "P1", Name: "Ana", Role: sale.Cashier}, {ID: "P2", Name: "Mo", Role: sale.Manager}}
	if a := refund(); a.Limits.Lacks != sale.AllRights {
		t.Errorf("nobody signed in: %+v", a)
	}
	if w := ask(t, h, "POST", "/v1/people/P1/sign-in", `{"pin":"9999"}`); w.Code != 403 || w.Header().Get("Set-Cookie") != "" {
		t.Errorf("a wrong PIN: %d %s", w.Code, w.Body)
	}
	w := ask(t, h, "POST", "/v1/people/P1/sign-in", `{"pin":"2705"}`)
	ana := cookieOf(t, w.Header())
	if !strings.Contains(w.Header().Get("Set-Cookie"), "HttpOnly") || !strings.Contains(w.Body.String(), `"rights":["drawer"]`) {
		t.Errorf("sign-in: %s %s", w.Header().Get("Set-Cookie"), w.Body)
	}
	if a := refund("Cookie", ana); a.Person != "Ana" || a.Limits.Lacks != sale.AllRights&^sale.RightDrawer || a.Limits.Person != (sale.Cap{Who: "Ana", MaxRefund: 500}) {
		t.Errorf("a cashier: %+v", a)
	}

	// Locked after a while: it sells on in her name, and does nothing else.
	now = now.Add(time.Minute)
	if a := refund("Cookie", ana); a.Person != "Ana" || a.Limits.Lacks != sale.AllRights {
		t.Errorf("locked: %+v", a)
	}
	if w := ask(t, h, "GET", "/v1/person", "", "Cookie", ana); !strings.Contains(w.Body.String(), `"locked":true`) || !strings.Contains(w.Body.String(), `"name":"Ana"`) {
		t.Errorf("who am I: %s", w.Body)
	}
	if w := ask(t, h, "POST", "/v1/sales", `{"amount":100,"method":"card"}`, "Cookie", ana, "Idempotency-Key", "s"); w.Code != 201 || f.last().Person != "Ana" {
		t.Errorf("a sale at a locked page: %d %+v", w.Code, f.last())
	}

	// Somebody else takes over: the old cookie is worth nothing.
	w = ask(t, h, "POST", "/v1/people/P2/sign-in", `{"pin":"2705"}`, "Cookie", ana)
	mo := cookieOf(t, w.Header())
	if a := refund("Cookie", mo); a.Person != "Mo" || a.Limits.Lacks != 0 {
		t.Errorf("a manager: %+v", a)
	}
	if a := refund("Cookie", ana); a.Person != "" || a.Limits.Lacks != sale.AllRights {
		t.Errorf("switched away: %+v", a)
	}
	ask(t, h, "POST", "/v1/person/lock", "", "Cookie", mo)
	if a := refund("Cookie", mo); a.Limits.Lacks != sale.AllRights {
		t.Errorf("locked by hand: %+v", a)
	}
	now = now.Add(-time.Second) // a clock put back unlocks nothing
	c.list[1].RemovedAt = &at
	if a := refund("Cookie", mo); a.Person != "" || a.Limits.Lacks != sale.AllRights {
		t.Errorf("removed while signed in: %+v", a)
	}
}

// TestAnApprovalLetsOneRequestThrough, and no other one, whatever else is sent.
func TestAnApprovalLetsOneRequestThrough(t *testing.T) {
	f := &actors{fake: newFake()}
	f.put(sale.Sale{ID: "S2", State: sale.Paid, Refunds: []sale.Movement{{ID: "M1"}}})
	o := options(f.fake)
	now := at
	o.People, o.Clock = &crew{list: []sale.Person{{ID: "P1", Name: "Ana", Role: sale.Cashier}, {ID: "P2", Name: "Mo", Role: sale.Manager}}}, func() time.Time { return now }
	h := New(f, o)
	ana := cookieOf(t, ask(t, h, "POST", "/v1/people/P1/sign-in", `{"pin":"2705"}`).Header())
	var got Approval
	w := ask(t, h, "POST", "/v1/people/P2/approve", `{"pin":"2705","path":"/v1/sales/S1/refund"}`, "Cookie", ana)
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || got.By != "Mo" {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	for _, c := range []struct {
		path, key, approval string
		want                string
	}{
		{"/v1/sales/S2/refund", "k", got.Approval, ""}, // another sale
		{"/v1/sales/S1/refund", "k", "made-up", ""},
		{"/v1/sales/S1/refund", "k", got.Approval, "Mo"},
		{"/v1/sales/S1/refund", "k", got.Approval, "Mo"}, // repeated under its key
		{"/v1/sales/S1/refund", "other", got.Approval, ""},
	} {
		ask(t, h, "POST", c.path, `{}`, "Cookie", ana, "Idempotency-Key", c.key, approvalHeader, c.approval)
		if a := f.last(); a.Approver != c.want || a.Person != "Ana" || (c.want != "") != (a.Limits.Lacks == 0) {
			t.Errorf("%+v: %+v", c, a)
		}
	}
	now = now.Add(approveFor)
	ask(t, h, "POST", "/v1/sales/S1/refund", `{}`, "Cookie", ana, "Idempotency-Key", "k", approvalHeader, got.Approval)
	if f.last().Approver != "" {
		t.Error("an approval that is over counts")
	}
}

// TestAProgramActsByItsToken: people are no business of a register's own software,
// unless it says who stands at it. The socket is the box's own.
func TestAProgramActsByItsToken(t *testing.T) {
	f := &actors{fake: newFake()}
	o := options(f.fake)
	s := &shelf{}
	s.add("refund", sale.ScopeRefund, func(t *sale.Token) { t.MaxDay = 900 })
	s.add("staff", sale.ScopeSell|sale.ScopeRefund, nil)
	o.Tokens, o.Clock = s, func() time.Time { return at }
	o.People = &crew{list: []sale.Person{{ID: "P1", Name: "Ana", Role: sale.Cashier}}}
	h := New(f, o)
	ask(t, h, "POST", "/v1/sales/S1/refund", `{"by":"Bo"}`, "Idempotency-Key", "k", "Authorization", "Bearer posd_refund")
	if a := f.last(); a.Limits.Lacks != 0 || a.Limits.Token.MaxDay != 900 || a.Limits.Token.Who != "token refund" {
		t.Errorf("by its token: %+v", a)
	}
	ana := cookieOf(t, ask(t, h, "POST", "/v1/people/P1/sign-in", `{"pin":"2705"}`, "Authorization", "Bearer posd_staff").Header())
	ask(t, h, "POST", "/v1/sales/S1/refund", `{}`, "Idempotency-Key", "k", "Authorization", "Bearer posd_refund", "Cookie", ana)
	if a := f.last(); a.Person != "Ana" || a.Limits.Lacks == 0 || a.Limits.Token.MaxDay != 900 {
		t.Errorf("with a person: %+v", a)
	}
	if w := ask(t, h, "POST", "/v1/people/P1/sign-in", `{"pin":"2705"}`); w.Code != 401 {
		t.Errorf("a guess without a token: %d", w.Code)
	}
}
