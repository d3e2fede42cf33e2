package pax

import (
	"bytes"
	"errors"
	"fmt"
	"hash/fnv"
	"strconv"

	"posd/device/sale"
)

// Commands. A response has its request's code plus one.
const (
	cmdInitialize = "A00" // A01: who are you
	cmdCancel     = "A14" // A15: stop waiting for the customer
	cmdReset      = "A16" // A17: back to the idle screen
	cmdStatus     = "A35" // progress report, unsolicited
	cmdCredit     = "T00" // T01
	cmdDebit      = "T02" // T03
	cmdTotals     = "R00" // R01: counts and sums of the batch
	cmdDetail     = "R02" // R03: one record of the batch
	cmdBatchClose = "B00" // B01
)

// responseTo returns the response code of a command: T00 is answered by T01.
func responseTo(command string) string {
	n, _ := strconv.Atoi(command[1:])
	return fmt.Sprintf("%c%02d", command[0], n+1)
}

// Transaction types, field 1 of T00 and T02.
const (
	typeSale       = "01"
	typeReturn     = "02"
	typeAuth       = "03"
	typeComplete   = "04"
	typeVoid       = "16"
	typeVoidSale   = "17"
	typeVoidReturn = "18"
	typeVoidAuth   = "19"
	typeVoidDone   = "20" // of a completion
)

// requestInitialize asks who the terminal is: A00.
func requestInitialize(version string) []byte { return AppendFrame(nil, cmdInitialize, version) }

// requestCancel asks the terminal to stop waiting for the customer: A14.
func requestCancel(version string) []byte { return AppendFrame(nil, cmdCancel, version) }

// requestReset asks the terminal to go back to its idle screen: A16.
func requestReset(version string) []byte { return AppendFrame(nil, cmdReset, version) }

// payment is a money request, T00 or T02.
type payment struct {
	Command     string      // cmdCredit or cmdDebit
	Type        string      // typeSale, typeReturn, typeVoid
	Amount      sale.Amount // 0 leaves the group empty, as a void does
	Tip         sale.Amount // beside the amount
	AskTip      string      // 1 or 0: whether the terminal asks for a tip; empty as it is set up
	Ref         string      // ours, unique per attempt
	Invoice     string      // ours, or empty
	Transaction string      // the terminal's number of the sale to undo, or empty
	Again       bool        // even if the terminal's duplicate check objects
}

// requestPayment is the T frame.
//
//	T00  type · amount · account · trace · AVS · cashier · commercial · MOTO · additional
//	T02  type · amount · account · trace · cashier · additional
func requestPayment(version string, p payment) []byte {
	amount := ""
	if p.Amount > 0 {
		amount = strconv.FormatInt(int64(p.Amount), 10)
	}
	if p.Tip > 0 {
		amount = group(amount, strconv.FormatInt(int64(p.Tip), 10))
	}
	more := ""
	if p.AskTip != "" {
		more = "TIPREQ=" + p.AskTip
	}
	account := ""
	if p.Again {
		account = group("", "", "", "", "", "1") // the card is the customer's to show
	}
	trace := group(p.Ref, p.Invoice, "", p.Transaction)
	if p.Command == cmdDebit {
		return AppendFrame(nil, cmdDebit, version, p.Type, amount, account, trace, "", more)
	}
	return AppendFrame(nil, cmdCredit, version, p.Type, amount, account, trace, "", "", "", "", more)
}

// invoiceOf makes an invoice number of six digits, the form of the gateway's
// sample, from a reference. It is the same each time, and need not be the only one.
func invoiceOf(ref string) string {
	h := fnv.New32a()
	h.Write([]byte(ref)) // never fails
	return fmt.Sprintf("%06d", 1+h.Sum32()%999_999)
}

// requestDetail asks for the record with our reference, whatever its tender: R02.
// Without a reference any record answers, and says how many there are.
//
//	EDC · type · card · record number · terminal reference · auth code · ECR reference · additional
func requestDetail(version, ref string) []byte {
	return AppendFrame(nil, cmdDetail, version, "00", "", "", "", "", "", ref, "")
}

// requestBatchClose asks the terminal to settle its batch: B00. The time is the
// box's, YYYYMMDDhhmmss.
func requestBatchClose(version, at string) []byte {
	return AppendFrame(nil, cmdBatchClose, version, at)
}

// fields walks once through text parted by FS, and through the subfields of
// each field, parted by US. Lists are positional and open-ended both ways: what
// is missing reads as empty, what is too much is left.
type fields struct {
	rest []byte
	done bool // the field at hand has no more subfields
}

// next returns the next field whole.
func (f *fields) next() []byte {
	for i, b := range f.rest {
		if b == FS {
			v := f.rest[:i]
			f.rest = f.rest[i+1:]
			return v
		}
	}
	v := f.rest
	f.rest = nil
	return v
}

// sub returns the next subfield of the field at hand; end must follow the last one.
func (f *fields) sub() []byte {
	if f.done {
		return nil
	}
	rest := f.rest
	for i, b := range rest {
		if b > US || b != US && b != FS {
			continue
		}
		f.rest, f.done = rest[i+1:], b == FS
		return rest[:i]
	}
	f.rest, f.done = nil, true
	return rest
}

// pair returns the next subfield as a key and a value, parted by its first "=".
func (f *fields) pair() (key, value []byte) {
	sub := f.sub()
	for i, b := range sub {
		if b == '=' {
			return sub[:i], sub[i+1:]
		}
	}
	return nil, nil
}

// end goes on to the next field.
func (f *fields) end() {
	if !f.done {
		f.next()
	}
	f.done = false
}

func (f *fields) skip(n int) {
	for ; n > 0; n-- {
		f.next()
	}
}

func (f *fields) skipSubs(n int) {
	for ; n > 0; n-- {
		f.sub()
	}
}

// Reply is the head of a response; its slices are views of the frame.
//
//	status FS command FS version FS result code FS result text [FS field]...
type Reply struct {
	Command []byte
	Version []byte // the terminal's own, often lower than ours
	Code    []byte // six digits
	Text    []byte
	more    []byte // the fields after the text
}

var errManyPackets = errors.New("response in several packets (status 1), which is not supported")

// parseReply reads the head of a response from the body of a frame.
func parseReply(body []byte) (Reply, error) {
	f := fields{rest: body}
	status := f.next()
	r := Reply{Command: f.next(), Version: f.next(), Code: f.next(), Text: f.next()}
	r.more = f.rest
	switch {
	case len(status) != 1 || status[0] < '0' || status[0] > '9':
		return Reply{}, fmt.Errorf("response begins with %q where a status digit was due", clip(status))
	case len(r.Command) != 3:
		return Reply{}, fmt.Errorf("response names the command %q", clip(r.Command))
	case status[0] != '0':
		return r, errManyPackets
	}
	return r, nil
}

// Result codes that the driver knows by name; the rest is in codes.go.
const (
	codeOK            = "000000"
	codeDuplicate     = "100011"
	codeHostDuplicate = "103000"
	codeNotFound      = "100023" // of B01: there was nothing to settle
	codeUnequal       = "000300" // of B01: closed, and the host's sums are others
)

// hostInfo is what the card's host said.
type hostInfo struct{ Code, Message, Auth, Reference, Trace, Batch, Retrieval, Issuer []byte }

func (h *hostInfo) parse(f *fields) {
	h.Code, h.Message, h.Auth = f.sub(), f.sub(), f.sub()
	h.Reference, h.Trace, h.Batch = f.sub(), f.sub(), f.sub()
	f.skipSubs(4) // transaction identifier, gateway id, detailed message, integrity class
	h.Retrieval, h.Issuer = f.sub(), f.sub()
	f.end()
}

// amounts are cents. Given says that the approved amount was there at all.
// What was approved of tip, cashback and surcharge counts before what was asked.
type amounts struct {
	Given                                   bool
	Approved, Due, Tip, Cashback, Surcharge sale.Amount
}

func (a *amounts) parse(f *fields) error {
	var bad error
	approved := f.sub()
	a.Given = len(approved) > 0
	a.Approved = cents(approved, "approved amount", &bad)
	a.Due = cents(f.sub(), "amount due", &bad)
	a.Tip = cents(f.sub(), "tip", &bad)
	a.Cashback = cents(f.sub(), "cashback", &bad)
	a.Surcharge = cents(f.sub(), "surcharge", &bad)
	f.skipSubs(5) // tax, two balances, service fee, transaction remaining
	if n := cents(f.sub(), "approved tip", &bad); n > 0 {
		a.Tip = n
	}
	if n := cents(f.sub(), "approved cashback", &bad); n > 0 {
		a.Cashback = n
	}
	if n := cents(f.sub(), "approved surcharge", &bad); n > 0 {
		a.Surcharge = n
	}
	f.end()
	return bad
}

// cents reads an amount of an answer and keeps the first error.
func cents(b []byte, what string, bad *error) sale.Amount {
	n, err := parseCents(b)
	if err != nil && *bad == nil {
		*bad = fmt.Errorf("%s in the terminal's answer: %w", what, err)
	}
	return n
}

// parseCents reads an amount: digits only, no sign, no point; empty is nothing.
func parseCents(b []byte) (sale.Amount, error) {
	var n sale.Amount
	for _, c := range b {
		if c < '0' || c > '9' || n > sale.MaxAmount {
			return 0, fmt.Errorf("%q is not an amount in cents", clip(b))
		}
		n = n*10 + sale.Amount(c-'0')
	}
	return n, nil
}

// account is what the terminal said of the card. Number and Expiry must not
// travel further than card() and the extra.
type account struct{ Number, Entry, Expiry, CardType, Debit []byte }

func (a *account) parse(f *fields) {
	a.Number, a.Entry, a.Expiry = f.sub(), f.sub(), f.sub()
	f.skipSubs(3) // EBT type, voucher, new account
	a.CardType = f.sub()
	f.skipSubs(5) // name, CVD code, CVD message, card present, gift card type
	a.Debit = f.sub()
	f.end()
}

// trace is how a transaction is named.
type trace struct{ Transaction, Ref, Time, Invoice []byte }

func (t *trace) parse(f *fields) {
	t.Transaction, t.Ref, t.Time, t.Invoice = f.sub(), f.sub(), f.sub(), f.sub()
	f.end()
}

// additional are the KEY=value pairs that the driver uses.
type additional struct {
	TC, ARQC, AC, TVR, TSI, AID, AppLabel, AppName, CID, CVM []byte
	Serial, Tender, Language, PrintLine                      []byte
}

// parse reads the pairs: split at the first "=", keys compared without case,
// empty elements left out.
func (x *additional) parse(f *fields) {
	for !f.done && len(f.rest) > 0 {
		k, v := f.pair()
		if to := x.key(k); to != nil {
			*to = v
		}
	}
	f.end()
}

// key returns where the value of a key goes, or nil if it is of no use.
func (x *additional) key(k []byte) *[]byte {
	if n := len(k); n > 0 && (k[0] >= 'a' || k[n-1] >= 'a') {
		k = bytes.ToUpper(k) // rare: terminals write capitals
	}
	return x.exact(k)
}

func (x *additional) exact(k []byte) *[]byte {
	switch string(k) {
	case "TC":
		return &x.TC
	case "ARQC":
		return &x.ARQC
	case "AC":
		return &x.AC
	case "TVR":
		return &x.TVR
	case "TSI":
		return &x.TSI
	case "AID":
		return &x.AID
	case "APPLAB":
		return &x.AppLabel
	case "APPPN":
		return &x.AppName
	case "CID":
		return &x.CID
	case "CVM":
		return &x.CVM
	case "SN":
		return &x.Serial
	case "EDCTYPE":
		return &x.Tender
	case "USERLANGUAGESTATUS":
		return &x.Language
	case "PRINTLINE1":
		return &x.PrintLine
	}
	return nil
}

// transaction is what T01, T03 and R03 say of one transaction. Its slices are
// views of the frame.
type transaction struct {
	Host     hostInfo
	EDC      []byte // R03: 01 credit, 02 debit
	Type     []byte
	Original []byte // R03: original type
	Amounts  amounts
	Account  account
	Trace    trace
	More     additional
}

// parsePayment reads the fields of T01 or T03 into an empty t.
//
//	T01  host · type · amount · account · trace · AVS · commercial · MOTO · additional
//	T03  host · type · amount · account · trace · additional
func parsePayment(r Reply, t *transaction) error {
	f := fields{rest: r.more}
	t.Host.parse(&f)
	t.Type = f.next()
	err := t.Amounts.parse(&f)
	t.Account.parse(&f)
	t.Trace.parse(&f)
	if string(r.Command) == "T01" {
		f.skip(3)
	}
	t.More.parse(&f)
	return err
}

// record is R03: one record of the batch and how many matched.
type record struct {
	Total []byte
	transaction
}

// parseRecord reads the fields of R03 into an empty t.
//
//	total · number · host · EDC · type · original type · amount · account · trace · cashier · commercial · check · additional
func parseRecord(r Reply, t *record) error {
	f := fields{rest: r.more}
	t.Total = f.next()
	f.skip(1)
	t.Host.parse(&f)
	t.EDC, t.Type, t.Original = f.next(), f.next(), f.next()
	err := t.Amounts.parse(&f)
	t.Account.parse(&f)
	t.Trace.parse(&f)
	f.skip(3)
	t.More.parse(&f)
	return err
}

// parseIdentity reads A01: serial number, model, OS version, MAC, lines,
// characters per line, additional (APPVERSION, APPNAME).
func parseIdentity(r Reply) sale.Identity {
	f := fields{rest: r.more}
	id := sale.Identity{Serial: name(f.next()), Model: name(f.next())}
	f.skip(4)
	app, version := "", ""
	for !f.done && len(f.rest) > 0 {
		k, v := f.pair()
		switch {
		case bytes.EqualFold(k, []byte("APPNAME")):
			app = name(v)
		case bytes.EqualFold(k, []byte("APPVERSION")):
			version = name(v)
		}
	}
	id.Version = join(app, version)
	return id
}
