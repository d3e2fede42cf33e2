package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// section is a part of the page: a heading, words, and a table.
type section struct {
	title, words string
	head         []string
	rows         [][]string
	picture      string // a file beside the page; empty: none
}

// writePage makes the page of what lies in dist.
func writePage(dist string) error {
	now := commit()
	all := []section{
		{title: "What was run", words: "Commit " + now + ", page made " + time.Now().UTC().Format("2006-01-02 15:04 UTC") + ". " + machine(), head: []string{"what", "figure", "value", "command", "commit", "took"}, rows: longRuns(dist, now)},
		benchmarks(dist), soaked(dist), versions(),
	}
	if err := os.MkdirAll(dist, 0o755); err != nil {
		return err
	}
	return errors.Join(
		os.WriteFile(filepath.Join(dist, "evidence.md"), []byte(markdown(all)), 0o644),
		os.WriteFile(filepath.Join(dist, "evidence.html"), []byte(page(all)), 0o644))
}

// load reads a JSON file; words say why there is nothing to show, if there is not.
func load(path, command string, into any) (words string) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return "not run: " + command
	}
	if err == nil {
		err = json.Unmarshal(text, into)
	}
	if err != nil {
		return fmt.Sprintf("cannot be read: %v; again: %s", err, command)
	}
	return ""
}

// longRuns has a row for each figure of each run that the page asks for.
func longRuns(dist, now string) (rows [][]string) {
	for _, r := range runs {
		again := strings.Replace(r.command, "make "+r.name, "make record OF="+r.name, 1)
		var k kept
		if words := load(filepath.Join(dist, "evidence", r.name+".json"), again, &k); words != "" {
			rows = append(rows, []string{r.about, "", words, r.command, "", ""})
			continue
		}
		from := k.Commit
		if from != now {
			from += " (not this one)"
		}
		if k.Failed != "" {
			rows = append(rows, []string{r.about, "", "FAILED: " + k.Failed, k.Command, from, k.Took})
		}
		for _, f := range k.Figures {
			rows = append(rows, []string{r.about, f.What, fmt.Sprint(f.Value), k.Command, from, k.Took})
		}
	}
	return rows
}

// benchmarks shows what make bench leaves.
func benchmarks(dist string) section {
	s := section{title: "Speed", words: "make bench. A ratio is of posd to the least daemon, or plain file, that does the same physical work.", head: []string{"no", "what", "floor", "posd", "ratio", "goal", "verdict"}}
	var rows []struct {
		No, What, Floor, Posd, Goal, Verdict string
		Ratio                                float64
	}
	if words := load(filepath.Join(dist, "bench.json"), "make bench", &rows); words != "" {
		s.words = words
	}
	for _, r := range rows {
		s.rows = append(s.rows, []string{r.No, r.What, r.Floor, r.Posd, fmt.Sprintf("%.2f", r.Ratio), r.Goal, r.Verdict})
	}
	return s
}

// soaked shows what make soak leaves.
func soaked(dist string) section {
	s := section{title: "A shop that never closes", head: []string{"cost", "second quarter", "last quarter", "most", "verdict"}}
	var r struct {
		Command, Ran                             string
		Sales, Paid, Days, Faults, Ended, Killed int
		Violations                               []string
		Costs                                    []struct {
			Name            string
			Warm, End, Most int64
			Flat            bool
		}
	}
	if s.words = load(filepath.Join(dist, "soak", "soak.json"), "make soak", &r); s.words != "" {
		return s
	}
	s.words = fmt.Sprintf("%s ran for %s: %d sales (%d paid) on %d days, %d faults, posd ended %d and killed %d times, %d violations.",
		r.Command, r.Ran, r.Sales, r.Paid, r.Days, r.Faults, r.Ended, r.Killed, len(r.Violations))
	s.picture = "soak/soak.svg"
	for _, c := range r.Costs {
		s.rows = append(s.rows, []string{c.Name, fmt.Sprint(c.Warm), fmt.Sprint(c.End), fmt.Sprint(c.Most), map[bool]string{true: "flat", false: "grew"}[c.Flat]})
	}
	return s
}

// machine says where the page was made.
func machine() string {
	words := fmt.Sprintf("%d processors, %s/%s", runtime.NumCPU(), runtime.GOOS, runtime.GOARCH)
	if text, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		if _, model, ok := strings.Cut(string(text), "model name\t: "); ok {
			model, _, _ = strings.Cut(model, "\n")
			words = model + ", " + words
		}
	}
	if text, err := os.ReadFile("/proc/sys/kernel/osrelease"); err == nil {
		words += ", Linux " + strings.TrimSpace(string(text))
	}
	return words + "."
}

// versions lists what posd is built of.
func versions() section {
	s := section{title: "Versions", words: runtime.Version(), head: []string{"module", "version"}}
	out, err := exec.Command("go", "list", "-deps", "-f", "{{with .Module}}{{if not .Main}}{{.Path}} {{.Version}}{{end}}{{end}}", "./cmd/posd").Output()
	if err != nil {
		s.words += "; modules cannot be listed: " + err.Error()
	}
	seen := map[string]bool{}
	for line := range strings.Lines(string(out)) {
		if fields := strings.Fields(line); len(fields) == 2 && !seen[line] {
			seen[line] = true
			s.rows = append(s.rows, fields)
		}
	}
	return s
}

func markdown(all []section) string {
	var b strings.Builder
	b.WriteString("# Evidence\n")
	for _, s := range all {
		fmt.Fprintf(&b, "\n## %s\n\n%s\n", s.title, s.words)
		if s.picture != "" {
			fmt.Fprintf(&b, "\n![%s](%s)\n", s.title, s.picture)
		}
		if len(s.rows) == 0 {
			continue
		}
		fmt.Fprintf(&b, "\n| %s |\n|%s\n", strings.Join(s.head, " | "), strings.Repeat("---|", len(s.head)))
		for _, row := range s.rows {
			for i := range row {
				row[i] = strings.ReplaceAll(row[i], "|", `\|`)
			}
			fmt.Fprintf(&b, "| %s |\n", strings.Join(row, " | "))
		}
	}
	return b.String()
}

func page(all []section) string {
	var b strings.Builder
	b.WriteString("<!doctype html><meta charset=utf-8><title>Evidence</title><style>body{font:16px sans-serif;margin:2em}table{border-collapse:collapse}td,th{border:1px solid silver;padding:.2em .5em;text-align:left}img{max-width:100%}</style><h1>Evidence</h1>\n")
	for _, s := range all {
		fmt.Fprintf(&b, "<h2>%s</h2><p>%s</p>\n", html.EscapeString(s.title), html.EscapeString(s.words))
		if s.picture != "" {
			fmt.Fprintf(&b, "<p><img src=%q alt=%q></p>\n", s.picture, s.title)
		}
		if len(s.rows) == 0 {
			continue
		}
		b.WriteString("<table>")
		line := func(tag string, cells []string) {
			b.WriteString("<tr>")
			for _, c := range cells {
				fmt.Fprintf(&b, "<%s>%s", tag, html.EscapeString(c))
			}
			b.WriteString("\n")
		}
		line("th", s.head)
		for _, row := range s.rows {
			line("td", row)
		}
		b.WriteString("</table>\n")
	}
	return b.String()
}
