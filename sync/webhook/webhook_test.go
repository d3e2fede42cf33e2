package webhook

import (
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"posd/device/sale"
)

// TestASignatureIsThatOfTheStandard holds Sign against the example that the standard's libraries are tested with.
func TestASignatureIsThatOfTheStandard(t *testing.T) {
	secret, err := ParseSecret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n")
	if err != nil {
		t.Fatal(err)
	}
	got := Sign(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", time.Unix(1614265330, 0), []byte(`{"test": 2432232314}`))
	if want := "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	for _, bad := range []string{"", "whsec_", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_!!!", "whsec_" + base64.StdEncoding.EncodeToString([]byte("short"))} {
		if _, err := ParseSecret(bad); err == nil || strings.Contains(err.Error(), "MfKQ") {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

// far is a receiver and a journal: answers says by event what it answers.
type far struct {
	mu      sync.Mutex
	events  []sale.StoredEvent
	answers func(seq int64) int
	told    []int64 // taken, in order
	tries   int
	bodies  []string
	notes   map[string]string
}

func (f *far) add(kinds ...string) {
	for _, k := range kinds {
		id, kind, _ := strings.Cut(k, " ")
		f.events = append(f.events, sale.StoredEvent{Seq: int64(len(f.events) + 1), At: time.Now(), Sale: sale.ID(id), Kind: kind, Data: []byte(`{"state":"paid"}`)})
	}
}

func (f *far) Events(_ context.Context, after int64, limit int) ([]sale.StoredEvent, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	rest := f.events[min(int(after), len(f.events)):]
	return slices.Clone(rest[:min(limit, len(rest))]), nil
}

func (f *far) Note(_ context.Context, name, value string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.notes == nil {
		f.notes = map[string]string{}
	}
	f.notes[name] = value
	return nil
}

func (f *far) Do(r *http.Request) (*http.Response, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.tries++
	body, _ := io.ReadAll(r.Body)
	f.bodies = append(f.bodies, string(body))
	seq, _ := strconv.ParseInt(strings.Split(r.Header.Get("webhook-id"), "_")[1], 10, 64)
	status := 200
	if f.answers != nil {
		status = f.answers(seq)
	}
	if status == 0 {
		return nil, fmt.Errorf("connection refused")
	}
	if status == 200 {
		f.told = append(f.told, seq)
	}
	return &http.Response{StatusCode: status, Status: fmt.Sprint(status), Body: io.NopCloser(strings.NewReader(""))}, nil
}

// run runs a target for a while behind event after.
func (f *far) run(t *testing.T, c Config, after int64, d time.Duration) *Target {
	target := New(c, "secret", f, f, slog.New(slog.DiscardHandler))
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- target.Run(ctx, after) }()
	time.Sleep(d) // virtual
	synctest.Wait()
	cancel()
	<-ended
	return target
}

func config() Config {
	c := Defaults()
	c.URL, c.SecretFile = "https://erp.example/posd", "/etc/posd/secret"
	return c
}

// TestOneSaleIsToldInOrderAndHoldsUpNoOther, however often the receiver refuses.
func TestOneSaleIsToldInOrderAndHoldsUpNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &far{}
		f.add("A sale.intended", "B sale.intended", "A sale.paid", "B sale.paid", "C sale.intended")
		refused := 0
		f.answers = func(seq int64) int {
			if seq == 1 && refused < 4 {
				refused++
				return []int{0, 500, 302, 400}[refused-1]
			}
			return 200
		}
		target := f.run(t, config(), 0, time.Hour)
		if fmt.Sprint(f.told) != "[2 4 5 1 3]" {
			t.Errorf("told %v", f.told)
		}
		if s := target.Status(); !s.OK() || s.Waiting != 0 || f.notes["webhook erp.example"] != "5" {
			t.Errorf("%+v, noted %v", s, f.notes)
		}
		if want := `"data":{"seq":2,"sale":"B","event":{"state":"paid"}}`; !strings.Contains(f.bodies[1], want) || !strings.HasPrefix(f.bodies[1], `{"type":"sale.intended","timestamp":"`) {
			t.Errorf("body %s", f.bodies[1])
		}
	})
}

// TestADeadTargetIsSaid, asked for ever with pauses that grow, and begun again where it was.
func TestADeadTargetIsSaid(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &far{answers: func(int64) int { return 0 }}
		f.add("A sale.intended", "A sale.paid")
		target := f.run(t, config(), 0, 24*time.Hour)
		s := target.Status()
		if s.OK() || s.Waiting != 2 || s.Words == "" || !s.Oldest.Equal(f.events[0].At) {
			t.Errorf("%+v", s)
		}
		if f.tries < 24*60/5 || f.tries > 24*60 {
			t.Errorf("%d tries in a day", f.tries)
		}
		if f.notes["webhook erp.example"] != "" {
			t.Errorf("noted %v", f.notes)
		}
		f.answers = nil
		f.run(t, config(), 0, time.Minute)
		if fmt.Sprint(f.told) != "[1 2]" {
			t.Errorf("told %v", f.told)
		}
		f.answers = func(int64) int { return http.StatusGone }
		f.add("B sale.intended")
		f.tries = 0
		if s := f.run(t, config(), 2, time.Hour).Status(); !s.Gone || s.OK() || f.tries != 1 {
			t.Errorf("gone: %+v after %d tries", s, f.tries)
		}
	})
}

// TestWhatIsTooOldIsGivenUpAndSaid: what comes behind it is told.
func TestWhatIsTooOldIsGivenUpAndSaid(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &far{answers: func(seq int64) int { return map[bool]int{true: 400, false: 200}[seq == 1] }}
		f.add("A sale.intended", "A sale.paid", "A drawer.asked")
		c := config()
		c.MaxAge, c.Kinds = time.Hour, []string{"sale.*"}
		s := f.run(t, c, 0, 3*time.Hour).Status()
		if s.GivenUp != 1 || s.OK() || fmt.Sprint(f.told) != "[2]" || f.notes["webhook erp.example"] != "3" {
			t.Errorf("%+v, told %v, noted %v", s, f.told, f.notes)
		}
	})
}

// TestANameDoesNotLeadBackToThisBox, unless its address is written down.
func TestANameDoesNotLeadBackToThisBox(t *testing.T) {
	for url, refused := range map[string]bool{"https://localhost.localdomain:1/": true, "https://ip6-localhost:1/": true, "https://127.0.0.1:1/": false} {
		c := config()
		c.URL = url
		err := Send(t.Context(), NewClient(c), c, "secret", Test(time.Now()), time.Now())
		if err == nil || refused && !strings.Contains(err.Error(), "leads to") && !strings.Contains(err.Error(), "no such host") {
			t.Errorf("%s: %v", url, err)
		}
	}
	for url, ok := range map[string]bool{"https://erp.example/posd": true, "http://192.168.1.5/x": true, "http://localhost:9000/": true,
		"http://erp.example/": false, "ftp://x/": false, "erp.example": false, "": false, "https://user:pw@erp.example/": false} {
		c := config()
		c.URL = url
		if faults := c.Validate(); (len(faults) == 0) != ok {
			t.Errorf("%q: %v", url, faults)
		}
	}
}
