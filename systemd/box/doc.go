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
// The far sides are the project's simulators and live in the test, so they
// survive the box's power cuts and say what became of the money.
package box
