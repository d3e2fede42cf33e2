package main

import (
	"bufio"
	"cmp"
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// sample is what posd costs at one moment.
type sample struct {
	at    time.Duration // since the first
	start int           // of posd, the first is 1
	costs [len(columns)]int64
}

// columns are what is sampled. Those that are counted must be flat; memory and files are shown.
var columns = [...]struct {
	name    string
	counted bool
}{{"memory_bytes", false}, {"descriptors", true}, {"goroutines", true}, {"database_bytes", false}, {"wal_bytes", false}}

// sampleEvery samples until ctx ends. While posd is away there is nothing to sample.
func (s *shop) sampleEvery(ctx context.Context, pause time.Duration) (all []sample) {
	began := time.Now()
	tick := time.NewTicker(pause)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return all
		case <-tick.C:
		}
		if one, err := s.sample(ctx); err == nil { // posd goes and comes
			one.at = time.Since(began)
			all = append(all, one)
		}
	}
}

func (s *shop) sample(ctx context.Context) (one sample, err error) {
	pid, start := s.running()
	one.start = start
	proc := fmt.Sprintf("/proc/%d", pid)
	statm, err := os.ReadFile(proc + "/statm")
	if err != nil {
		return one, err
	}
	fields := strings.Fields(string(statm))
	pages, err := strconv.ParseInt(fields[1], 10, 64)
	if err != nil {
		return one, err
	}
	open, err := os.ReadDir(proc + "/fd")
	if err != nil {
		return one, err
	}
	goroutines, err := s.goroutines(ctx)
	if err != nil {
		return one, err
	}
	one.costs = [...]int64{pages * int64(os.Getpagesize()), int64(len(open)), goroutines, size(filepath.Join(s.dir, "data", "posd.db")), size(filepath.Join(s.dir, "data", "posd.db-wal"))}
	return one, nil
}

// goroutines asks posd's metrics.
func (s *shop) goroutines(ctx context.Context) (int64, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.listen+"/metrics", nil)
	if err != nil {
		return 0, err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	for lines := bufio.NewScanner(res.Body); lines.Scan(); {
		if n, ok := strings.CutPrefix(lines.Text(), "go_goroutines "); ok {
			return strconv.ParseInt(n, 10, 64)
		}
	}
	return 0, io.ErrUnexpectedEOF
}

func size(path string) int64 {
	info, err := os.Stat(path)
	if err != nil {
		return 0 // not there: no byte
	}
	return info.Size()
}

// cost is what the samples of one column come to, in the last posd's life: its second
// quarter, when it was warm, against its last, median against median.
type cost struct {
	Name    string `json:"name"`
	Warm    int64  `json:"warm"`
	End     int64  `json:"end"`
	Most    int64  `json:"most"`
	Flat    bool   `json:"flat"`
	counted bool
}

// slack is by how much a median may be above another without anything growing.
const slack = 1.10

// costs says of each column whether it is flat.
func costs(all []sample) (list []cost) {
	most := func(i int) int64 {
		return slices.MaxFunc(all, func(a, b sample) int { return cmp.Compare(a.costs[i], b.costs[i]) }).costs[i]
	}
	if len(all) == 0 {
		return nil
	}
	last := slices.DeleteFunc(slices.Clone(all), func(s sample) bool { return s.start != all[len(all)-1].start })
	if len(last) < 8 {
		return nil
	}
	quarter := len(last) / 4
	for i, c := range columns {
		of := func(some []sample) (values []int64) {
			for _, s := range some {
				values = append(values, s.costs[i])
			}
			slices.Sort(values)
			return values
		}
		warm, end := of(last[quarter:2*quarter]), of(last[3*quarter:])
		one := cost{Name: c.name, Warm: warm[len(warm)/2], End: end[len(end)/2], Most: most(i), counted: c.counted}
		one.Flat = float64(one.End) <= slack*float64(one.Warm)
		list = append(list, one)
	}
	return list
}

func (c cost) String() string {
	verdict := map[bool]string{true: "flat", false: "grew"}[c.Flat]
	return fmt.Sprintf("%-15s second quarter %9d, last quarter %9d, most %9d: %s", c.Name, c.Warm, c.End, c.Most, verdict)
}

func writeCSV(path string, all []sample) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	w := csv.NewWriter(f)
	head := []string{"seconds", "start"}
	for _, c := range columns {
		head = append(head, c.name)
	}
	w.Write(head)
	for _, s := range all {
		line := []string{strconv.FormatFloat(s.at.Seconds(), 'f', 1, 64), strconv.Itoa(s.start)}
		for _, n := range s.costs {
			line = append(line, strconv.FormatInt(n, 10))
		}
		w.Write(line)
	}
	w.Flush()
	return w.Error()
}
