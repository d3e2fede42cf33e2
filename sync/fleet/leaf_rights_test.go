package fleet_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"posd/cmd/possim/loopback"
	"posd/sync/fleet"
	"posd/sync/fleet/fleetsim"
)

// shopChain is the chain of configs/nats: the centre, and shop2 with a server of its
// own. Its counters are t1 (UTILL3) and t2 (UTILL4), those of shop1 are at the centre.
type shopChain struct {
	dir         string
	centre, own string // where the two servers are reached
}

var demo = fleet.StreamPlan{Stream: "BOOKS", Chain: "demo", Replicas: 1}

// startShopChain starts both servers as the samples have them, after change.
func startShopChain(t *testing.T, change func(string) string) *shopChain {
	t.Helper()
	c := &shopChain{dir: sample(t)}
	between, err := loopback.Addr() // of the link of the two
	if err != nil {
		t.Fatal(err)
	}
	for i, name := range []string{"rights.conf", "server.conf", "leaf.conf"} {
		file := filepath.Join(c.dir, name)
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		now := strings.NewReplacer("0.0.0.0:7422", between, "hub.example:7422", between,
			filepath.Join(c.dir, "data"), filepath.Join(c.dir, fmt.Sprint("data", i))).Replace(string(text))
		if err := os.WriteFile(file, []byte(change(now)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	start := func(name string) string {
		o, err := server.ProcessConfigFile(filepath.Join(c.dir, name))
		if err != nil {
			t.Fatal(err)
		}
		o.Host, o.Port, o.HTTPPort, o.NoSigs, o.NoLog = "127.0.0.1", -1, -1, true, true
		s, err := fleetsim.Start(*o)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(s.Stop)
		return strings.Replace(s.ClientURL(), "nats://", "tls://", 1)
	}
	c.centre, c.own = start("server.conf"), start("leaf.conf")
	whole := demo
	whole.Domains = []string{"shop2"}
	for at, p := range map[string]fleet.StreamPlan{c.own: demo, c.centre: whole} {
		if _, findings, err := fleet.InitStream(t.Context(), c.dial(t, at, "UHUB", "poshub"), p); err != nil || len(findings) != 1 {
			t.Fatal(findings, err)
		}
	}
	return c
}

func (c *shopChain) dial(t *testing.T, at, key, name string) *nats.Conn {
	t.Helper()
	nc, err := fleet.Dial([]string{at}, filepath.Join(c.dir, key+".nk"), filepath.Join(c.dir, "ca.pem"), name, quiet)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	return nc
}

// sells lets a counter sell and be caught up with.
func (c *shopChain) sells(t *testing.T, at, key, shop, till string) {
	t.Helper()
	b := openBox(t, t.TempDir())
	b.sell(t, 2)
	f := fleet.Defaults()
	f.Servers, f.Name, f.CAFile, f.CredentialFile = []string{at}, fleet.Name{Chain: "demo", Shop: shop, Till: till}, filepath.Join(c.dir, "ca.pem"), filepath.Join(c.dir, key+".nk")
	b.run(fleet.New(f, b.Store, b.dir, nil, quiet))
	b.caughtUp(t)
}

// breakIn is somebody who holds a key of the chain and tries what it is not for.
type breakIn struct {
	who   string
	at    func(*shopChain) string
	key   string
	name  string
	tells []string          // subjects that he writes on
	asks  map[string]string // what he asks for an answer
	hears []string          // subjects that he listens on
}

func atCentre(c *shopChain) string { return c.centre }
func inShop(c *shopChain) string   { return c.own }

// ofTill are the questions that a counter's key may not ask for another's subjects.
func ofTill(domain, shop, till string) map[string]string {
	return map[string]string{
		domain + ".DIRECT.GET.BOOKS.books.demo." + shop + "." + till + ".*": "",
		domain + ".DIRECT.GET.BOOKS":                                        `{"seq":1}`,
		domain + ".STREAM.MSG.GET.BOOKS":                                    `{"seq":1}`,
		domain + ".CONSUMER.CREATE.BOOKS":                                   `{"stream_name":"BOOKS","config":{"ack_policy":"none"}}`,
		domain + ".STREAM.INFO.BOOKS":                                       "",
		domain + ".STREAM.CREATE.MINE":                                      `{"name":"MINE","subjects":["mine"],"republish":{"src":">","dest":"books.demo.` + shop + "." + till + `.1-x"}}`,
		domain + ".STREAM.MSG.DELETE.BOOKS":                                 `{"seq":1}`,
		domain + ".STREAM.PURGE.BOOKS":                                      "",
		domain + ".STREAM.DELETE.BOOKS":                                     "",
	}
}

var everything = []string{"books.>", "books.demo.shop1.t1.*", "books.demo.shop2.t1.*", "ask.demo.shop1.t1.*", "_INBOX.shop1.t1.>"}

var breakIns = []breakIn{
	{who: "the neighbour at the counter", at: inShop, key: "UTILL4", name: "shop2/t2",
		tells: []string{"books.demo.shop2.t1.1-x", "status.demo.shop2.t1"}, asks: ofTill("$JS.API", "shop2", "t1"), hears: everything},
	{who: "a counter, of another shop", at: inShop, key: "UTILL4", name: "shop2/t2",
		tells: []string{"books.demo.shop1.t1.1-x", "status.demo.shop1.t1"}, asks: ofTill("$JS.hub.API", "shop1", "t1"), hears: everything},
	{who: "a counter at the centre", at: atCentre, key: "UTILL2", name: "shop1/t2",
		tells: []string{"books.demo.shop1.t1.1-x", "books.demo.shop2.t1.1-x"}, asks: ofTill("$JS.shop2.API", "shop2", "t1"), hears: everything},
	{who: "whoever keeps the shop's server, by the key for its stream", at: inShop, key: "UHUB", name: "poshub",
		tells: []string{"books.demo.shop2.t1.1-x", "books.demo.shop1.t1.1-x"}, asks: ofTill("$JS.hub.API", "shop1", "t1"), hears: everything},
	{who: "whoever keeps the shop's server, by its own key", at: atCentre, key: "ULEAF", name: "poshub",
		tells: []string{"books.demo.shop2.t1.1-x", "books.demo.shop1.t1.1-x", "status.demo.shop1.t1"}, asks: ofTill("$JS.API", "shop1", "t1"), hears: everything},
}

// tries says what succeeds of a break-in. What the server refuses it says before it
// answers the ping that follows.
func (c *shopChain) tries(t *testing.T, b breakIn) (broken []string) {
	t.Helper()
	nc := c.dial(t, b.at(c), b.key, b.name)
	try := func(act, subject string, err error) {
		if err == nil {
			err = nc.FlushTimeout(5 * time.Second)
		}
		if err != nil {
			t.Fatalf("%s: %s %s: %v", b.who, act, subject, err)
		}
		if last := nc.LastError(); last == nil || !errors.Is(last, nats.ErrPermissionViolation) || !strings.Contains(last.Error(), `"`+subject+`"`) {
			broken = append(broken, act+" "+subject)
		}
	}
	for _, subject := range b.tells {
		try("writes on", subject, nc.Publish(subject, []byte("{}")))
	}
	inbox := nc.NewInbox()
	for subject, body := range b.asks {
		try("asks", subject, nc.PublishRequest(subject, inbox, []byte(body)))
	}
	for _, subject := range b.hears {
		_, err := nc.SubscribeSync(subject)
		try("listens on", subject, err)
	}
	return broken
}

// With the sample's rights, at the centre and at a shop with a server of its own,
// nobody's key opens what is another counter's: not its neighbour's, nor another
// shop's, nor with the keys that a shop's server has.
func TestNobodysKeyOpensAnotherCountersSubjects(t *testing.T) {
	c := startShopChain(t, func(text string) string { return text })
	for i, k := range []struct{ at, key, shop, till string }{{c.own, "UTILL3", "shop2", "t1"}, {c.own, "UTILL4", "shop2", "t2"}, {c.centre, "UTILL1", "shop1", "t1"}} {
		c.sells(t, k.at, k.key, k.shop, k.till)
		c.holds(t, k.shop+"."+k.till, 2, 2*(i+1)) // the rights are enough for what they are for
	}
	for _, b := range breakIns {
		if broken := c.tries(t, b); len(broken) > 0 {
			t.Errorf("%s:\n%s", b.who, strings.Join(broken, "\n"))
		}
	}
	c.holds(t, "shop1.t1", 2, 6)
}

func withoutRights(text string) string {
	return regexp.MustCompile(`(publish|subscribe): \[[^\]]*\]`).ReplaceAllString(text, `$1: [">"]`)
}

// ofShop changes the shop's server alone.
func ofShop(change func(string) string) func(string) string {
	return func(text string) string {
		if strings.Contains(text, "server_name: shop2") {
			return change(text)
		}
		return text
	}
}

// The same attempts succeed, each, where the rights are taken out of the samples:
// what refuses them is the rights.
func TestWithoutRightsEveryKeyOpensEverything(t *testing.T) {
	c := startShopChain(t, withoutRights)
	for _, b := range breakIns {
		if broken := c.tries(t, b); len(broken) != len(b.tells)+len(b.asks)+len(b.hears) {
			t.Errorf("%s is refused something without rights, too:\n%s", b.who, strings.Join(broken, "\n"))
		}
	}
}

// Who keeps a shop's server may put into its stream what he likes; the centre takes
// over what stands under the shop's own name, and nothing else.
func TestCentreTakesOverAShopsOwnCountersOnly(t *testing.T) {
	c := startShopChain(t, ofShop(withoutRights))
	nc := c.dial(t, c.own, "UHUB", "poshub")
	for _, subject := range []string{"books.demo.shop1.t1.1-x", "books.demo.shop2.t1.1-x"} {
		if _, err := nc.Request(subject, []byte("{}"), 5*time.Second); err != nil {
			t.Fatal(err)
		}
	}
	c.holds(t, "shop2.t1", 1, 1)
}

// A shop's server that forwards everything, and would listen to everything, gets
// through to the centre with what its key is for.
func TestLeafPassesOnItsOwnSubjectsOnly(t *testing.T) {
	c := startShopChain(t, func(text string) string {
		return strings.Replace(ofShop(withoutRights)(text), "    # the hub\n", "    { user: any, password: any }\n", 1)
	})
	rogue := c.dial(t, c.own, "UHUB", "poshub")
	centre, err := nats.Connect(c.centre, nats.RootCAs(filepath.Join(c.dir, "ca.pem")), nats.UserInfo("any", "any"))
	if err != nil {
		t.Fatal(err)
	}
	defer centre.Close()
	const up, down = "status.demo.shop2.t1", "ask.demo.shop2.t1.check" // these pass
	subjects := []string{"books.demo.shop1.t1.1-x", "books.demo.shop2.t1.1-x", "status.demo.shop1.t1", "ask.demo.shop1.t1.check", "_INBOX.shop1.t1.x", "$JS.ACK.BOOKS.hub.1.1.1.1.1"}
	for subject := range ofTill("$JS.hub.API", "shop1", "t1") {
		subjects = append(subjects, subject)
	}
	if passed := passes(t, rogue, centre, subjects, up); len(passed) > 0 {
		t.Errorf("a shop's server gets through to the centre:\n%s", strings.Join(passed, "\n"))
	}
	if passed := passes(t, centre, rogue, append(subjects, "_INBOX.poshub.x", "$JS.API.STREAM.INFO.BOOKS"), down); len(passed) > 0 {
		t.Errorf("a shop's server hears from the centre:\n%s", strings.Join(passed, "\n"))
	}
}

// passes says which subjects get from one connection to the other, of whom the
// last one does.
func passes(t *testing.T, from, to *nats.Conn, subjects []string, last string) (passed []string) {
	t.Helper()
	heard, err := to.SubscribeSync(">")
	if err != nil {
		t.Fatal(err)
	}
	defer heard.Unsubscribe()
	is := func(body string) bool {
		m, err := heard.NextMsg(100 * time.Millisecond)
		if err != nil {
			return false
		}
		if string(m.Data) == "tried for "+last {
			passed = append(passed, m.Subject)
		}
		return m.Subject == last && string(m.Data) == body
	}
	send := func(subject, body string) {
		if err := from.Publish(subject, []byte(body)); err != nil {
			t.Fatal(err)
		}
	}
	until(t, "the other side is listened to", func() bool { send(last, "begins"); return is("begins") })
	for _, subject := range subjects {
		send(subject, "tried for "+last)
	}
	send(last, "ends")
	until(t, "the last message has passed", func() bool { return is("ends") })
	return passed
}

// holds waits until the centre's stream has what a counter published, and compares
// how much it has by then of all counters.
func (c *shopChain) holds(t *testing.T, counter string, n, all int) {
	t.Helper()
	js, err := jetstream.New(c.dial(t, c.centre, "UHUB", "poshub"))
	if err != nil {
		t.Fatal(err)
	}
	s, err := js.Stream(t.Context(), "BOOKS")
	if err != nil {
		t.Fatal(err)
	}
	var subjects map[string]uint64
	until(t, "the counter's messages are at the centre", func() bool {
		info, err := s.Info(t.Context(), jetstream.WithSubjectFilter(">"))
		if err != nil {
			t.Fatal(err)
		}
		subjects = info.State.Subjects
		found := 0
		for subject, k := range subjects {
			if strings.HasPrefix(subject, "books.demo."+counter+".") {
				found += int(k)
			}
		}
		return found >= n
	})
	sum := 0
	for _, k := range subjects {
		sum += int(k)
	}
	if sum != all {
		t.Errorf("the centre has %d messages, should be %d: %v", sum, all, subjects)
	}
}

// A stream that takes over too little from a shop's server, or too much, is named.
func TestSourcesOfTheStreamAreJudged(t *testing.T) {
	h := newHub(t)
	js, err := jetstream.New(h.nc)
	if err != nil {
		t.Fatal(err)
	}
	s, err := js.Stream(t.Context(), "BOOKS")
	if err != nil {
		t.Fatal(err)
	}
	p := plan
	p.Domains = []string{"shop2"}
	for _, c := range []struct {
		sources []*jetstream.StreamSource
		want    string
	}{
		{nil, "is not taken over"},
		{[]*jetstream.StreamSource{{Name: "BOOKS", Domain: "shop2"}}, "may speak for other shops"},
		{[]*jetstream.StreamSource{{Name: "BOOKS", Domain: "shop2", FilterSubject: "books.c.shop2.>"}, {Name: "X"}}, "come from other streams"},
		{[]*jetstream.StreamSource{{Name: "BOOKS", Domain: "shop2", FilterSubject: "books.c.shop2.>"}}, ""},
	} {
		config := s.CachedInfo().Config
		config.Sources = c.sources
		if _, err := js.UpdateStream(t.Context(), config); err != nil {
			t.Fatal(err)
		}
		found, err := fleet.CheckStream(t.Context(), h.nc, p)
		if err != nil {
			t.Fatal(err)
		}
		var words []string
		for _, f := range found {
			if f.Setting == "sources" {
				words = append(words, f.Words)
			}
		}
		if all := strings.Join(words, "; "); (c.want == "") != (all == "") || !strings.Contains(all, c.want) {
			t.Errorf("%v: %q, should say %q", c.sources, all, c.want)
		}
	}
}
