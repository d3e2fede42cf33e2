package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// findPosd returns the program to run: the one given, else the one beside
// possim itself, else ./cmd/posd of the module possim was started in, built
// into dir.
func findPosd(ctx context.Context, given, dir string, out io.Writer) (string, error) {
	if given != "" {
		return given, runnable(given)
	}
	if self, err := os.Executable(); err == nil {
		beside := filepath.Join(filepath.Dir(self), "posd")
		if runnable(beside) == nil {
			return beside, nil
		}
	}
	root, err := moduleRoot(ctx)
	if err != nil {
		return "", fmt.Errorf("posd was not found beside possim and cannot be built: %w: give its path with -posd", err)
	}
	target := filepath.Join(dir, "posd")
	return target, build(ctx, root, "./cmd/posd", target, out)
}

func runnable(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if info.IsDir() || info.Mode()&0o111 == 0 {
		return fmt.Errorf("%s is not a program", path)
	}
	return nil
}

// moduleRoot returns the folder of the module that possim was started in, if
// posd is in it.
func moduleRoot(ctx context.Context) (string, error) {
	text, err := exec.CommandContext(ctx, "go", "env", "GOMOD").Output()
	if err != nil {
		return "", fmt.Errorf("ask go for the module: %w", err)
	}
	mod := strings.TrimSpace(string(text))
	if mod == "" || mod == os.DevNull {
		return "", errors.New("possim was not started inside the module")
	}
	root := filepath.Dir(mod)
	if _, err := os.Stat(filepath.Join(root, "cmd", "posd")); err != nil {
		return "", fmt.Errorf("%s has no cmd/posd", root)
	}
	return root, nil
}

// build builds a program of the module into target. The first time takes minutes on a
// small machine (SQLite is compiled), so it says what it is at.
func build(ctx context.Context, root, program, target string, out io.Writer) error {
	start, name := time.Now(), filepath.Base(target)
	said := newTail(nil)
	cmd := exec.CommandContext(ctx, "go", "build", "-v", "-o", target, program)
	cmd.Dir, cmd.Stdout = root, said
	words, err := cmd.StderrPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("build %s: %w", name, err)
	}
	fmt.Fprintf(out, "building %s (the first time compiles SQLite and takes a minute or two)\n", name)
	packages := make(chan string)
	go func() {
		defer close(packages)
		lines := bufio.NewScanner(words)
		for lines.Scan() {
			fmt.Fprintln(said, lines.Text())
			packages <- lines.Text()
		}
		io.Copy(io.Discard, words)
	}()
	progress := time.NewTicker(5 * time.Second)
	defer progress.Stop()
	n, latest := 0, "starting"
	for open := true; open; {
		select {
		case latest, open = <-packages:
			n++
		case <-progress.C:
			fmt.Fprintf(out, "  %3.0f s, %d packages compiled, latest %s\n", time.Since(start).Seconds(), n, latest)
		}
	}
	if err := cmd.Wait(); err != nil {
		return fmt.Errorf("build %s: %w:\n%s", name, err, said)
	}
	fmt.Fprintf(out, "built %s in %.1f s\n", name, time.Since(start).Seconds())
	return nil
}
