// Package fronttest holds the tests that all front ends have in common: random
// schedules of a counter whose registers lose connections at any byte, repeat
// and give up, and whose posd is killed and started again.
//
//	register_test.go  a register that takes posd for its terminal (device/poslink)
//	page_test.go      a page that takes posd for its hardware proxy (device/hwproxy)
//	nexo_test.go      a program that takes posd for a terminal of the nexo kind (device/nexo)
//	        |
//	counter_test.go   the schedule: customers, faults of the terminal, and what is counted
//	        |
//	        +-- world_test.go          posd's front end, till and card driver built in, in virtual
//	        |   mortal_test.go         time, over a journal that outlives them: killed at any commit
//	        |   link_test.go
//	        +-- process_tools_test.go  posd as a process over the loopback net, a hundred times as fast
//	        |                          as at a shop: killed at any moment (tag tools)
//	        v
//	pax/paxsim        the terminal, whose approvals are what is counted
//
// A kill lets nothing more be stored, sent or heard from one moment on; what the
// terminal has begun goes on. Counted is, for every customer: whoever
// believes that it is paid has been charged once, whoever was told that it is not has
// not been charged, and what nobody was told stands in the journal as it is at the
// terminal. The bugs of testdata/bugs/fronts show that the schedules with a process see such faults.
package fronttest
