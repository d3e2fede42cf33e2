package main

import (
	"bufio"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"posd/device/api"
	"posd/device/sale"
)

var crowdFor = flag.Duration("crowd", 3*time.Second, "how long 200 clients crowd a till that sells")

// crowd is what 200 clients without manners have heard.
type crowd struct {
	base, token string
	http        http.Client
	mu          sync.Mutex
	answers     map[string]int // status and type of problem
	wrong       []string
}

// asks are what the clients ask, each as fast as it is answered.
var asks = []struct{ method, path, body string }{
	{"GET", "/v1/sales?limit=1000", ""}, {"GET", "/v1/sales?state=paid&format=csv", ""}, {"GET", "/v1/events", ""},
	{"GET", "/v1/sales/01NOBODYEVERMADETHISSALE00?wait=1s", ""}, {"GET", "/v1/devices", ""}, {"GET", "/v1/reports/today", ""},
	{"GET", "/metrics", ""}, {"GET", "/openapi.json", ""}, {"POST", "/v1/sales", `{"amount":1,"method":"card"}`},
	{"POST", "/v1/sales", `{"amount":` + strings.Repeat("9", 100_000) + `}`}, {"GET", "/v1/nothing", ""}, {"OPTIONS", "/v1/sales", ""},
}

// client asks one thing again and again until ctx ends.
func (c *crowd) client(ctx context.Context, n int) {
	ask := asks[n%len(asks)]
	for ctx.Err() == nil {
		req, err := http.NewRequestWithContext(ctx, ask.method, c.base+ask.path, strings.NewReader(ask.body))
		if err != nil {
			panic(err) // constant
		}
		req.Header.Set("Authorization", "Bearer "+c.token)
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Idempotency-Key", fmt.Sprint("crowd", n))
		res, err := c.http.Do(req)
		if err != nil {
			if ctx.Err() == nil && ask.path != "/v1/events" {
				c.note("no answer", ask.method+" "+ask.path+": "+err.Error())
			}
			continue
		}
		c.judge(res)
		res.Body.Close()
	}
}

// judge notes an answer, and what of it the description does not have.
func (c *crowd) judge(res *http.Response) {
	body, err := io.ReadAll(io.LimitReader(res.Body, 8<<20)) // a stream is read until it or the crowd ends
	kind := ""
	if res.StatusCode >= 400 {
		var p api.Problem
		if err != nil || json.Unmarshal(body, &p) != nil || p.Type == "" || p.Status != res.StatusCode {
			c.note("no problem", fmt.Sprintf("%d %.100s", res.StatusCode, body))
		}
		kind = " " + p.Type
	}
	c.mu.Lock()
	c.answers[fmt.Sprint(res.StatusCode, kind)]++
	c.mu.Unlock()
}

func (c *crowd) note(kind, words string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.answers[kind]++
	c.wrong = append(c.wrong, words)
}

// TestACrowdOfClientsKeepsNobodyFromPaying has 200 clients with one token ask for all
// there is while a register with its own sells: only what the description has is
// answered, and every sale is paid. -crowd=1m for longer.
func TestACrowdOfClientsKeepsNobodyFromPaying(t *testing.T) {
	s := newShop(t, "")
	token := func(name, scopes string) string {
		code, out, errs := s.run("token", "create", name, "-scope", scopes)
		if code != 0 {
			t.Fatalf("exit %d: %s%s", code, out, errs)
		}
		return strings.TrimSpace(out)
	}
	c := &crowd{base: "http://" + s.n, token: token("crowd", "read"), answers: map[string]int{}}
	c.http.Transport = &http.Transport{MaxIdleConnsPerHost: 200}
	register := token("register", "sell,read")
	ctx, cancel := context.WithTimeout(t.Context(), *crowdFor)
	defer cancel()
	var all sync.WaitGroup
	for n := range 200 {
		all.Go(func() { c.client(ctx, n) })
	}
	sold := 0
	for ctx.Err() == nil {
		sold++
		made := askAs(t, register, "POST", c.base+"/v1/sales", fmt.Sprintf(`{"amount":100,"method":"card","reference":"bill %d"}`, sold))
		for end := time.Now().Add(deadline); made.State != sale.Paid; {
			if made.State.Final() || time.Now().After(end) {
				t.Fatalf("sale %d in the crowd is %s (%s)", sold, made.State, made.Words)
			}
			made = askAs(t, register, "GET", c.base+"/v1/sales/"+string(made.ID)+"?wait=10s", "")
		}
	}
	all.Wait()
	documented := []string{"200", "204", "403 not-allowed", "404 not-found", "413 too-large", "429 too-many", "503 too-many", "503 starting", "504 late"}
	for answer, n := range c.answers {
		if !slices.Contains(documented, answer) {
			t.Errorf("%d times %s: %.500q", n, answer, c.wrong)
		}
	}
	t.Logf("%d sales, answers %v, %s", sold, c.answers, highWater(t, s.running.Process.Pid))
}

// askAs asks as a register does, which is refused nothing.
func askAs(t *testing.T, token, method, url, body string) (s sale.Sale) {
	t.Helper()
	req, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Idempotency-Key", body)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode >= 300 || json.Unmarshal(text, &s) != nil {
		t.Fatalf("%s %s in the crowd: %d, %v: %s", method, url, res.StatusCode, err, text)
	}
	return s
}

// highWater is the most memory that a process has had.
func highWater(t *testing.T, pid int) string {
	t.Helper()
	f, err := os.Open(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if regexp.MustCompile("^VmHWM:").MatchString(lines.Text()) {
			return lines.Text()
		}
	}
	return "VmHWM unknown"
}
