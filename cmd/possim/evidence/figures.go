package main

import (
	"bytes"
	"regexp"
	"strconv"
)

// run is one kind of long run that the page asks for.
type run struct {
	name    string
	about   string
	command string
	reads   []reading
}

// reading is how a figure is read off what a run prints: each match of the pattern adds
// the number in its group, or 1 where it has none. Of a progress line, last, only the last
// match in each part of the output counts.
type reading struct {
	what    string
	pattern *regexp.Regexp
	last    bool
}

var runs = []run{
	{"sim", "Days of faults around the step function", "make sim SEEDS=10000", []reading{
		{"seeds", regexp.MustCompile(`(\d+) seeds, \d+ sales`), false},
		{"sales", regexp.MustCompile(`\d+ seeds, (\d+) sales`), false},
		{"answers with a wrong byte", regexp.MustCompile(`(\d+) answers with a wrong byte`), false},
		{"violations", regexp.MustCompile(`(?m)^\s+\S+_test\.go:\d+: seed \d+: `), false},
	}},
	{"sim-bugs", "Planted bugs that the simulation, a driver's test or the chain's model finds", "make sim-bugs", []reading{
		{"found", regexp.MustCompile(`(?m)^    --- PASS: Test\w+SeesPlantedBugs/`), false},
		{"not found", regexp.MustCompile(`(?m)^    --- FAIL: Test\w+SeesPlantedBugs/`), false},
		{"seeds needed, in all", regexp.MustCompile(`found by seed (\d+)`), false},
	}},
	{"judge-bugs", "Planted bugs that the judge finds in the history of a real posd", "make judge-bugs", []reading{
		{"found", regexp.MustCompile(`(?m)^    --- PASS: TestTheJudgeSeesPlantedBugs/`), false},
		{"not found", regexp.MustCompile(`(?m)^    --- FAIL: TestTheJudgeSeesPlantedBugs/`), false},
	}},
	{"crash", "The real process killed at each write, sync and send", "make crash", []reading{
		{"boundaries", regexp.MustCompile(`(?m)^\S+ +(\d+) boundaries,`), false},
		{"kills", regexp.MustCompile(`(?m)^(\d+) kills, \d+ at a time`), false},
		{"violations", regexp.MustCompile(`(?m)^BROKEN: `), false},
	}},
	{"test-box", "A real Debian under QEMU, its power cut", "make test-box CUTS=100", []reading{
		{"power cuts", regexp.MustCompile(`(\d+) power cuts, \d+ sales acknowledged`), false},
		{"sales acknowledged", regexp.MustCompile(`\d+ power cuts, (\d+) sales acknowledged`), false},
		{"cuts that lost something", regexp.MustCompile(`(\d+) cuts lost something`), false},
		{"cuts with unflushed blocks of the journal", regexp.MustCompile(`lost something, (\d+) with unflushed blocks`), false},
		{"cuts with torn blocks", regexp.MustCompile(`of posd's journal, (\d+) with torn blocks`), false},
		{"cuts within a copy of the journal", regexp.MustCompile(`a copy of the journal: \d+ cuts, (\d+) of them within`), false},
		{"cuts within a day's close", regexp.MustCompile(`a day's close: \d+ cuts, (\d+) of them within`), false},
		{"cuts within an upgrade", regexp.MustCompile(`an upgrade: \d+ cuts, (\d+) of them within`), false},
		{"lying disks or programs caught", regexp.MustCompile(`caught at cut \d+: `), false},
		{"stories that failed", regexp.MustCompile(`(?m)^ *--- FAIL: `), false},
	}},
	{"fuzz", "Every fuzz target, and the long random runs", "make fuzz", []reading{
		{"executions", regexp.MustCompile(`execs: (\d+) `), true},
		{"targets", regexp.MustCompile(`(?m)^== \S+ Fuzz`), false},
	}},
	{"test", "Every test, with the race detector", "make test", []reading{
		{"packages that passed", regexp.MustCompile(`(?m)^ok\s`), false},
		{"packages that failed", regexp.MustCompile(`(?m)^FAIL\s+\S`), false},
	}},
}

// parts finds where a part begins: make fuzz says each target so.
var parts = regexp.MustCompile(`(?m)^== `)

// read reads the figure off an output.
func (r reading) read(output []byte) (sum int64) {
	pieces := [][]byte{output}
	if r.last {
		pieces = nil
		at := parts.FindAllIndex(output, -1)
		for i, from := range at {
			end := len(output)
			if i+1 < len(at) {
				end = at[i+1][0]
			}
			pieces = append(pieces, output[from[0]:end])
		}
	}
	for _, piece := range pieces {
		found := r.pattern.FindAllSubmatch(bytes.ReplaceAll(piece, []byte("\r"), []byte("\n")), -1)
		if r.last && len(found) > 1 {
			found = found[len(found)-1:]
		}
		for _, groups := range found {
			n := int64(1)
			if len(groups) > 1 {
				n, _ = strconv.ParseInt(string(groups[1]), 10, 64) // the pattern wants digits
			}
			sum += n
		}
	}
	return sum
}
