package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"posd/device"
	"posd/store"
)

// boxKind is the kind of what is around posd: its unit, the clock, the disk.
const boxKind = "box"

// surroundings is what posd runs in, as a check looks at it.
type surroundings struct {
	systemd bool // a systemd runs here
	now     func() time.Time
	say     func(ctx context.Context, words ...string) (string, error) // runs a program
	free    func(dir string) (uint64, error)                           // bytes on the disk of a folder
	group   func(path string) (gid int, open bool, err error)          // who owns a device, and whether all may use it
}

// thisBox is the box that the command runs on.
func thisBox() surroundings {
	_, err := os.Stat("/run/systemd/system")
	return surroundings{systemd: err == nil, now: time.Now, say: sayAt, free: freeAt, group: groupOf}
}

func sayAt(ctx context.Context, words ...string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, saidLimit)
	defer cancel()
	out, err := exec.CommandContext(ctx, words[0], words[1:]...).Output()
	return strings.TrimSpace(string(out)), err
}

// freeAt returns the room for posd on the disk of the folder, or of the first one
// above it that is there; EROFS if nothing may be written there.
func freeAt(dir string) (uint64, error) {
	free, err := store.FreeBytes(dir)
	if errors.Is(err, fs.ErrNotExist) && filepath.Dir(dir) != dir {
		return freeAt(filepath.Dir(dir))
	}
	return free, err
}

func groupOf(path string) (int, bool, error) {
	info, err := os.Stat(path)
	if err != nil {
		return 0, false, err
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, true, nil
	}
	return int(st.Gid), info.Mode().Perm()&0o006 == 0o006, nil
}

// aroundPosd says how the box around posd is. It asks systemd only where one runs
// and knows posd's unit.
func aroundPosd(ctx context.Context, configFile string, c Config, s surroundings) []device.DeviceStatus {
	list := []device.DeviceStatus{roomLeft(c, s)}
	if !s.systemd {
		return list
	}
	unit := unitOf(configFile)
	list = append(list, clockOf(ctx, s))
	props, err := s.say(ctx, "systemctl", "show", unit, "-p", "LoadState,UnitFileState,ActiveState,Result,NRestarts,WatchdogUSec,ProtectSystem,NoNewPrivileges,User,SupplementaryGroups")
	if err != nil {
		return list
	}
	p := map[string]string{}
	for line := range strings.Lines(props) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		p[name] = value
	}
	if p["LoadState"] != "loaded" {
		return list
	}
	return append(append(list, unitStatus(unit, p)), memberships(ctx, c, p, s)...)
}

// unitOf returns the unit whose posd has a configuration: each counter of a box
// with several has its own file.
func unitOf(configFile string) string {
	if name := strings.TrimSuffix(filepath.Base(configFile), ".toml"); name != "posd" {
		return "posd@" + name + ".service"
	}
	return "posd.service"
}

// manyRestarts is how often systemd may have started posd again before it is said.
const manyRestarts = 3

// unitStatus says how posd's unit is, and by what systemd's word for it posd ended. That
// it does not run yet is no fault.
func unitStatus(unit string, p map[string]string) device.DeviceStatus {
	d := device.DeviceStatus{Name: "unit", Kind: boxKind, Line: unit}
	restarts, _ := strconv.Atoi(p["NRestarts"]) // not a number: not said
	switch {
	case p["NoNewPrivileges"] != "yes" || p["ProtectSystem"] != "strict":
		d.Words, d.Trouble = "it does not shut posd in as the installed one does", string(unitSoft)
	case p["ActiveState"] == "failed":
		d.Words, d.Trouble = fmt.Sprintf("it has failed (%s) and is not started again", p["Result"]), string(unitFailed)
	case restarts >= manyRestarts:
		d.Words, d.Trouble = fmt.Sprintf("systemd has started it %d times again", restarts), string(unitRestarts)
		if end := p["Result"]; p["ActiveState"] != "active" && end != "success" {
			d.Words += fmt.Sprintf(" and will again; it ended last by %s", end)
		}
	case p["ActiveState"] != "active":
		d.OK, d.Words, d.Trouble = true, "it is "+p["ActiveState"], string(unitDown)
	case p["WatchdogUSec"] == "0" || p["WatchdogUSec"] == "infinity": // before a start it is always so
		d.Words, d.Trouble = "it has no watchdog", string(unitUnwatched)
	case !strings.HasPrefix(p["UnitFileState"], "enabled"):
		d.OK, d.Words, d.Trouble = true, "active; it does not start with the box", string(unitOff)
	default:
		d.OK, d.Words = true, "active, starts with the box"
	}
	return d
}

// firstPossible is a time before which no posd can run.
var firstPossible = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func clockOf(ctx context.Context, s surroundings) device.DeviceStatus {
	d := device.DeviceStatus{Name: "clock", Kind: boxKind, OK: true, Words: s.now().UTC().Format(time.RFC3339)}
	if s.now().Before(firstPossible) {
		d.OK, d.Trouble = false, string(clockUnset)
		return d
	}
	if set, err := s.say(ctx, "timedatectl", "show", "-P", "NTPSynchronized"); err == nil && set == "no" {
		d.Words, d.Trouble = d.Words+", set by no time server", string(clockFree)
	}
	return d
}

// roomLeft compares what is free on the journal's disk with what is kept back.
func roomLeft(c Config, s surroundings) device.DeviceStatus {
	d := device.DeviceStatus{Name: "disk", Kind: boxKind, Line: c.Store.Dir, OK: true}
	free, err := s.free(c.Store.Dir)
	if err != nil {
		d.OK, d.Words, d.Trouble = false, err.Error(), string(journalCause(err, c.Store.Dir))
		return d
	}
	d.Words = fmt.Sprintf("%d MiB are free, %d are kept back", free>>20, c.Store.ReserveMiB)
	if free>>20 < uint64(c.Store.ReserveMiB) {
		d.OK, d.Trouble = false, string(diskFull)
	}
	return d
}

// memberships finds lines that the unit's user may not open.
func memberships(ctx context.Context, c Config, p map[string]string, s surroundings) (list []device.DeviceStatus) {
	user := p["User"]
	if user == "" || user == "root" {
		return nil
	}
	in := strings.Fields(p["SupplementaryGroups"])
	if own, err := s.say(ctx, "id", "-G", user); err == nil {
		in = append(in, strings.Fields(own)...)
	}
	for _, l := range c.lines() {
		path := l.config.Line
		if !filepath.IsAbs(path) {
			continue
		}
		gid, open, err := s.group(path)
		if err != nil || open {
			continue // not there is said of the device itself
		}
		name, err := s.say(ctx, "stat", "-L", "-c", "%G", path)
		if err != nil || slices.Contains(in, name) || slices.Contains(in, strconv.Itoa(gid)) {
			continue
		}
		list = append(list, device.DeviceStatus{Name: sectionName(l.path), Kind: boxKind, Line: path, Words: user + " is not in the group " + name, Trouble: string(userGroup)})
	}
	return list
}
