package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"
)

func main() {
	runtime.LockOSThread() // the daemons end with the thread that started them
	posd := flag.String("posd", "bin/posd", "the `PROGRAM`")
	floor := flag.String("least", "", "the `PROGRAM` of the least daemon; without it the one beside this program")
	bench := flag.String("bench", "", "`FILE` with what go test -bench printed")
	out := flag.String("json", "", "`FILE` for the figures")
	quick := flag.Bool("quick", false, "fewer rounds")
	many := flag.String("years", "", "`FOLDER` with the journal of years; without it they are left out")
	few := flag.String("days", "", "`FOLDER` with one of two days, made likewise")
	bill := flag.String("bill", "years-500100", "a `BILL` in the middle of the former")
	only := flag.Bool("only-years", false, "leave out all else")
	of := flag.String("rows", "7,13,14,15,16", "the `NUMBERS` of the daemon's own rows to measure")
	flag.Parse()
	var rows []row
	if *bench != "" {
		f, err := os.Open(*bench)
		fail(err)
		rows = fromBenchmarks(f)
		f.Close()
	}
	path, err := filepath.Abs(*posd)
	fail(err)
	if !*only {
		var more []row
		more, err = daemons(context.Background(), path, *floor, *quick, strings.Split(*of, ","))
		rows = append(rows, more...)
	}
	if *many != "" && err == nil {
		var more []row
		more, err = years(context.Background(), path, *many, *few, *bill, map[bool]int{true: 5, false: 20}[*quick])
		rows = append(rows, more...)
	}
	slices.SortStableFunc(rows, func(a, b row) int { return cmp.Compare(number(a.No), number(b.No)) })
	printTable(os.Stdout, rows)
	if *out != "" {
		fail(writeJSON(*out, rows))
	}
	fail(err)
}

func number(no string) int { n, _ := strconv.Atoi(no); return n }

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "measure:", err)
		os.Exit(1)
	}
}

// daemons measures the rows of that are the two programs'.
func daemons(ctx context.Context, path, floor string, quick bool, of []string) (rows []row, err error) {
	restarts, idle, reports := 30, time.Minute, 10_000
	if quick {
		restarts, idle, reports = 10, 30*time.Second, 2000
	}
	if slices.Contains(of, "7") {
		r, err := drained(ctx, path, reports)
		if err != nil {
			return nil, err
		}
		rows = append(rows, r)
	}
	if !slices.ContainsFunc(of, func(no string) bool { return no != "7" }) {
		return rows, nil
	}
	dir, err := os.MkdirTemp("", "posd-measure-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	posd, least, err := both(ctx, path, floor, dir)
	if err != nil {
		return nil, err
	}
	defer posd.kill()
	defer least.kill()
	if slices.Contains(of, "13") {
		more, err := waits(posd, least, quick)
		if rows = append(rows, more...); err != nil {
			return rows, err
		}
	}
	if slices.Contains(of, "14") {
		again, err := starts(posd, least, restarts)
		if err != nil {
			return rows, err
		}
		rows = append(rows, again.row("14", "from a kill to an answer", "1.3", 1.3))
	}
	if !slices.Contains(of, "15") && !slices.Contains(of, "16") {
		return rows, nil
	}
	if err := posd.settled(); err != nil {
		return rows, err
	}
	if slices.Contains(of, "15") {
		more, err := weigh(posd, least)
		if rows = append(rows, more...); err != nil {
			return rows, err
		}
	}
	if slices.Contains(of, "16") {
		more, err := idling(posd, idle)
		return append(rows, more), err
	}
	return rows, nil
}

// both starts the two programs, each with lines of its own.
func both(ctx context.Context, path, floor, dir string) (posd, least *counter, err error) {
	for _, sub := range []string{"posd", "least"} {
		if err := os.Mkdir(filepath.Join(dir, sub), 0o700); err != nil {
			return nil, nil, err
		}
	}
	if posd, err = newPosd(ctx, path, filepath.Join(dir, "posd")); err != nil {
		return nil, nil, err
	}
	if _, err = posd.start(); err == nil {
		err = posd.rehearse()
	}
	if err != nil {
		posd.kill()
		return nil, nil, err
	}
	if least, err = newLeast(ctx, floor, filepath.Join(dir, "least"), posd); err != nil {
		posd.kill()
		return nil, nil, err
	}
	if _, err = least.start(); err != nil {
		posd.kill()
		least.kill()
	}
	return posd, least, err
}

// waits are the rows of what a person waits for.
func waits(posd, least *counter, quick bool) (rows []row, err error) {
	sales, shown := 200, 40
	if quick {
		sales, shown = 50, 10
	}
	terminal, paper, err := cards(posd, least, sales)
	if err != nil {
		return nil, err
	}
	rows = append(rows, terminal.row("13", "POST to the first byte of T00, cold", "1.5", 1.5), paper.row("13", "last byte of T01 to the receipt, cold", "1.8", 1.8))
	glass, err := codes(posd, least, shown)
	if err != nil {
		return rows, err
	}
	return append(rows, glass.row("13", "POST to glass, less the gateway, cold", "1.4", 1.4)), nil
}

// rehearse sells once: the frames of a sale are then known, and all is warm that ever is.
func (c *counter) rehearse() error {
	_, id, err := c.post("/v1/sales", `{"amount":99,"method":"card"}`, "rehearsal")
	if err != nil {
		return err
	}
	return c.until(id, func(s saleState) bool { return s.State == "paid" && s.Printed == "printed" && s.Reported == "done" })
}
