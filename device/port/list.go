package port

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// Found is a device node that a line could use.
type Found struct {
	Path    string   `json:"path"`              // /dev/ttyUSB0
	Names   []string `json:"names,omitempty"`   // stable names that point to it: by-id, and those of our udev rules
	Vendor  string   `json:"vendor,omitempty"`  // USB vendor number, four hex digits
	Product string   `json:"product,omitempty"` // USB product number, four hex digits
	Serial  string   `json:"serial,omitempty"`  // USB serial number
	About   string   `json:"about,omitempty"`   // maker and product as the device calls itself
}

// List returns the serial lines and printers of this box, by path. It reads
// what the kernel says of them and opens none.
func List() []Found { return list(os.DirFS("/")) }

// list is List on a tree that looks like "/". Folders that are not there (no USB
// printer was ever plugged in) hold nothing.
func list(root fs.FS) []Found {
	names := stableNames(root)
	var found []Found
	for _, class := range []struct{ dir, prefix, node string }{
		{"sys/class/tty", "tty", "/dev/"},
		{"sys/class/usbmisc", "lp", "/dev/usb/"},
	} {
		entries, err := fs.ReadDir(root, class.dir)
		if err != nil {
			continue
		}
		for _, e := range entries {
			dir := path.Join(class.dir, e.Name())
			if !strings.HasPrefix(e.Name(), class.prefix) || !real(root, dir) {
				continue
			}
			f := Found{Path: class.node + e.Name()}
			f.Names = names[f.Path]
			f.askUSB(root, dir)
			found = append(found, f)
		}
	}
	slices.SortFunc(found, func(a, b Found) int { return strings.Compare(a.Path, b.Path) })
	return found
}

// real reports whether a class entry has hardware behind it: consoles and
// pseudo-terminals have no device, and a UART that is not there has type 0.
func real(root fs.FS, dir string) bool {
	if _, err := fs.Stat(root, dir+"/device"); err != nil {
		return false
	}
	return text(root, dir+"/type") != "0"
}

// askUSB climbs from the interface to the USB device that holds its numbers.
func (f *Found) askUSB(root fs.FS, dir string) {
	at, err := readLink(root, dir+"/device")
	for ; err == nil && at != "." && at != "sys" && at != "sys/devices"; at = path.Dir(at) {
		if f.Vendor = text(root, at+"/idVendor"); f.Vendor != "" {
			f.Product = text(root, at+"/idProduct")
			f.Serial = text(root, at+"/serial")
			f.About = strings.TrimSpace(text(root, at+"/manufacturer") + " " + text(root, at+"/product"))
			return
		}
	}
}

// stableNames maps device nodes to the links that stand for them.
func stableNames(root fs.FS) map[string][]string {
	names := map[string][]string{}
	for _, dir := range []string{"dev/serial/by-id", "dev/serial/by-path", "dev"} {
		entries, err := fs.ReadDir(root, dir)
		if err != nil {
			continue
		}
		for _, e := range entries {
			if e.Type()&fs.ModeSymlink == 0 || dir == "dev" && !strings.HasPrefix(e.Name(), "posd-") {
				continue
			}
			if to, err := readLink(root, dir+"/"+e.Name()); err == nil {
				names["/"+to] = append(names["/"+to], "/"+dir+"/"+e.Name())
			}
		}
	}
	return names
}

// readLink returns where a link points to, as a path in root.
func readLink(root fs.FS, name string) (string, error) {
	// A class entry is itself a link into sys/devices: relative ones count from there.
	dir := path.Dir(name)
	if to, err := fs.ReadLink(root, dir); err == nil {
		dir = path.Join(path.Dir(dir), to)
	}
	to, err := fs.ReadLink(root, name)
	if err != nil {
		return "", err
	}
	if filepath.IsAbs(to) {
		return strings.TrimPrefix(to, "/"), nil
	}
	return path.Join(dir, to), nil
}

// text returns a small file's content without the line's end, empty if it cannot be read.
func text(root fs.FS, name string) string {
	b, err := fs.ReadFile(root, name)
	if err != nil {
		return ""
	}
	return strings.ToValidUTF8(strings.TrimSpace(string(b)), "?")
}
