// Command evidence keeps what the long runs of this project came to, and makes one page
// of it for a commit.
//
//	evidence -record sim make sim SEEDS=100000    runs it, keeps its figures in dist/evidence/sim.json
//	evidence                                      writes dist/evidence.md and dist/evidence.html
//
// `make record OF=sim SEEDS=100000` and `make evidence` call it so. Beside each figure
// stands the command that gives it again. What was not run, or was run at another commit,
// is said; a run that failed shows as failed, whatever figures it printed.
//
//	main.go      flags
//	record.go    runs a command and keeps its figures
//	figures.go   which figures there are, and how they are read off the output
//	page.go      the page
package main
