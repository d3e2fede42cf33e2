package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"posd/device/sale"
	"posd/store"
)

// noTerminal is a card terminal that is not there: its sales end at once, cancelled.
const noTerminal = "[terminal]\nline = \"/nowhere/terminal\"\n"

// sell makes a sale that ends cancelled, and returns its number.
func (b *box) sell() sale.ID {
	b.t.Helper()
	code, out, errs := b.run("sale", "28.65", "-method", "card", "-wait", "-json")
	var s sale.Sale
	if err := json.Unmarshal([]byte(out), &s); err != nil || code != exitCancelled {
		b.t.Fatalf("sale: exit %d, %v\n%s%s", code, err, out, errs)
	}
	return s.ID
}

// says runs a command that must end with code, and say everything named.
func (b *box) says(code int, args []string, words ...string) string {
	b.t.Helper()
	failedBefore := b.t.Failed()
	got, out, errs := b.run(args...)
	for _, w := range words {
		if !strings.Contains(out+errs, w) {
			b.t.Errorf("posd %s does not say %q", strings.Join(args, " "), w)
		}
	}
	if failed := b.t.Failed(); got != code || failed && !failedBefore {
		b.t.Errorf("posd %s: exit %d, not %d\n%s%s", strings.Join(args, " "), got, code, out, errs)
	}
	return out
}

// until asks again and again; each question is a process, which paces it.
func (b *box) until(what string, ask func() bool) {
	b.t.Helper()
	for end := time.Now().Add(time.Minute); !ask(); {
		if time.Now().After(end) {
			log, _ := os.ReadFile(filepath.Join(b.dir, "log"))
			b.t.Fatalf("waited a minute for %s\n%s", what, log)
		}
	}
}

func TestACopyIsMadeBesideTheDaemonAndPutBackWithoutIt(t *testing.T) {
	b := newBox(t, noTerminal)
	to := filepath.Join(b.dir, "posd.backup")
	b.says(exitRefused, []string{"backup", to}, "no journal yet", "posd run")
	daemon := b.daemon()
	kept := b.sell()
	b.says(0, []string{"backup", to}, to, "verified")
	var view struct{ Path string }
	if out := b.says(0, []string{"backup", to, "-json"}); json.Unmarshal([]byte(out), &view) != nil || view.Path != to {
		t.Errorf("-json: %s", out)
	}
	later := b.sell()

	before, _ := os.ReadFile(b.config)
	b.says(exitRefused, []string{"backup", b.config}, "name another file", "not a database")
	if after, _ := os.ReadFile(b.config); !bytes.Equal(before, after) {
		t.Error("the configuration was overwritten")
	}
	b.says(exitRefused, []string{"backup", filepath.Join(b.dir, "state", "posd.db")}, "the journal itself")
	b.says(exitRefused, []string{"backup", filepath.Join(b.dir, "nowhere", "x")}, "nowhere", "make it")
	b.says(exitRefused, []string{"restore", to}, "in use by another posd", "stop that one first")
	b.says(0, []string{"show", string(later)}) // nothing was touched

	daemon.end(syscall.SIGTERM)
	b.says(exitRefused, []string{"restore", b.config}, "not a database")
	out := b.says(0, []string{"restore", to}, "kept as", "posd.db.aside-", "systemctl start posd", "Compare the sales", string(filepath.Separator))
	aside, _, _ := strings.Cut(out[strings.Index(out, "kept as ")+len("kept as "):], "\n")
	if info, err := os.Stat(aside); err != nil || info.Size() == 0 {
		t.Errorf("the old journal %q: %v", aside, err)
	}
	b.says(0, []string{"backup", to}, "verified") // without a daemon, too
	b.daemon()
	b.says(0, []string{"show", string(kept)}, "cancelled")
	b.says(0, []string{"show", string(later)}) // taken from the journal that was put aside
	b.sell()
}

func TestDetailsAreTakenAwayByTheDaemonOrWithoutIt(t *testing.T) {
	b := newBox(t, noTerminal)
	state := filepath.Join(b.dir, "state")
	s, err := store.Open(t.Context(), store.Config{Dir: state}, quiet)
	if err != nil {
		t.Fatal(err)
	}
	for n, days := range []int{200, 100, 0} {
		at := time.Now().AddDate(0, 0, -days)
		v := sale.Sale{ID: sale.ID(fmt.Sprintf("01K%023d", n)), Amount: 2865, Currency: "CAD", Method: sale.Card, State: sale.Declined,
			Words: "the bank says no", CreatedAt: at, FinalAt: &at, Printed: sale.PrintNone, Reported: sale.ReportNotNeeded}
		if _, err := s.Commit(t.Context(), []sale.Row{sale.SaleRow{Sale: v}, sale.EventRow{At: at, Sale: v.ID, Kind: "declined"}}); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	b.says(exitRefused, []string{"prune"}, "-before", "-keep")
	b.says(exitRefused, []string{"prune", "-keep", "1"}, "too late")
	b.says(0, []string{"prune", "-keep", "150"}, "1 sales", "1 events")
	b.daemon()
	b.says(exitRefused, []string{"prune"}, "-before", "-keep")
	b.says(exitRefused, []string{"prune", "-before", "tomorrow"}, "tomorrow")
	out := b.says(0, []string{"prune", "-keep", "50", "-json"})
	var p struct{ Sales, Events int }
	if err := json.Unmarshal([]byte(out), &p); err != nil || p.Sales != 1 || p.Events != 1 {
		t.Errorf("by the daemon: %s %v", out, err)
	}
	b.says(0, []string{"show", "01K00000000000000000000001"}, "28.65", "declined")
	if out := b.says(0, []string{"show", "01K00000000000000000000002"}); !strings.Contains(out, "the bank says no") {
		t.Errorf("a new sale lost its words: %s", out)
	}
	if out := b.says(0, []string{"show", "01K00000000000000000000001"}); strings.Contains(out, "the bank says no") {
		t.Errorf("an old sale kept its words: %s", out)
	}
}

func TestCopiesGoToAStickThatMayBeAway(t *testing.T) {
	b := newBox(t, "")
	stick := filepath.Join(b.dir, "stick")
	b.write(fmt.Sprintf("[backup]\npath = %q\nevery = \"1s\"\nkeep = 2\nreserve_mib = 0\nsame_disk = true\n", stick))
	daemon := b.daemon()
	b.says(exitRefused, []string{"check"}, "NOT OK  backup", "is not there", "no copy was made yet")
	if err := os.Mkdir(stick, 0o750); err != nil {
		t.Fatal(err)
	}
	var names []string
	b.until("the oldest copy to leave", func() bool {
		found, err := os.ReadDir(stick)
		names = names[:0]
		for _, f := range found {
			if strings.HasSuffix(f.Name(), ".db") {
				names = append(names, f.Name())
			}
		}
		b.run("check")
		return err == nil && len(names) == 2 && !strings.HasPrefix(names[0], "posd-000001-")
	})
	b.says(0, []string{"check"}, "the last copy, posd-0000")
	if res, err := http.Get("http://" + b.n + "/metrics"); err != nil {
		t.Error(err)
	} else if text, _ := io.ReadAll(res.Body); !bytes.Contains(text, []byte("\nposd_backup_age_seconds ")) {
		t.Errorf("metrics:\n%s", text)
	}
	if err := os.Rename(stick, stick+".away"); err != nil {
		t.Fatal(err)
	}
	b.until("the stick to be missed", func() bool { code, _, _ := b.run("check"); return code == exitRefused })
	b.says(exitRefused, []string{"check"}, "is not there", "the last copy, posd-0000")
	os.Rename(stick+".away", stick)
	b.until("the stick to be taken up", func() bool { code, _, _ := b.run("check"); return code == 0 })
	daemon.end(syscall.SIGTERM)
	b.says(0, []string{"check"}, "the last copy, posd-0000") // known after the run
	copies, err := filepath.Glob(filepath.Join(stick, "posd-*.db"))
	if err != nil || len(copies) == 0 {
		t.Fatal(copies, err)
	}
	b.says(0, []string{"restore", copies[len(copies)-1]}, "restored from")
	b.daemon()
}
