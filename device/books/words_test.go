package books

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"posd/device/sale"
)

// closedDay is a closing report in which nothing agrees.
func closedDay() Books {
	b := SumDay(dayFrom, dayTo, "CAD", slices.Values(fullDay()))
	b.Kind, b.At = "closing", dayFrom.Add(12*time.Hour).UTC()
	entry := func(n int, words string) BookList {
		s := fullDay()[n]
		var l BookList
		l.add(&s, s.ApprovedAmount, words)
		return l
	}
	b.Closing = &Closing{No: 7, By: "Ana", Gap: "restored from a copy: what was done between 09:00 and 10:00 may be missing",
		Terminal: &BatchMatch{BatchAnswer: sale.BatchAnswer{End: sale.BatchClosed, Number: "12"}, LostClose: "no answer", Apart: 500,
			Kinds: []BatchKind{
				{Tender: sale.Credit, Terminal: BookLine{5, 8665}, Posd: BookLine{4, 8165}, Apart: 500},
				{Tender: sale.Debit, Terminal: BookLine{1, 13740}, Posd: BookLine{1, 13740}},
			},
			Elsewhere: entry(0, "sale paid, in batch 11"), Look: entry(4, "approved offline, upload not confirmed")},
		Gateway: &GatewayMatch{Agreed: BookLine{1, 4400}, Apart: entry(9, "the gateway's amount is 0.01"), Unasked: entry(8, "no answer")},
	}
	return b
}

func TestTheBooksSpeakTheShopsLanguage(t *testing.T) {
	open := SumDay(dayFrom, dayTo, "CAD", slices.Values(fullDay()))
	open.At = dayFrom.Add(12 * time.Hour).UTC()
	for name, b := range map[string]Books{"full": open, "closed": closedDay()} {
		csv := string(b.CSV())
		for _, lang := range sale.Languages {
			if name == "full" && lang == sale.English {
				continue // stands beside the CSV
			}
			b.Language = lang
			path := filepath.Join("..", "..", "testdata", "books", name+"."+string(lang)+".txt")
			got := b.Text()
			if *update {
				if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("%s is now\n%s", path, got)
			}
			if string(b.CSV()) != csv {
				t.Errorf("the CSV of %s changes with the language", name)
			}
		}
	}
}

func TestEveryWordOfTheBooksIsThereInEveryLanguage(t *testing.T) {
	for english, w := range bookWords {
		for _, said := range []string{w.fr, w.hans, w.hant} {
			if said == "" || strings.Count(said, "%s") != strings.Count(english, "%s") || strings.Count(said, "%d") != strings.Count(english, "%d") {
				t.Errorf("%q is said as %q", english, said)
			}
		}
	}
	b := closedDay()
	for _, l := range b.lines() {
		for _, word := range []string{l.part, l.name} {
			if _, ok := bookWords[word]; !ok {
				t.Errorf("%q is said in English only", word)
			}
		}
	}
	for _, m := range sale.Methods {
		if _, ok := bookWords[string(m)]; !ok {
			t.Errorf("%q is said in English only", m)
		}
	}
}
