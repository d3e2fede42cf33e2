package displaysim

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
)

// The panel that is simulated is the one that the page for owners describes.
func TestSimulatedProjectIsTheOneThatIsDescribed(t *testing.T) {
	text, err := os.ReadFile("../../configs/nextion/README.md")
	if err != nil {
		t.Fatal(err)
	}
	described := map[string]string{} // page/component: position and txt_maxl
	page := ""
	for line := range strings.Lines(string(text)) {
		cell := strings.Split(line, "|")
		if len(cell) != 9 || !strings.Contains(cell[2], "`") {
			continue
		}
		for i := range cell {
			cell[i] = strings.TrimSpace(cell[i])
		}
		if cell[1] != "" {
			page = strings.ReplaceAll(cell[1], "`", "")
		}
		described[page+"/"+strings.Trim(cell[2], "`")] = cell[4] + ";" + cell[6]
	}
	for i, p := range shopProject {
		for _, c := range p.parts {
			name := fmt.Sprintf("%d %s/%s", i, p.name, c.name)
			box, most := "", ""
			if !c.number {
				box = fmt.Sprintf("%d, %d, %d, %d", c.box.Min.X, c.box.Min.Y, c.box.Dx(), c.box.Dy())
			}
			if c.most > 0 {
				most = strconv.Itoa(c.most)
			}
			if got, want := described[name], box+";"+most; got != want {
				t.Errorf("%s is described as %q, simulated as %q", name, got, want)
			}
			delete(described, name)
		}
	}
	for name := range described {
		t.Errorf("%s is described but not simulated", name)
	}
}
