package paxsim

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// oddApprovals are approvals that do not say what they should; see the fault
// odd-approval. Each changes the group of a copy of the approval that is told.
var oddApprovals = map[string]func(a *approval){
	"no-ref":       func(a *approval) { a.ref = "" },
	"cut-ref":      func(a *approval) { a.ref = a.ref[:min(len(a.ref), 12)] },
	"no-amount":    func(a *approval) { a.amounts = "" },
	"point-amount": func(a *approval) { a.amounts = fmt.Sprintf("%d.%02d", a.amount/100, a.amount%100) },
	"host-refused": func(a *approval) { a.host = list("05", "DECLINED") },
}

// approval is a record as it is told: the groups that an odd one differs in.
type approval struct {
	record
	host, amounts string
}

// told is a record as T01, T03 or R03 tells it. The lock is held.
func (t *Terminal) told(r *record, hostText, command string) approval {
	a := approval{record: *r, host: r.hostGroup(hostText), amounts: r.amountGroup()}
	if f := t.faultLocked("odd-approval", command); f != nil {
		oddApprovals[f.value](&a)
	}
	return a
}

// strays are the responses that come before the right one, in one conversation
// with it, where faults say so.
func (t *Terminal) strays(o *outcome) [][]byte {
	var before [][]byte
	if t.fault("a35", o.command) != nil {
		before = append(before, reply(t.opt.Version, "A35", "000000", "OK", "0"), reply(t.opt.Version, "A35", "000000", "OK", "3"))
	}
	if t.fault("other-answer", o.command) != nil {
		before = append(before, reply(t.opt.Version, "A17", "000000", "OK"))
	}
	if f := t.fault("first-verdict", o.command); f != nil {
		before = append(before, t.empty(responseOf(o.command), f.value, "AS TOLD"))
	}
	if t.fault("stray-approval", o.command) != nil {
		r := record{ref: "ANOTHERTILL00001", kind: "01", number: 77, asked: 100, amount: 100, auth: "00077Z", host: 77, card: cards[t.opt.Card], at: time.Now()}
		t.mu.Lock()
		before = append(before, t.payment("T01", "000000", "OK", "APPROVED", &r))
		t.mu.Unlock()
	}
	return before
}

// closeBatch is B00. The lock is held.
func (t *Terminal) closeBatch(q request) []byte {
	v := t.opt.Version
	if t.opt.EmptyBatch == "not-found" && t.batch.empty() {
		return reply(v, "B01", "100023", "NOT FOUND")
	}
	code, text := "000000", "OK"
	if t.faultLocked("out-of-balance", q.command) != nil {
		code, text = "000300", "BATCH OUT OF BALANCE"
	}
	number := t.batch.number
	counts, cents := t.batch.close()
	sum := func(a [2]int64) string { return n(a[0]) + "=" + n(a[1]) + "=0=0=0=0=0" }
	return reply(v, "B01", code, text, list("000", "BATCH CLOSED", "", "", "", strconv.Itoa(number)),
		sum(counts), sum(cents), time.Now().Format("20060102150405"), t.opt.TID, t.opt.MID)
}

// oddNames lists the values of odd-approval.
func oddNames() string {
	return strings.Join([]string{"no-ref", "cut-ref", "no-amount", "point-amount", "host-refused"}, ", ")
}
