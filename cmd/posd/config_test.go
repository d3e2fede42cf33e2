package main

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
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
	c.Backup, c.Terminal, c.Gateway, c.Scanner, c.Printer, c.Displays = new(Backup), new(Terminal), new(Gateway), new(Scanner), new(Printer), make([]Display, 1)
	c.POSLINK, c.HWProxy, c.Nexo, c.Fleet = new(POSLINK), new(HWProxy), new(Nexo), new(Fleet)
	c.Webhooks = make([]Webhook, 1)
	for _, part := range []sectioned{&c.Webhooks[0], c.Backup, c.Fleet, c.Terminal, c.Gateway, c.Scanner, c.Printer, &c.Displays[0], c.POSLINK, c.HWProxy, c.Nexo} {
		part.setDefaults()
	}
	return c
}

// header is a section's, be it in force or behind a '#'.
var header = regexp.MustCompile(`^(?:# )?\[+([a-z_.]+)\]+$`)

var assignment = regexp.MustCompile(`^(?:# )?([a-z_]+) = (.*)$`)

// assignments reads "section.key" and value of every line that sets one or,
// behind a '#', says what the default is.
func assignments(text string) map[string]string {
	found, section := map[string]string{}, ""
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if m := header.FindStringSubmatch(line); m != nil {
			section = m[1]
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
		if m := header.FindStringSubmatch(text); m != nil {
			section = m[1]
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

func TestOnlyATerminalIsSpokenToOverHTTP(t *testing.T) {
	for line, ok := range map[string]bool{
		"http://192.168.1.40:10009": true, "http://192.168.1.40:10009/": true, "tcp:192.168.1.40:10009": true, "/dev/posd-terminal": true,
		"http://192.168.1.40": false, "http://": false, "https://192.168.1.40:10009": false, "": false,
	} {
		terminal := all().Terminal
		terminal.Line = line
		if faults := terminal.lineFaults(); (faults == nil) != ok {
			t.Errorf("terminal %q: %v", line, faults)
		}
	}
	printer := all().Printer
	printer.Line = "http://192.168.1.50:9100"
	if printer.validate() == nil {
		t.Error("a printer was taken over HTTP")
	}
}

func TestWhatIsSaidOnceForTheShopIsHandedDown(t *testing.T) {
	c, err := parse("FILE", []byte(`
[shop]
name = "Thé"
language = "fr"
[[display]]
line = "/dev/a"
[[display]]
line = "/dev/b"
name = "second"
language = "zh-Hans"
shop_name = "茶"
[printer]
line = "/dev/c"
[printer.shop]
name = "Maison du Thé"
[daemon]
lock_dir = "/tmp/locks"
`))
	if err != nil {
		t.Fatal(err)
	}
	one, two := c.Displays[0], c.Displays[1]
	if one.Language != "fr" || one.ShopName != "Thé" || two.Language != "zh-Hans" || two.ShopName != "茶" {
		t.Errorf("displays: %s %s, %s %s", one.Language, one.ShopName, two.Language, two.ShopName)
	}
	if p := c.Printer; p.Language != "fr" || p.Shop.Name != "Maison du Thé" {
		t.Errorf("printer: %s %s", p.Language, p.Shop.Name)
	}
	for _, l := range c.lines() {
		if l.config.LockDir != "/tmp/locks" {
			t.Errorf("%s locks in %q", l.path, l.config.LockDir)
		}
	}
}

// TestAProvinceSetsDefaultsThatTheShopMayDecideItself: Quebec's for pages, glass and
// paper; what the shop has written stands, and another province changes nothing.
func TestAProvinceSetsDefaultsThatTheShopMayDecideItself(t *testing.T) {
	type says struct{ language, paper, basis, surcharge string }
	standard := defaults().Shop
	for name, c := range map[string]struct {
		shop string
		want says
	}{
		"Quebec":          {`province = "QC"`, says{"fr", "fr", "subtotal", "never"}},
		"Ontario":         {`province = "ON"`, says{"en", "en", standard.TipBasis, "allowed"}},
		"none":            {``, says{"en", "en", standard.TipBasis, "allowed"}},
		"the shop's will": {"province = \"QC\"\nlanguage = \"en\"\ntip_basis = \"total\"\nsurcharge = \"allowed\"", says{"en", "en", "total", "allowed"}},
	} {
		got, err := parse("FILE", []byte("[shop]\n"+c.shop+"\n[printer]\nline = \"/dev/c\"\n"))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if has := (says{string(got.Shop.Language), string(got.Printer.Language), got.Shop.TipBasis, got.Shop.Surcharge}); has != c.want {
			t.Errorf("%s: %+v, want %+v", name, has, c.want)
		}
	}
	if _, err := parse("FILE", []byte("[shop]\nprovince = \"Quebec\"\n")); err == nil || !strings.Contains(err.Error(), "write two letters") {
		t.Errorf("a province by its name: %v", err)
	}
}

func TestABusinessDayEndsWhenTheShopSays(t *testing.T) {
	s := defaults().Shop // America/Toronto, 04:00
	for date, want := range map[string]string{
		"2026-11-21": "2026-11-21T09:00:00Z 2026-11-22T09:00:00Z",
		"2026-10-31": "2026-10-31T08:00:00Z 2026-11-01T09:00:00Z", // the clocks go back in that night
	} {
		from, to, err := s.calendar().Bounds(date)
		if got := from.UTC().Format(time.RFC3339) + " " + to.UTC().Format(time.RFC3339); err != nil || got != want {
			t.Errorf("%s: %s, %v; want %s", date, got, err, want)
		}
	}
	if _, _, err := s.calendar().Bounds("21.11.2026"); err == nil {
		t.Error("a date in another form was taken")
	}
}

func TestLitestreamIsToldOfTheJournal(t *testing.T) {
	text, err := os.ReadFile("../../configs/litestream.yml")
	if err != nil || !strings.Contains(string(text), "path: "+defaults().Store.Dir+"/posd.db\n") {
		t.Errorf("configs/litestream.yml copies another file: %v", err)
	}
}
