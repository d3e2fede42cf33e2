package main

import (
	"bytes"
	"encoding/binary"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// nobody is a user that owns nothing here.
const nobody = 65534

// runAs runs posd to its end as another user; only root can.
func (b *box) runAs(user uint32, args ...string) (code int, said string) {
	b.t.Helper()
	cmd := exec.Command(b.program, append(args, "-config", b.config)...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: user, Gid: user}}
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		b.t.Fatal(err)
	}
	cmd.Wait() // how it ended is in its ProcessState
	return cmd.ProcessState.ExitCode(), out.String()
}

// newOpenBox is a box in a folder that everybody may enter.
func newOpenBox(t *testing.T) *box {
	t.Helper()
	path, err := program()
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "posd-box")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	b := &box{t: t, program: path, dir: dir, config: filepath.Join(dir, "posd.toml")}
	b.write("")
	for _, open := range []string{dir, programDir, path} {
		if err := os.Chmod(open, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(b.config, 0o644); err != nil {
		t.Fatal(err)
	}
	return b
}

// contents are all files of a folder, but the lock's pid and what is SQLite's own.
func contents(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || d.Name() == "posd.lock" || strings.HasSuffix(d.Name(), "-shm") {
			return err
		}
		text, err := os.ReadFile(path)
		all[path] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// A journal that cannot be used is said to be so, with what to do, and not one
// byte of it is changed by trying.
func TestATroubledJournalIsLeftAsItIs(t *testing.T) {
	for name, c := range map[string]struct {
		harm  func(b *box, state, db string) error
		words []string
	}{
		"the folder is a file": {func(_ *box, state, _ string) error {
			if err := os.RemoveAll(state); err != nil {
				return err
			}
			return os.WriteFile(state, []byte("a file\n"), 0o600)
		}, []string{"state", "not a directory", "make it"}},
		"of a newer posd": {func(_ *box, _, db string) error {
			return overwrite(db, 60, binary.BigEndian.AppendUint32(nil, 99))
		}, []string{"newer posd", "schema 99", "install that version"}},
		"its pages are overwritten": {func(_ *box, _, db string) error {
			return overwrite(db, 1024, bytes.Repeat([]byte("garbage!"), 2048))
		}, []string{"damaged", "restore a backup"}},
		"cut in half": {func(_ *box, _, db string) error { return os.Truncate(db, 9000) }, []string{"damaged", "restore a backup"}},
		"its log is there and it is not": {func(_ *box, _, db string) error {
			return os.Rename(db, db+".elsewhere")
		}, []string{"is missing, but its log", "restore a backup"}},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBox(t, noTerminal)
			d := b.daemon()
			b.sell()
			copied := filepath.Join(b.dir, "posd.backup")
			b.says(0, []string{"backup", copied})
			d.end(syscall.SIGTERM)
			state := filepath.Join(b.dir, "state")
			if err := c.harm(b, state, filepath.Join(state, "posd.db")); err != nil {
				t.Fatal(err)
			}
			before := contents(t, state)
			b.says(exitRefused, []string{"run"}, c.words...)
			for path, text := range contents(t, state) {
				if before[path] != text {
					t.Errorf("%s was changed", path)
				}
			}
			b.says(exitRefused, []string{"backup", filepath.Join(b.dir, "another")})
			if name == "the folder is a file" {
				return // restore needs a folder, too
			}
			b.says(exitRefused, []string{"check"})
			b.says(0, []string{"restore", copied}, "kept as")
			after := contents(t, state)
			for path, text := range before {
				if !kept(after, text) {
					t.Errorf("%s is not kept aside", path)
				}
			}
		})
	}
}

func kept(files map[string]string, text string) bool {
	for _, t := range files {
		if t == text {
			return true
		}
	}
	return false
}

func overwrite(path string, at int64, data []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = f.WriteAt(data, at)
	return err
}

// The tests run as root, whom no mode stops: posd is started as somebody else.
func TestAFolderOfSomebodyElsesIsSaid(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can start posd as another user")
	}
	for name, c := range map[string]struct {
		mode  fs.FileMode
		owner int
		db    bool
		words []string
	}{
		"may not be entered":  {0o700, 0, true, []string{"permission denied", "give the folder to the user posd runs as"}},
		"may not be written":  {0o755, 0, false, []string{"permission denied", "give the folder to the user posd runs as"}},
		"the file is another": {0o700, nobody, true, []string{"permission denied", "give the file to the user posd runs as"}},
	} {
		t.Run(name, func(t *testing.T) {
			b := newOpenBox(t)
			state := filepath.Join(b.dir, "state")
			if err := os.Mkdir(state, 0o700); err != nil {
				t.Fatal(err)
			}
			if c.db { // as `posd run` by root leaves it
				d := b.daemon()
				d.end(syscall.SIGTERM)
				if err := os.Remove(filepath.Join(state, "posd.lock")); err != nil {
					t.Fatal(err)
				}
				os.Remove(filepath.Join(b.dir, "sock"))
			}
			if err := os.Chown(state, c.owner, c.owner); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(state, c.mode); err != nil {
				t.Fatal(err)
			}
			before := contents(t, state)
			code, said := b.runAs(nobody, "run")
			for _, w := range c.words {
				if !strings.Contains(said, w) {
					t.Errorf("%q is not said", w)
				}
			}
			if code != exitRefused || t.Failed() {
				t.Errorf("exit %d\n%s", code, said)
			}
			for path, text := range contents(t, state) {
				if before[path] != text {
					t.Errorf("%s was changed", path)
				}
			}
		})
	}
}

// Who may read the journal may copy it: members of posd's group need not be root.
func TestAMemberOfTheGroupMayCopy(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can start posd as another user")
	}
	b := newOpenBox(t)
	b.write(noTerminal)
	os.Chmod(b.config, 0o644)
	b.daemon()
	b.sell()
	state := filepath.Join(b.dir, "state")
	for _, name := range []string{"", "posd.db", "posd.db-wal", "posd.db-shm", "posd.lock"} {
		if err := os.Chown(filepath.Join(state, name), 0, nobody); err != nil {
			t.Fatal(err)
		}
	}
	to := filepath.Join(b.dir, "theirs")
	if err := os.Mkdir(to, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(to, nobody, nobody); err != nil {
		t.Fatal(err)
	}
	if code, said := b.runAs(nobody, "backup", filepath.Join(to, "posd.backup")); code != 0 || !strings.Contains(said, "verified") {
		t.Errorf("exit %d\n%s", code, said)
	}
	b.sell() // nothing of it was in the way
}
