package pax

import (
	"bytes"
	"errors"
	"fmt"
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
	typeVoid       = "16"
	typeVoidSale   = "17"
	typeVoidReturn = "18"
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
	Ref         string      // ours, unique per attempt
	Transaction string      // the terminal's number of the sale to undo, or empty
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
	trace := group(p.Ref, "", "", p.Transaction)
	if p.Command == cmdDebit {
		return AppendFrame(nil, cmdDebit, version, p.Type, amount, "", trace, "", "")
	}
	return AppendFrame(nil, cmdCredit, version, p.Type, amount, "", trace, "", "", "", "", "")
}

// requestDetail asks for the record with our reference, whatever its tender: R02.
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

// fields walks through text parted by FS or US. Lists are positional and
// open-ended both ways: what is missing reads as empty, what is too much is left.
type fields struct{ rest []byte }

func (f *fields) next(sep byte) []byte {
	i := bytes.IndexByte(f.rest, sep)
	if i < 0 {
		v := f.rest
		f.rest = nil
		return v
	}
	v := f.rest[:i]
	f.rest = f.rest[i+1:]
	return v
}

func (f *fields) skip(n int, sep byte) {
	for ; n > 0; n-- {
		f.next(sep)
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
	f := fields{body}
	status := f.next(FS)
	r := Reply{Command: f.next(FS), Version: f.next(FS), Code: f.next(FS), Text: f.next(FS)}
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
	codeOK        = "000000"
	codeDuplicate = "100011"
	codeNotFound  = "100023"
)

// hostInfo is what the card's host said.
type hostInfo struct{ Code, Message, Auth, Reference, Trace, Batch, Retrieval, Issuer []byte }

func (h *hostInfo) parse(b []byte) {
	f := fields{b}
	h.Code, h.Message, h.Auth = f.next(US), f.next(US), f.next(US)
	h.Reference, h.Trace, h.Batch = f.next(US), f.next(US), f.next(US)
	f.skip(4, US) // transaction identifier, gateway id, detailed message, integrity class
	h.Retrieval, h.Issuer = f.next(US), f.next(US)
}

// amounts are cents. Given says that the approved amount was there at all.
// What was approved of tip, cashback and surcharge counts before what was asked.
type amounts struct {
	Given                                   bool
	Approved, Due, Tip, Cashback, Surcharge sale.Amount
}

func (a *amounts) parse(b []byte) error {
	f := fields{b}
	var bad error
	cents := func(name string, v []byte) sale.Amount {
		n, err := parseCents(v)
		if err != nil && bad == nil {
			bad = fmt.Errorf("%s in the terminal's answer: %w", name, err)
		}
		return n
	}
	approved := f.next(US)
	a.Given = len(approved) > 0
	a.Approved = cents("approved amount", approved)
	a.Due = cents("amount due", f.next(US))
	a.Tip = cents("tip", f.next(US))
	a.Cashback = cents("cashback", f.next(US))
	a.Surcharge = cents("surcharge", f.next(US))
	f.skip(5, US) // tax, two balances, service fee, transaction remaining
	if n := cents("approved tip", f.next(US)); n > 0 {
		a.Tip = n
	}
	if n := cents("approved cashback", f.next(US)); n > 0 {
		a.Cashback = n
	}
	if n := cents("approved surcharge", f.next(US)); n > 0 {
		a.Surcharge = n
	}
	return bad
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

func (a *account) parse(b []byte) {
	f := fields{b}
	a.Number, a.Entry, a.Expiry = f.next(US), f.next(US), f.next(US)
	f.skip(3, US) // EBT type, voucher, new account
	a.CardType = f.next(US)
	f.skip(5, US) // name, CVD code, CVD message, card present, gift card type
	a.Debit = f.next(US)
}

// trace is how a transaction is named.
type trace struct{ Transaction, Ref, Time, Invoice []byte }

func (t *trace) parse(b []byte) {
	f := fields{b}
	t.Transaction, t.Ref, t.Time, t.Invoice = f.next(US), f.next(US), f.next(US), f.next(US)
}

// additional are the KEY=value pairs that the driver uses.
type additional struct {
	TC, ARQC, AC, TVR, TSI, AID, AppLabel, AppName, CID, CVM []byte
	Serial, Tender, Language, PrintLine                      []byte
}

// parse reads the pairs: split at the first "=", keys compared without case,
// empty elements left out.
func (x *additional) parse(b []byte) {
	f := fields{b}
	for len(f.rest) > 0 {
		pair := f.next(US)
		i := bytes.IndexByte(pair, '=')
		if i <= 0 {
			continue
		}
		if to := x.key(pair[:i]); to != nil {
			*to = pair[i+1:]
		}
	}
}

func (x *additional) key(k []byte) *[]byte {
	var upper [18]byte // the longest key below
	if len(k) > len(upper) {
		return nil
	}
	for i, c := range k {
		if 'a' <= c && c <= 'z' {
			c -= 'a' - 'A'
		}
		upper[i] = c
	}
	switch string(upper[:len(k)]) {
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

// parsePayment reads the fields of T01 or T03.
//
//	T01  host · type · amount · account · trace · AVS · commercial · MOTO · additional
//	T03  host · type · amount · account · trace · additional
func parsePayment(r Reply) (t transaction, err error) {
	f := fields{r.more}
	t.Host.parse(f.next(FS))
	t.Type = f.next(FS)
	err = t.Amounts.parse(f.next(FS))
	t.Account.parse(f.next(FS))
	t.Trace.parse(f.next(FS))
	if string(r.Command) == "T01" {
		f.skip(3, FS)
	}
	t.More.parse(f.next(FS))
	return t, err
}

// record is R03: one record of the batch and how many matched.
type record struct {
	Total []byte
	transaction
}

// parseRecord reads the fields of R03.
//
//	total · number · host · EDC · type · original type · amount · account · trace · cashier · commercial · check · additional
func parseRecord(r Reply) (t record, err error) {
	f := fields{r.more}
	t.Total = f.next(FS)
	f.skip(1, FS)
	t.Host.parse(f.next(FS))
	t.EDC, t.Type, t.Original = f.next(FS), f.next(FS), f.next(FS)
	err = t.Amounts.parse(f.next(FS))
	t.Account.parse(f.next(FS))
	t.Trace.parse(f.next(FS))
	f.skip(3, FS)
	t.More.parse(f.next(FS))
	return t, err
}

// parseIdentity reads A01: serial number, model, OS version, MAC, lines,
// characters per line, additional (APPVERSION, APPNAME).
func parseIdentity(r Reply) sale.Identity {
	f := fields{r.more}
	id := sale.Identity{Serial: name(f.next(FS)), Model: name(f.next(FS))}
	f.skip(4, FS)
	more := fields{f.next(FS)}
	app, version := "", ""
	for len(more.rest) > 0 {
		k, v, _ := bytes.Cut(more.next(US), []byte("="))
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
