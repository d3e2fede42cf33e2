package core

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var updateStories = flag.Bool("update", false, "write the stories of testdata/step anew")

// stories is where they are kept; testdata/step/README.md says how one is read.
var stories = filepath.Join("..", "..", "testdata", "step")

// story is one file: what it shows, and then what happens with what the step
// wants of each event.
type story struct {
	about  string // the comment it begins with
	scenes []scene
}

// scene is one event with what the step wants of it.
type scene struct {
	notes []string // comment lines above it
	event string
	wants string
}

// namesRule finds which money rule a story is of.
var namesRule = regexp.MustCompile(`[Mm]oney rules? \d+`)

// readStory reads a story:
//
//	# what it shows
//
//	event key=value
//	----
//	what the step wants, up to an empty line
func readStory(text string) (story, error) {
	var s story
	var notes []string
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	for len(lines) > 0 && strings.HasPrefix(lines[0], "#") {
		s.about += lines[0] + "\n"
		lines = lines[1:]
	}
	if !namesRule.MatchString(s.about) {
		return s, fmt.Errorf("a story begins with a comment that says what it shows and of which money rule it is")
	}
	for len(lines) > 0 {
		line := lines[0]
		lines = lines[1:]
		switch {
		case line == "":
		case strings.HasPrefix(line, "#"):
			notes = append(notes, line)
		default:
			sc := scene{notes: notes, event: line}
			notes = nil
			if len(lines) > 0 && lines[0] == "----" {
				lines = lines[1:]
			} else if !*updateStories {
				return s, fmt.Errorf("no ---- follows %q", line)
			}
			for len(lines) > 0 && lines[0] != "" {
				sc.wants += lines[0] + "\n"
				lines = lines[1:]
			}
			s.scenes = append(s.scenes, sc)
		}
	}
	if len(s.scenes) < 2 || len(notes) > 0 {
		return s, fmt.Errorf("a story is a till and at least one event, and ends with what the step wants")
	}
	return s, nil
}

// String is the story as its file holds it.
func (s story) String() string {
	var b strings.Builder
	b.WriteString(s.about)
	for _, sc := range s.scenes {
		b.WriteString("\n")
		for _, n := range sc.notes {
			b.WriteString(n + "\n")
		}
		b.WriteString(sc.event + "\n----\n" + sc.wants)
	}
	return b.String()
}

// TestStories tells the step every story and compares what it wants, to the word.
func TestStories(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(stories, "*.txt"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no stories: %v", err)
	}
	for _, path := range files {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txt"), func(t *testing.T) {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			s, err := readStory(string(text))
			if err != nil {
				t.Fatalf("%s: %v", path, err)
			}
			told := story{about: s.about}
			p := newPlayer()
			for _, sc := range s.scenes {
				wants, err := p.play(sc.event)
				if err != nil {
					t.Fatalf("%s: %q: %v; told so far:\n%s", path, sc.event, err, told)
				}
				if wants != sc.wants && !*updateStories {
					t.Fatalf("%s: of %q the step wants\n%s\nand the story says\n%s", path, sc.event, wants, sc.wants)
				}
				told.scenes = append(told.scenes, scene{sc.notes, sc.event, wants})
			}
			if *updateStories && told.String() != string(text) {
				if err := os.WriteFile(path, []byte(told.String()), 0o644); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

func TestAStorySaysWhatItShowsAndWhatHappens(t *testing.T) {
	const till, sold = "till terminal\n----\nglass  welcome\n", "sell card 1.00\n----\nrow    nothing\n"
	for name, text := range map[string]string{
		"no comment":      till + "\n" + sold,
		"no rule":         "# A card is sold.\n\n" + till + "\n" + sold,
		"no event":        "# Money rule 1.\n\n" + till,
		"nothing":         "",
		"a note at last":  "# Money rule 1.\n\n" + till + "\n" + sold + "\n# and then\n",
		"no wants of one": "# Money rule 1.\n\n" + till + "\nsell card 1.00\n",
	} {
		if s, err := readStory(text); err == nil && !*updateStories {
			t.Errorf("%s: taken as a story: %+v", name, s)
		}
	}
	good := "# Money rule 1.\n\n" + till + "\n# here\n" + sold
	if s, err := readStory(good); err != nil || s.String() != good {
		t.Errorf("read as %q, %v", s.String(), err)
	}
	p := newPlayer()
	for i, event := range []string{"sell card 1.00", "till terminal", "till terminal", "sell", "sell card 1.00 kind=sale colour=red", "terminal approved 1.00", "dance"} {
		if _, err := p.play(event); (err == nil) != (i == 1) {
			t.Errorf("%q: %v", event, err)
		}
	}
}
