// Package printer makes receipts and prints them on ESC/POS printers.
//
// A receipt is laid out once. Everything seen of it comes from the same lines:
//
//	sale.Receipt --Layout.Lines--> []Line --+--> ESC/POS bytes --> printer
//	 (what)       shop, language,           +--> plain text
//	              columns, code table       +--> picture
//
// Lines are wrapped and folded to what the printer's code table holds before
// anything else looks at them, so a preview shows what the paper will.
//
// A print job is a conversation:
//
//	posd                                   printer
//	DLE EOT 1, 4 (2, 3)  ----------------->           how are you? (answered at once)
//	              <------------------------  1 byte each; left out where that is known
//	                                         from less than a minute ago
//	ESC @ ... receipt ... cut, GS r 1  --->           one write
//	              <------------------------  reports, XON/XOFF, at any time
//	              <------------------------  1 byte   all before it is processed
//
// How it fails: trouble seen before the receipt was sent is PrintFailed, and
// not one dot is on paper. From the first byte of the receipt on, every end
// but the printer's own word is PrintFailed with Maybe, or PrintSent if the
// printer is one that cannot say. Paper out or an open cover in the middle is
// waited for: such printers keep what they have and go on. Nothing is ever
// printed twice by this package; printing again is a person's decision.
//
// A receipt that was given to the cashier and comes out after all is told of (OnLate).
//
// What earlier trouble leaves behind is cleared away before the next receipt:
//
//	a command cut off by a lost line   zeros complete it: it would swallow the next receipt's head;
//	                                   on a shared printer it may be another till's, at every connection
//	an answer that never came          asked for once more, counted, waited out: it would prove the wrong receipt
//	an answer that came too late       waited out: all answers in real time look alike
//
// Where the printer itself says nothing, a port that has a word of its own is
// heard (Sensor); it can stop a receipt, and never proves one.
//
// A printer that says "printed" and did not (its paper sensor is broken, its
// maker did not care) is believed. Nothing this side of the paper can know.
//
// A printer on the network is let go between jobs (share.go). The cash drawer
// opens now or not at all (drawer.go).
//
// What the shop's own programs print takes its turn between receipts (own.go):
// text, a picture, or ESC/POS commands that are known to print and nothing else (raw.go).
//
// A logo is kept by printers that can (keep.go), and sent as a picture to all others.
//
// Hebrew and Arabic are drawn from right to left; words of a script that neither
// printer nor embedded font has are left out, and Status names one.
//
// It leaves to others: keeping print jobs (the journal), opening lines and
// their flow control (Link), drawing QR codes and reading the logo's file
// (Config.Matrix, Config.Logo), the words of day reports (Slip), and deciding
// when a receipt is due.
package printer
