// Package store is what posd remembers: one SQLite file in the state folder.
// It satisfies device.Journal.
//
//	/var/lib/posd/            0750, held by posd.lock (flock) while a daemon runs
//	    posd.db               the journal
//	    posd.db-wal           SQLite's log; kept, written over, at most a few MiB
//	    posd.db-shm           SQLite's index of the log
//	    posd.lock             who holds the folder
//	    posd.kept             how far the journal goes; see DESIGN.md, Damage to the log
//	    posd.copied           when and where the last copy on a schedule was made
//	    posd.db.aside-TIME    a journal that a restore put aside
//
// What lies in it (see migrations/ for the columns):
//
//	sales 1---n attempts      every reference that ever went out
//	      1---n movements     refunds and voids, money that goes back
//	keys                      Idempotency-Key -> sale or movement, for ever
//	events                    the history; rows are added and never changed
//	reports                   the queue for the gateway; leaves on confirmation
//	jobs, notes               receipts and the shop's own prints, a drawer to open; what posd remembers by name
//	tokens, people            who may ask, and who works here
//	commits                   the chain: a digest of every row of every commit
//
// A Commit is one transaction, one barrier (fsync), and all or nothing: when it
// returns nil the rows survive a power cut, when it returns an error the
// journal is as it was. One goroutine commits; readers have connections of
// their own, see one moment each, and never wait for the writer. Beside the
// daemon the file may be read with sqlite3.
//
// Beside that: Verify names the first thing that is not as posd wrote it, Backup
// makes a verified copy while selling goes on (BackupReadOnly by another process,
// Copy one of a bounded row on a stick), Restore puts one back so that
// nothing old is taken for new, Prune takes details away that nobody needs any
// more, CommitsAfter tells the chain elsewhere and Assemble puts a journal together
// from what was told, Room says when the disk is too full for new business. DESIGN.md has the
// guarantees, how each is shown, and what the decisions cost.
//
// How it fails: a disk without room is sale.ErrJournalFull, a damaged file or a
// disk that refuses is sale.ErrJournalBroken, a second daemon is
// sale.ErrLocked, a thing that was never stored is sale.ErrNotFound. A file that
// is not a journal of posd's, or one of a newer posd, is left as it is.
//
// What it leaves to others: what a state means and who may change it (device;
// only that a final state stays is held here too), when to commit and what
// together (device), the clock: every time comes in by argument.
package store
