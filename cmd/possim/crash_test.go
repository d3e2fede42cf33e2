package main

import (
	"slices"
	"strings"
	"testing"
)

func TestCrashPointsAreNamedAndFoundAgain(t *testing.T) {
	for _, a := range []aim{{"terminal", 3, before}, {"data/posd.db-wal", 12, torn}, {"data/posd.db-wal", 23, held}} {
		if got, err := parseAim(a.String()); err != nil || got != a {
			t.Errorf("%s is read as %+v, %v", a, got, err)
		}
	}
	for _, text := range []string{"", "terminal", "terminal#", "terminal#0", "terminal#-1", "#3", "terminal#3/slowly", "terminal#x"} {
		if a, err := parseAim(text); err == nil || !strings.Contains(err.Error(), "data/posd.db-wal#12/half") {
			t.Errorf("%q is read as %+v, %v", text, a, err)
		}
	}
}

func TestEveryMarkIsAimedAtInEveryWayThatMatters(t *testing.T) {
	got := aimsAt([]mark{
		{where: "wal", n: 1, call: "pwrite64", bytes: 24},
		{where: "terminal", n: 1, call: "write", bytes: 1, head: "\x06"},
		{where: "wal", n: 2, call: "pwrite64", bytes: 1024},
		{where: "client", n: 1, call: "write", bytes: 900, head: "HTTP/1.1 201"},
		{where: "wal", n: 3, call: "fsync", bytes: -1},
		{where: "posd.lock", n: 1, call: "openat", bytes: -1},
	})
	want := []aim{
		{"wal", 1, before}, {"wal", 1, torn},
		{"terminal", 1, before}, {"terminal", 1, held},
		{"wal", 2, before}, {"wal", 2, torn}, {"wal", 2, held},
		{"client", 1, before}, {"client", 1, torn}, {"client", 1, held},
		{"wal", 3, before},
		{"posd.lock", 1, before},
	}
	if !slices.Equal(got, want) {
		t.Errorf("%v\nnot %v", got, want)
	}
}

func TestAShareOfTheCrashPointsIsSpread(t *testing.T) {
	all := make([]aim, 10)
	for i := range all {
		all[i].n = i + 1
	}
	for every, want := range map[int][]int{0: {1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, 4: {3, 7}, 9: {5}, 1000: {10}} {
		var got []int
		for _, a := range spread(all, every) {
			got = append(got, a.n)
		}
		if !slices.Equal(got, want) {
			t.Errorf("one in %d of ten: %v, want %v", every, got, want)
		}
	}
	if got := spread(nil, 5); len(got) != 0 {
		t.Errorf("of none: %v", got)
	}
}

func TestFilesElsewhereLeaveNoMark(t *testing.T) {
	tr := newTracer(aim{}, false)
	tr.root = "/var/counter"
	for path, want := range map[string]string{
		"/var/counter/data/posd.db": "data/posd.db",
		"/var/counter":              "",
		"/var/counters/posd.db":     "",
		"/etc/passwd":               "",
		"data/posd.db":              "",
		"":                          "",
	} {
		if got := tr.file(path); got != want {
			t.Errorf("%q is called %q, want %q", path, got, want)
		}
	}
	if got := port("0100007F:1F90"); got != 8080 {
		t.Errorf("port %d", got)
	}
}

func TestUnknownFlowIsRefusedWithTheirNames(t *testing.T) {
	if _, err := flowsNamed("lunch"); err == nil || !strings.Contains(err.Error(), "housekeeping") {
		t.Errorf("got %v", err)
	}
	if err := (&enumeration{out: t.Output()}).one(t.Context(), crashFlows(), "terminal#1"); err == nil || !strings.Contains(err.Error(), "-flow") {
		t.Errorf("a point of no flow: %v", err)
	}
}
