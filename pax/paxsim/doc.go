// Package paxsim is a PAX card terminal that lives in a program: the far side
// of package pax, for tests, for the demo, and for other people's clients.
//
//	idle --request--> ACK --> think --> (pause) response --> ACK, anything, or silence --> EOT --> idle
//	                   |        |            ^   |
//	                   |       A14: aborted  |   +-- NAK or 3 s of silence: again, 3 in all
//	                   +-- a sale running: requests but A14 are not acknowledged
//
// A transaction belongs to the terminal, not to the connection it came on: when
// the other side vanishes, it goes on, and its record stays in the batch. A
// response is written in one piece, at least Options.Pause after the ACK, for
// there are clients that read one chunk and take its first byte.
//
// Transaction numbers start at 1 again after each batch. A batch's totals are
// sales and completions less returns, without voids. An authorisation is in none;
// a completion uses it up. What was approved offline stays through a batch close
// until it is uploaded (Terminal.Upload), and counts then.
//
// It is written from the protocol, not from the client: it shares with package
// pax the control bytes and the Scanner, and reads and writes fields on its own.
// It is lenient where real terminals are: trailing empty fields may be there or
// not, whatever ends a conversation counts as ACK.
//
// Where real terminals differ, or nobody outside knows, an option chooses: the
// answer to A14 (Options.Cancel), how a look-up shows what was voided
// (Options.Voided), where offline approvals are kept (Options.Stored) and what the
// close of an empty batch is answered with (Options.EmptyBatch).
//
// Its memory can be lost in all ways in which a real one is: the batch closed on
// the keypad (Settle), the records cleared (Clear), another terminal put in its
// place (Swap), not read in yet after a start (Reboot).
//
// Faults can be set by name, from a program or over HTTP; see Faults. Cards are
// invented.
package paxsim
