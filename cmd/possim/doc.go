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
// It knows posd by its contract only: its program, its configuration file and
// its HTTP API. It fails with what it waited for and what it saw last, and with
// posd's last words if posd died. Whatever way it ends, posd ends with it.
package main
