package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// starts kills and starts both daemons in turn and times how long an answer takes.
func starts(posd, least *counter, n int) (c compared, err error) {
	for range n {
		for _, d := range []struct {
			*counter
			took *sample
		}{{posd, &c.posd}, {least, &c.least}} {
			d.kill()
			took, err := d.start()
			if err != nil {
				return c, err
			}
			*d.took = append(*d.took, took)
			time.Sleep(shopPause)
		}
	}
	return c, nil
}

// resident is how much of a process is in memory, in bytes, the pages of its program among it.
func (c *counter) resident() (int64, error) { return c.memory("VmRSS:") }

// own is what of it stands in no file: what the machine cannot take back when it needs room.
func (c *counter) own() (int64, error) { return c.memory("RssAnon:") }

func (c *counter) memory(kind string) (int64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", c.process.Process.Pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, kind); ok {
			kb, err := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
			return kb << 10, err
		}
	}
	return 0, fmt.Errorf("the kernel says nothing of the memory of %d", c.process.Process.Pid)
}

// woken is how often a process's threads went to sleep, and its processor time.
func (c *counter) woken() (times int64, cpu time.Duration, err error) {
	dir := fmt.Sprintf("/proc/%d", c.process.Process.Pid)
	stat, err := os.ReadFile(filepath.Join(dir, "stat"))
	if err != nil {
		return 0, 0, err
	}
	_, rest, _ := strings.Cut(string(stat), ") ")
	f := strings.Fields(rest)
	user, _ := strconv.ParseInt(f[11], 10, 64)
	system, _ := strconv.ParseInt(f[12], 10, 64)
	tasks, err := filepath.Glob(filepath.Join(dir, "task/*/status"))
	for _, t := range tasks {
		text, err := os.ReadFile(t)
		if err != nil {
			continue // it has ended
		}
		for line := range strings.Lines(string(text)) {
			if rest, ok := strings.CutPrefix(line, "voluntary_ctxt_switches:"); ok {
				n, _ := strconv.ParseInt(strings.TrimSpace(rest), 10, 64)
				times += n
			}
		}
	}
	return times, time.Duration(user+system) * 10 * time.Millisecond, err
}

// settled waits until what a start begins is over: the journal has been verified, and has
// kept house. It is no part of idling, and takes as long as the journal is.
func (c *counter) settled() error {
	for begun := time.Now(); time.Since(begun) < 10*patience; time.Sleep(time.Second) {
		text, err := c.get("/v1/devices")
		if err != nil {
			return err
		}
		if bytes.Contains(text, []byte("every row verified")) {
			time.Sleep(30 * time.Second)
			return nil
		}
	}
	return fmt.Errorf("the journal of %s is not verified %s after the start", c.process.Path, 10*patience)
}

// weigh compares memory and size.
func weigh(posd, least *counter) (rows []row, err error) {
	for _, m := range []struct {
		what string
		of   func(*counter) (int64, error)
	}{{"memory, three devices open", (*counter).resident}, {"of it in no file", (*counter).own}} {
		mine, err := m.of(posd)
		if err != nil {
			return nil, err
		}
		floor, err := m.of(least)
		if err != nil {
			return nil, err
		}
		r := row{No: "15", What: m.what, Floor: mb(floor), Posd: mb(mine), Ratio: float64(mine) / float64(floor), Goal: "1.6"}
		r.judge(1.6)
		rows = append(rows, r)
	}
	size := func(c *counter) int64 {
		info, e := os.Stat(c.process.Path)
		if e != nil {
			err = e
			return 1
		}
		return info.Size()
	}
	r := row{No: "15", What: "program, stripped", Floor: mb(size(least)), Posd: mb(size(posd)), Ratio: float64(size(posd)) / float64(size(least)), Goal: "2.2"}
	r.judge(2.2)
	return append(rows, r), err
}

// idling is how often posd is woken by nothing, and what that costs.
func idling(posd *counter, idle time.Duration) (row, error) {
	before, cpu, err := posd.woken()
	if err != nil {
		return row{}, err
	}
	time.Sleep(idle)
	after, later, err := posd.woken()
	perSecond := float64(after-before) / idle.Seconds()
	r := row{No: "16", What: "idle, woken a second", Floor: "0", Posd: fmt.Sprintf("%.2f", perSecond), Ratio: perSecond, Goal: "0.5",
		Worst: fmt.Sprintf("%s of processor time in %s", later-cpu, idle)}
	r.judge(0.5)
	return r, err
}

func mb(n int64) string { return fmt.Sprintf("%.1f MB", float64(n)/1e6) }
