package main

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files")

// golden compares got with a file in testdata/posd, or writes it with -update.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("../../testdata/posd", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs (-update writes it):\n%s", path, got)
	}
}

func TestEveryFileInConfigsLoads(t *testing.T) {
	files, err := filepath.Glob("../../configs/*.toml")
	if err != nil || len(files) < 2 {
		t.Fatalf("configs: %q, %v", files, err)
	}
	for _, f := range files {
		if _, err := load(f); err != nil {
			t.Errorf("%s: %v", f, err)
		}
	}
}

// Every fault in the files of testdata/posd/*.toml is named at once, with its line and remedy.
func TestFaultsAreNamedWithLineAndRemedy(t *testing.T) {
	files, err := filepath.Glob("../../testdata/posd/*.toml")
	if err != nil || len(files) == 0 {
		t.Fatalf("testdata: %q, %v", files, err)
	}
	for _, f := range files {
		t.Run(filepath.Base(f), func(t *testing.T) {
			_, err := load(f)
			if err == nil {
				t.Fatal("loaded without a fault")
			}
			golden(t, strings.TrimSuffix(filepath.Base(f), ".toml")+".faults", strings.ReplaceAll(err.Error(), f, "FILE")+"\n")
		})
	}
}

// all returns a configuration with one of every section, all at their defaults.
func all() Config {
	c := defaults()
	c.Terminal, c.Gateway, c.Printer, c.Displays = new(Terminal), new(Gateway), new(Printer), make([]Display, 1)
	for _, part := range []sectioned{c.Terminal, c.Gateway, c.Printer, &c.Displays[0]} {
		part.setDefaults()
	}
	return c
}

var assignment = regexp.MustCompile(`^(?:# )?([a-z_]+) = (.*)$`)

// assignments reads "section.key" and value of every line that sets one or,
// behind a '#', says what the default is.
func assignments(text string) map[string]string {
	found, section := map[string]string{}, ""
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "[") {
			section = strings.Trim(line, "[]")
		} else if m := assignment.FindStringSubmatch(line); m != nil {
			found[section+"."+m[1]] = m[2]
			if !strings.HasPrefix(line, "# ") {
				found[section+"."+m[1]] = "set"
			}
		}
	}
	return found
}

// defaultsIn returns the sample with the defaults that it names put right.
func defaultsIn(sample string, want map[string]string) string {
	var out strings.Builder
	section := ""
	for line := range strings.Lines(sample) {
		text := strings.TrimSpace(line)
		if strings.HasPrefix(text, "[") {
			section = strings.Trim(text, "[]")
		} else if m := assignment.FindStringSubmatch(text); m != nil && strings.HasPrefix(text, "# ") {
			if value, ok := want[section+"."+m[1]]; ok {
				line = "# " + m[1] + " = " + value + "\n"
			}
		}
		out.WriteString(line)
	}
	return out.String()
}

func TestTheSampleNamesEveryKeyWithItsDefault(t *testing.T) {
	const file = "../../configs/posd.toml"
	sample, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	want := assignments(regexp.MustCompile(`(?m)^([a-z])`).ReplaceAllString(all().String(), "# $1"))
	if *update {
		sample = []byte(defaultsIn(string(sample), want))
		if err := os.WriteFile(file, sample, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got := assignments(string(sample))
	for key, value := range want {
		if have, ok := got[key]; !ok {
			t.Errorf("%s is not in the sample; its default is %s", key, value)
		} else if have != value && have != "set" {
			t.Errorf("%s: the sample says that the default is %s, it is %s (-update writes it)", key, have, value)
		}
	}
	for key := range got {
		if _, ok := want[key]; !ok {
			t.Errorf("the sample has %s, which posd does not know", key)
		}
	}
}

func TestWhatIsInForceCanBeReadBack(t *testing.T) {
	c, err := load("../../configs/posd.toml")
	if err != nil {
		t.Fatal(err)
	}
	c.Shop.Name = `Thé "L'Été" \ 茶`
	file := filepath.Join(t.TempDir(), "in-force.toml")
	os.WriteFile(file, []byte(c.String()), 0o600)
	again, err := load(file)
	if err != nil {
		t.Fatal(err)
	}
	if c.String() != again.String() {
		t.Errorf("written:\n%s\nread back:\n%s", c, again)
	}
}
