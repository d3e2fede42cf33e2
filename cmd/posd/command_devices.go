package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"posd/device"
	"posd/device/port"
	"posd/display"
)

func devicesCommand(at *where) *cobra.Command {
	var asJSON bool
	var ask string
	c := &cobra.Command{
		Use:   "devices",
		Short: "List what is plugged in, and how the configured devices are",
		Long: `devices lists the serial lines and printers of this box, with the names under
which they can be configured, and asks a running daemon how its devices are. It
opens no line.

With -probe LINE it asks what hangs on that one line whether it is a display, by
questions that change nothing. It refuses a line that is configured.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if ask != "" {
				return probe(cmd, at, ask)
			}
			cl, err := at.client()
			if err != nil {
				return err
			}
			view := struct {
				Plugged []port.Found          `json:"plugged"`
				Devices []device.DeviceStatus `json:"devices"` // null without a daemon
			}{Plugged: port.List()}
			var asked error
			view.Devices, asked = devicesOf(cmd.Context(), cl)
			w := cmd.OutOrStdout()
			if asJSON {
				return encodeTo(w, view)
			}
			if err := plugged(w, view.Plugged); err != nil {
				return err
			}
			if asked != nil {
				fmt.Fprintln(cmd.ErrOrStderr(), "no daemon asked:", asked)
				return nil
			}
			fmt.Fprintln(w)
			return table(w, view.Devices)
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print everything as JSON")
	c.Flags().StringVar(&ask, "probe", "", "ask what hangs on `LINE`, such as /dev/ttyUSB1 or tcp:192.168.1.50:4000, whether it is a display")
	return c
}

// plugged prints what is plugged in, for people.
func plugged(w io.Writer, list []port.Found) error {
	if len(list) == 0 {
		fmt.Fprintln(w, "no serial line and no USB printer is plugged in")
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, f := range list {
		usb := ""
		if f.Vendor != "" {
			usb = f.Vendor + ":" + f.Product
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", f.Path, usb, f.About, strings.Join(f.Names, " "))
	}
	return t.Flush()
}

// probeSpeeds are tried in turn: the factory's, and what shops set.
var probeSpeeds = []int{9600, 115200, 19200, 38400, 57600}

// probe asks every kind of display that has a voice, at every usual speed.
func probe(cmd *cobra.Command, at *where, line string) error {
	c := defaults()
	if _, err := os.Stat(at.configFile()); err == nil || at.config != "" {
		if c, err = load(at.configFile()); err != nil {
			return err
		}
	}
	for _, l := range c.lines() {
		if sameLine(l.config.Line, line) {
			return fmt.Errorf("%s is the line of [%s]: it is not asked what it is; `posd check` says how it is", line, sectionName(l.path))
		}
	}
	on := port.Defaults()
	on.Line, on.LockDir = line, c.Daemon.LockDir
	if faults := (LineConfig{on}).validate(); faults != nil {
		return errors.Join(faults...)
	}
	speeds := probeSpeeds
	if strings.HasPrefix(line, "tcp:") {
		speeds = speeds[:1]
	}
	var last error
	for _, driver := range display.Probes() {
		for _, on.Baud = range speeds {
			id, err := display.Probe(cmd.Context(), port.New(on), driver, 500*time.Millisecond)
			if err == nil {
				fmt.Fprintf(cmd.OutOrStdout(), "%s: a %s %s %s at %d baud, serial number %s\n", line, driver, id.Model, id.Version, on.Baud, id.Serial)
				return nil
			}
			last = err
			var held *port.HeldError
			if errors.As(err, &held) || errors.Is(err, fs.ErrNotExist) || cmd.Context().Err() != nil {
				return err
			}
		}
	}
	return fmt.Errorf("no display on %s said who it is; poles of two lines never do (last: %w)", line, last)
}

// sameLine reports whether two names stand for one line.
func sameLine(a, b string) bool {
	if a == b {
		return true
	}
	one, err1 := filepath.EvalSymlinks(a)
	two, err2 := filepath.EvalSymlinks(b)
	return err1 == nil && err2 == nil && one == two
}
