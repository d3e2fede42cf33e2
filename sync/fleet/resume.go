package fleet

import (
	"fmt"

	"posd/device/sale"
)

// Where a publisher goes on is decided by the last message of its counter in the
// stream, over all epochs, and by the journal; nothing that was remembered is
// believed against them:
//
//	last message                        go on with
//	none                                commit 1
//	own epoch, own commit and hash      the commit behind it, or it again if it is not there whole
//	an epoch that this one goes on      the first commit behind what both share
//	own epoch, other hash or unknown    stop: another box, or an older journal
//	another epoch                       stop: another box has taken over
//
// What is published then must still find that message to be the last (its
// sequence number is expected), so that between looking and publishing nobody
// comes in between.

// cursor is what was acknowledged last, by memory.
type cursor struct {
	Epoch  string
	Commit int64
	Hash   string
	Seq    uint64
}

// place is where a publisher goes on.
type place struct {
	commit int64          // the next one
	seq    uint64         // of the counter's last message, 0 if there is none
	from   *sale.Ancestor // what the commit goes on, if it is the first of its epoch
	back   int64          // so many acknowledged commits are not in the stream any more
}

// Fenced stops a publisher: the stream holds what this journal did not write.
type Fenced struct{ Words string }

func (f *Fenced) Error() string { return f.Words }

// resume decides where to go on. hashOf returns the hash of an own commit, empty
// if there is none of that number.
func resume(n Name, e sale.Epoch, known cursor, tail Message, hashOf func(no int64) (string, error)) (p place, err error) {
	p = place{commit: 1, seq: tail.Seq}
	switch at := indexOf(e.From, tail.Epoch); {
	case tail.Seq == 0:
	case tail.Epoch == e.Name:
		own, err := hashOf(tail.Commit)
		if err != nil {
			return p, err
		}
		if own != tail.Hash {
			return p, fork(n, tail, own)
		}
		p.commit = whole(tail) + 1
	case at >= 0:
		shared := e.From[at].Commit
		for _, later := range e.From[at:] {
			shared = min(shared, later.Commit)
		}
		if shared = min(shared, whole(tail)); shared == tail.Commit {
			own, err := hashOf(shared)
			if err != nil {
				return p, err
			}
			if own != tail.Hash {
				return p, fork(n, tail, own)
			}
		}
		p.commit = shared + 1
		if shared > 0 {
			p.from = &sale.Ancestor{Epoch: tail.Epoch, Commit: shared}
		}
	default:
		return p, &Fenced{fmt.Sprintf("the books of %s are written by another box: epoch %s, up to commit %d, and this journal (epoch %s) does not go it on; if this box is to take its place, restore what `poshub export %s FILE` writes; else give this counter a name of its own in [fleet]",
			n, tail.Epoch, tail.Commit, e.Name, n)}
	}
	if known.Epoch == e.Name && p.commit <= known.Commit {
		p.back = known.Commit - p.commit + 1
	}
	return p, nil
}

// whole is the last commit of which tail is the end: one of which only some parts
// are there does not count.
func whole(tail Message) int64 {
	if tail.Part < tail.Parts {
		return tail.Commit - 1
	}
	return tail.Commit
}

func fork(n Name, tail Message, own string) error {
	if own == "" {
		return &Fenced{fmt.Sprintf("the stream has commit %d of %s and this journal ends before it: it is older than what was published, or another box writes under this name; restore what `poshub export %s FILE` writes", tail.Commit, n, n)}
	}
	return &Fenced{fmt.Sprintf("commit %d of %s in the stream is not this journal's (%.8s there, %.8s here): another box writes under this name; stop one of the two, and give it a name of its own or restore what `poshub export %s FILE` writes", tail.Commit, n, tail.Hash, own, n)}
}

func indexOf(from []sale.Ancestor, epoch string) int {
	for i, a := range from {
		if a.Epoch == epoch {
			return i
		}
	}
	return -1
}
