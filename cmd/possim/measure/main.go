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
	found := func(more ...row) { // a long run says what it has found as soon as it has
		printTable(os.Stderr, more)
		rows = append(rows, more...)
	}
	if *bench != "" {
		f, err := os.Open(*bench)
		fail(err)
		rows = fromBenchmarks(f)
		f.Close()
	}
	path, err := filepath.Abs(*posd)
	fail(err)
	if !*only {
		err = daemons(context.Background(), path, *floor, *quick, strings.Split(*of, ","), found)
	}
	if *many != "" && err == nil {
		err = years(context.Background(), path, *many, *few, *bill, map[bool]int{true: 5, false: 20}[*quick], found)
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
func daemons(ctx context.Context, path, floor string, quick bool, of []string, found func(...row)) error {
	restarts, idle, reports := 30, time.Minute, 10_000
	if quick {
		restarts, idle, reports = 10, 30*time.Second, 2000
	}
	if slices.Contains(of, "7") {
		rows, err := drained(ctx, path, reports)
		if err != nil {
			return err
		}
		found(rows...)
	}
	if !slices.ContainsFunc(of, func(no string) bool { return no != "7" }) {
		return nil
	}
	dir, err := os.MkdirTemp("", "posd-measure-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	posd, least, err := both(ctx, path, floor, dir)
	if err != nil {
		return err
	}
	defer posd.kill()
	defer least.kill()
	if slices.Contains(of, "13") {
		if err := waits(posd, least, quick, found); err != nil {
			return err
		}
	}
	if slices.Contains(of, "14") {
		again, err := starts(posd, least, restarts)
		if err != nil {
			return err
		}
		found(again.row("14", "from a kill to an answer", "1.3", 1.3))
	}
	if !slices.Contains(of, "15") && !slices.Contains(of, "16") {
		return nil
	}
	if err := posd.settled(); err != nil {
		return err
	}
	if slices.Contains(of, "15") {
		rows, err := weigh(posd, least)
		if err != nil {
			return err
		}
		found(rows...)
	}
	if slices.Contains(of, "16") {
		r, err := idling(posd, idle)
		if err != nil {
			return err
		}
		found(r)
	}
	return nil
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
func waits(posd, least *counter, quick bool, found func(...row)) error {
	sales, shown := 200, 40
	if quick {
		sales, shown = 50, 10
	}
	terminal, paper, err := cards(posd, least, sales)
	if err != nil {
		return err
	}
	found(terminal.row("13", "POST to the first byte of T00, cold", "1.5", 1.5), paper.row("13", "last byte of T01 to the receipt, cold", "1.8", 1.8))
	glass, err := codes(posd, least, shown)
	if err != nil {
		return err
	}
	found(glass.row("13", "POST to glass, less the gateway, cold", "1.4", 1.4))
	return nil
}

// rehearse sells once: the frames of a sale are then known, and all is warm that ever is.
func (c *counter) rehearse() error {
	_, id, err := c.post("/v1/sales", `{"amount":99,"method":"card"}`, "rehearsal")
	if err != nil {
		return err
	}
	return c.until(id, func(s saleState) bool { return s.State == "paid" && s.Printed == "printed" && s.Reported == "done" })
}
