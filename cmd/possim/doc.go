// possim is a counter inside a laptop: the four far sides of posd's wires, and
// posd itself as a process of its own, so that it can be killed and started again.
//
//	                 pseudo-terminal
//	paxsim     <----------------------->  +--------+       HTTP
//	displaysim <----------------------->  |  posd  | <------------- a person's browser,
//	printersim <------- TCP ----------->  |        |                or a script
//	iotpaysim  <------- HTTP ---------->  +--------+
//	   ^  ^
//	   |  +-- control addresses: state, faults, cables   (bench.go)
//	   +----- the customer: reads the code off the display's picture and pays it
//
// Without a command it keeps the counter for a person (demo.go); with -script it
// sells by itself and judges what every side says of it (script.go, play_*.go);
// with a command it starts one simulator alone (single.go).
//
// The script crashpoints is the hardest of them. In each of its flows (a card
// sale, a void, a code paid late, a first start, ...) every system call of posd
// that leaves a mark in a file, on a line or on the network is counted by ptrace;
// then, for each of them, the flow is played at a new counter and posd is killed
// there, in as many ways as make a difference:
//
//	client     POST /v1/sales                                       the same key again
//	posd       ---- pwrite -- pwrite -- fsync -- T00 -- ACK --X      start, look up, resolve, check
//	tracer            1         2        3       4      5     kill
//	terminal                                     approves           R02: yes
//
//	before     the call is not done; what came before it is
//	half       half of its bytes are written: a torn frame, a torn record
//	held       the call's thread stands still and the others run on, so that
//	           whatever should have waited for the call shows if it did not
//
// Killing survives what is written and not synced; power cuts are the business of
// store's own tests. After the kill posd is started again, people repeat what they
// asked for under the same keys, the customer pays what still can be paid, and
// when nothing moves any more the rules of crash_rules.go compare posd, terminal,
// gateway, paper and glass (trace*.go the tracer, crash*.go flow and rules,
// play_crash.go the enumeration).
//
// With -history a script also writes down what passed between posd and everybody
// else (history.go), for a judge that is a program of its own, below judge.
//
// It knows posd by its contract only: its program, its configuration file and
// its HTTP API. It fails with what it waited for and what it saw last, and with
// posd's last words if posd died. Whatever way it ends, posd ends with it.
package main
