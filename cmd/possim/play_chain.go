package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// chainSold is what the script chain sold: by counter, in cents and in sales.
type chainSold struct {
	mu    sync.Mutex
	cents []int64
	sales []int
}

// playChain sells at three counters, while the hub is killed, then the server, and one
// counter burns down and is replaced from the books. In the end hub, journals, terminals and
// gateways must agree to the cent.
func playChain(ctx context.Context, set setup, out io.Writer) (err error) {
	k, err := openChain(ctx, set, out)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, k.Close()) }()
	sold := &chainSold{cents: make([]int64, len(k.counters)), sales: make([]int, len(k.counters))}
	scenes := []struct {
		about string
		do    func() error
	}{
		{"all is well", func() error { return nil }},
		{"the centre asks the first counter how it is", func() error { return k.askFirst(ctx) }},
		{"the hub is killed", func() error { k.hub.Kill(); return nil }},
		{"the hub is back", func() error { return k.startHub(ctx) }},
		{"the server is killed", func() error { k.nats.Kill(); return nil }},
		{"the server is back", func() error { return k.startNATS(ctx) }},
		{"the third counter burns down and is replaced from the books", func() error { return k.replace(ctx, 2, sold) }},
	}
	for i, s := range scenes {
		fmt.Fprintln(out, s.about)
		if err := s.do(); err != nil {
			return err
		}
		if err := k.sellEverywhere(ctx, i, sold); err != nil {
			return err
		}
	}
	if err := k.agree(ctx, sold); err != nil {
		return err
	}
	read, err := searched(k.secretless()...)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "no card number, expiry or key in %d kB of the stream, the books, the export and what hub and server said\n", read>>10)
	fmt.Fprintf(out, "\nscript chain: hub, journals, terminals and gateways agree to the cent\n")
	return nil
}

// secretless are the files of the chain, in which nothing of a card but its last digits may stand.
func (k *chain) secretless() []string {
	return []string{filepath.Join(k.dir, "stream"), filepath.Join(k.dir, "books.db"), filepath.Join(k.dir, "books.db-wal"), filepath.Join(k.dir, "new.db"), k.log.Name()}
}

// askFirst puts questions to the first counter, and one that is none.
func (k *chain) askFirst(ctx context.Context) error {
	name := places[0][0] + "/" + places[0][1]
	for question, part := range map[string]string{"devices": "terminal", "queue": "", "check": "journal"} {
		words, err := k.poshub(ctx, "ask", name, question)
		if err != nil || !strings.Contains(words, part) {
			return fmt.Errorf("%s was asked for %s: %q (%w)", name, question, words, err)
		}
		pause(ctx, 3*time.Second) // it answers one question, and rests
	}
	file := filepath.Join(k.dir, "support.tar.gz")
	if _, err := k.poshub(ctx, "ask", name, "support", file); err != nil {
		return err
	}
	if words, err := k.poshub(ctx, "ask", name, "refund"); err == nil {
		return fmt.Errorf("%s answered what it may not be asked: %s", name, words)
	}
	return nil
}

// sellEverywhere sells two bills at each counter, all at once.
func (k *chain) sellEverywhere(ctx context.Context, round int, sold *chainSold) error {
	errs := make([]error, len(k.counters))
	var all sync.WaitGroup
	for i, st := range k.counters {
		all.Go(func() {
			for n := range 2 {
				amount := int64(1000 + 100*round + 10*i + n)
				s, err := st.cardSale(ctx, fmt.Sprintf("%d-%d-%d", round, i, n), amount, "done")
				if err != nil {
					errs[i] = fmt.Errorf("counter %d: %w", i+1, err)
					return
				}
				sold.mu.Lock()
				sold.cents[i], sold.sales[i] = sold.cents[i]+s.ApprovedAmount, sold.sales[i]+1
				sold.mu.Unlock()
			}
		})
	}
	all.Wait()
	return errors.Join(errs...)
}

// taking is what the hub says of a counter.
type taking struct {
	Of    string `json:"of"`
	Sales int    `json:"sales"`
	Net   int64  `json:"netCents"`
}

// booked waits until the hub has what a counter sold.
func (k *chain) booked(ctx context.Context, i int, sold *chainSold) error {
	name := places[i][0] + "/" + places[i][1]
	return until(ctx, 60*time.Second, "the hub to have booked "+name, func(ctx context.Context) (bool, string, error) {
		var all []taking
		if err := k.ask(ctx, "takings", url.Values{"by": {"till"}}, &all); err != nil {
			return false, "", err
		}
		for _, t := range all {
			if t.Of == name {
				return t.Net == sold.cents[i] && t.Sales == sold.sales[i], fmt.Sprintf("%d sales, %s of %s", t.Sales, cents(t.Net), cents(sold.cents[i])), nil
			}
		}
		return false, "nothing of it", nil
	})
}

// replace kills a counter for good and puts a new box in its place, from the books.
func (k *chain) replace(ctx context.Context, i int, sold *chainSold) error {
	st := k.counters[i]
	if err := k.booked(ctx, i, sold); err != nil {
		return err
	}
	if err := k.caughtUp(ctx, i); err != nil {
		return err
	}
	st.running().Kill()
	if err := os.RemoveAll(filepath.Join(st.dir, "data")); err != nil {
		return err
	}
	file := filepath.Join(k.dir, "new.db")
	words, err := k.poshub(ctx, "export", places[i][0]+"/"+places[i][1], file)
	if err != nil {
		return err
	}
	fmt.Fprint(k.out, words)
	if err := st.mustRun(ctx, "restore", file); err != nil {
		return err
	}
	return st.startPosd(ctx)
}

// caughtUp waits until the counter says that all is published, and the hub that all is booked.
func (k *chain) caughtUp(ctx context.Context, i int) error {
	name := places[i][0] + "/" + places[i][1]
	still := int64(-1)
	return until(ctx, 60*time.Second, "the hub to have every commit of "+name, func(ctx context.Context) (bool, string, error) {
		var all []struct {
			Till   string `json:"till"`
			Booked int64  `json:"bookedUpTo"`
		}
		if err := k.ask(ctx, "tills", nil, &all); err != nil {
			return false, "", err
		}
		for _, t := range all {
			if t.Till == name {
				was := still
				still = t.Booked
				pause(ctx, 2*time.Second) // a commit of its own, such as of a receipt, may follow within a second
				return was == t.Booked, fmt.Sprintf("booked up to %d", t.Booked), nil
			}
		}
		return false, "nothing of it", nil
	})
}

// agree holds the books against each other.
func (k *chain) agree(ctx context.Context, sold *chainSold) error {
	var errs []error
	for i, st := range k.counters {
		errs = append(errs, k.booked(ctx, i, sold))
		approved := 0
		for _, n := range st.terminal.State().Approvals {
			approved += n
		}
		reported := int64(0)
		for _, r := range st.gateway.State().Reports {
			reported += r.Amount * int64(r.Accepted)
		}
		journal, err := st.journalSum(ctx)
		if err != nil || journal != sold.cents[i] {
			errs = append(errs, fmt.Errorf("counter %d: its journal holds %s of %s (%v)", i+1, cents(journal), cents(sold.cents[i]), err))
		}
		if approved != sold.sales[i] || reported != sold.cents[i] {
			errs = append(errs, fmt.Errorf("counter %d: the terminal approved %d of %d sales, the gateway was told of %s of %s", i+1, approved, sold.sales[i], cents(reported), cents(sold.cents[i])))
		}
	}
	var alarms []struct{ Kind, Till, Words string }
	errs = append(errs, k.ask(ctx, "alarms", nil, &alarms))
	for _, a := range alarms {
		errs = append(errs, fmt.Errorf("alarm %s of %s: %s", a.Kind, a.Till, a.Words))
	}
	fmt.Fprintf(k.out, "sold %v cents in %v sales\n", sold.cents, sold.sales)
	return errors.Join(errs...)
}

// journalSum is what posd says that it took.
func (st *stage) journalSum(ctx context.Context) (sum int64, err error) {
	var all []saleView
	if err := st.api.Call(ctx, http.MethodGet, "/v1/sales?state=paid", "", nil, &all); err != nil {
		return 0, err
	}
	for _, s := range all {
		sum += s.ApprovedAmount
	}
	return sum, nil
}
