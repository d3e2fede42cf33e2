// Command measure holds the real posd, as a process of its own over pseudo-terminals,
// against a least daemon that does the same physical work: the same bytes on the same
// lines, the same barriers, and nothing else. `make bench` builds and runs it.
//
//	                 +-- terminal (pty) --+
//	measure -- POST--> posd | least      -+-- display (pty)    what is timed:
//	                 +-- gateway (HTTP) --+-- printer (pty)    when a byte arrives
//
// Both daemons run at once, each on lines of its own, and take turns, a shop's pause
// between two sales: a machine that slows down slows both. What is printed is the
// ratio of medians, by rounds. It also reads what `go test -bench` printed, and makes
// one table of all, and JSON of it with -json.
//
//	main.go     flags, the order of things
//	counter.go  one daemon with its lines and far sides
//	tap.go      which byte arrived when
//	least       the least daemon, a program of its own
//	paths.go    what a person waits for
//	process.go  start, memory, size, idling
//	drain.go    what a long outage leaves, told by the daemon
//	years.go    what a counter of years keeps people waiting for
//	table.go    rows, goals, verdicts
package main
