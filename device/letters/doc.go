// Package letters writes texts from outside in the letters that a device has:
// a pole's code table, a receipt printer's, a panel's font.
//
//	text --compose (NFC)--> letters --has it?--> as it is
//	                                    |no
//	                                    +--> its plain form: é e, œ oe, ß ss, € EUR
//	                                    +--> a question mark
//
// It is called before anything is measured, because a plain form may be wider
// than the letter. Glass and paper share it, so that a name is spelt the same
// on both.
//
// It leaves to others: which letters a device has, how wide they are, and how
// letters are drawn that change their shape or run from right to left.
package letters
