// posd is the daemon on the shop's counter, and the commands that talk to it.
//
// Each command stands in a file of its own, command_ and its name; main.go lists
// them all, usage.go has the words for command lines that are wrong, command.go and follow.go hold what those share that talk to the daemon.
//
// daemon.go is the parts list: which part is made of which (newDaemon), in the
// order in which they start (Run). They stop in reverse, and Close lets go of
// what they held:
//
//	lock, journal          store
//	lines, drivers         device/port under pax, display, printer; scanner.go
//	gateway, outbox        sync/iotpay, sync/outbox
//	till                   device
//	API on TCP and socket  device/api
//	readiness, watchdog    systemd
//
// The first part that returns ends the rest, and posd with it: systemd starts
// it again, and the till takes up what was left. A device that does not answer
// ends nothing; its part keeps trying and says so.
//
// The scanner has no package: it is one line that is read, and what comes of a
// code is the till's to say.
//
// parts.go makes the drivers on their lines; overheard.go and board.go say how
// each is. copies.go makes copies of the journal on a schedule. The commands
// backup and restore work on files, without the daemon; prune asks it where it
// runs (prune.go), as rows have one writer.
//
// The client's commands (client.go) know nothing but the local API; order speaks
// to the gateway itself, past the till, and sign to nobody.
// What they may not do is guess: a request whose fate is not known is repeated
// under its key, and if that does not help the exit code says so.
//
//	0  paid, or done
//	1  usage; refused with nothing done; not reachable with nothing sent
//	2  declined, refused
//	3  cancelled, given up
//	4  unsure, or still waiting when the command ends
//	5  partly paid
//
// The configuration (config.go) is read by config_strict.go, which collects every
// fault of a file with line and remedy, judged by config_judge.go, and written back
// by config_render.go.
package main
