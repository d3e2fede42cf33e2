package fleet

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"posd/device/sale"
)

// One commit is one message, unless it is larger than a message may be:
//
//	subject  books.<chain>.<shop>.<till>.<epoch>
//	header   Posd-Commit: 17      Posd-Part: 1/1      Posd-Hash: 9f3c...
//	body     {"format":1, "from":{"epoch":"1-..","commit":16}, "commit":{...}}
//
// A larger one is cut into parts of partBytes, each with the same commit and
// hash. from stands in the first commit of an epoch that goes another one on.
const (
	headCommit = "Posd-Commit"
	headPart   = "Posd-Part"
	headHash   = "Posd-Hash"

	format    = 1
	partBytes = 512 << 10
)

// Message is one message of the books as it lies in the stream.
type Message struct {
	Name
	Epoch  string
	Commit int64
	Part   int // 1 is the first
	Parts  int
	Hash   string // of the commit
	Seq    uint64 // in the stream; 0 before it is there
	Body   []byte // of this part
}

// Body is what all parts of a commit hold.
type Body struct {
	Format int            `json:"format"`
	From   *sale.Ancestor `json:"from,omitempty"`
	Commit sale.Commit    `json:"commit"`

	RowTexts []string `json:"-"` // of a body that was read: the commit's rows as JSON
}

// encode makes the messages of a commit.
func encode(n Name, epoch string, from *sale.Ancestor, c sale.Commit) ([]Message, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(Body{Format: format, From: from, Commit: c}); err != nil {
		return nil, fmt.Errorf("write commit %d: %w", c.No, err)
	}
	text := b.Bytes()
	parts := max(1, (len(text)+partBytes-1)/partBytes)
	out := make([]Message, parts)
	for i := range out {
		out[i] = Message{Name: n, Epoch: epoch, Commit: c.No, Part: i + 1, Parts: parts, Hash: c.Hash, Body: text[i*partBytes : min(len(text), (i+1)*partBytes)]}
	}
	return out, nil
}

// head reads subject and headers of a message.
func head(subject string, get func(string) string) (m Message, err error) {
	at := strings.Split(subject, ".")
	if len(at) != 5 || at[0] != "books" {
		return m, fmt.Errorf("subject %q is none of the books", subject)
	}
	if n := (Name{at[1], at[2], at[3]}); len(n.Validate()) > 0 {
		return m, fmt.Errorf("subject %q holds a name that no counter can have", subject)
	}
	m = Message{Name: Name{at[1], at[2], at[3]}, Epoch: at[4], Hash: get(headHash)}
	if m.Commit, err = strconv.ParseInt(get(headCommit), 10, 64); err != nil || m.Commit < 1 {
		return m, fmt.Errorf("a message on %s has no number of a commit in %s", subject, headCommit)
	}
	if n, err := fmt.Sscanf(get(headPart), "%d/%d", &m.Part, &m.Parts); n != 2 || err != nil || m.Part < 1 || m.Part > m.Parts || m.Parts > 1<<16 {
		return m, fmt.Errorf("a message on %s says %q in %s", subject, get(headPart), headPart)
	}
	return m, nil
}

// statusOf reads the counter's name in the subject of its status.
func statusOf(subject string) (Name, bool) {
	at := strings.Split(subject, ".")
	if len(at) != 4 || at[0] != "status" {
		return Name{}, false
	}
	n := Name{at[1], at[2], at[3]}
	return n, len(n.Validate()) == 0
}
