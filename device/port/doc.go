// Package port makes whatever is plugged into the box behave like a network
// connection: a serial line, a printer's character device, a TCP address.
//
//	"/dev/posd-terminal"        a tty, opened and set up by go.bug.st/serial
//	"/dev/usb/lp0"              a printer's device node, a plain file
//	"tcp:192.168.1.40:10009"    a terminal or printer on the network
//
//	          Open                        Open            Open
//	            |                          |                |
//	closed -----+--> epoch 1 ---lost------ + --> epoch 2 ---+--> epoch 2 ...
//	                    |                            |
//	                    +--- Read, Write, deadlines -+--- Close --> closed
//
// Open connects if the line is not connected and says which connection this is:
// the same epoch means the same connection, so whatever was learnt about the
// device (its serial number, its page) still holds. A line that is unplugged, or
// hung up by the far side, is noticed by the next Read, Write or Open; the
// next Open then looks the path up again, so a device that comes back under the
// same name is found although its node is a new one.
//
// How a tty gets deadlines: go.bug.st/serial opens it and sets speed and
// format, but its Write cannot be interrupted and a Read that waits keeps a
// thread. So the line keeps a second, non-blocking descriptor of its own on the
// same tty, which the runtime's poller watches like a socket, and lets go of the
// library's once the line is set up. A line that waits costs nothing.
//
// How it fails: a passed deadline is os.ErrDeadlineExceeded; our own Close is
// os.ErrClosed; everything else wraps ErrLost and the line needs another Open.
// An error of Open means that not one byte was written.
//
// One master: while a line is connected a lock file named by the resolved
// device, or by host and port, is held with flock, so that two programs never
// talk over each other; see Config.LockDir.
//
// What the bytes mean, when to try again and for how long is left to the
// drivers.
package port
