package pax

import (
	"fmt"
	"strings"
	"time"

	"posd/device/sale"
)

// Config is what can be set about the card terminal. Times that wait for the
// other side follow the slowest ones seen in recordings of real terminals.
type Config struct {
	// Version is the protocol version sent in every request. The terminal
	// answers with its own and does not mind. Default "1.43".
	Version string `toml:"version"`
	// SerialNumber is the only terminal that money is asked of, as it calls
	// itself in A01. Default empty: any.
	SerialNumber string `toml:"serial_number"`
	// Tender is the kind of card asked for when a sale does not say: credit
	// (T00) or debit (T02). Default credit.
	Tender string `toml:"tender"`
	// AckWait is how long the terminal has to acknowledge a frame. Default 10s.
	AckWait time.Duration `toml:"ack_wait"`
	// ProbeWait is how long it has to acknowledge the A00 of a look-up. Default 3s.
	ProbeWait time.Duration `toml:"probe_wait"`
	// GreetWait is how long it has to answer A00 and R02. Default 15s.
	GreetWait time.Duration `toml:"greet_wait"`
	// AnswerWait is how long it has to answer a sale, the customer's time
	// included. Afterwards the sale is looked up, never repeated. Default 180s.
	AnswerWait time.Duration `toml:"answer_wait"`
	// CancelWait is how long the sale's own answer may take once the terminal has
	// answered a wish to cancel with EOT and nothing else. Afterwards the sale is
	// looked up. Default 15s.
	CancelWait time.Duration `toml:"cancel_wait"`
	// BatchWait is how long it has to close its batch. Default 300s.
	BatchWait time.Duration `toml:"batch_wait"`
	// GapWait is the longest silence inside one frame. Default 2s.
	GapWait time.Duration `toml:"gap_wait"`
	// EndWait is how long to wait for EOT after our ACK; its absence is no
	// error. Default 1s.
	EndWait time.Duration `toml:"end_wait"`
	// DrainWait is the silence that must pass before a request is sent, while
	// late answers are read, where it is not known that nothing is on its way.
	// Default 30ms.
	DrainWait time.Duration `toml:"drain_wait"`
	// WriteWait is how long a frame may take to leave. Default 5s.
	WriteWait time.Duration `toml:"write_wait"`
	// ReopenAfter is how long a terminal may leave look-ups unacknowledged
	// before the connection is made anew. Default 60s.
	ReopenAfter time.Duration `toml:"reopen_after"`
	// Heartbeat is after how long without a word the terminal is asked whether
	// it is there; 0s means never. Default 5m.
	Heartbeat time.Duration `toml:"heartbeat"`
	// AckAgain is when our ACK is repeated, once, on a line whose terminal has not
	// ended the conversation with EOT: it may wait for an ACK that was lost, and
	// is deaf until then. 0s means never; posd never does it over TCP. Default 3s.
	AckAgain time.Duration `toml:"ack_again"`
	// CancelPort is a port of the terminal of its own for A14, while a sale waits
	// on the other; only over TCP and HTTP. Default 0: over TCP the sale's own
	// connection carries A14; over HTTP, where none can, port 10010 does.
	CancelPort int `toml:"cancel_port"`
	// Invoice is the invoice number sent with a transaction, which the terminal
	// echoes and IOTPay hears of (termInvoiceNum): attempt, six digits made from
	// the attempt's reference, or none: IOTPay then hears of the terminal's
	// transaction number. Default attempt.
	Invoice string `toml:"invoice"`
	// VoidByKind asks for a void by what is voided: 17 a sale, 18 a return, 19 an
	// authorisation, 20 a completion. Default false: 16, whatever it is.
	VoidByKind bool `toml:"void_by_kind"`
	// Extra is what the terminal cannot say of a sale and the gateway wants to hear.
	Extra ExtraConfig `toml:"extra"`
}

// ExtraConfig completes the gateway's CC_PAX extra.
type ExtraConfig struct {
	// TerminalNumber is IOTPay's own number of the terminal (termNum). Default
	// empty: the terminal's serial number.
	TerminalNumber string `toml:"terminal_number"`
	// BankTerminalNumber is the bank's number of it, TID (bankTermNum), also on
	// receipts. It is not in a sale's answer; a batch close names it. Default
	// empty: left out, and receipts say what a batch close named, or terminal_number,
	// or the serial number.
	BankTerminalNumber string `toml:"bank_terminal_number"`
	// CardTypes overrides cardType letters by the terminal's two-digit card
	// type, for example {"17" = "P"}. Only Mastercard's M is documented.
	CardTypes map[string]string `toml:"card_types"`
	// AccountTypes gives accountType by the terminal's letter of a debit
	// account; the words chequing, savings and default are also what receipts say.
	// Default none: passed on as it is.
	AccountTypes map[string]string `toml:"account_types"`
	// ApprovedText stands in receiptDisp where the host's message is, when it
	// approved. Default empty: the host's own message.
	ApprovedText string `toml:"approved_text"`
	// IssuerCode stands in receiptDisp when the terminal names no issuer code.
	// Default empty.
	IssuerCode string `toml:"issuer_code"`
	// ThanksText ends receiptDisp when the host sends no line for the receipt.
	// Default empty.
	ThanksText string `toml:"thanks_text"`
	// ComposeCVM derives cvmResults from the terminal's CVM code, which does
	// not carry it; the sale then says that it was composed. Default false: left out.
	ComposeCVM bool `toml:"compose_cvm"`
	// Language is langCode when the terminal names none: E or F. Default E.
	Language string `toml:"language"`
	// TimeZone is the IANA name of the zone in which timeStamp is written: the
	// gateway's own sample is not in the terminal's. Default empty: the box's.
	TimeZone string `toml:"time_zone"`
	// Codes gives trxCode for each kind of transaction that is reported: sale,
	// complete. Default sale = "00"; no other is documented.
	Codes map[string]string `toml:"codes"`
}

// Defaults returns the documented defaults.
func Defaults() Config {
	return Config{
		Version:     "1.43",
		Tender:      string(sale.Credit),
		AckWait:     10 * time.Second,
		ProbeWait:   3 * time.Second,
		GreetWait:   15 * time.Second,
		AnswerWait:  180 * time.Second,
		CancelWait:  15 * time.Second,
		BatchWait:   300 * time.Second,
		GapWait:     2 * time.Second,
		EndWait:     time.Second,
		DrainWait:   30 * time.Millisecond,
		WriteWait:   5 * time.Second,
		ReopenAfter: 60 * time.Second,
		Heartbeat:   5 * time.Minute,
		AckAgain:    3 * time.Second,
		Invoice:     invoiceOfAttempt,
		Extra: ExtraConfig{
			Language: "E",
			Codes:    map[string]string{string(sale.CardSale): "00"},
		},
	}
}

// Validate returns every fault of the configuration at once.
func (c Config) Validate() []error {
	var faults []error
	fault := func(format string, a ...any) { faults = append(faults, fmt.Errorf(format, a...)) }
	if c.Version == "" || len(c.Version) > 8 || !plain(c.Version) {
		fault("version = %q: write the protocol version as the terminal's manual does, such as 1.43", c.Version)
	}
	if !plain(c.SerialNumber) {
		fault("serial_number = %q: write it as posd check shows it", c.SerialNumber)
	}
	if t := sale.Tender(c.Tender); t != sale.Credit && t != sale.Debit {
		fault("tender = %q: write credit or debit", c.Tender)
	}
	for _, w := range []struct {
		key  string
		d    time.Duration
		most time.Duration
	}{
		{"ack_wait", c.AckWait, time.Minute}, {"probe_wait", c.ProbeWait, time.Minute},
		{"greet_wait", c.GreetWait, 2 * time.Minute}, {"answer_wait", c.AnswerWait, 15 * time.Minute},
		{"cancel_wait", c.CancelWait, 3 * time.Minute}, {"batch_wait", c.BatchWait, time.Hour}, {"gap_wait", c.GapWait, 30 * time.Second},
		{"end_wait", c.EndWait, 30 * time.Second}, {"drain_wait", c.DrainWait, 5 * time.Second},
		{"write_wait", c.WriteWait, time.Minute}, {"reopen_after", c.ReopenAfter, time.Hour},
	} {
		if w.d <= 0 || w.d > w.most {
			fault("%s = %q: write a time above 0s and up to %s", w.key, w.d, w.most)
		}
	}
	if c.Heartbeat < 0 || c.Heartbeat > 0 && c.Heartbeat < 10*time.Second {
		fault("heartbeat = %q: write 10s or more, or 0s for never", c.Heartbeat)
	}
	if c.AckAgain < 0 || c.AckAgain > time.Minute {
		fault("ack_again = %q: write a time up to 1m0s, or 0s for never", c.AckAgain)
	}
	if c.CancelPort < 0 || c.CancelPort > 65535 {
		fault("cancel_port = %d: write a port, such as 10010, or 0", c.CancelPort)
	}
	if c.Invoice != invoiceOfAttempt && c.Invoice != invoiceNone {
		fault("invoice = %q: write %s or %s", c.Invoice, invoiceOfAttempt, invoiceNone)
	}
	if _, err := c.Extra.zone(); err != nil {
		fault("extra.time_zone = %q: write an IANA name, such as America/Toronto, or leave it empty for the box's own", c.Extra.TimeZone)
	}
	if l := c.Extra.Language; l != "E" && l != "F" {
		fault("extra.language = %q: write E or F", l)
	}
	for _, v := range []struct{ key, value string }{
		{"terminal_number", c.Extra.TerminalNumber}, {"bank_terminal_number", c.Extra.BankTerminalNumber},
		{"approved_text", c.Extra.ApprovedText}, {"issuer_code", c.Extra.IssuerCode}, {"thanks_text", c.Extra.ThanksText},
	} {
		if len(v.value) > 60 || strings.ContainsFunc(v.value, func(r rune) bool { return r < ' ' }) {
			fault("extra.%s = %q: write at most 60 printable characters", v.key, v.value)
		}
	}
	for code, letter := range c.Extra.CardTypes {
		if len(code) != 2 || len(letter) > 2 || !plain(letter) {
			fault("extra.card_types: %q = %q: write a two-digit card type and one or two letters", code, letter)
		}
	}
	for kind := range c.Extra.Codes {
		if k := sale.CardKind(kind); k != sale.CardSale && k != sale.CardComplete {
			fault("extra.codes: %q is no kind of transaction that is reported: write sale or complete", kind)
		}
	}
	return faults
}

// Values of Config.Invoice.
const (
	invoiceOfAttempt = "attempt"
	invoiceNone      = "none"
)

// zone returns the zone in which timeStamp is written.
func (c ExtraConfig) zone() (*time.Location, error) {
	if c.TimeZone == "" {
		return time.Local, nil
	}
	return time.LoadLocation(c.TimeZone)
}

// plain reports whether s holds only characters that cannot part a frame.
func plain(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' })
}
