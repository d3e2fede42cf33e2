package hwproxy

import (
	"flag"
	"fmt"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"testing/synctest"

	"posd/device/sale"
)

var update = flag.Bool("update", false, "write what posd answers beside pywebdriver")

// TestAnswersBesidePywebdrivers asks what pywebdriver was asked, in the same order. An
// answer is the same, or the file says why it is not.
func TestAnswersBesidePywebdrivers(t *testing.T) {
	const file = "../../testdata/hwproxy/pywebdriver.txt"
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	head, calls, _ := strings.Cut(string(text), "\n\n"+"GET hello\n")
	blocks := strings.Split("GET hello\n"+calls, "\n\n")
	within(t, func(t *testing.T, s *Server, c *counter) {
		for i, b := range blocks {
			lines := strings.Split(strings.TrimSpace(b), "\n")
			if lines[0] == "then it is paid" {
				c.end(sale.Paid)
				synctest.Wait()
				continue
			}
			if len(lines) < 3 {
				t.Fatalf("a call has no answers: %q", b)
			}
			theirs, ours := strings.TrimPrefix(lines[1], "pywebdriver "), asked(s, lines[0])
			if apart := len(lines) > 3 && strings.HasPrefix(lines[3], "apart "); !apart && theirs != ours || apart && theirs == ours {
				t.Errorf("%s: explained as apart %v:\n%s\n%s", lines[0], apart, theirs, ours)
			}
			if want := strings.TrimPrefix(lines[2], "posd "); want != ours && !*update {
				t.Errorf("%s: %s, want %s", lines[0], ours, want)
			}
			lines[2] = "posd " + ours
			blocks[i] = strings.Join(lines, "\n")
		}
		if len(c.sales) != 1 {
			t.Errorf("%d sales, want the one", len(c.sales))
		}
	})
	if *update && !t.Failed() {
		if err := os.WriteFile(file, []byte(head+"\n\n"+strings.TrimSpace(strings.Join(blocks, "\n\n"))+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// asked does a call, METHOD NAME BODY, and returns the answer's status and text.
func asked(s *Server, call string) string {
	part := strings.SplitN(call, " ", 3)
	body := strings.Join(part[2:], "")
	r := httptest.NewRequest(part[0], "/hw_proxy/"+part[1], strings.NewReader(body))
	r.RemoteAddr = "127.0.0.1:5000"
	r.Header.Set("Origin", shopPage)
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return strings.TrimSpace(fmt.Sprint(w.Code, " ", w.Body))
}
