package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
)

func main() {
	asJSON := flag.Bool("json", false, "write the verdict as JSON")
	flag.Usage = func() { fmt.Fprintln(os.Stderr, "usage: judge [-json] HISTORY..."); flag.PrintDefaults() }
	flag.Parse()
	if flag.NArg() == 0 {
		flag.Usage()
		os.Exit(2)
	}
	broken := 0
	var all []verdict
	for _, name := range flag.Args() {
		v, err := judgeFile(name)
		if err != nil {
			fmt.Fprintf(os.Stderr, "judge: %s: %v\n", name, err)
			os.Exit(2)
		}
		if all = append(all, v); !*asJSON {
			v.write(os.Stdout)
		}
		broken += v.Broken
	}
	if *asJSON {
		lines := json.NewEncoder(os.Stdout)
		lines.SetIndent("", "  ")
		lines.Encode(all)
	}
	if broken > 0 {
		os.Exit(1)
	}
}

// verdict is what the rules say of one history.
type verdict struct {
	History string             `json:"history"`
	Sales   int                `json:"sales"`
	Frames  int                `json:"frames"`
	Calls   int                `json:"calls"`
	AtRest  bool               `json:"atRest"`
	Words   string             `json:"words,omitempty"` // what still moved
	Rules   map[string]finding `json:"rules"`
	Broken  int                `json:"broken"`
}

func judgeFile(name string) (verdict, error) {
	file, err := os.Open(name)
	if err != nil {
		return verdict{}, err
	}
	defer file.Close()
	v, err := judge(file)
	v.History = name
	return v, err
}

// judge reads a history and holds every rule against it.
func judge(r io.Reader) (verdict, error) {
	f, err := read(r)
	if err != nil {
		return verdict{}, err
	}
	if f.terminal == nil || f.gateway == nil || !f.listed {
		return verdict{}, fmt.Errorf("it breaks off: the books of terminal, gateway or posd are not in it")
	}
	v := verdict{Sales: len(f.list), Frames: len(f.frames), Calls: len(f.calls), AtRest: f.atRest, Rules: map[string]finding{}}
	if !f.atRest {
		v.Words = f.unrest
	}
	for _, rule := range rules {
		found := finding{Broken: []string{}}
		rule.check(f, &found)
		v.Rules[rule.name] = found
		v.Broken += len(found.Broken)
	}
	return v, nil
}

func (v verdict) write(w io.Writer) {
	fmt.Fprintf(w, "%s: %d sales, %d frames of the terminal's line, %d calls of the gateway\n", v.History, v.Sales, v.Frames, v.Calls)
	if !v.AtRest {
		fmt.Fprintf(w, "  it ended before everything had come to rest: %s\n", v.Words)
	}
	for _, rule := range rules {
		found := v.Rules[rule.name]
		mark := "holds"
		switch {
		case len(found.Broken) > 0:
			mark = "BROKEN"
		case found.Looked == 0:
			mark = "not tried"
		}
		fmt.Fprintf(w, "  %-11s %-9s %6d looked at  %s\n", rule.name, mark, found.Looked, rule.about)
		for _, words := range found.Broken {
			fmt.Fprintf(w, "              %s\n", words)
		}
	}
}
