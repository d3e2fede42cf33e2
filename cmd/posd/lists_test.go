package main

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"posd/device/sale"
	"posd/store"
)

// TestTwoHundredCallersOfLongLists: the daemon stays below 256 MB and sells beside them.
func TestTwoHundredCallersOfLongLists(t *testing.T) {
	b := newBox(t, noTerminal)
	s, err := store.Open(t.Context(), store.Config{Dir: filepath.Join(b.dir, "state")}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	var rows []sale.Row
	for n := range 500 {
		at := time.Date(2026, 11, 21, 12, 0, n, 0, time.UTC)
		v := sale.Sale{ID: sale.ID(fmt.Sprintf("01%024d", n)), Amount: 100, Currency: "CAD", Method: sale.Card, Kind: sale.CardSale, ChannelID: sale.CCPax,
			State: sale.Declined, Words: strings.Repeat("declined by the host ", 4), CreatedAt: at, FinalAt: &at, Printed: sale.PrintNone, Reported: sale.ReportNotNeeded}
		for i := range 3 {
			v.Attempts = append(v.Attempts, sale.Attempt{Ref: fmt.Sprintf("%016d", n*10+i), State: sale.AttemptEnded, StartedAt: at})
		}
		rows = append(rows, sale.SaleRow{Sale: v})
	}
	if _, err := s.Commit(t.Context(), rows); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	d := b.daemon()
	var mu sync.Mutex
	got := map[int]int{}
	var callers sync.WaitGroup
	for range 200 {
		callers.Go(func() {
			code := 0
			res, err := http.Get("http://" + b.n + "/v1/sales?limit=1000")
			if err == nil {
				code = res.StatusCode
				if n, err := io.Copy(io.Discard, res.Body); code == http.StatusOK && (err != nil || n < 200_000) {
					code = -1
				}
				res.Body.Close()
			}
			mu.Lock()
			defer mu.Unlock()
			got[code]++
		})
	}
	for range 3 {
		b.sell()
	}
	callers.Wait()
	if got[200] == 0 || got[200]+got[503] != 200 {
		t.Errorf("answers: %v", got)
	}
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", d.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	var peak int
	for line := range strings.Lines(string(text)) {
		fmt.Sscanf(line, "VmHWM: %d kB", &peak)
	}
	if peak == 0 || peak > 256<<10 {
		t.Errorf("the daemon took %d MiB", peak>>10)
	}
	t.Logf("answers %v, the daemon took %d MiB at most", got, peak>>10)
}
