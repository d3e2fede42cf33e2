package main

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

var (
	ruleKey = regexp.MustCompile(`^(ACTION|KERNEL|SUBSYSTEMS?|DRIVER|ATTRS?\{[a-zA-Z_]+\}|ENV\{[A-Z_]+\}|SYMLINK|GOTO|LABEL)(==|\+=|=)"([^"]*)"$`)
	matches = map[string]bool{"ACTION": true, "KERNEL": true, "SUBSYSTEM": true, "SUBSYSTEMS": true, "DRIVER": true, "ATTRS": true}
)

// A rule with one wrong sign is dropped by udev with a line in the log, and the
// device has no name: every token, label and jump is held here.
func TestTheRulesAreWellFormed(t *testing.T) {
	text, err := os.ReadFile("../../systemd/99-posd.rules")
	if err != nil {
		t.Fatal(err)
	}
	labels, jumps := map[string]int{}, map[string]int{}
	names := map[string]bool{}
	number := 0
	for line := range strings.Lines(string(text)) {
		number++
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		for token := range strings.SplitSeq(line, ", ") {
			m := ruleKey.FindStringSubmatch(token)
			if m == nil {
				t.Errorf("line %d: %s is no rule", number, token)
				continue
			}
			key, _, _ := strings.Cut(m[1], "{")
			if matches[key] != (m[2] == "==") && key != "ATTR" && key != "ENV" {
				t.Errorf("line %d: %s compares where it should set, or the other way round", number, token)
			}
			switch key {
			case "LABEL":
				labels[m[3]] = number
			case "GOTO":
				jumps[m[3]] = number
			case "SYMLINK":
				names[m[3]] = true
			}
		}
	}
	for label, from := range jumps {
		if labels[label] < from { // udev jumps forwards only
			t.Errorf("line %d jumps to %s, which does not stand below it", from, label)
		}
	}
	for _, name := range []string{"posd-terminal", "posd-display", "posd-printer"} {
		if !names[name] {
			t.Errorf("no rule gives the name %s", name)
		}
	}
}
