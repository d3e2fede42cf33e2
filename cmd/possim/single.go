package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"posd/display/displaysim"
	"posd/pax/paxsim"
	"posd/printer/printersim"
	"posd/sync/iotpay/iotpaysim"
)

// single is one simulator started alone, so that other people's programs can be
// pointed at it.
type single struct {
	listen, pty, http, control string
	cancelListen, cancelHTTP   string
	faults                     []string
	list                       bool
}

// flags declares what every simulator's command takes.
func (s *single) flags(c *cobra.Command, usual string, serial bool) {
	c.Args = cobra.NoArgs
	c.Flags().StringVar(&s.listen, "listen", "", "serve TCP on `ADDR`, such as "+usual)
	if serial {
		c.Flags().StringVar(&s.pty, "pty", "", "serve a pseudo-terminal to which the symlink `PATH` leads")
	}
	c.Flags().StringVar(&s.control, "control", "", "serve the control address on `ADDR`: GET /state, GET /faults, POST /fault and more")
	c.Flags().StringArrayVar(&s.faults, "fault", nil, "set a fault, as `NAME[=ARG]`; may be repeated")
	c.Flags().BoolVar(&s.list, "faults", false, "list the faults and stop")
}

// run serves the simulator until ctx ends.
func (s *single) run(ctx context.Context, it sim, out io.Writer) error {
	if s.list {
		it.listFaults(out)
		return nil
	}
	for _, f := range s.faults {
		if err := it.setFault(f); err != nil {
			return fmt.Errorf("-fault %s: %w", f, err)
		}
	}
	if s.listen == "" && s.pty == "" && s.http == "" {
		if it.serveConn == nil {
			return errors.New("say where: -listen ADDR, such as -listen 127.0.0.1:8481")
		}
		return errors.New("say where: -listen ADDR or -pty PATH")
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ended := make(chan error, 6)
	parts := 0
	start := func(part func() error) {
		parts++
		go func() { ended <- part() }()
	}
	var cable *line
	if s.pty != "" {
		var err error
		if cable, err = newLine(s.pty); err != nil {
			return err
		}
		start(func() error { return cable.Serve(ctx, it.serveConn) })
		fmt.Fprintf(out, "%s: %s\n", it.summary, s.pty)
	}
	err := s.open(ctx, it, cable, start, out)
	if err == nil {
		select {
		case <-ctx.Done():
		case err = <-ended:
			parts--
		}
	}
	cancel()
	for range parts {
		<-ended
	}
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// open starts what listens on TCP.
func (s *single) open(ctx context.Context, it sim, cable *line, start func(func() error), out io.Writer) error {
	if s.listen != "" {
		l, err := net.Listen("tcp", s.listen)
		if err != nil {
			return err
		}
		start(func() error { return it.serve(ctx, l) })
		fmt.Fprintf(out, "%s: %s\n", it.summary, l.Addr())
	}
	if s.http != "" {
		l, err := net.Listen("tcp", s.http)
		if err != nil {
			return err
		}
		start(func() error { return serveHTTP(ctx, l, it.overHTTP) })
		fmt.Fprintf(out, "%s: http://%s/?FRAME\n", it.summary, l.Addr())
	}
	if s.cancelListen != "" {
		l, err := net.Listen("tcp", s.cancelListen)
		if err != nil {
			return err
		}
		start(func() error { return it.serveCancels(ctx, l) })
		fmt.Fprintf(out, "cancels (A14): %s\n", l.Addr())
	}
	if s.cancelHTTP != "" {
		l, err := net.Listen("tcp", s.cancelHTTP)
		if err != nil {
			return err
		}
		start(func() error { return serveHTTP(ctx, l, it.httpCancels) })
		fmt.Fprintf(out, "cancels (A14): http://%s/?FRAME\n", l.Addr())
	}
	if s.control != "" {
		l, err := net.Listen("tcp", s.control)
		if err != nil {
			return err
		}
		start(func() error { return serveHTTP(ctx, l, withLine(it.control, cable)) })
		fmt.Fprintf(out, "control: http://%s/state\n", l.Addr())
	}
	return nil
}

// serveHTTP serves h until ctx ends.
func serveHTTP(ctx context.Context, l net.Listener, h http.Handler) error {
	srv := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
	stop := context.AfterFunc(ctx, func() { srv.Close() })
	defer stop()
	if err := srv.Serve(l); ctx.Err() == nil {
		return err
	}
	return nil
}

// singleCommands are the four simulators, each as a command.
func singleCommands() []*cobra.Command {
	return []*cobra.Command{paxCommand(), gatewayCommand(), displayCommand(), printerCommand()}
}

func paxCommand() *cobra.Command {
	var s single
	var o paxsim.Options
	var amounts bool
	c := &cobra.Command{Use: "pax", Short: "Start a PAX card terminal alone; it approves every sale"}
	s.flags(c, "127.0.0.1:10009", true)
	c.Flags().StringVar(&s.http, "http", "", "serve POSLINK over HTTP on `ADDR`, too, such as 127.0.0.1:10019")
	c.Flags().StringVar(&s.cancelListen, "cancel-listen", "", "take A14 and nothing else on `ADDR`, too, such as 127.0.0.1:10010")
	c.Flags().StringVar(&s.cancelHTTP, "cancel-http", "", "take A14 and nothing else over HTTP on `ADDR`, too")
	c.Flags().DurationVar(&o.Think, "think", 2*time.Second, "how `LONG` the customer takes to show a card")
	c.Flags().DurationVar(&o.Host, "host", 0, "how `LONG` the host takes then; A14 comes too late")
	c.Flags().StringVar(&o.Serial, "serial", "", "its serial `NUMBER`")
	c.Flags().StringVar(&o.Card, "card", "", "which `CARD` is shown; -card list lists them")
	c.Flags().StringVar(&o.DebitCard, "debit-card", "", "which `CARD` is shown for debit")
	c.Flags().StringVar(&o.Language, "language", "", "the cards' `LANGUAGE`: 1 English, 2 French, 3 Chinese")
	c.Flags().Int64Var(&o.TapLimit, "tap-limit", 0, "the largest amount in `CENTS` that is tapped; above it the card is inserted")
	c.Flags().BoolVar(&o.ByAmount, "by-amount", false, "let the last two digits of the amount choose what happens, 01 a decline; see -amounts")
	c.Flags().DurationVar(&o.SettleAfter, "settle-after", 0, "the `AGE` of its batch at which it closes it by itself")
	c.Flags().StringVar(&o.Cancel, "cancel", "", "its `ANSWER` to a cancel wish: "+strings.Join(paxsim.CancelAnswers, ", "))
	c.Flags().StringVar(&o.Voided, "voided", "", "`HOW` a look-up shows what was voided: "+strings.Join(paxsim.VoidedShown, ", "))
	c.Flags().StringVar(&o.EmptyBatch, "empty-batch", "", "its `ANSWER` to the close of a batch with nothing in it: "+strings.Join(paxsim.EmptyAnswers, ", "))
	c.Flags().StringVar(&o.Stored, "stored", "", "`HOW` it remembers what it approved offline: "+strings.Join(paxsim.StoredShown, ", "))
	c.Flags().BoolVar(&o.Duplicates, "duplicates", false, "switch its check for duplicates on")
	c.Flags().BoolVar(&o.DuplicateRefs, "duplicate-refs", false, "switch its check for references used before on")
	c.Flags().BoolVar(&amounts, "amounts", false, "list what -by-amount does, and stop")
	c.RunE = func(c *cobra.Command, _ []string) error {
		known := paxsim.Cards()
		if o.Card == "list" {
			for _, name := range known {
				fmt.Fprintln(c.OutOrStdout(), name)
			}
			return nil
		}
		if amounts {
			what := paxsim.Amounts()
			for _, digits := range slices.Sorted(maps.Keys(what)) {
				fmt.Fprintf(c.OutOrStdout(), "*.%s  %s\n", digits, what[digits])
			}
			return nil
		}
		if err := o.Validate(); err != nil {
			return err
		}
		t := paxsim.New(o)
		return s.run(c.Context(), terminalSim(t), c.OutOrStdout())
	}
	return c
}

func gatewayCommand() *cobra.Command {
	var s single
	o := iotpaysim.Options{Notify: &http.Client{Timeout: 5 * time.Second}}
	c := &cobra.Command{Use: "gateway", Short: "Start an IOTPay gateway alone; orders stay unpaid until its control address is told"}
	s.flags(c, "127.0.0.1:8481", false)
	c.Flags().StringVar(&o.MchID, "mch-id", "", "the `MERCHANT` that it knows")
	c.Flags().StringVar(&o.Key, "key", "", "the merchant's `KEY`")
	c.Flags().StringVar(&o.AnswerKey, "answer-key", "", "the `KEY` that signs answers; the merchant's when left out")
	c.Flags().StringVar(&o.JobNo, "job-no", "", "the one `LOGIN` known; any when left out")
	c.Flags().BoolVar(&o.Strict, "strict", false, "hold requests to the documented limits, not to those of the documents' own samples")
	c.Flags().BoolVar(&o.ScanPays, "scan-pays", false, "a scanned code is paid at once, without a password")
	c.RunE = func(c *cobra.Command, _ []string) error {
		if !s.list && cmp.Or(o.MchID, o.Key) == "" {
			return errors.New("say whose gateway it is: -mch-id MERCHANT -key KEY")
		}
		return s.run(c.Context(), gatewaySim(iotpaysim.New(o)), c.OutOrStdout())
	}
	return c
}

func displayCommand() *cobra.Command {
	var s single
	var driver, dialect string
	c := &cobra.Command{Use: "display", Short: "Start a customer display alone"}
	s.flags(c, "127.0.0.1:8482", true)
	c.Flags().StringVar(&driver, "driver", "nextion", "which `DEVICE`: "+strings.Join(displaysim.Drivers(), ", "))
	c.Flags().StringVar(&dialect, "dialect", "", "`NAME` of what a linedisplay understands: "+strings.Join(displaysim.Dialects(), ", "))
	c.RunE = func(c *cobra.Command, _ []string) error {
		d, err := displaysim.New(driver, dialect, displaysim.Options{})
		if err != nil {
			return err
		}
		return s.run(c.Context(), displaySim(d), c.OutOrStdout())
	}
	return c
}

func printerCommand() *cobra.Command {
	var s single
	o := printersim.Options{Matrix: displaysim.Matrix, ProcessID: true}
	c := &cobra.Command{Use: "printer", Short: "Start an ESC/POS receipt printer alone"}
	s.flags(c, "127.0.0.1:9100", true)
	c.Flags().IntVar(&o.Dots, "dots", 0, "`DOTS` of a line: 384, 512 or 576 (default 576)")
	c.Flags().BoolVar(&o.Chinese, "chinese", false, "a printer for the Chinese market")
	c.Flags().BoolVar(&o.NoQR, "no-qr", false, "its firmware knows no QR codes")
	c.RunE = func(c *cobra.Command, _ []string) error {
		if o.Dots != 0 && o.Dots != 384 && o.Dots != 512 && o.Dots != 576 {
			return fmt.Errorf("-dots %d is no printer's: use 384, 512 or 576", o.Dots)
		}
		return s.run(c.Context(), printerSim(printersim.New(o)), c.OutOrStdout())
	}
	return c
}
