// Package device is the box on the counter: the Till, which takes one payment
// at a time and remembers everything before acting on it.
//
// It is a thin shell around the machine that decides (device/core): one
// goroutine feeds events and performs effects, workers wait on wires.
//
//	requests (API, commands)          wires (terminal, gateway, printer)
//	       |                                   |
//	       v            events                 v
//	  look up in  ----------------------> [ core.Step ] <--- clock, random bytes
//	  the journal                              |
//	                       +-------------------+--------------------+
//	                       v                   v                    v
//	                  Now: show,          Rows: one           After: charge,
//	                  tell, answer        transaction ------> create, print
//	                                      (a barrier)         once durable
//
//	till.go      the loop          ask.go      requests, looked up and stepped in one turn
//	look.go      what is read      heard.go    words that nobody waited for
//	ledger.go    the commits       perform.go  the effects
//	day.go       a day is read; package books sums it up and compares it
//	hour.go      the day is closed by the clock
//	hub.go       the stream of messages to whoever listens
//	wires.go, journal.go   what the till needs of others
//
// A request is looked up, stepped and queued for the journal in one turn of
// the loop, so two requests never both find a bill unpaid.
//
// What fails: a journal that cannot be written refuses new sales and keeps
// facts in memory until it can; a wire that is silent makes sales unsure, not
// declined; a display or printer that is away delays nothing. What is left to
// others: bytes (pax, sync/iotpay, display, printer), storage (store), HTTP
// (device/api), lines (device/port).
package device
