// Command soak lets a posd, as a process of its own, sell for hours as fast as a shop
// sells in days, under faults drawn by lot and ended or killed now and then, and samples
// what it costs all the while: memory, descriptors, goroutines, database and its log.
// `make soak` builds and runs it.
//
//	dist/soak/soak.csv    one line a sample
//	dist/soak/soak.svg    the samples drawn, a line where posd was started again
//	dist/soak/soak.png    the same
//	dist/soak/soak.json   the figures
//
// A cost is flat when it ends no higher than it was once posd had warmed up. Descriptors
// and goroutines that are not flat, money that was taken twice or lost, and a sale that
// never ends make it exit 1. Memory is printed, and judged by whoever reads it; a
// database grows by its sales.
//
//	main.go    flags, the order of things
//	shop.go    posd and its far sides
//	sell.go    customers, faults, restarts, the day's close
//	money.go   what terminal and gateway say in the end
//	sample.go  samples, and what they come to
//	plot.go    the picture
package main
