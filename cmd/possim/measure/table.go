package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"regexp"
	"strconv"
	"strings"
	"text/tabwriter"
)

// row is one measurement beside its floor and its goal.
type row struct {
	No      string  `json:"no"`
	What    string  `json:"what"`
	Floor   string  `json:"floor"`
	Posd    string  `json:"posd"`
	Ratio   float64 `json:"ratio"`
	Spread  string  `json:"spread"`
	Worst   string  `json:"worst"`
	Goal    string  `json:"goal"`
	Verdict string  `json:"verdict"`
}

// judge says whether a ratio is within its limit.
func (r *row) judge(limit float64) {
	r.Verdict = "met"
	if r.Ratio > limit {
		r.Verdict = "missed"
	}
}

// metric is what one benchmark prints. Without a goal it is what a peer makes of the same, or
// what a goal is not stated against. least says that more is better.
type metric struct {
	no, benchmark, unit, what string
	goal                      float64
	least                     bool
}

var metrics = []metric{
	{"1", "EnqueueOneRow", "of-mattn", "one row, of bare mattn with the same indexes", 1.0, false},
	{"1", "EnqueueOneRow", "ratio", "one row, of write and fdatasync", 0, false},
	{"1", "EnqueueSale", "of-mattn", "a sale in one transaction, of bare mattn likewise", 1.2, false},
	{"1", "EnqueueSale", "ratio", "a sale in one transaction, of write and fdatasync", 0, false},
	{"1", "EnqueueSale", "worst-ratio", "the worst of it, of the floor's worst", 3, false},
	{"2", "Barriers", "barriers/sale", "barriers, tap to receipt", 2, false},
	{"3", "AfterRestart", "ratio", "first 100 after a restart", 1.1, false},
	{"4", "Writers64", "of-floor", "64 writers, of a grouped plain file", 0.6, true},
	{"4", "Writers64", "mattn-of-floor", "64 writers of bare mattn, of that file", 0, true},
	{"4", "Writers64", "lone-ratio", "a lone writer", 1.05, false},
	{"5", "SaleDuringDrain", "p50-ratio", "a sale in a drain, p50", 1.5, false},
	{"5", "SaleDuringDrain", "p99-ratio", "a sale in a drain, p99", 2.5, false},
	{"5", "SaleDuringDrain", "mattn-p50-ratio", "the same of bare mattn, p50", 0, false},
	{"5", "SaleDuringDrain", "mattn-p99-ratio", "the same of bare mattn, p99", 0, false},
	{"6", "Claim", "due-ratio", "claim among many, due", 1.1, false},
	{"6", "Claim", "backoff-ratio", "claim among many, in backoff", 1.1, false},
	{"7", "Drain/all_answered", "x-floor", "a drain of 10,000, of N x latency / workers", 1.05, false},
	{"7", "Drain/all_answered", "x-bare", "a drain of 10,000, of net/http alone", 1.05, false},
	{"7", "Drain/all_answered", "connections", "connections of 16 workers in a drain", 16, false},
	{"8", "RetrySchedule/500_report", "requests", "requests of a report that fails with 500", 1, false},
	{"8", "RetrySchedule/429_at_once_report", "requests", "requests of one that is told to try at once", 1, false},
	{"8", "RetrySchedule/429_in_an_hour_report", "worker-held-s", "seconds that one told to wait an hour holds a worker", 1, false},
	{"9", "Encode/epson-tm-m30", "bytes", "common receipt, lean, bytes", 900, false},
	{"9", "Encode/generic-80", "bytes", "common receipt, plain, bytes", 1450, false},
	{"10", "CodeOnTheWire/nextion/34", "wire-B", "a code of 34 letters, native, bytes", 102, false},
	{"10", "CodeOnTheWire/dmd70_functions_167+180+181/34", "wire-B", "a code of 34 letters, ESC/POS, bytes", 75, false},
	{"10", "CodeOnTheWire/dmd70_functions_167+180+181/60", "wire-B", "a code of 60 letters, ESC/POS, bytes", 101, false},
	{"11", "ReadT01", "x-floor", "a T01 checked, split and typed", 1.2, false},
	{"12", "TurnAround", "x-floor", "last byte to ACK", 1.2, false},
	{"19", "CatchUp", "booked-per-published", "commits of a chain, a hub's books of what its server takes", 0.5, true},
	{"14", "Restart", "many/few", "the journal opened, of many sales against few", 1.1, false},
	{"17", "Simulation", "sales/s/core", "simulated sales a second and core", 15_000, true},
}

var benchLine = regexp.MustCompile(`^Benchmark(\S+?)(?:-\d+)?\s+\d+\s+(.*)$`)

// simulated is what the simulation of the till's days prints, of itself no benchmark.
var simulated = regexp.MustCompile(`sales/s on \d+ cores, (\d+) sales/s for each second of a core`)

// fromBenchmarks reads what `go test -bench` printed.
func fromBenchmarks(in io.Reader) (rows []row) {
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		line := lines.Text()
		if m := simulated.FindStringSubmatch(line); m != nil {
			line = "BenchmarkSimulation 1 " + m[1] + " sales/s/core"
		}
		m := benchLine.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		f := strings.Fields(m[2])
		for i := 0; i+1 < len(f); i += 2 {
			for _, want := range metrics {
				if want.benchmark != m[1] || want.unit != f[i+1] {
					continue
				}
				value, err := strconv.ParseFloat(f[i], 64)
				if err != nil {
					continue
				}
				r := row{No: want.no, What: want.what, Floor: "1.00", Posd: f[i], Ratio: value, Goal: fmt.Sprint(want.goal)}
				r.judge(want.goal)
				if want.least {
					r.Verdict = map[bool]string{true: "met", false: "missed"}[value >= want.goal]
				}
				if want.goal == 0 {
					r.Goal, r.Verdict = "", ""
				}
				rows = append(rows, r)
			}
		}
	}
	return rows
}

func printTable(w io.Writer, rows []row) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "row\twhat\tfloor\tposd\tratio\tgoal\tverdict\tspread\tworst, posd / floor")
	for _, r := range rows {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%.2f\t%s\t%s\t%s\t%s\n", r.No, r.What, r.Floor, r.Posd, r.Ratio, r.Goal, r.Verdict, r.Spread, r.Worst)
	}
	t.Flush()
}

func writeJSON(path string, rows []row) error {
	text, err := json.MarshalIndent(rows, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(text, '\n'), 0o644)
}
