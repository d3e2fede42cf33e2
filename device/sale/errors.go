package sale

import "errors"

// Errors of the journal that callers decide by, with errors.Is.
var (
	// ErrNotFound means that the thing asked for was never stored.
	ErrNotFound = errors.New("not found")
	// ErrJournalFull means that the disk has no room for new business. Nothing
	// was written; selling resumes by itself when there is room again.
	ErrJournalFull = errors.New("the disk is full")
	// ErrJournalBroken means that the journal cannot be read or written as it
	// should: damage, a read-only or failing disk. A person must look at it.
	ErrJournalBroken = errors.New("the journal is broken")
	// ErrLocked means that another posd holds the state folder.
	ErrLocked = errors.New("in use by another posd")
)
