package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// echo answers every read with the same bytes, upside down in case.
func echo(_ context.Context, c io.ReadWriteCloser) error {
	buf := make([]byte, 512)
	for {
		n, err := c.Read(buf)
		if err != nil {
			return err
		}
		if _, err := c.Write(bytes.ToUpper(buf[:n])); err != nil {
			return err
		}
	}
}

func serveLine(t *testing.T, serve func(context.Context, io.ReadWriteCloser) error) *line {
	t.Helper()
	l, err := newLine(filepath.Join(t.TempDir(), "dev", "terminal"))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- l.Serve(ctx, serve) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("serving ended with %v", err)
		}
		if _, err := os.Lstat(l.link); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("the symlink is still there: %v", err)
		}
	})
	return l
}

func openLine(t *testing.T, l *line) *os.File {
	t.Helper()
	f, err := os.OpenFile(l.link, os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func exchange(t *testing.T, f io.ReadWriter, out, in []byte) {
	t.Helper()
	if _, err := f.Write(out); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, len(in))
	if _, err := io.ReadFull(f, got); err != nil || !bytes.Equal(got, in) {
		t.Fatalf("wrote %q, read %q (%v), want %q", out, got, err, in)
	}
}

func TestALineCarriesEveryByteUntouched(t *testing.T) {
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	l := serveLine(t, echo)
	f := openLine(t, l)
	defer f.Close()
	exchange(t, f, all, bytes.ToUpper(all))
}

func TestALineMayBeOpenedAgain(t *testing.T) {
	l := serveLine(t, echo)
	for range 3 {
		f := openLine(t, l)
		exchange(t, f, []byte("ready"), []byte("READY"))
		f.Close()
	}
}

func TestAnUnpluggedLineVanishesAndComesBack(t *testing.T) {
	l := serveLine(t, echo)
	f := openLine(t, l)
	defer f.Close()
	exchange(t, f, []byte("one"), []byte("ONE"))

	l.Unplug()
	if _, err := f.Read(make([]byte, 1)); err == nil {
		t.Error("reading an unplugged line gave no error")
	}
	if _, err := os.Stat(l.link); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the device file is still there: %v", err)
	}
	if l.Plugged() {
		t.Error("an unplugged line says that it is plugged in")
	}

	if err := l.Plug(); err != nil {
		t.Fatal(err)
	}
	again := openLine(t, l)
	defer again.Close()
	exchange(t, again, []byte("two"), []byte("TWO"))
}

func TestWhatIsSaidToNobodyIsNotHeardLater(t *testing.T) {
	said := make(chan struct{})
	l := serveLine(t, func(ctx context.Context, c io.ReadWriteCloser) error {
		if _, err := c.Read(make([]byte, 5)); err != nil { // "leave"
			return err
		}
		for !c.(*lineEnd).alone() {
			if ctx.Err() != nil {
				return ctx.Err()
			}
		}
		if n, err := c.Write([]byte("lost")); n != 4 || err != nil {
			t.Errorf("writing to nobody: %d, %v", n, err)
		}
		close(said)
		return echo(ctx, c)
	})
	f := openLine(t, l)
	if _, err := f.WriteString("leave"); err != nil {
		t.Fatal(err)
	}
	f.Close()
	<-said
	f = openLine(t, l)
	defer f.Close()
	exchange(t, f, []byte("back"), []byte("BACK"))
}

func TestALineNeverReplacesAFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "precious")
	if err := os.WriteFile(path, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := newLine(path); err == nil {
		t.Fatal("a file was replaced by a line")
	}
	if b, _ := os.ReadFile(path); string(b) != "mine" {
		t.Errorf("the file now holds %q", b)
	}
}
