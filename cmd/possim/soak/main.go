package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"
)

// result is what a run came to.
type result struct {
	Command    string   `json:"command"`
	Ran        string   `json:"ran"`
	Seed       uint64   `json:"seed"`
	Sales      int      `json:"sales"`
	Paid       int      `json:"paid"`
	Days       int      `json:"days"`
	Faults     int      `json:"faults"`
	Ended      int      `json:"ended"`
	Killed     int      `json:"killed"`
	Violations []string `json:"violations"`
	Costs      []cost   `json:"costs"`
}

func main() {
	posd := flag.String("posd", "bin/posd", "the daemon")
	out := flag.String("out", "dist/soak", "folder for CSV, SVG, PNG and JSON")
	length := flag.Duration("for", time.Hour, "how long it sells")
	seed := flag.Uint64("seed", uint64(time.Now().UnixNano()), "of faults and restarts")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	r, err := soak(ctx, *posd, *out, *length, *seed)
	if err != nil {
		fmt.Fprintln(os.Stderr, "soak:", err)
		os.Exit(2)
	}
	for _, c := range r.Costs {
		fmt.Println(c)
	}
	for _, words := range r.Violations {
		fmt.Println("VIOLATION:", words)
	}
	fmt.Printf("soak: %s, seed %d: %d sales (%d paid) on %d days, %d faults, ended %d and killed %d times, %d violations\n",
		r.Ran, r.Seed, r.Sales, r.Paid, r.Days, r.Faults, r.Ended, r.Killed, len(r.Violations))
	if len(r.Violations) > 0 {
		os.Exit(1)
	}
}

// soak runs for the length given and writes what was seen.
func soak(ctx context.Context, posd, out string, length time.Duration, seed uint64) (result, error) {
	if err := os.MkdirAll(out, 0o755); err != nil {
		return result{}, err
	}
	dir, err := os.MkdirTemp("", "posd-soak-")
	if err != nil {
		return result{}, err
	}
	defer os.RemoveAll(dir)
	s, err := openShop(ctx, posd, dir)
	if err != nil {
		return result{}, err
	}
	defer s.kill()
	samples := make(chan []sample, 1)
	looking, enough := context.WithTimeout(ctx, length)
	defer enough()
	go func() { samples <- s.sampleEvery(looking, max(time.Second, length/600)) }()
	r := result{Command: fmt.Sprintf("make soak SOAK=%s SEED=%d", length, seed), Seed: seed}
	began := time.Now()
	err = s.sell(looking, length, seed, &r)
	r.Ran = time.Since(began).Round(time.Second).String()
	if err != nil && looking.Err() == nil {
		return r, fmt.Errorf("%w; posd's log: %s", err, s.keepStacks(out))
	}
	taken := <-samples
	if ctx.Err() != nil {
		return r, errors.New("interrupted: nothing is judged")
	}
	r.Violations = s.judge(ctx, &r)
	figures := costs(taken)
	if len(figures) == 0 {
		r.Violations = append(r.Violations, "too few samples of the last posd: sell for longer")
	}
	for _, c := range figures {
		if r.Costs = append(r.Costs, c); c.counted && !c.Flat {
			r.Violations = append(r.Violations, "not flat: "+c.String())
		}
	}
	if len(r.Violations) > 0 {
		fmt.Println("posd's log:", s.keepStacks(out))
	}
	return r, errors.Join(writeCSV(filepath.Join(out, "soak.csv"), taken), drawn(taken).write(filepath.Join(out, "soak")), writeJSON(filepath.Join(out, "soak.json"), r))
}

func writeJSON(path string, r result) error {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(text, '\n'), 0o644)
}
