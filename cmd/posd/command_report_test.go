package main

import (
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"posd/device/api"
	"posd/device/core"
	"posd/device/sale"
	"posd/printer"
)

func TestReportCommands(t *testing.T) {
	const today, printed = "/v1/reports/today", "/v1/reports/2026-11-21/print"
	for name, c := range map[string]struct {
		answers map[string][]reply
		args    []string
		code    int
		says    string
	}{
		"today":             {map[string][]reply{"GET " + today: {{status: 200, body: "text"}}}, nil, 0, "text"},
		"printed":           {map[string][]reply{"POST " + printed: {{status: 200, body: api.PrintedReport{State: sale.PrintDone}}}}, []string{"2026-11-21", "-print"}, 0, "printed"},
		"waiting":           {map[string][]reply{"POST " + printed: {{status: 200, body: api.PrintedReport{State: sale.PrintQueued, Words: "it comes when the printer is free"}}}}, []string{"2026-11-21", "-print"}, 0, "queued: it comes"},
		"not printed":       {map[string][]reply{"POST " + printed: {{status: 200, body: api.PrintedReport{State: sale.PrintFailed, Words: "paper out"}}}}, []string{"2026-11-21", "-print"}, 1, "paper out"},
		"no printer":        {map[string][]reply{"POST " + printed: {problem(409, "no-device", "There is no receipt printer here.")}}, []string{"2026-11-21", "-print"}, 1, "no receipt printer"},
		"two ways at once":  {nil, []string{"-csv", "-json"}, 1, "choose one"},
		"too many days":     {nil, []string{"2026-11-21", "2026-11-22"}, 1, "\"2026-11-22\" is too much"},
		"no day the daemon": {map[string][]reply{"GET /v1/reports/x": {problem(422, "invalid", "x is not a day.")}}, []string{"x"}, 1, "not a day"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStub(t, c.answers)
			code, out, errs := s.posd(append([]string{"report"}, c.args...)...)
			if code != c.code || !strings.Contains(out+errs, c.says) {
				t.Errorf("exit %d, want %d with %q\n%s%s", code, c.code, c.says, out, errs)
			}
		})
	}
}

func TestDrawerCommand(t *testing.T) {
	s := newStub(t, map[string][]reply{"POST /v1/drawer": {{status: 202}}})
	if code, _, errs := s.posd("drawer"); code != 1 || !strings.Contains(errs, "by") || len(s.requests()) > 0 {
		t.Errorf("without a name: exit %d %s", code, errs)
	}
	if code, _, errs := s.posd("drawer", "-by", "Ana"); code != 0 || s.requests()[0].body != `{"by":"Ana"}` {
		t.Errorf("exit %d %s; sent %+v", code, errs, s.requests())
	}
}

func TestTodayIsTheBusinessDay(t *testing.T) {
	shop := Shop{Policy: core.DefaultPolicy()} // Toronto, the day ends at 04:00
	for at, want := range map[string]string{
		"2026-11-21T08:59:59Z": "2026-11-20", // 03:59:59 in the shop
		"2026-11-21T09:00:00Z": "2026-11-21",
		"2026-11-22T04:59:00Z": "2026-11-21", // 23:59
		"2026-11-22T08:59:00Z": "2026-11-21",
		"2026-03-08T07:30:00Z": "2026-03-07", // 03:30, an hour after 01:30
		"2026-03-08T08:00:00Z": "2026-03-08", // 04:00
		"2026-11-01T08:30:00Z": "2026-10-31", // 03:30, the clocks went back
	} {
		now, err := time.Parse(time.RFC3339, at)
		if err != nil {
			t.Fatal(err)
		}
		got := shop.calendar().Day(now)
		from, to, err := shop.calendar().Bounds(got)
		if got != want || err != nil || now.Before(from) || !now.Before(to) {
			t.Errorf("%s is in %s (%s to %s, %v), want %s", at, got, from, to, err, want)
		}
	}
}

// TestThePrinterHearsOfReportsAndTheDrawer runs the process with a printer that
// takes everything and says nothing.
func TestThePrinterHearsOfReportsAndTheDrawer(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	heard := make(chan string, 64)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				b := make([]byte, 4096)
				for {
					n, err := c.Read(b)
					heard <- string(b[:n])
					if err != nil {
						return
					}
				}
			}()
		}
	}()
	b := newBox(t, fmt.Sprintf("[printer]\nline = \"tcp:%s\"\nprofile = %q\nprobe_every = \"0s\"\ndrawer = \"pin5\"\n", l.Addr(), quietProfile(t)))
	b.daemon()
	if code, out, errs := b.run("report"); code != 0 || !strings.Contains(out, "X REPORT (INTERIM)") {
		t.Fatalf("report: exit %d\n%s%s", code, out, errs)
	}
	if code, out, errs := b.run("report", "-print"); code != 0 || !strings.HasPrefix(out, "sent") {
		t.Fatalf("report -print: exit %d\n%s%s", code, out, errs)
	}
	if text := until(heard, "X REPORT"); !strings.Contains(text, "X REPORT (INTERIM)") {
		t.Errorf("the printer heard %q", text)
	}
	if code, out, errs := b.run("drawer", "-by", "Ana"); code != 0 {
		t.Fatalf("drawer: exit %d\n%s%s", code, out, errs)
	}
	if text := until(heard, "\x1bp\x01"); !strings.Contains(text, "\x1bp\x01") {
		t.Errorf("the printer heard %q", text)
	}
}

// until collects what was heard until it holds want, or nothing more is to be expected.
func until(heard <-chan string, want string) (all string) {
	limit := time.After(5 * time.Second)
	for !strings.Contains(all, want) {
		select {
		case text := <-heard:
			all += text
		case <-limit:
			return all
		}
	}
	return all
}

func quietProfile(t *testing.T) string {
	for _, p := range printer.Profiles {
		if p.Quiet {
			return p.Name
		}
	}
	t.Fatal("no profile of a printer that says nothing")
	return ""
}

func TestWithoutADrawerItIsSaid(t *testing.T) {
	b := newBox(t, "")
	b.daemon()
	if code, out, errs := b.run("drawer", "-by", "Ana"); code != exitRefused || !strings.Contains(errs, "drawer = ") {
		t.Errorf("exit %d\n%s%s", code, out, errs)
	}
	if code, out, errs := b.run("report", "-print"); code != exitRefused || !strings.Contains(errs, "no receipt printer") {
		t.Errorf("exit %d\n%s%s", code, out, errs)
	}
	if code, out, errs := b.run("report", "-csv"); code != 0 || !strings.HasPrefix(out, "kind,date,") {
		t.Errorf("exit %d\n%s%s", code, out, errs)
	}
}
