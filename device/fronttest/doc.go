// Package fronttest holds the tests that all front ends have in common: random
// schedules of a counter whose registers lose connections at any byte, repeat
// and give up, and whose posd is killed at any commit and started again.
//
//	register_test.go  a register that takes posd for its terminal (device/poslink)
//	page_test.go      a page that takes posd for its hardware proxy (device/hwproxy)
//	nexo_test.go      a program that takes posd for a terminal of the nexo kind (device/nexo)
//	        |
//	world_test.go     the front end, the till and the card driver that are built in, over a
//	        |         journal that outlives them
//	        v
//	pax/paxsim        the terminal, whose approvals are what is counted
//
// Time is virtual. A kill lets nothing more be stored, sent or heard from one moment
// on; what the terminal has begun goes on. Counted is, for every customer: whoever
// believes that it is paid has been charged once, whoever was told that it is not has
// not been charged, and what nobody was told stands in the journal as it is at the
// terminal.
package fronttest
