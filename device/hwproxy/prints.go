package hwproxy

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"

	"posd/device"
	"posd/device/sale"
)

// prints are the papers that pages wait for. A page whose printing did not end asks
// for the same paper again: until the first is finished that is the same print.
type prints struct {
	mu   sync.Mutex
	keys map[[sha256.Size]byte]string // of those not finished
}

// mostPrints bounds what is remembered; the till takes fewer at once.
const mostPrints = 64

// key returns the Idempotency-Key under which a paper is asked for.
func (p *prints) key(sum [sha256.Size]byte, newKey func() string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.keys == nil || len(p.keys) >= mostPrints {
		p.keys = map[[sha256.Size]byte]string{}
	}
	p.keys[sum] = cmp.Or(p.keys[sum], newKey())
	return p.keys[sum]
}

func (p *prints) finished(sum [sha256.Size]byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.keys, sum)
}

// printPicture prints the picture of a receipt.
func (s *Server) printPicture(ctx context.Context, text string) (any, error) {
	if head, data, ok := strings.Cut(text, ","); ok && strings.HasPrefix(head, "data:") {
		text = data
	}
	data, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(data) == 0 {
		return nil, errors.New("receipt is no picture in base64")
	}
	return s.print(ctx, sale.PrintImage, data)
}

// print answers true once the paper came out, and otherwise says in words how it stands.
func (s *Server) print(ctx context.Context, form sale.PrintForm, data []byte) (any, error) {
	sum := sha256.Sum256(append([]byte(form), data...))
	job, _, err := s.o.Till.PrintOwn(ctx, device.PrintRequest{Key: s.prints.key(sum, s.o.NewKey), Form: form, Data: data, By: s.c.By})
	if err != nil {
		return nil, err
	}
	wait, cancel := context.WithTimeout(ctx, askLimit*8/10)
	defer cancel()
	if job, err = s.o.Till.AwaitPrint(wait, job.ID); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return nil, err
	}
	switch {
	case !job.Finished():
		return nil, fmt.Errorf("the receipt waits for the printer and comes by itself: %s", cmp.Or(job.Words, "it is busy"))
	case job.State == sale.PrintFailed:
		s.prints.finished(sum)
		return nil, fmt.Errorf("the receipt was not printed: %s", job.Words)
	}
	s.prints.finished(sum)
	return true, nil
}

// printXML prints the receipt of a page that describes it in XML.
func (s *Server) printXML(ctx context.Context, params json.RawMessage, _ string) (any, error) {
	var in struct {
		Receipt string `json:"receipt"`
	}
	if err := json.Unmarshal(params, &in); err != nil {
		return nil, errors.New("params holds no receipt")
	}
	text, err := linesOf(in.Receipt)
	if err != nil {
		return nil, err
	}
	return s.print(ctx, sale.PrintText, []byte(text))
}

// blocks are the elements that stand on lines of their own.
var blocks = map[string]bool{"receipt": true, "div": true, "p": true, "section": true, "article": true, "header": true, "footer": true, "line": true,
	"ul": true, "ol": true, "li": true, "table": true, "tr": true, "h1": true, "h2": true, "h3": true, "h4": true, "h5": true, "h6": true, "br": true, "hr": true, "barcode": true}

const rule = "--------------------------------"

// linesOf reads the text of a receipt in XML, its left and right parts on one line.
func linesOf(receipt string) (string, error) {
	in := xml.NewDecoder(strings.NewReader(receipt))
	in.Strict, in.Entity = false, xml.HTMLEntity
	var lines []string
	line := ""
	end := func() {
		if line != "" {
			lines = append(lines, line)
		}
		line = ""
	}
	for {
		token, err := in.Token()
		if err == io.EOF {
			break
		} else if err != nil {
			return "", errors.New("receipt is no XML")
		}
		switch t := token.(type) {
		case xml.StartElement:
			if blocks[t.Name.Local] {
				end()
			}
			if t.Name.Local == "hr" {
				lines = append(lines, rule)
			}
			if t.Name.Local == "right" && line != "" {
				line += "  "
			}
		case xml.EndElement:
			if blocks[t.Name.Local] {
				end()
			}
		case xml.CharData:
			if text := strings.Join(strings.Fields(string(t)), " "); text != "" {
				if line != "" && !strings.HasSuffix(line, " ") {
					line += " "
				}
				line += text
			}
		}
	}
	end()
	if len(lines) == 0 {
		return "", errors.New("receipt holds no text")
	}
	return strings.Join(lines, "\n") + "\n", nil
}
