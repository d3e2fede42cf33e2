// Package displaysim is the far side of every display's wire: devices made of
// software that read the same bytes as the real ones, draw what a customer
// would see into an image, and fail on request. CustomerEye's part, reading a
// QR out of such an image, is ReadCode.
//
//	          bytes            machine                 paint
//	posd  ------------>  input buffer -> parser -> state ----> image, PNG
//	      <------------  answers
//	                        ^                        Control: /state
//	                        +--- faults                       /screen.png
//	                                                          /fault
//
// The parsers are written from the makers' manuals and share nothing with the
// drivers but the end of a Nextion command and the QR encoder. What a device
// does not understand it shows (a hollow box on a pole), answers (Nextion) or
// lists in its state, so that a wrong dialect is visible.
//
// How it fails: only as told, see Faults. A connection that breaks ends its
// ServeConn; the glass keeps what stood on it, as the real one does.
//
// It leaves pseudo-terminals and listening to whoever starts it.
package displaysim
