package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// kept is a run as it stands in its file.
type kept struct {
	Command string   `json:"command"`
	Commit  string   `json:"commit"`
	When    string   `json:"when"`
	Took    string   `json:"took"`
	Failed  string   `json:"failed,omitempty"` // how it ended, if not well
	Figures []figure `json:"figures"`
}

type figure struct {
	What  string `json:"what"`
	Value int64  `json:"value"`
}

// record runs a command, hands through what it prints, and keeps its figures. It fails as
// the command does.
func record(dist, name string, command []string) error {
	i := slices.IndexFunc(runs, func(r run) bool { return r.name == name })
	if i < 0 || len(command) == 0 {
		var names []string
		for _, r := range runs {
			names = append(names, r.name)
		}
		return fmt.Errorf("say -record NAME COMMAND...; names are %s", strings.Join(names, ", "))
	}
	began := time.Now()
	var output bytes.Buffer
	p := exec.Command(command[0], command[1:]...)
	p.Stdin = os.Stdin
	p.Stdout = io.MultiWriter(os.Stdout, &output)
	p.Stderr = p.Stdout
	ended := p.Run()
	k := kept{Command: strings.Join(command, " "), Commit: commit(), When: began.UTC().Format(time.RFC3339), Took: time.Since(began).Round(time.Second).String()}
	if ended != nil {
		k.Failed = ended.Error()
	}
	for _, r := range runs[i].reads {
		k.Figures = append(k.Figures, figure{r.what, r.read(output.Bytes())})
	}
	text, err := json.MarshalIndent(k, "", "  ")
	if err == nil {
		err = os.MkdirAll(filepath.Join(dist, "evidence"), 0o755)
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(dist, "evidence", name+".json"), append(text, '\n'), 0o644)
	}
	return errors.Join(ended, err)
}

// commit names the tree that is run: with "+" where it was changed and not committed.
func commit() string {
	id, err := exec.Command("git", "rev-parse", "--short=10", "HEAD").Output()
	if err != nil {
		return "unknown"
	}
	changed, err := exec.Command("git", "status", "--porcelain").Output()
	if err != nil || len(changed) > 0 {
		return strings.TrimSpace(string(id)) + "+"
	}
	return strings.TrimSpace(string(id))
}
