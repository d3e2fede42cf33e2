package port

import (
	"io/fs"
	"reflect"
	"testing"
	"testing/fstest"
)

// box is a counter's box as the kernel shows it: an FTDI adapter under a stable
// name, a UART that is real, one that is not, a console, and a USB printer.
var box = fstest.MapFS{
	"sys/class/tty/ttyUSB0":     link("../../devices/pci0/usb1/1-2/1-2:1.0/ttyUSB0/tty/ttyUSB0"),
	"sys/class/tty/ttyS0":       link("../../devices/pnp0/00:01/tty/ttyS0"),
	"sys/class/tty/ttyS1":       link("../../devices/platform/serial8250/tty/ttyS1"),
	"sys/class/tty/tty1":        link("../../devices/virtual/tty/tty1"),
	"sys/class/usbmisc/lp0":     link("../../devices/pci0/usb1/1-3/1-3:1.0/usbmisc/lp0"),
	"sys/class/usbmisc/hiddev0": link("../../devices/pci0/usb1/1-4/1-4:1.0/usbmisc/hiddev0"),

	"sys/devices/pci0/usb1/1-2/1-2:1.0/ttyUSB0/tty/ttyUSB0/device": link("../../../ttyUSB0"),
	"sys/devices/pci0/usb1/1-2/1-2:1.0/ttyUSB0/tty/ttyUSB0/dev":    file1("188:0"),
	"sys/devices/pci0/usb1/1-2/1-2:1.0/ttyUSB0/port_number":        file1("0"),
	"sys/devices/pci0/usb1/1-2/idVendor":                           file1("0403"),
	"sys/devices/pci0/usb1/1-2/idProduct":                          file1("6001"),
	"sys/devices/pci0/usb1/1-2/serial":                             file1("A50285BI"),
	"sys/devices/pci0/usb1/1-2/manufacturer":                       file1("FTDI"),
	"sys/devices/pci0/usb1/1-2/product":                            file1("USB-RS232 Cable"),

	"sys/devices/pnp0/00:01/tty/ttyS0/device":              link("../../../00:01"),
	"sys/devices/pnp0/00:01/tty/ttyS0/type":                file1("4"),
	"sys/devices/pnp0/00:01/id":                            file1("PNP0501"),
	"sys/devices/platform/serial8250/tty/ttyS1/device":     link("../../../serial8250"),
	"sys/devices/platform/serial8250/tty/ttyS1/type":       file1("0"),
	"sys/devices/platform/serial8250/uevent":               file1(""),
	"sys/devices/virtual/tty/tty1/dev":                     file1("4:1"),
	"sys/devices/pci0/usb1/1-3/1-3:1.0/usbmisc/lp0/device": link("../../../1-3:1.0"),
	"sys/devices/pci0/usb1/1-3/1-3:1.0/bInterfaceClass":    file1("07"),
	"sys/devices/pci0/usb1/1-3/idVendor":                   file1("04b8"),
	"sys/devices/pci0/usb1/1-3/idProduct":                  file1("0e28"),
	"sys/devices/pci0/usb1/1-3/product":                    file1("TM-T20III"),

	"dev/ttyUSB0":       file1(""),
	"dev/usb/lp0":       file1(""),
	"dev/posd-terminal": link("ttyUSB0"),
	"dev/posd-printer":  link("usb/lp0"),
	"dev/serial/by-id/usb-FTDI_USB-RS232_Cable_A50285BI-if00-port0": link("../../ttyUSB0"),
}

func link(to string) *fstest.MapFile {
	return &fstest.MapFile{Data: []byte(to), Mode: fs.ModeSymlink | 0o777}
}

func file1(line string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(line + "\n")} }

func TestListNamesWhatIsPluggedIn(t *testing.T) {
	got := list(box)
	want := []Found{
		{Path: "/dev/ttyS0"},
		{
			Path: "/dev/ttyUSB0", Vendor: "0403", Product: "6001", Serial: "A50285BI", About: "FTDI USB-RS232 Cable",
			Names: []string{"/dev/serial/by-id/usb-FTDI_USB-RS232_Cable_A50285BI-if00-port0", "/dev/posd-terminal"},
		},
		{Path: "/dev/usb/lp0", Vendor: "04b8", Product: "0e28", About: "TM-T20III", Names: []string{"/dev/posd-printer"}},
	}
	if !reflect.DeepEqual(got, want) {
		t.Fatalf("got  %+v\nwant %+v", got, want)
	}
}
