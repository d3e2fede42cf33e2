package main

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"posd/device/sale"
	"posd/store"
)

func main() {
	cache, _ := os.UserCacheDir()
	dir := flag.String("dir", filepath.Join(cache, "posd", "years"), "the `FOLDER` of the journal")
	sales := flag.Int("sales", 1_000_000, "how `MANY` sales")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	path, err := filepath.Abs(*dir)
	if err == nil {
		err = fill(ctx, path, *sales)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "years:", err)
		os.Exit(1)
	}
	fmt.Println(path)
}

// progressEvery is how often it says how far it is.
const progressEvery = 5 * time.Second

// fill brings the journal in dir to that many sales, and copies its log into it.
func fill(ctx context.Context, dir string, sales int) error {
	s, err := store.Open(ctx, store.Config{Dir: dir}, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	defer s.Close()
	first, err := madeSoFar(ctx, s, dir, sales)
	if err != nil || first == sales {
		return err
	}
	said := time.Now()
	var rows []sale.Row
	for i := first; i < sales; i++ {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("stopped after %d of %d sales; started again it goes on: %w", i, sales, err)
		}
		rows = append(rows, rowsOf(i, nth(i))...)
		if (i+1)%perDay == 0 && i+1 < sales {
			closed, err := closing(i / perDay)
			if err != nil {
				return err
			}
			rows = append(rows, closed)
		}
		if (i+1)%perCommit != 0 && i+1 < sales {
			continue
		}
		if _, err := s.Commit(ctx, rows); err != nil {
			return err
		}
		rows = nil
		if time.Since(said) > progressEvery {
			said = time.Now()
			fmt.Fprintf(os.Stderr, "%d of %d sales\n", i+1, sales)
		}
	}
	for done := false; !done; {
		if done, err = s.Idle(ctx); err != nil {
			return err
		}
	}
	return nil
}

// madeSoFar returns how many of the sales are there. A counter that sold on the whole of them
// has others behind it.
func madeSoFar(ctx context.Context, s *store.Store, dir string, sales int) (int, error) {
	last, err := s.SameBill(ctx, billOf(sales-1))
	if err != nil || len(last) > 0 {
		return sales, err
	}
	newest, err := s.Sales(ctx, sale.Filter{Limit: 1})
	if err != nil || len(newest) == 0 {
		return 0, err
	}
	var n int
	if _, err := fmt.Sscanf(newest[0].Reference, billForm, &n); err != nil {
		return 0, fmt.Errorf("%s holds other sales than those that are made here, such as %s: name another folder", dir, newest[0].ID)
	}
	return n + 1, nil
}
