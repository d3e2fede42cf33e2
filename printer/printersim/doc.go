// Package printersim is an ESC/POS receipt printer without metal, written from
// the printers' manuals. posd's tests print on it, and so can anybody's
// program that can reach its TCP port or pseudo-terminal.
//
//	bytes --> obeyed at once --> buffer --> commands --> paper --> text
//	          (DLE EOT ...)      4096       (tokens)            \-> picture
//	   <-- DLE EOT answers   <-- XON/XOFF <-- GS r, GS a, GS ( H
//
// The tokenizer knows the length of every command it executes; what it does
// not know it keeps by name, says in its log, and shows at GET /state, and the
// bytes that follow are printed as text, as printers do.
//
// It goes offline when its paper ends or its cover opens, keeps what it has
// and goes on when the cause is gone. What can go wrong on request is listed
// by Faults.
//
// It shares with package printer the names of control bytes and nothing else.
package printersim
