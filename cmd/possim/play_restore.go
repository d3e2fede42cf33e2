package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"posd/cmd/possim/caller"
	"strings"
	"time"
)

// playRestore sells, copies the journal, sells more, puts the copy back and sells
// again. What was sold after the copy is not in the journal any more: it must be
// neither taken for a new sale, nor reported again, and the old journal, which
// knows of it, must be kept.
//
//	A  reported before the copy            stays as it is
//	B  paid before the copy, and reported
//	   only after it                       its report is set aside, and never sent again
//	C  sold and reported after the copy    unknown, in the journal kept aside
//	D  the terminal says "duplicate" and
//	   names C, of the same amount         not paid
//	E  of the same amount, answer lost     paid, found by its own reference
func playRestore(ctx context.Context, st *stage) error {
	a, err := st.cardSale(ctx, "A", 2865, "done")
	if err != nil {
		return err
	}
	if err := gatewayGoes(st); err != nil {
		return err
	}
	b, err := st.cardSale(ctx, "B", 3310, "queued")
	if err != nil {
		return err
	}
	file := filepath.Join(st.dir, "posd.backup")
	if err := st.mustRun(ctx, "backup", file); err != nil {
		return err
	}
	st.gateway.ClearFault("away")
	if b, err = st.untilReported(ctx, b); err != nil {
		return err
	}
	c, err := st.cardSale(ctx, "C", 4210, "done")
	if err != nil {
		return err
	}
	if code, words, err := st.command(ctx, "restore", file, "-config", st.file); err != nil || code != 1 || !strings.Contains(words, "stop that one first") {
		st.fault("a restore under the running posd: exit %d, %q (%v)", code, words, err)
	}
	if err := st.restoreUnreadable(ctx, file, c); err != nil {
		return err
	}
	st.isNow(ctx, a, "paid", "done")
	st.isNow(ctx, b, "paid", "set-aside")
	if err := st.afterRestore(ctx, c); err != nil {
		return err
	}
	st.wholeIs(ctx, sums{approved: 4, reported: 4, aside: 1})
	return nil
}

// restoreUnreadable puts the copy back beside a journal that cannot be read, which is kept and knows of c.
func (st *stage) restoreUnreadable(ctx context.Context, file string, c saleView) error {
	if err := st.running().Stop(); err != nil {
		return err
	}
	// What can be read of the old journal would be taken over: here it cannot.
	if err := loseHead(filepath.Join(st.dir, "data", "posd.db")); err != nil {
		return err
	}
	fmt.Fprintln(st.out, "posd was stopped, its journal lost its first bytes, and the copy was put back")
	if err := st.mustRun(ctx, "restore", file); err != nil {
		return err
	}
	if kept, err := filepath.Glob(filepath.Join(st.dir, "data", "posd.db.aside-*")); err != nil || len(kept) == 0 {
		st.fault("the old journal is not kept: %q, %v", kept, err)
	} else if err := holds(kept, c.ID); err != nil {
		st.fault("the old journal does not know of C: %w", err)
	}
	return st.startPosd(ctx)
}

// afterRestore sells on: what the terminal still remembers of c, which the copy does not know, is no proof for another sale.
func (st *stage) afterRestore(ctx context.Context, c saleView) error {
	var gone *caller.Problem
	if _, err := st.api.sale(ctx, c.ID, 0); !errors.As(err, &gone) || gone.Status != http.StatusNotFound {
		st.fault("C, sold after the copy, is still known: %v", err)
	}
	if code, words, err := st.command(ctx, "retry", "-all", "-config", st.file); err != nil {
		return err
	} else if code != 1 || !strings.Contains(words, "cannot be sent however often it is tried") {
		st.fault("the report without its body was put back into the queue: exit %d: %s", code, words)
	}

	if err := st.terminal.SetFault("duplicate"); err != nil {
		return err
	}
	d, err := st.sell(ctx, sellBody{Amount: c.Amount, Method: "card", Reference: "possim restore D", Replaces: "none"})
	if err != nil {
		return err
	}
	if d, err = st.untilSale(ctx, d.ID, "D to end", 30*time.Second, func(s saleView) bool { return s.State != "waiting" && s.State != "unsure" }); err != nil {
		return err
	}
	fmt.Fprintf(st.out, "D, for which the terminal named C: %s\n", d)
	if d.State == "paid" || d.ApprovedAmount != 0 {
		st.fault("D was taken for paid by what the terminal said of C: %s", d)
	}
	if err := st.terminal.SetFault("lose-answer"); err != nil {
		return err
	}
	e, err := st.cardSale(ctx, "E", c.Amount, "done")
	if err != nil {
		return err
	}
	if err := st.judge(ctx, e, cardPaid); err != nil {
		st.fault("E: %w", err)
	}
	return nil
}

// cardSale sells by card, and waits until it is paid and its report stands as said.
// It says that another customer pays: after the restore posd asks that of every sale.
func (st *stage) cardSale(ctx context.Context, name string, amount int64, reported string) (saleView, error) {
	s, err := st.sell(ctx, sellBody{Amount: amount, Method: "card", Reference: "possim restore " + name, Replaces: "none"})
	if err != nil {
		return s, err
	}
	s, err = st.untilSale(ctx, s.ID, name+" to be paid, its report "+reported, 30*time.Second, func(s saleView) bool {
		return s.State == "paid" && s.Reported == reported && s.Printed != "queued"
	})
	if err == nil {
		fmt.Fprintf(st.out, "%s, %s: %s\n", name, cents(s.Amount), s)
	}
	return s, err
}

func (st *stage) untilReported(ctx context.Context, s saleView) (saleView, error) {
	return st.untilSale(ctx, s.ID, "the report to be taken", 30*time.Second, func(s saleView) bool { return s.Reported == "done" })
}

// isNow holds a sale against what posd says of it now.
func (st *stage) isNow(ctx context.Context, s saleView, state, reported string) {
	now, err := st.api.sale(ctx, s.ID, 0)
	if err != nil || now.State != state || now.Reported != reported {
		st.fault("sale %s of %s is %s, not %s and reported %s (%v)", s.ID, cents(s.Amount), now, state, reported, err)
	}
}

// mustRun runs a command of posd's that must end well.
func (st *stage) mustRun(ctx context.Context, args ...string) error {
	code, words, err := st.command(ctx, append(args, "-config", st.file)...)
	if err == nil && code != 0 {
		err = fmt.Errorf("posd %s: exit %d: %s", strings.Join(args, " "), code, words)
	}
	return err
}

// holds looks for a text in files, any of which may hold it.
func holds(files []string, text string) error {
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			return err
		}
		if strings.Contains(string(b), text) {
			return nil
		}
	}
	return fmt.Errorf("%s stands in none of %q", text, files)
}

// loseHead overwrites the mark by which a database is known.
func loseHead(path string) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteAt(make([]byte, 16), 0)
	return errors.Join(err, f.Close())
}
