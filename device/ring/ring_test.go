package ring

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"maps"
	"slices"
	"testing"
	"time"
)

type thing struct {
	Place
	No   int64 `json:"no"`
	Done bool  `json:"done"`
}

func (t *thing) Number() int64 { return t.No }
func (t *thing) Over() bool    { return t.Done }

type shelf struct {
	notes map[string]string
	fails error
}

func (s *shelf) Note(_ context.Context, name, value string) error {
	if s.fails == nil {
		s.notes[name] = value
	}
	return s.fails
}

func (s *shelf) open(size int) *Ring[*thing] {
	return Open(context.Background(), Options{Notes: s, Prefix: "front.", Size: size, Wait: time.Second,
		Log: slog.New(slog.NewTextHandler(io.Discard, nil))}, maps.Clone(s.notes), func() *thing { return &thing{} })
}

// add remembers one more.
func add(t *testing.T, r *Ring[*thing], done bool) *thing {
	t.Helper()
	x := &thing{No: r.Next(), Done: done}
	r.Choose(x)
	if err := r.Note(x); err != nil {
		t.Fatal(err)
	}
	r.Keep(x)
	return x
}

func numbers(r *Ring[*thing]) (list []int64) {
	for x := range r.Newest() {
		list = append(list, x.No)
	}
	return list
}

func TestWhatIsOverGivesItsPlaceFirst(t *testing.T) {
	s := &shelf{notes: map[string]string{}}
	r := s.open(3)
	for _, done := range []bool{false, true, false, true, false} {
		add(t, r, done)
	}
	// 2 was over when 4 came, 4 when 5 came.
	if got := numbers(r); !slices.Equal(got, []int64{5, 3, 1}) {
		t.Errorf("kept %v", got)
	}
	add(t, r, false) // nothing is over: the oldest goes
	if got := numbers(r); !slices.Equal(got, []int64{6, 5, 3}) {
		t.Errorf("kept %v", got)
	}
	if again := s.open(3); !slices.Equal(numbers(again), []int64{6, 5, 3}) || again.Next() != 7 || len(s.notes) != 3 {
		t.Errorf("after a restart %v, next %d, %d notes", numbers(again), again.Next(), len(s.notes))
	}
}

func TestAThingThatCouldNotBeNotedTakesNobodysPlace(t *testing.T) {
	s := &shelf{notes: map[string]string{}}
	r := s.open(2)
	add(t, r, true)
	add(t, r, true)
	s.fails = errors.New("disk full")
	x := &thing{No: r.Next()}
	r.Choose(x)
	if err := r.Note(x); err == nil || !slices.Equal(numbers(r), []int64{2, 1}) {
		t.Errorf("%v, kept %v", err, numbers(r))
	}
	s.fails = nil
	if x := add(t, r, false); x.No != 3 {
		t.Errorf("number %d", x.No)
	}
	if newest, ok := r.Find(func(x *thing) bool { return !x.Done }); !ok || newest.No != 3 {
		t.Errorf("found %+v", newest)
	}
	r.Drop(r.kept[0])
	if got := numbers(r); !slices.Equal(got, []int64{3}) {
		t.Errorf("kept %v", got)
	}
}

func TestNotesThatCannotBeReadAreLeft(t *testing.T) {
	s := &shelf{notes: map[string]string{"front.0": `{"no":4}`, "front.1": `{"no":`, "front.x": `{"no":5}`, "front.9": `{"no":6}`, "front.2": `{}`, "other.1": `{"no":7}`}}
	if got := numbers(s.open(4)); !slices.Equal(got, []int64{4}) {
		t.Errorf("kept %v", got)
	}
}
