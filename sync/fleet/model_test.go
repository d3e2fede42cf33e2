package fleet

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"posd/device/planted"
	"posd/device/sale"
)

var modelSeeds = flag.Int("model", 100, "how many seeds TestModel plays")

// The model: one till's name, boxes that come and go under it, a stream, a hub. The
// publisher is the real one, run until something fails; each run begins with what a kill
// leaves. What happens is drawn by a seed:
//
//	commit           of a box
//	publish          with its acknowledgement lost, the link cut before, posd killed behind it
//	restore          of an older or newest copy, on the same box or a new one: a new epoch
//	clone            a second box with the same journal
//	stranger         a second box with a journal of its own
//	taken back       the stream loses its newest messages
//	deliver          the hub reads on; now and then something twice
//
// After each step nothing false may be anywhere; in the end, with the newest box alone
// and all well, the hub has each of its commits once.
func TestModel(t *testing.T) {
	for seed := range *modelSeeds {
		if words := newWorld(t, uint64(seed)).play(); words != "" {
			t.Fatalf("seed %d: %s", seed, words)
		}
	}
}

// world is one seed's.
type world struct {
	t      *testing.T
	r      *rand.Rand
	stream []Message
	read   int // by the hub
	hub    map[string]map[int64]string
	boxes  []*modelBox
	newest *modelBox
	lost   int // messages that the stream lost
	// orderly: nobody clones a box, and a restored one is alone. Then it must be able
	// to go on, whatever it was restored from.
	orderly bool
	n       int
}

// modelBox is a box's journal: a chain of hashes, and its epoch.
type modelBox struct {
	w      *world
	epoch  sale.Epoch
	hashes []string
	file   string
	at     cursor
	fenced bool
}

func newWorld(t *testing.T, seed uint64) *world {
	w := &world{t: t, r: rand.New(rand.NewPCG(seed, 1)), hub: map[string]map[int64]string{}, orderly: seed%2 == 1}
	w.newest = w.box(nil, sale.Epoch{Name: "1-first"})
	w.commit(w.newest)
	return w
}

func (w *world) box(hashes []string, e sale.Epoch) *modelBox {
	w.n++
	b := &modelBox{w: w, epoch: e, hashes: slices.Clone(hashes), file: filepath.Join(w.t.TempDir(), fmt.Sprint(w.n))}
	w.boxes = append(w.boxes, b)
	return b
}

func (w *world) commit(b *modelBox) {
	w.n++
	prev := ""
	if n := len(b.hashes); n > 0 {
		prev = b.hashes[n-1]
	}
	b.hashes = append(b.hashes, sale.HashCommit(prev, int64(len(b.hashes)+1), fmt.Sprintf("x %d y\n", w.n)))
}

func (w *world) play() string {
	for range 60 {
		b := w.boxes[w.r.IntN(len(w.boxes))]
		switch w.r.IntN(12) {
		case 0, 1, 2, 3:
			w.commit(b)
		case 4, 5, 6, 7:
			w.publish(b, true)
		case 8, 9:
			w.deliver()
		case 10:
			w.restore(b)
		case 11:
			what := w.r.IntN(4)
			if w.orderly {
				what = 2
			}
			switch what {
			case 0:
				w.box(b.hashes, b.epoch) // a clone
			case 1:
				w.n++
				w.commit(w.box(nil, sale.Epoch{Name: fmt.Sprintf("1-stranger%d", w.n)}))
			case 2:
				w.takenBack()
			}
		}
		if words := w.wrong(); words != "" {
			return words
		}
	}
	return w.heal()
}

// restore puts a copy of a box's journal on a box: the same, or another one. It is the
// box that goes on from then on, if the stream lets it.
func (w *world) restore(b *modelBox) {
	end := len(b.hashes)
	if w.r.IntN(2) == 0 {
		end = 1 + w.r.IntN(end)
	}
	for _, a := range b.epoch.From { // a copy of this epoch is no older than its beginning
		end = max(end, int(a.Commit))
	}
	end = min(end, len(b.hashes))
	w.n++
	from := append(slices.Clone(b.epoch.From), sale.Ancestor{Epoch: b.epoch.Name, Commit: int64(end)})
	n := w.box(b.hashes[:end], sale.Epoch{Name: fmt.Sprintf("%d-%d", len(from)+1, w.n), From: from})
	w.commit(n) // what a restore writes
	if b == w.newest {
		w.newest = n
	}
	if w.orderly {
		w.boxes = []*modelBox{n}
	}
}

func (w *world) takenBack() {
	keep := w.r.IntN(len(w.stream) + 1)
	w.lost += len(w.stream) - keep
	w.stream = slices.Clone(w.stream[:keep])
	w.read = min(w.read, keep)
}

// publish runs the real publisher of a box until something is in the way.
func (w *world) publish(b *modelBox, faults bool) {
	file, at, err := openCursor(b.file)
	if err != nil {
		w.t.Fatal(err)
	}
	defer file.f.Close()
	link := &modelStream{w: w, faults: faults}
	p := New(Config{Name: Name{"c", "s", "t"}}, b, w.t.TempDir(), nil, slog.New(slog.DiscardHandler))
	p.told = time.Now()
	p.dial = func(Config, *slog.Logger) (stream, error) { return link, nil }
	_, err = p.session(context.Background(), file, at)
	var fenced *Fenced
	b.fenced = errors.As(err, &fenced)
	again, noted, err := openCursor(b.file)
	if err != nil {
		w.t.Fatal(err)
	}
	again.f.Close()
	b.at = noted
}

// errIdle ends a session that has nothing more to publish.
var errIdle = errors.New("nothing more")

func (b *modelBox) Epoch(context.Context) (sale.Epoch, error) { return b.epoch, nil }
func (b *modelBox) Commits() int64                            { return int64(len(b.hashes)) }

func (b *modelBox) CommitHash(_ context.Context, no int64) (string, error) {
	if no < 1 || no > int64(len(b.hashes)) {
		return "", nil
	}
	return b.hashes[no-1], nil
}

func (b *modelBox) CommitsAfter(_ context.Context, after int64, _ int) (out []sale.Commit, _ error) {
	most := 1 + b.w.r.IntN(3)
	for no := after + 1; no <= int64(len(b.hashes)) && len(out) < most; no++ {
		c := sale.Commit{No: no, Hash: b.hashes[no-1]}
		if no > 1 {
			c.Prev = b.hashes[no-2]
		}
		out = append(out, c)
	}
	if len(out) == 0 {
		return nil, errIdle
	}
	return out, nil
}

// modelStream is the stream as a box sees it.
type modelStream struct {
	w      *world
	faults bool
}

func (s *modelStream) tail(context.Context) (Message, error) {
	n := len(s.w.stream)
	if s.faults && n > 0 && s.w.r.IntN(6) == 0 {
		n-- // a copy that lags
	}
	if n == 0 {
		return Message{}, nil
	}
	return s.w.stream[n-1], nil
}

func (s *modelStream) publish(_ context.Context, all []Message, last uint64) (uint64, error) {
	w := s.w
	fate := 9
	if s.faults {
		fate = w.r.IntN(8)
	}
	if fate == 0 {
		return 0, errors.New("cut before")
	}
	if w.last() != last {
		return 0, errors.New("wrong last sequence")
	}
	for _, m := range all {
		m.Seq = w.last() + 1
		w.stream = append(w.stream, m)
	}
	if fate == 1 {
		return 0, errors.New("acknowledgement lost, or killed behind it")
	}
	return w.last(), nil
}

func (s *modelStream) tell([]byte) error  { return nil }
func (s *modelStream) up() (bool, string) { return true, "" }
func (s *modelStream) listen(*desk) error { return nil }
func (s *modelStream) close()             {}

func (w *world) last() uint64 {
	if len(w.stream) == 0 {
		return 0
	}
	return w.stream[len(w.stream)-1].Seq
}

// deliver lets the hub read on, now and then from further back.
func (w *world) deliver() {
	if w.read > 0 && w.r.IntN(3) == 0 {
		w.read -= 1 + w.r.IntN(min(w.read, 3))
	}
	for ; w.read < len(w.stream) && w.r.IntN(5) > 0; w.read++ {
		w.take(w.stream[w.read])
	}
}

// take books a message by primary key.
func (w *world) take(m Message) {
	if w.hub[m.Epoch] == nil {
		w.hub[m.Epoch] = map[int64]string{}
	}
	if was, there := w.hub[m.Epoch][m.Commit]; there && was != m.Hash {
		w.t.Logf("fork of %s at commit %d", m.Epoch, m.Commit)
		return
	}
	w.hub[m.Epoch][m.Commit] = m.Hash
}

// wrong says what is false in the stream: a commit twice or missing in an epoch, a
// chain that does not hang together, an epoch gone on after another one took over, a
// cursor in front of what was ever acknowledged.
func (w *world) wrong() string {
	last := map[string]Message{}
	var before *Message
	for i := range w.stream {
		m := w.stream[i]
		was, seen := last[m.Epoch]
		body, err := Decode(string(m.Body))
		if err != nil {
			return err.Error()
		}
		switch {
		case seen && was.Commit+1 != m.Commit:
			return fmt.Sprintf("epoch %s: commit %d follows commit %d", m.Epoch, m.Commit, was.Commit)
		case seen && body.Commit.Prev != was.Hash:
			return fmt.Sprintf("epoch %s: commit %d does not hang on the one before", m.Epoch, m.Commit)
		case !seen && m.Commit > 1:
			of, ok := last[""], false
			if body.From != nil {
				of, ok = last[body.From.Epoch]
			}
			if !ok || body.From.Commit != m.Commit-1 || of.Commit < body.From.Commit {
				return fmt.Sprintf("epoch %s begins with commit %d and names %+v", m.Epoch, m.Commit, body.From)
			}
		}
		if before != nil && before.Epoch != m.Epoch && seen {
			return fmt.Sprintf("epoch %s goes on after %s took over", m.Epoch, before.Epoch)
		}
		last[m.Epoch], before = m, &w.stream[i]
	}
	if w.lost == 0 {
		for _, b := range w.boxes {
			at := b.at
			if at.Commit > 0 && (at.Seq > w.last() || last[at.Epoch].Commit < at.Commit) {
				return fmt.Sprintf("the cursor says that commit %d of %s was acknowledged, and it is not in the stream", at.Commit, at.Epoch)
			}
		}
	}
	return ""
}

// heal lets the box that is entitled publish everything, and the hub read it.
func (w *world) heal() string {
	for range 2 { // in the second round each has seen what the others did
		for _, b := range w.boxes {
			w.publish(b, false)
			if words := w.wrong(); words != "" {
				return words
			}
		}
	}
	w.read = 0
	for ; w.read < len(w.stream); w.read++ {
		w.take(w.stream[w.read])
	}
	if len(w.stream) == 0 {
		return "nobody may publish"
	}
	tail := w.stream[len(w.stream)-1]
	if w.orderly && (w.newest.fenced || tail.Commit != int64(len(w.newest.hashes)) || tail.Hash != w.newest.hashes[tail.Commit-1]) {
		return fmt.Sprintf("the only box may not publish: commit %d of %d", tail.Commit, len(w.newest.hashes))
	}
	for _, b := range w.boxes {
		if b.epoch.Name != tail.Epoch || b.fenced {
			continue
		}
		if int64(len(b.hashes)) != tail.Commit {
			return fmt.Sprintf("epoch %s is published up to commit %d of %d, and nothing is said", tail.Epoch, tail.Commit, len(b.hashes))
		}
	}
	return ""
}

var plantBugs = flag.Bool("bugs", false, "TestModelSeesPlantedBugs plants every bug; else it is only looked whether they fit")

// TestModelSeesPlantedBugs proves that the model can see: each patch in
// testdata/bugs/fleet breaks a promise, and the model must notice within the
// number of seeds that the patch states.
func TestModelSeesPlantedBugs(t *testing.T) {
	patches, err := filepath.Glob("../../testdata/bugs/fleet/*.patch")
	if err != nil || len(patches) < 4 {
		t.Fatalf("%d planted bugs, %v", len(patches), err)
	}
	for _, path := range patches {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".patch"), func(t *testing.T) {
			bug := planted.Read(t, "../..", path)
			seeds := regexp.MustCompile(`Found within (\d+) seeds`).FindStringSubmatch(bug.About)
			if seeds == nil {
				t.Fatal("the patch does not say within how many seeds it is found")
			}
			if !*plantBugs {
				return
			}
			out, _ := bug.Run(t, ".", "-test.run", "TestModel$", "-model", seeds[1])
			found := regexp.MustCompile(`seed (\d+): (.*)`).FindString(out)
			if found == "" {
				t.Fatalf("not found within %s seeds:\n%s", seeds[1], out)
			}
			t.Log("found by " + found)
		})
	}
}
