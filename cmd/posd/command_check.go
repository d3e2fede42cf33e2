package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"posd/device"
	"posd/device/sale"
	"posd/display"
	"posd/store"
)

func checkCommand(at *where) *cobra.Command {
	var asJSON bool
	var language string
	var verbose bool
	c := &cobra.Command{
		Use:   "check",
		Short: "Say what is in force and whether all is well",
		Long: `check says first whether all is well, then how every device is, and with -v
the configuration in force. With a daemon running it asks that one and opens
nothing; without, it opens and greets every device itself, asks the gateway after an order that never was, and reads the
whole journal for anything that is not as posd wrote it. It also looks at posd's
unit, the clock and the disk. What is not well comes with its cause and what to do
about it, in the shop's language or in -language. It exits 0 only if all is well.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var c Config
			known := at.config != "" || at.url == ""
			if known {
				var err error
				if c, err = load(at.configFile()); err != nil {
					return err
				}
			}
			cl, err := at.client()
			if err != nil {
				return err
			}
			list, err := devicesOf(cmd.Context(), cl)
			var dial *notReached
			doc := &doctor{config: c, pause: 500 * time.Millisecond}
			switch {
			case errors.As(err, &dial) && known:
				doc.alone = true
				list = checkAlone(cmd.Context(), c, cmd.ErrOrStderr())
			case err != nil:
				return err
			case known:
				list = append(list, whoseDaemon(list, c)...)
			}
			if known {
				list = append(list, aroundPosd(cmd.Context(), at.configFile(), c, thisBox())...)
			}
			list = doc.name(cmd.Context(), list)
			if !asJSON {
				fmt.Fprintln(cmd.OutOrStdout(), summary(list))
			}
			end := report(cmd.OutOrStdout(), list, asJSON)
			if !asJSON {
				advise(cmd.OutOrStdout(), list, cmp.Or(language, string(c.Shop.Language)), unitOf(at.configFile()))
			}
			if known && verbose && !asJSON {
				fmt.Fprintf(cmd.OutOrStdout(), "\n# in force (%s)\n%s\n", at.configFile(), c)
			}
			return end
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print the devices as JSON")
	c.Flags().BoolVarP(&verbose, "verbose", "v", false, "print the configuration in force, too")
	c.Flags().StringVar(&language, "language", "", "`LANGUAGE` of the advice: en, fr or zh; default: the shop's")
	return c
}

// summary sums a list of devices up in a line.
func summary(list []device.DeviceStatus) string {
	bad := 0
	for _, d := range list {
		if !d.OK {
			bad++
		}
	}
	if bad == 0 {
		return "all is well"
	}
	return fmt.Sprintf("NOT WELL: %d of %d", bad, len(list))
}

// advise prints what to do about each thing that is not well, or soon will not be.
func advise(w io.Writer, list []device.DeviceStatus, language, unit string) {
	for _, s := range list {
		if a, ok := advices[cause(s.Trouble)]; ok {
			fmt.Fprintf(w, "\n%s (%s)\n    %s\n", s.Name, s.Trouble, a.in(language, unit))
		}
	}
}

// whoseDaemon says that the daemon which answered is not the configuration's own: a
// box with several counters whose addresses are mixed up would sell, and be checked,
// at the wrong one.
func whoseDaemon(list []device.DeviceStatus, c Config) []device.DeviceStatus {
	i := slices.IndexFunc(list, func(d device.DeviceStatus) bool { return d.Name == "journal" })
	if i < 0 || sameFolder(list[i].Line, c.Store.Dir) {
		return nil
	}
	return []device.DeviceStatus{{Name: "daemon", Kind: boxKind, Line: c.API.Listen, Trouble: string(daemonOther),
		Words: fmt.Sprintf("the posd that answers keeps its journal in %s, the configuration names %s", list[i].Line, c.Store.Dir)}}
}

// sameFolder reports whether two names lead to one folder. One that this user may
// not look into is told by its name.
func sameFolder(a, b string) bool {
	x, errA := os.Stat(a)
	y, errB := os.Stat(b)
	return filepath.Clean(a) == filepath.Clean(b) || errA == nil && errB == nil && os.SameFile(x, y)
}

// devicesOf asks a running daemon how its devices are.
func devicesOf(ctx context.Context, cl *client) ([]device.DeviceStatus, error) {
	a, err := cl.ask(ctx, http.MethodGet, "/v1/devices", nil)
	if err != nil {
		return nil, err
	}
	var list []device.DeviceStatus
	return list, a.into(&list)
}

// report prints a list of devices; its error says that one of them is not well.
func report(w io.Writer, list []device.DeviceStatus, asJSON bool) error {
	var bad []string
	for _, d := range list {
		if !d.OK {
			bad = append(bad, d.Name+": "+d.Words)
		}
	}
	write := table
	if asJSON {
		write = func(w io.Writer, list []device.DeviceStatus) error { return encodeTo(w, list) }
	}
	if err := write(w, list); err != nil {
		return err
	}
	if len(bad) > 0 {
		return &ended{exitRefused, fmt.Errorf("not well: %s", strings.Join(bad, "; "))}
	}
	return nil
}

// table prints a list of devices for people.
func table(w io.Writer, list []device.DeviceStatus) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, d := range list {
		well := "ok"
		if !d.OK {
			well = "NOT OK"
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\n", well, d.Name, d.Kind, d.Line, words(d))
	}
	return t.Flush()
}

func words(d device.DeviceStatus) string {
	id := d.Identity
	if id.Model+id.Serial == "" {
		return d.Words
	}
	return fmt.Sprintf("%s (%s %s, serial number %s)", d.Words, id.Model, id.Version, id.Serial)
}

// aloneLimit is how long the devices may take to answer when no daemon runs.
const aloneLimit = 20 * time.Second

// checkAlone opens and greets every device.
func checkAlone(ctx context.Context, c Config, progress io.Writer) []device.DeviceStatus {
	log := slog.New(slog.DiscardHandler)
	journal := journalAlone(ctx, c.Store, progress, log)
	list := append([]device.DeviceStatus{journal.status}, clockStatus(device.BehindWords(time.Now(), journal.latest))...)
	if journal.made != nil {
		list = append(list, device.DeviceStatus{Name: "access", Kind: "tokens", Line: c.API.Listen, OK: true, Words: accessWords(*journal.made)})
	}
	if c.API.LANListen != "" {
		cert := certificate{files: c.tlsFiles(), now: time.Now}
		list = append(list, cert.status(c.API.LANListen))
	}
	if journal.locked { // a daemon that does not answer has the lines as well
		return list
	}
	ctx, cancel := context.WithTimeout(ctx, aloneLimit) // the journal takes as long as it is
	defer cancel()
	p, err := plugIn(c, log)
	if err != nil {
		return append(list, device.DeviceStatus{Name: "gateway", Kind: "iotpay", Line: c.Gateway.BaseURL, Words: err.Error()})
	}
	defer p.close()
	shown, hide := context.WithCancel(ctx)
	var panels, all sync.WaitGroup
	panels.Go(func() { p.displays.Run(shown) })
	for _, panel := range p.panels {
		all.Go(func() { firstWord(ctx, panel.Status) })
	}
	if p.terminal != nil {
		all.Go(func() { p.terminal.greet(ctx) })
	}
	if p.gateway != nil {
		all.Go(func() { p.gateway.greet(ctx) })
	}
	if p.scanner != nil {
		all.Go(func() { p.scanner.greet(ctx) })
	}
	if p.printer != nil {
		all.Go(func() { p.printer.Probe(ctx) }) // what it said is in its status
	}
	all.Wait()
	b := board{config: c, parts: p}
	list = append(list, b.plugged()...)
	hide()
	panels.Wait()
	return list
}

// firstWord waits until a display was drawn on or could not be opened.
func firstWord(ctx context.Context, status func() display.Status) {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	first := status()
	for s := first; !s.Connected && s.Trouble == first.Trouble; s = status() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// journalRead is what is known of a journal that no daemon has.
type journalRead struct {
	status device.DeviceStatus
	made   *bool     // whether there ever was a token; nil where that cannot be read
	latest time.Time // of its latest entry
	locked bool      // another program has it
}

// journalAlone opens the journal, if there is one. It makes none: that would
// belong to whoever runs check, and posd could not write it.
func journalAlone(ctx context.Context, c store.Config, progress io.Writer, log *slog.Logger) (j journalRead) {
	j.status = device.DeviceStatus{Name: "journal", Kind: "sqlite", Line: c.Dir}
	d := &j.status
	if !journalThere(c) {
		d.OK, d.Words, j.made = true, "none yet: the first start makes it", new(bool)
		return j
	}
	s, err := store.Open(ctx, c, log)
	if err != nil {
		d.Words, d.Trouble = err.Error(), string(journalCause(err, c.Dir))
		j.locked = errors.Is(err, sale.ErrLocked)
		return j
	}
	d.OK, d.Words = true, fmt.Sprintf("ready; every row is as it was written, up to commit %d", s.Commits())
	if list, err := s.Tokens(ctx); err == nil {
		some := len(list) > 0
		j.made = &some
	}
	if j.latest, err = device.LatestEntry(ctx, s); err != nil {
		d.OK, d.Words = false, errors.Join(err, s.Close()).Error()
		return j
	}
	of, read, said := s.Commits(), int64(0), time.Now()
	err = s.VerifyTelling(ctx, func(n int64) {
		if read = n; time.Since(said) >= progressEvery {
			said = time.Now()
			fmt.Fprintf(progress, "reading the journal: %d of %d commits are as they were written\n", read, of)
		}
	})
	if err != nil && !errors.Is(err, sale.ErrJournalBroken) { // a check that was stopped has found nothing
		err = fmt.Errorf("not read to its end, which says nothing against it: %d of %d commits are as they were written: %w", read, of, err)
	}
	if err := errors.Join(err, s.Close()); err != nil {
		d.OK, d.Words, d.Trouble = false, err.Error(), string(journalCause(err, c.Dir))
	}
	return j
}

// progressEvery is how often a long check says how far it is.
const progressEvery = 2 * time.Second

// journalThere reports whether there is a journal, or something in its place.
func journalThere(c store.Config) bool {
	_, err := os.Stat(filepath.Join(c.Dir, "posd.db"))
	return !errors.Is(err, fs.ErrNotExist)
}
