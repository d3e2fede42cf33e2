package paxsim

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// card is an invented card.
type card struct {
	kind    string // card type code
	last    string // last four digits
	entry   string
	expiry  string
	debit   bool
	account string   // debit account type
	emv     []string // KEY=value
}

// Cards names the cards a customer can show.
func Cards() []string {
	return []string{"mastercard-tap", "visa-chip", "amex-swipe", "visa-manual", "interac-chip", "interac-tap"}
}

var cards = map[string]card{
	"mastercard-tap": {"02", "1166", "2", "1022", false, "", []string{"CARDBIN=541333", "ARQC=3D36ACBD44BE512B", "TVR=0000008000", "AID=A0000000041010", "TSI=0000", "ATC=00A1", "APPLAB=MASTERCARD", "APPPN=MASTERCARD", "IAD=0110A00003220000", "ARC=00", "CID=80", "CVM=7"}},
	"visa-chip":      {"01", "0119", "4", "1228", false, "", []string{"CARDBIN=476173", "TC=77A1B2C3D4E5F601", "TVR=0080008000", "AID=A0000000031010", "TSI=F800", "ATC=0034", "APPLAB=VISA CREDIT", "APPPN=VISA CREDIT", "ARC=00", "CID=40", "CVM=4"}},
	"amex-swipe":     {"03", "1005", "1", "0727", false, "", []string{"CARDBIN=371449"}},
	"visa-manual":    {"01", "1111", "0", "1230", false, "", []string{"CARDBIN=411111"}},
	"interac-chip":   {"17", "4321", "4", "2812", true, "C", []string{"TC=1122334455667788", "TVR=0080008000", "AID=A0000002771010", "TSI=F800", "ATC=0012", "APPLAB=INTERAC", "CID=40", "CVM=2", "PINSTATUSNUM=1"}},
	"interac-tap":    {"17", "8765", "2", "2711", true, "", []string{"TC=8877665544332211", "TVR=0000000000", "AID=A0000002771010", "TSI=0000", "ATC=0013", "APPLAB=INTERAC", "CID=40", "CVM=7"}},
}

// inserted is a tapped card put into the slot, with its PIN typed.
func (c card) inserted() card {
	c.entry = "4"
	emv := []string{}
	for _, pair := range c.emv {
		switch {
		case strings.HasPrefix(pair, "CVM="):
			pair = "CVM=2"
		case strings.HasPrefix(pair, "TSI="):
			pair = "TSI=F800"
		}
		emv = append(emv, pair)
	}
	c.emv = append(emv, "PINSTATUSNUM=1")
	return c
}

// record is an approved transaction in the batch.
type record struct {
	number   int // transaction number, 1 to 5000, starting anew after a batch close
	ref      string
	kind     string // transaction type
	debit    bool
	invoice  string
	card     card
	asked    int64
	amount   int64 // approved
	tip      int64
	cashback int64
	fee      int64
	due      int64
	auth     string
	host     int // trace number at the host
	batch    int
	at       time.Time
	code     string // result code
	language string
	original string // of a void: the type of what it voided
	void     string // type of the void that took it back, or empty
	done     bool   // an authorisation that was completed
	mark     bool   // of a void: it only marks what it voided, and is found under no reference
	store    store
}

// store is where the terminal keeps a record.
type store uint8

const (
	inBatch store = iota
	offline       // approved offline, not uploaded
	failed        // approved offline, refused at the upload
)

// batch is the terminal's memory.
type batch struct {
	number    int
	records   []*record
	last      int            // transaction number
	stored    int            // how many were ever approved offline
	host      int            // trace number
	approvals map[string]int // by ECR reference, for the terminal's whole life
	closed    int
}

func (b *batch) byRef(ref string) []*record {
	var out []*record
	for _, r := range b.records {
		if r.ref == ref && ref != "" {
			out = append(out, r)
		}
	}
	return out
}

func (b *batch) byNumber(n string) *record {
	num, err := strconv.Atoi(n)
	if err != nil {
		return nil
	}
	for _, r := range b.records {
		if r.number == num {
			return r
		}
	}
	return nil
}

func (b *batch) add(r *record) {
	r.batch = b.number
	if r.number == 0 {
		b.last++
		r.number = b.last
	}
	b.records = append(b.records, r)
	b.approvals[r.ref]++
}

// close settles the batch and returns its totals by tender: sales and
// completions less returns, without voids, without authorisations, and without
// what was approved offline and not uploaded, which stays.
func (b *batch) close() (counts, cents [2]int64) {
	counts, cents = b.totals()
	b.records, b.last = slices.DeleteFunc(b.records, func(r *record) bool { return r.store == inBatch }), 0
	b.number++
	b.closed++
	return counts, cents
}

// totals are those of the batch as it is.
func (b *batch) totals() (counts, cents [2]int64) {
	for _, r := range b.records {
		i := 0
		if r.debit {
			i = 1
		}
		switch {
		case r.store != inBatch || r.void != "" || voids(r.kind) || r.kind == "03":
			continue
		case r.kind == "02":
			cents[i] -= r.amount
		default:
			cents[i] += r.amount
		}
		counts[i]++
	}
	return counts, cents
}

// report is R01: per tender a list of counts and sums.
func (t *Terminal) report() []byte {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.autoSettle()
	counts, cents := t.batch.totals()
	return reply(t.opt.Version, "R01", "000000", "OK", "00",
		fmt.Sprintf("%d=%d&%d=%d", counts[0], cents[0], counts[1], cents[1]), time.Now().Format("20060102150405"))
}

// voids reports whether a transaction type is a void's.
func voids(kind string) bool { return kind >= "16" && kind <= "20" }

// empty reports whether there is nothing to settle.
func (b *batch) empty() bool {
	return !slices.ContainsFunc(b.records, func(r *record) bool { return r.store == inBatch })
}

// upload sends what was approved offline to the host, which takes it all or
// refuses it all. It returns how many there were.
func (b *batch) upload(refused bool) int {
	n := 0
	for _, r := range b.records {
		if r.store != offline {
			continue
		}
		n++
		switch numbered := r.number > 5000; {
		case refused:
			r.store = failed
			if numbered {
				r.number += 4000 // 9001 to 9999
			}
		default:
			r.store, r.batch = inBatch, b.number
			if numbered {
				b.last++
				r.number = b.last
			}
		}
	}
	return n
}

func n(v int64) string { return strconv.FormatInt(v, 10) }

func (r *record) hostGroup(text string) string {
	if r.host == 0 && r.auth == "" {
		return "" // it never got there
	}
	code := "000"
	if r.auth == "" {
		code = "051"
	}
	return list(code, text, r.auth, r.hostRef(), strconv.Itoa(r.host), strconv.Itoa(r.batch))
}

// hostRef is the host's reference number, 12 digits.
func (r *record) hostRef() string { return fmt.Sprintf("%012d", 1_000_000+r.host) }

func (r *record) amountGroup() string {
	return list(n(r.amount), n(r.due), n(r.tip), n(r.cashback), n(r.fee), "0")
}

func (r *record) accountGroup() string {
	return list(r.card.last, r.card.entry, r.card.expiry, "", "", "", r.card.kind, "", "", "", "0", "", r.card.account)
}

func (r *record) traceGroup() string {
	number := ""
	if r.number > 0 {
		number = strconv.Itoa(r.number)
	}
	return list(number, r.ref, r.at.Format("20060102150405"), r.invoice)
}

func (r *record) more(serial string) string {
	tender := "Credit"
	if r.debit {
		tender = "Debit"
	}
	m := append([]string{}, r.card.emv...)
	m = append(m, "SN="+serial, "HREF="+r.hostRef(), "GLOBALUID="+serial+r.at.Format("20060102150405")+fmt.Sprintf("%04d", r.number),
		"EDCTYPE="+tender, "PROGRAMTYPE=0", "USERLANGUAGESTATUS="+r.language)
	return strings.Join(m, us)
}

// payment is T01 or T03 with the record's groups.
func (t *Terminal) payment(command, code, text, hostText string, r *record) []byte {
	a := t.told(r, hostText, requestOf(command))
	fields := []string{a.host, r.kind, a.amounts, r.accountGroup(), a.traceGroup()}
	if command == "T01" {
		fields = append(fields, "", "", "")
	}
	return reply(t.opt.Version, command, code, text, append(fields, r.more(t.opt.Serial), "", "")...)
}

// empty is T01 or T03 as it comes when no card was read: every field there and empty.
func (t *Terminal) empty(command, code, text string) []byte {
	fields := 8
	if command == "T01" {
		fields = 11
	}
	return reply(t.opt.Version, command, code, text, make([]string, fields)...)
}

// autoSettle closes the batch if its time has come. The lock is held.
func (t *Terminal) autoSettle() {
	if len(t.batch.records) > 0 && t.opt.SettleAfter > 0 && time.Since(t.batch.records[0].at) >= t.opt.SettleAfter {
		t.batch.close()
	}
}

// detail is R03.
func (t *Terminal) detail(q request) []byte {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.autoSettle()
	if t.faultLocked("several", q.command) != nil {
		return reply(t.opt.Version, "R03", "100023", "MULTIPLE RECORDS")
	}
	ref := q.field(7)
	found := t.found(ref, q.command)
	switch {
	case ref != "":
	case q.field(5) != "":
		if r := t.batch.byNumber(q.field(5)); r != nil {
			found = append(found, r)
		}
	case q.field(6) != "":
		for _, r := range t.batch.records {
			if r.auth == q.field(6) {
				found = append(found, r)
			}
		}
	case q.field(4) != "":
		if i, err := strconv.Atoi(q.field(4)); err == nil && i >= 1 && i <= len(t.batch.records) {
			found = append(found, t.batch.records[i-1])
		}
	default:
		found = t.batch.records
	}
	if len(found) == 0 {
		return reply(t.opt.Version, "R03", "100023", "NOT FOUND")
	}
	r := t.told(found[0], "APPROVED", q.command)
	if t.faultLocked("foreign", q.command) != nil {
		r.ref = "ANOTHERTILL00001"
	}
	edc := "01"
	if r.debit {
		edc = "02"
	}
	kind, original := r.kind, r.original
	if r.void != "" && t.opt.Voided != "kept" {
		kind, original = r.void, r.kind
	}
	return reply(t.opt.Version, "R03", "000000", "OK", strconv.Itoa(len(found)), "1", r.host, edc, kind, original,
		r.amounts, r.accountGroup(), r.traceGroup(), "", "", "", r.more(t.opt.Serial))
}
