// Command years makes the journal of a shop that has sold for years: by default a million
// sales on two thousand closed days, written by store itself, so that every row is in
// the chain and posd takes it for its own. It is not copied into the tree: it lies in
// the user's cache, and is made once. Stopped, it goes on where it was.
//
//	-sales 1000000    two thousand days of 500, each closed, and one that is open
//	     60 %  card, reported          2 %  declined        1 %  given back
//	     29 %  wallets                 1 %  cancelled
//	     10 %  cash                    1 of 5,000: a code that was scanned
//
// Each sale is written as it stood when all about it was over, ten to a commit; a counter
// makes two commits of each and more. What the rows hold depends on their number alone.
//
// cmd/possim/measure runs a daemon on it and times what a person waits for.
package main
