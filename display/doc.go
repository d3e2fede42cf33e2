// Package display is the customer display: it turns a sale.Screen into the
// bytes of a panel or a text pole and keeps the glass true.
//
//	till ---Show---> Group ---Show---> Panel: a mailbox of one, the latest wins
//	                                     |
//	                                     |  Run, one goroutine, owns the line
//	                                     v
//	      Link.Open --> Greet --> Draw --> wait: a new screen, a second of the
//	         ^                     ^       countdown, a word from the device,
//	         |                     |       the time for a check
//	         |                     +-----------+
//	         +---- backoff <---- line lost, no answer, device restarted
//
// A Driver knows one family of devices. Each keeps apart what is drawn (a plain
// function from Picture to bytes, held against golden files) and how it is
// talked into the device (acknowledgements, windows, what it says unasked).
//
//	driver       draws a QR   answers                 bytes for a code of 34 characters
//	nextion      yes          every command           102, in one burst; then wallet's colour and time
//	dmd70        yes          who it is, if it can    63, then what changed of two lines of words
//	bonrix       yes          nothing to rely on      74, one line is the whole screen
//	mertech      yes          nothing to rely on      42, it knows no words
//	linedisplay  no           nothing, but DSP800     41 to 48, two lines of words
//
// A linedisplay speaks one of seven dialects; linedisplay_frame.go draws them.
//
// Texts from outside are spelt in the device's letters (device/letters) before
// anything is measured; then a name is clipped, never an amount. A code is a
// payload: it is sent unchanged, or Fits refuses it.
//
// How it fails: never at the till's cost. Show returns at once whatever the
// device does; a screen that cannot be drawn is replaced by the next one; a lost
// line is opened again with a capped backoff and everything is drawn anew. What
// is wrong stands in Status, in words. A code leaves the glass when its time is
// over even if the till says nothing, and when the daemon stops.
//
// What it leaves to others: which screen is true (device), speeds, paths and
// lost cables (device/port), the /display page (device/api).
package display
