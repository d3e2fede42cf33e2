package printer_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"

	"posd/device/sale"
	"posd/pax"
)

// frameOf returns the recorded frames of a file of testdata/pax that begin as
// given, by a terminal.
func framesOf(t *testing.T, file, command string) [][]byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "testdata", "pax", file))
	if err != nil {
		t.Fatal(err)
	}
	var all [][]byte
	for line := range strings.Lines(string(text)) {
		line, _, _ = strings.Cut(line, "#")
		b, err := hex.DecodeString(strings.ReplaceAll(strings.TrimSpace(strings.TrimPrefix(line, "<")), " ", ""))
		if strings.HasPrefix(line, "< ") && err == nil && bytes.HasPrefix(b, []byte("\x020\x1c"+command+"\x1c")) {
			all = append(all, b)
		}
	}
	return all
}

// asked returns a recorded answer with another reference in place of its own,
// and its check byte made anew.
func asked(frame []byte, ref string) []byte {
	fields := bytes.Split(frame[1:len(frame)-2], []byte{0x1C})
	trace := 9 // T01: after status, command, version, code, text, host, type, amounts, account
	parts := bytes.Split(fields[trace], []byte{0x1F})
	if len(parts) > 1 {
		parts[1] = []byte(ref)
	}
	fields[trace] = bytes.Join(parts, []byte{0x1F})
	body := append(bytes.Join(fields, []byte{0x1C}), 0x03)
	sum := byte(0)
	for _, b := range body {
		sum ^= b
	}
	return append(append([]byte{0x02}, body...), sum)
}

// tape is a terminal that says what was recorded: who it is, and one answer.
type tape struct {
	net.Conn
}

func (tape) Open(context.Context) (uint64, error) { return 1, nil }

func playTape(far net.Conn, hello, answer []byte) {
	buf := make([]byte, 4096)
	var frame []byte
	for {
		n, err := far.Read(buf)
		if err != nil {
			return
		}
		for _, b := range buf[:n] {
			if len(frame) == 0 && b != 0x02 {
				continue // an ACK of ours
			}
			if frame = append(frame, b); len(frame) < 3 || frame[len(frame)-2] != 0x03 {
				continue
			}
			say := answer
			if bytes.HasPrefix(frame, []byte("\x02A00")) {
				say = hello
			}
			frame = nil
			far.Write([]byte{0x06})
			far.Write(say)
			io.ReadFull(far, make([]byte, 1)) // its ACK
			far.Write([]byte{0x04})
		}
	}
}

// readOff has the card terminal's driver read one recorded answer.
func readOff(t *testing.T, answer []byte, debit bool, amount sale.Amount) sale.CardAnswer {
	t.Helper()
	var a sale.CardAnswer
	synctest.Test(t, func(t *testing.T) {
		near, far := net.Pipe()
		defer near.Close()
		const ref = "0123456789ABCDEF"
		go playTape(far, framesOf(t, "constructed.txt", "A01")[0], asked(answer, ref))
		c := pax.Defaults()
		c.Extra.BankTerminalNumber = "66012345"
		c.Extra.AccountTypes = map[string]string{"C": "chequing", "S": "savings"}
		o := sale.CardRequest{Kind: sale.CardSale, Ref: ref, Amount: amount, Tender: sale.Credit}
		if debit {
			o.Tender = sale.Debit
		}
		a = pax.New(tape{near}, c, slog.New(slog.DiscardHandler)).Charge(t.Context(), o)
	})
	return a
}

// receiptOf is the receipt of a sale that knows nothing but what the terminal
// answered, and posd's own numbers.
func receiptOf(a sale.CardAnswer, amount sale.Amount, copy sale.Copy) sale.Receipt {
	s := sale.Sale{
		ID: "01KAK3V7Q2M8R4T6W9XBCDEFGH", Amount: amount, Currency: "CAD", Method: sale.Card, State: sale.Paid,
		CreatedAt: at, FinalAt: &at, Card: &a.Card, ApprovedAmount: a.Approved, Tip: a.Tip, Cashback: a.Cashback, Surcharge: a.Surcharge,
	}
	if a.Verdict != sale.VerdictApproved {
		s.State, s.Words = sale.Declined, a.Words
	}
	return sale.Receipt{Job: "01KAK3V7Q2M8R4T6W9XBCDEFGZ", Sale: s, Copy: copy, At: at}
}

// hasRow reports whether a receipt has a line of this label and value.
func hasRow(text, label, value string) bool {
	for line := range strings.Lines(text) {
		if rest, ok := strings.CutPrefix(strings.TrimSpace(line), label); ok && strings.TrimSpace(rest) == value {
			return true
		}
	}
	return false
}

// What card rules ask of a receipt stands on it, filled from nothing but the
// answer that the terminal gave.
func TestReceiptHoldsWhatTheTerminalSaid(t *testing.T) {
	seen := sale.CardInfo{}
	for _, c := range []struct {
		file, command string
		n             int
		amount        sale.Amount
		rows          map[string]string
		words         []string
	}{
		{"sale-approved.txt", "T01", 0, 2865, map[string]string{
			"CARD NUMBER": "************1166", "ENTRY": "TAP", "TERMINAL ID": "66012345", "REFERENCE #": "66012345 8 12 H", "AUTH #": "01046Z",
			"RETRIEVAL #": "000001000061", "INVOICE #": "724172", "AID": "A0000000041010", "TVR": "0000008000", "TSI": "0000",
			"ARQC": "3D36ACBD44BE512B", "DATE/TIME": "2021-01-20 16:40:33", "TOTAL": "CAD 28.65",
		}, []string{"MASTERCARD", "APPROVED - THANK YOU", "NO SIGNATURE TRANSACTION"}},
		{"sale-interac.txt", "T03", 0, 2865, map[string]string{
			"CARD": "INTERAC", "CARD NUMBER": "************4321", "ACCOUNT": "CHEQUING", "ENTRY": "CHIP", "TERMINAL ID": "66012345",
			"REFERENCE #": "66012345 8 14 C", "AUTH #": "123456", "TC": "1122334455667788", "CASHBACK": "10.00", "TOTAL": "CAD 38.65",
		}, []string{"INTERAC", "APPROVED - THANK YOU", "VERIFIED BY PIN"}},
		{"sale-declined.txt", "T01", 0, 2865, map[string]string{
			"CARD NUMBER": "************1166", "ENTRY": "CHIP", "TERMINAL ID": "66012345", "REFERENCE #": "66012345 8 13 C", "AUTH #": "",
		}, []string{"TRANSACTION NOT APPROVED"}},
	} {
		a := readOff(t, framesOf(t, c.file, c.command)[c.n], c.command == "T03", c.amount)
		text := testConfig().Layout().Text(receiptOf(a, c.amount, sale.CustomerCopy))
		for label, value := range c.rows {
			if !hasRow(text, label, value) {
				t.Errorf("%s: no line %q with %q\n%s", c.file, label, value, text)
			}
		}
		for _, w := range c.words {
			if !strings.Contains(text, w) {
				t.Errorf("%s: %q is missing\n%s", c.file, w, text)
			}
		}
		fill(&seen, a.Card)
	}
	// Every field that a receipt prints comes from some terminal, none from tests alone.
	v := reflect.ValueOf(seen)
	for i := range v.NumField() {
		if name := v.Type().Field(i).Name; v.Field(i).IsZero() && name != "Composed" {
			t.Errorf("no recorded answer fills %s", name)
		}
	}
}

// fill takes the fields that are set.
func fill(into *sale.CardInfo, from sale.CardInfo) {
	to, of := reflect.ValueOf(into).Elem(), reflect.ValueOf(from)
	for i := range of.NumField() {
		if !of.Field(i).IsZero() {
			to.Field(i).Set(of.Field(i))
		}
	}
}

// reread is a recorded answer in which the card was read another way: entry
// mode, card type, account, and without the terminal's word on the holder.
func reread(t *testing.T, file, command, entry, account string) []byte {
	t.Helper()
	frame := framesOf(t, file, command)[0]
	fields := bytes.Split(frame[1:len(frame)-2], []byte{0x1C})
	card := bytes.Split(fields[8], []byte{0x1F})
	card[1] = []byte(entry)
	if len(card) > 12 {
		card[12] = []byte(account)
	}
	fields[8] = bytes.Join(card, []byte{0x1F})
	for i := range fields {
		fields[i] = bytes.ReplaceAll(fields[i], []byte("\x1fCVM=7"), nil)
	}
	return append(append([]byte{0x02}, bytes.Join(fields, []byte{0x1C})...), 0x03, 0)
}

func TestHowACardWasReadDecidesAccountAndSignature(t *testing.T) {
	for _, c := range []struct {
		name, file, command, entry, account, config string
		customer, merchant                          []string // what each copy says
		never                                       []string
	}{
		{"swiped credit is signed for", "sale-approved.txt", "T01", "1", "", "line", nil, []string{"CARDHOLDER SIGNATURE"}, []string{"NO SIGNATURE"}},
		{"keyed credit is signed for", "sale-approved.txt", "T01", "0", "", "line", nil, []string{"CARDHOLDER SIGNATURE"}, []string{"NO SIGNATURE"}},
		{"swiped credit by a shop without signatures", "sale-approved.txt", "T01", "1", "", "none", []string{"NO SIGNATURE TRANSACTION"},
			[]string{"NO SIGNATURE TRANSACTION"}, []string{"CARDHOLDER SIGNATURE"}},
		{"tapped Interac takes its default account", "sale-interac.txt", "T03", "2", "", "line", []string{"FLASH DEFAULT"}, []string{"FLASH DEFAULT"}, []string{"CARDHOLDER SIGNATURE"}},
		{"Interac savings", "sale-interac.txt", "T03", "4", "S", "line", []string{"SAVINGS"}, []string{"SAVINGS"}, nil},
		{"a letter that nobody explained stands as it came", "sale-interac.txt", "T03", "4", "Q", "line", []string{" Q\n"}, nil, nil},
	} {
		a := readOff(t, reread(t, c.file, c.command, c.entry, c.account), c.command == "T03", 2865)
		cfg := testConfig()
		cfg.Signature = c.config
		customer, merchant := cfg.Layout().Text(receiptOf(a, 2865, sale.CustomerCopy)), cfg.Layout().Text(receiptOf(a, 2865, sale.MerchantCopy))
		for _, w := range c.customer {
			if !strings.Contains(customer, w) {
				t.Errorf("%s: the customer's copy lacks %q\n%s", c.name, w, customer)
			}
		}
		for _, w := range c.merchant {
			if !strings.Contains(merchant, w) {
				t.Errorf("%s: the merchant's copy lacks %q\n%s", c.name, w, merchant)
			}
		}
		for _, w := range c.never {
			if strings.Contains(customer+merchant, w) {
				t.Errorf("%s: %q stands on it\n%s%s", c.name, w, customer, merchant)
			}
		}
	}
}

// A cryptogram is one of hex digits, of which all may be below ten.
func TestCryptogramIsNoCardNumber(t *testing.T) {
	for n := range 200 {
		s := cardSale()
		value := strconv.Itoa(1_000_000_000_000_000 + n*97_531_864_209)
		s.Card.Cryptogram = "TC: " + value
		text := testConfig().Layout().Text(sale.Receipt{Sale: s, Copy: sale.CustomerCopy})
		if !hasRow(text, "TC", value) {
			t.Fatalf("the cryptogram %s is masked\n%s", value, text)
		}
	}
}

// The common card receipt, with all that card rules ask for, its code and the
// cut, stays short: a second at 9600.
func TestCommonReceiptStaysShort(t *testing.T) {
	r := receiptOf(readOff(t, framesOf(t, "sale-approved.txt", "T01")[0], false, 2865), 2865, sale.CustomerCopy)
	r.Sale.Reference = "B-1042"
	for profile, most := range map[string]int{"epson-tm-m30": 900, "epson-tm-t88": 900, "generic-80": 1450} {
		cfg := testConfig()
		cfg.Profile = profile
		if n := len(cfg.Encode(r)); n > most {
			t.Errorf("%s: %d bytes, at most %d", profile, n, most)
		}
	}
}
