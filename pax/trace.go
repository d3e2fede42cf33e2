package pax

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"posd/device/sale"
)

// Trace makes the terminal write a transcript of everything that goes over its
// wire to w, card data masked, and after each call what was concluded from it.
// Put into testdata/pax, a transcript is a test. Call it before the terminal is
// used. Writing errors are ignored: a full disk must not stop a sale.
func (t *Terminal) Trace(w io.Writer) {
	t.trace = &recorder{w: w, start: time.Now()}
	t.trace.line(Remark, fmt.Sprintf("%s tender=%s invoice=%s void_by_kind=%t ack_again=%s", settings, t.cfg.Tender, t.cfg.Invoice, t.cfg.VoidByKind, t.cfg.AckAgain))
	t.wire.traced(t.trace)
}

// recorder writes transcripts; see ParseTranscript for the form. A nil one does nothing.
type recorder struct {
	mu    sync.Mutex
	w     io.Writer
	start time.Time
}

func (r *recorder) line(kind LineKind, text string) {
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	_, _ = fmt.Fprintf(r.w, "%c %s\n", kind, text)
}

// timed writes a line with the time of something at its end.
func (r *recorder) timed(kind LineKind, text string, at time.Time, remark string) {
	if r != nil {
		r.line(kind, join(text, remarkMark, fmt.Sprintf("%.3fs", at.Sub(r.start).Seconds()), remark))
	}
}

// concluded notes what a call that began at start came to.
func (r *recorder) concluded(start time.Time, format string, a ...any) {
	r.timed(Concluded, fmt.Sprintf(format, a...), start, "")
}

// charged notes what came of a charge.
func (r *recorder) charged(start time.Time, o sale.CardRequest, a sale.CardAnswer) {
	call := fmt.Sprintf("charge %s %s %d %s", o.Kind, o.Ref, o.Amount, dash(string(o.Tender)))
	if o.AllowDuplicate {
		call += " again"
	}
	if of := o.Original; of != nil {
		call += fmt.Sprintf(" of %s %s %s %d", of.Kind, dash(of.Ref), dash(of.Transaction), of.Amount)
	}
	r.concluded(start, "%s: %s %d", call, a.Verdict, a.Approved)
}

// dash stands for a word that is missing.
func dash(s string) string { return cmp.Or(s, "-") }

// tap is one direction of a wire, cut into what stands between two silences.
type tap struct {
	r    *recorder
	kind LineKind
	scan Scanner
	raw  []byte
}

func (t *tap) bytes(b []byte) {
	for i := range b {
		t.raw = append(t.raw, b[i])
		tok, _ := t.scan.Next(b[i : i+1])
		switch {
		case tok.Kind == TokenFrame:
			t.frame(tok.Body)
		case tok.Kind == TokenControl:
			t.write(mask(t.raw[:len(t.raw)-1]), []byte{tok.Control}, controlNames[tok.Control])
		case tok.Kind == TokenDamaged:
			t.write(mask(t.raw), nil, "damaged")
		}
	}
}

// frame writes a frame with its card data masked and its LRC made to fit again.
func (t *tap) frame(body []byte) {
	noise := t.raw[:max(0, len(t.raw)-len(body)-3)]
	shown := maskBody(body)
	f := append(append([]byte{STX}, shown...), ETX)
	f = append(f, LRC(f[1:]))
	t.write(mask(noise), f, commandOf(body))
}

// rest writes what never became whole.
func (t *tap) rest() {
	if len(t.raw) > 0 {
		t.scan.Reset()
		t.write(mask(t.raw), nil, "broken off")
	}
}

func (t *tap) write(noise, whole []byte, remark string) {
	t.r.timed(t.kind, fmt.Sprintf("% X", append(noise, whole...)), time.Now(), remark)
	t.raw = t.raw[:0]
}

var controlNames = map[byte]string{ACK: "ACK", NAK: "NAK", EOT: "EOT", ENQ: "ENQ"}

// commandOf names the command of a request or response.
func commandOf(body []byte) string {
	f := fields{rest: body}
	if c := f.next(); len(c) != 1 {
		return name(c)
	}
	return name(f.next())
}

// mask turns every digit into X.
func mask(b []byte) []byte {
	return bytes.Map(func(r rune) rune {
		if '0' <= r && r <= '9' {
			return 'X'
		}
		return r
	}, b)
}

// maskBody takes out of a frame's body what must not be kept of a card. Fields
// that may hold card data and are not known to be harmless are emptied.
func maskBody(body []byte) []byte {
	f := strings.Split(string(body), string(FS))
	at := func(i int, change func(string) string) {
		if i < len(f) {
			f[i] = change(f[i])
		}
	}
	empty := func(string) string { return "" }
	switch command := commandOf(body); command {
	case "T00", "T02":
		at(4, maskAccount)
		for i := 6; i < len(f); i++ {
			f[i] = ""
		}
	case "T01", "T03":
		account, more := 8, 13
		if command == "T03" {
			more = 10
		}
		at(4, maskText)
		at(5, maskHost)
		at(account, maskAccount)
		for i := account + 2; i < len(f); i++ {
			if i != more {
				at(i, empty)
			}
		}
		at(more, maskMore)
	case "R03":
		at(4, maskText)
		at(7, maskHost)
		at(12, maskAccount)
		for i := 14; i < len(f); i++ {
			if i != 17 {
				at(i, empty)
			}
		}
		at(17, maskMore)
	case "B01":
		at(4, maskText)
		at(5, maskHost)
		for i := 11; i < len(f); i++ {
			f[i] = "" // of transactions that failed or were reversed
		}
	case "A00", "A01", "A14", "A15", "A16", "A17", "R02", "B00", "A35":
	default:
		return mask(body)
	}
	return []byte(strings.Join(f, string(FS)))
}

// maskText masks what looks like a card number, and nothing else.
func maskText(s string) string { return printable([]byte(s)) }

func maskHost(s string) string {
	return eachSub(s, func(_ int, v string) string { return maskText(v) })
}

// maskAccount keeps the last four digits, how the card was read, its type, and
// the kind of account; not the expiry, not the name.
func maskAccount(s string) string {
	return eachSub(s, func(i int, v string) string {
		switch i {
		case 0:
			return strings.TrimLeft(maskNumber([]byte(v)), "X")
		case 1, 5, 6, 10, 12:
			return v
		}
		return ""
	})
}

// harmless are the additional values that may be kept.
var harmless = " TC ARQC AC TVR TSI AID ATC APPLAB APPPN ARC CID CVM SN EDCTYPE PROGRAMTYPE USERLANGUAGESTATUS PINSTATUSNUM SIGNSTATUS HREF "

func maskMore(s string) string {
	return eachSub(s, func(_ int, v string) string {
		k, _, _ := strings.Cut(v, "=")
		if strings.Contains(harmless, " "+strings.ToUpper(k)+" ") {
			return v
		}
		return k + "="
	})
}

func eachSub(s string, change func(int, string) string) string {
	if s == "" {
		return ""
	}
	subs := strings.Split(s, string(US))
	for i, v := range subs {
		subs[i] = change(i, v)
	}
	return strings.Join(subs, string(US))
}

// tracedLink is a Link whose bytes are written into a transcript.
type tracedLink struct {
	Link
	r        *recorder
	out, in  tap
	lastOpen uint64
}

func newTracedLink(link Link, r *recorder) *tracedLink {
	return &tracedLink{Link: link, r: r, out: tap{r: r, kind: Sent}, in: tap{r: r, kind: Received}}
}

// Open notes a new connection.
func (l *tracedLink) Open(ctx context.Context) (uint64, error) {
	epoch, err := l.Link.Open(ctx)
	switch {
	case err != nil:
		l.r.line(Remark, "line not opened: "+printable([]byte(err.Error())))
	case epoch != l.lastOpen:
		l.lastOpen = epoch
		l.in.rest()
		l.r.line(Remark, lineOpened)
	}
	return epoch, err
}

func (l *tracedLink) Read(b []byte) (int, error) {
	n, err := l.Link.Read(b)
	l.in.bytes(b[:n])
	return n, err
}

// promptTrace is a tracedLink over a link that is Prompt.
type promptTrace struct {
	*tracedLink
	now Prompt
}

func (l promptTrace) ReadNow(b []byte) (int, error) {
	n, err := l.now.ReadNow(b)
	l.in.bytes(b[:n])
	return n, err
}

// Write is called by one goroutine at a time, which is another than Read's.
func (l *tracedLink) Write(b []byte) (int, error) {
	n, err := l.Link.Write(b)
	l.out.bytes(b[:n])
	if n < len(b) {
		l.out.rest()
	}
	return n, err
}
