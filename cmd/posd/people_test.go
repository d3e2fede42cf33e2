package main

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"posd/device/api"
	"posd/device/sale"
	"posd/store"
)

// crewOn returns a keeper on a journal of its own.
func crewOn(t *testing.T, dir string) (*peopleKeeper, *store.Store) {
	t.Helper()
	c := defaults()
	c.Store.Dir = dir
	s, err := store.Open(t.Context(), c.Store, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	k, err := newPeopleKeeper(t.Context(), c, s, setAlone(s))
	if err != nil {
		t.Fatal(err)
	}
	return k, s
}

// TestGuessingAPINIsSlow counts what a guesser gets answered in an hour, of one
// person and of all, whatever is in between: right PINs, restarts, a clock put back.
func TestGuessingAPINIsSlow(t *testing.T) {
	dir := t.TempDir()
	k, s := crewOn(t, dir)
	for _, name := range []string{"Ana", "Bo", "Cy"} {
		if _, err := k.Add(t.Context(), api.PersonRequest{Name: name, Role: sale.Cashier, PIN: "270531"}); err != nil {
			t.Fatal(err)
		}
	}
	now := time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)
	k.now = func() time.Time { return now }
	guess := func(name string) bool {
		_, err := k.Check(t.Context(), name, "270532")
		if err == nil || !errors.Is(err, sale.ErrWrongPIN) && !errors.Is(err, sale.ErrPINLocked) {
			t.Fatalf("%s: %v", name, err)
		}
		return errors.Is(err, sale.ErrWrongPIN)
	}
	looked := 0
	for range 5 {
		if guess("Ana") {
			looked++
		}
	}
	_, err := k.Check(t.Context(), "Ana", "270531")
	if looked != 5 || !errors.Is(err, sale.ErrPINLocked) || !strings.Contains(err.Error(), "5 minutes") {
		t.Fatalf("%d guesses were looked at, then the right one: %v", looked, err)
	}
	if _, err := k.Check(t.Context(), "Bo", "270531"); err != nil {
		t.Errorf("one person's wrong PINs lock another out: %v", err)
	}
	if err := s.Close(); err != nil { // a restart gives none
		t.Fatal(err)
	}
	k, s = crewOn(t, dir)
	defer s.Close()
	k.now = func() time.Time { return now }
	now = now.Add(-2 * time.Hour)
	if guess("Ana") {
		t.Error("a restart, or a clock put back, gives another guess")
	}
	for _, each := range []struct {
		names []string
		most  int
	}{{[]string{"Ana"}, 60}, {[]string{"Ana", "Bo", "Cy"}, 60}} {
		now = now.Add(24 * time.Hour)
		looked, begin := 0, now
		for ; now.Sub(begin) < time.Hour; now = now.Add(20 * time.Second) {
			for _, name := range each.names {
				if k.miss.wait(k.List()[strings.Index("ABC", name[:1])].ID, now) > 0 {
					continue // locked: the argon2 is not even begun
				}
				if guess(name) {
					looked++
				}
			}
		}
		if looked > each.most || looked < each.most-5 {
			t.Errorf("%v: %d guesses in an hour, want at most %d", each.names, looked, each.most)
		}
		t.Logf("%v: %d guesses were looked at in an hour", each.names, looked)
	}
}

// TestWhatIsKeptOfAPIN says nothing of it, and nothing at all without the key
// that is in no copy.
func TestWhatIsKeptOfAPIN(t *testing.T) {
	dir := t.TempDir()
	p := pins{dir: dir}
	one, err1 := p.hash("270531")
	two, err2 := p.hash("270531")
	if err1 != nil || err2 != nil || one == two || strings.Contains(one, "270531") {
		t.Fatalf("%q %q %v %v", one, two, err1, err2)
	}
	for pin, want := range map[sale.Secret]bool{"270531": true, "270532": false, "": false} {
		if got, err := p.same(one, pin); got != want || err != nil {
			t.Errorf("%s: %v, %v", pin.Reveal(), got, err)
		}
	}
	if i, err := os.Stat(filepath.Join(dir, pinKey)); err != nil || i.Mode().Perm() != 0o600 {
		t.Errorf("the key: %v, %v", i, err)
	}
	other := pins{dir: t.TempDir()}
	if _, err := other.hash("111222"); err != nil {
		t.Fatal(err)
	}
	for name, p := range map[string]pins{"another box": other, "no key": {dir: t.TempDir()}} {
		if ok, err := p.same(one, "270531"); ok || !errors.Is(err, sale.ErrNotPossible) {
			t.Errorf("%s: %v, %v", name, ok, err)
		}
	}
	for _, weak := range []sale.Secret{"0000", "1234", "87654", "123", "1234567890123", "12a4"} {
		if _, err := p.hash(weak); !errors.Is(err, sale.ErrInvalid) {
			t.Errorf("%s was taken: %v", weak.Reveal(), err)
		}
	}
}

// TestPeopleByCommand goes from a box without people to one with two, beside a
// running daemon and without; the PIN stands nowhere.
func TestPeopleByCommand(t *testing.T) {
	b := newBox(t, "")
	person := func(pin string, args ...string) (int, string) {
		cmd := exec.Command(b.program, append([]string{"person"}, append(args, "-config", b.config)...)...)
		cmd.Stdin = strings.NewReader(pin + "\n")
		out, _ := cmd.CombinedOutput()
		return cmd.ProcessState.ExitCode(), string(out)
	}
	if code, out := person("270531", "add", "Mo", "-role", "manager"); code != 0 || !strings.Contains(out, "Mo works here as manager") {
		t.Fatalf("exit %d: %s", code, out)
	}
	b.daemon()
	for _, c := range []struct {
		pin  string
		args []string
		code int
		says string
	}{
		{"662931", []string{"add", "Ana"}, 0, "Ana works here as cashier"},
		{"662931", []string{"add", "Ana"}, exitRefused, "already"},
		{"1234", []string{"add", "Bo"}, exitRefused, "first that anybody tries"},
		{"55", []string{"pin", "Ana"}, exitRefused, "4 to 12"},
		{"918273", []string{"pin", "Ana"}, 0, "another PIN"},
		{"", []string{"list"}, 0, "Ana"},
		{"", []string{"remove", "Nobody"}, exitRefused, "nobody called"},
	} {
		if code, out := person(c.pin, c.args...); code != c.code || !strings.Contains(out, c.says) {
			t.Errorf("%v: exit %d: %s", c.args, code, out)
		}
	}
	c := newClient("http://localhost", target{"tcp", b.n})
	ask := func(path string, body any) answer {
		t.Helper()
		a, err := c.once(context.Background(), "POST", path, newKey(), body, answerLimit)
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	if a := ask("/v1/refunds", map[string]any{"amount": 100, "by": "somebody"}); a.status != 403 || !bytes.Contains(a.body, []byte(`"pin-needed"`)) {
		t.Errorf("a return by nobody: %d %s", a.status, a.body)
	}
	if a := ask("/v1/tokens", map[string]any{"name": "mine", "scopes": []string{"manage"}}); a.status != 403 {
		t.Errorf("a token by nobody: %d %s", a.status, a.body)
	}
	if a := ask("/v1/people/Ana/sign-in", map[string]any{"pin": "662931"}); a.status != 403 {
		t.Errorf("the PIN before: %d %s", a.status, a.body)
	}
	if a := ask("/v1/people/Ana/sign-in", map[string]any{"pin": "918273"}); a.status != 200 {
		t.Errorf("the PIN: %d %s", a.status, a.body)
	}
	if code, out := person("", "remove", "Ana"); code != 0 {
		t.Errorf("remove: exit %d: %s", code, out)
	}
	for _, name := range []string{"state/posd.db", "state/posd.db-wal", "log"} {
		text, err := os.ReadFile(filepath.Join(b.dir, name))
		for _, pin := range []string{"270531", "662931", "918273"} {
			if err == nil && bytes.Contains(text, []byte(pin)) {
				t.Errorf("%s holds a PIN", name)
			}
		}
	}
}
