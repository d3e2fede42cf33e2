// Package hwproxy puts posd in the place of the hardware proxy that Odoo's
// point of sale and its community modules ask over HTTP on the counter's box:
//
//	page (Odoo)                        posd                           the counter
//	hello, handshake        ------->   constant
//	status_json each 1 to 5 s ----->   from memory, never a device
//	..._transaction_start   ------->   transactions.go  ------------> Till.Sell
//	          <--- transaction id ---
//	status_json: transactions[] <---   how the sale stands  <-------- Till.Await
//	open_cashbox, display   ------->   Till.OpenDrawer, Till.Display
//	default_printer_action  ------->   prints.go        ------------> Till.PrintOwn
//
// A page starts a payment and asks about it by polling. When one poll fails it
// forgets the payment, and its cashier starts again: the same order, line and
// amount is then the same transaction, until it is known not to be paid. What
// was started is noted before it is asked for, and found again after a restart.
//
// How it fails: a page that is gone stops nothing; a start that could not be
// taken is answered false, which every page takes for "try again"; nothing is
// ever answered true, which some take for paid. What posd cannot tell is a
// transaction that goes on, with words. A receipt is answered true only once it
// came out; one that waits for paper comes by itself, and asked for again meanwhile
// it is the same. Left to others: who may connect beyond the lists of addresses and origins.
package hwproxy
