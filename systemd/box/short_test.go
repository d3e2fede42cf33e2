//go:build box

package box

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"
)

// shortInit starts the box in the least time; see there for what it leaves out.
//
//go:embed short.sh
var shortInit []byte

// shortStart writes an initial file system that starts the box by shortInit, and returns
// its path: the image's own, whose /init a second archive behind it replaces.
func shortStart(t *testing.T, folder string) string {
	t.Helper()
	packed, err := os.Open(filepath.Join(imageDir(t), "initrd.img"))
	if err != nil {
		t.Fatal(err)
	}
	defer packed.Close()
	var whole []byte // unpacked here: that takes the box seconds
	reader, err := gzip.NewReader(packed)
	if err == nil {
		whole, err = io.ReadAll(reader)
	}
	if err != nil {
		t.Fatal(err)
	}
	archive := bytes.NewBuffer(whole)
	pad := func(to int) { archive.Write(make([]byte, (to-archive.Len()%to)%to)) }
	pad(512)
	for _, file := range []struct {
		name string
		mode int
		data []byte
	}{{"init", 0o100755, shortInit}, {"TRAILER!!!", 0, nil}} {
		// The "newc" kind of cpio, as the kernel's document has it.
		archive.WriteString("070701")
		for _, n := range []int{0, file.mode, 0, 0, 1, 0, len(file.data), 0, 0, 0, 0, len(file.name) + 1, 0} {
			fmt.Fprintf(archive, "%08X", n)
		}
		archive.WriteString(file.name + "\x00")
		pad(4)
		archive.Write(file.data)
		pad(4)
	}
	path := filepath.Join(folder, "short.img")
	if err := os.WriteFile(path, archive.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
