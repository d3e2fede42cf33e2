package hwproxy

import (
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"posd/device/sale"
)

func TestAReceiptOfAPageIsAnsweredTrueOnlyOnceItCameOut(t *testing.T) {
	within(t, func(t *testing.T, s *Server, c *counter) {
		action := func(picture string) (any, string) {
			return ask(t, s, "default_printer_action", map[string]any{"data": map[string]string{"action": "print_receipt", "receipt": picture}})
		}
		soup := base64.StdEncoding.EncodeToString([]byte("a picture of soup"))
		for range 2 { // the page asks again while the paper is out
			if got, words := action(soup); got != nil || !strings.Contains(words, "paper out") {
				t.Errorf("without paper: %v, %q", got, words)
			}
		}
		if len(c.papers) != 1 || c.papers[0] != "a picture of soup" {
			t.Errorf("asked of the till: %q", c.papers)
		}
		c.prints(sale.PrintDone)
		if got, words := action("data:image/jpeg;base64," + soup); got != true || len(c.papers) != 1 {
			t.Errorf("with paper: %v, %q, %d papers", got, words, len(c.papers))
		}
		if got, _ := action(soup); got != true || len(c.papers) != 2 {
			t.Errorf("wanted once more: %v, %d papers", got, len(c.papers))
		}
		c.prints(sale.PrintFailed)
		if got, words := action(soup); got != nil || !strings.Contains(words, "the printer's words") {
			t.Errorf("failed: %v, %q", got, words)
		}
		for _, odd := range []string{"", "no base64!"} {
			if got, words := action(odd); got != nil || words == "" {
				t.Errorf("%q: %v", odd, got)
			}
		}
		for _, j := range c.jobs {
			if j.By != "register" {
				t.Errorf("asked for by %q", j.By)
			}
		}
		time.Sleep(time.Second)
	})
}

func TestAReceiptInXMLIsPrintedAsLines(t *testing.T) {
	within(t, func(t *testing.T, s *Server, c *counter) {
		c.prints(sale.PrintSent)
		const receipt = `<receipt align="center"><h1>Corner Shop</h1><div>Order <pre>  12</pre></div><line><left>Soup</left><right><value>4.50</value></right></line><hr/>Thanks&nbsp;!<br/>Bye</receipt>`
		if got, words := ask(t, s, "print_xml_receipt", map[string]string{"receipt": receipt}); got != true {
			t.Fatalf("%v, %q", got, words)
		}
		if want := "Corner Shop\nOrder 12\nSoup  4.50\n" + rule + "\nThanks !\nBye\n"; c.papers[0] != want {
			t.Errorf("printed %q, want %q", c.papers[0], want)
		}
		for _, odd := range []string{"", "<receipt></receipt>", "<a"} {
			if got, words := ask(t, s, "print_xml_receipt", map[string]string{"receipt": odd}); got != nil || words == "" {
				t.Errorf("%q: %v", odd, got)
			}
		}
	})
}

func FuzzXML(f *testing.F) {
	f.Add("<receipt><line><left>Soup</left><right>4.50</right></line><hr/></receipt>")
	f.Fuzz(func(t *testing.T, receipt string) {
		text, err := linesOf(receipt)
		if (err == nil) == (text == "") {
			t.Errorf("%q: %q, %v", receipt, text, err)
		}
	})
}
