// Package box is the test of posd on a real Debian: its package installed by apt,
// its unit under a running systemd, its rules under udev, its journal under power
// cuts. `make test-box` runs it; it holds tests only.
//
//	           this test                                QEMU, no hardware needed
//	disk      <- NBD --------------------------------->  /dev/vda     a cache that forgets (disk)
//	terminal  <- TCP -- usb-serial ------------------->  /dev/posd-terminal      (-2: the second counter's)
//	display   <- TCP -- usb-serial ------------------->  /dev/posd-display
//	printer   <- TCP --------------------------------->  tcp:10.0.2.2:PORT
//	gateway   <- TCP --------------------------------->  http://127.0.0.1:8481
//	shell     <- second serial line ------------------>  a root shell (see image.sh)
//	cashier   -- TCP --------------------------------->  posd's API
//
// While cables are pulled (PULLS), the terminal comes by its own plug as well as by an
// adapter, the printer by USB, and a scanner is there: what speaks by a USB class of its
// own is made in the box, of the kernel's two ends of a cable (gadget.sh).
//
// The far sides are the project's simulators and live in the test, so they
// survive the box's power cuts and say what became of the money.
//
// A power cut ends QEMU at a request of the disk: at any time, at a flush that is
// not done any more, or after a write; the last two wait until blocks of posd's
// journal are in the disk's cache. Of the cache each sector is then lost or kept
// by lot. Before the next cut all that was acknowledged must be there, the journal
// verify, and terminal and gateway agree; what else had ended (a copy, a day, a
// package) must be there, too. At the end the reports of all days together hold each
// paid sale once. A whole start of systemd takes most of a minute
// without hardware virtualisation, so nine starts in ten are short ones: the box's
// kernel, disk and packages, and short.sh in systemd's place.
package box
