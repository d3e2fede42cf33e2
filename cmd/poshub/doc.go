// Command poshub keeps the books of a chain of shops: it reads the stream to which
// every counter publishes its journal, verifies each commit, and writes SQL.
//
//	stream BOOKS --fleet.Feed--> check --> ledger --one transaction--> books (SQLite, PostgreSQL)
//	                                          |                           |
//	                                          +-- alarms                  +-- page, JSON, CSV, /metrics
//	                                                                      +-- export: a journal for a new box
//
//	hub.go        the loop: read, book, acknowledge; the stream compared with the books
//	ingest.go     the ledger: what is booked, held, or an alarm
//	check.go      what a message proves by itself, on all processors
//	batch.go      what a transaction writes: rows and sums, in a few statements
//	sql.go        both databases, and the lock by which one hub writes
//	schema.sql    the tables
//	queries.go    what is asked of the books
//	export.go     a counter's journal, put together for posd restore
//	site.go       the page and its lists; tokens.go, sessions.go who may see it
//	command.go    run, init, check, export
//	config.go     the configuration file
//
// The books are made from the stream alone and can be thrown away. A message is
// acknowledged behind the database's commit; what comes twice changes nothing; what
// does not fit is an alarm, and the counter's books wait.
package main
