package paxsim

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// transaction is a money request under way. It belongs to the terminal: the
// connection it came on may be gone when it ends.
type transaction struct {
	request request
	cancel  chan struct{} // closed by A14
}

// outcome is a response to be delivered.
type outcome struct {
	command string // of the request
	body    []byte
}

func (t *Terminal) deaf() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return time.Now().Before(t.deafUntil)
}

func (t *Terminal) goDeaf(d time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.deafUntil = time.Now().Add(d)
}

func (t *Terminal) underWay() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.running != nil
}

func (t *Terminal) count(command string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.frames[command]++
}

// cancelRunning takes the cancel wish; too late once the host is asked.
func (t *Terminal) cancelRunning() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if tr := t.running; tr != nil {
		select {
		case <-tr.cancel:
		default:
			close(tr.cancel)
		}
	}
}

// begin makes the terminal busy with a transaction.
func (t *Terminal) begin(r request) *transaction {
	tr := &transaction{request: r, cancel: make(chan struct{})}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.running = tr
	return tr
}

// start lets the customer act. The response goes to the session if it still is there.
func (t *Terminal) start(ctx context.Context, s *session, r request) {
	tr := t.begin(r)
	go func() {
		body, ok := t.run(ctx, tr)
		if !ok {
			return
		}
		select {
		case s.result <- outcome{r.command, body}:
		case <-s.gone:
		case <-ctx.Done():
		}
	}()
}

// run waits for the customer and decides. It is not ok if the terminal's world
// ended meanwhile.
func (t *Terminal) run(ctx context.Context, tr *transaction) ([]byte, bool) {
	cancelled := false
	select {
	case <-time.After(max(t.opt.Think, t.opt.Pause)):
	case <-tr.cancel:
		cancelled = true
	case <-ctx.Done():
	}
	if t.opt.Host > 0 && !cancelled {
		select {
		case <-time.After(t.opt.Host): // A14 comes too late now
		case <-ctx.Done():
		}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.running = nil
	if ctx.Err() != nil || cancelled && t.opt.Cancel == "eot-alone" {
		return nil, false
	}
	command := responseOf(tr.request.command)
	if f := t.faultLocked("late-approval", tr.request.command); f != nil {
		t.mu.Unlock()
		select {
		case <-time.After(f.duration(20 * time.Second)):
		case <-ctx.Done():
		}
		t.mu.Lock()
	}
	if cancelled {
		return t.empty(command, "100002", "ABORTED"), true
	}
	return t.decide(command, tr.request), true
}

// responseOf: T00 is answered by T01.
func responseOf(command string) string {
	i, err := strconv.Atoi(command[1:])
	if err != nil {
		return command
	}
	return fmt.Sprintf("%c%02d", command[0], i+1)
}

// requestOf: T01 answers T00.
func requestOf(command string) string {
	if command == "T03" {
		return "T02"
	}
	return "T00"
}

// decide is the terminal, its host and the card's issuer in one. The lock is held.
func (t *Terminal) decide(command string, q request) []byte {
	t.autoSettle()
	is := func(name string) *fault {
		if f := t.faultLocked(name, q.command); f != nil || !t.opt.ByAmount {
			return f
		}
		return chosen(name, q.sub(2, 0))
	}
	debit := q.command == "T02"
	if q.command != "T00" && !debit {
		return t.empty(command, "100005", "EDC TYPE NOT SUPPORTED")
	}
	switch {
	case is("abort") != nil:
		return t.empty(command, "100002", "ABORTED")
	case is("timeout") != nil:
		return t.empty(command, "100001", "TIMEOUT")
	}
	if f := is("code"); f != nil {
		return t.empty(command, f.value, "AS TOLD")
	}
	traceField := 4
	ref := q.sub(traceField, 0)
	if len(ref) > 32 {
		return t.empty(command, "100003", "REFERENCE INVALID")
	}
	override := q.sub(3, 5) == "1"
	if f := is("duplicate"); f != nil && !override {
		return t.duplicate(command, q)
	}
	if prev := t.batch.byRef(ref); t.opt.DuplicateRefs && !override && len(prev) > 0 {
		return t.payment(command, "100011", "DUP TRANSACTION", "APPROVED", prev[0])
	}
	switch kind := q.field(1); {
	case kind == "01" || kind == "02" || kind == "03":
		return t.pay(command, q, ref, debit, is)
	case kind == "04":
		return t.complete(command, q, ref, debit, is)
	case voids(kind):
		return t.void(command, q, ref, debit, is)
	}
	return t.empty(command, "100004", "TRANS TYPE NOT SUPPORTED")
}

// more is the field that holds the additional KEY=value pairs of a request.
var more = map[string]int{"T00": 9, "T02": 6}

func (t *Terminal) pay(command string, q request, ref string, debit bool, is func(string) *fault) []byte {
	amount, err := strconv.ParseInt(q.sub(2, 0), 10, 64)
	if err != nil || amount <= 0 {
		return t.empty(command, "100003", "AMOUNT INVALID")
	}
	extra := func(k int) int64 { v, _ := strconv.ParseInt(q.sub(2, k), 10, 64); return v }
	r := &record{
		ref: ref, kind: q.field(1), debit: debit, invoice: q.sub(4, 1), asked: amount, at: time.Now(), code: "000000",
		tip: extra(1) + is("tip").cents(), cashback: extra(2) + is("cashback").cents(), fee: extra(3) + is("surcharge").cents(),
	}
	if q.pair(more[q.command], "TIPREQ") == "1" && r.tip == 0 {
		r.tip = amount * 15 / 100 // the customer is asked, and generous
	}
	r.card = cards[t.opt.Card]
	if debit {
		r.card = cards[t.opt.DebitCard]
	}
	if r.card.entry == "2" && t.opt.TapLimit > 0 && amount > t.opt.TapLimit {
		r.card = r.card.inserted()
	}
	r.language = t.opt.Language
	r.amount = amount + r.tip + r.cashback + r.fee
	if prev := t.latest(); t.opt.Duplicates && q.sub(3, 5) != "1" && prev != nil &&
		prev.kind == r.kind && prev.asked == r.asked && prev.card.last == r.card.last {
		return t.payment(command, "100011", "DUP TRANSACTION", "APPROVED", prev)
	}
	if f := is("code-after-card"); f != nil {
		r.amount = 0
		return t.payment(command, f.value, "AS TOLD", "", r)
	}
	t.batch.host++
	r.host, r.batch = t.batch.host, t.batch.number
	if is("decline") != nil {
		return t.declined(command, r, amount)
	}
	text := "OK"
	if f := is("partial"); f != nil {
		r.amount = min(f.cents(), r.amount)
		r.due = amount - r.amount
		r.code, text = "000002", "PARTIAL APPROVED"
	}
	if is("no-surcharge") != nil {
		r.amount, r.fee = r.amount-r.fee, 0
		r.code, text = "000003", "APPROVED WITHOUT SURCHARGE"
	}
	if is("offline") != nil {
		r.code, text, r.store = "000001", "OFFLINE APPROVED", offline
		if t.opt.Stored == "numbered" {
			t.batch.stored++
			r.number = 5000 + t.batch.stored
		}
	}
	r.auth = fmt.Sprintf("%05dZ", (r.host*7919)%100000)
	if f := is("tip-beside"); f != nil {
		r.tip = f.cents()
	}
	t.batch.add(r)
	t.log.Info("approved", "ref", ref, "cents", r.amount, "number", r.number)
	return t.payment(command, r.code, text, "APPROVED", r)
}

// declined is the answer when the host declines: nothing is kept but the number.
func (t *Terminal) declined(command string, r *record, asked int64) []byte {
	r.amount, r.due, r.auth = 0, asked, ""
	t.batch.last++
	r.number = t.batch.last
	return t.payment(command, "000100", "DECLINE", "DECLINED", r)
}

// latest is the latest record that still counts.
func (t *Terminal) latest() *record {
	for i := len(t.batch.records) - 1; i >= 0; i-- {
		if r := t.batch.records[i]; r.void == "" {
			return r
		}
	}
	return nil
}

func (t *Terminal) duplicate(command string, q request) []byte {
	prev := t.latest()
	if prev == nil {
		amount, _ := strconv.ParseInt(q.sub(2, 0), 10, 64)
		prev = &record{ref: "ANOTHERTILL00001", kind: q.field(1), number: 1, amount: amount, auth: "00001Z", card: cards[t.opt.Card], at: time.Now(), batch: t.batch.number}
	}
	return t.payment(command, "100011", "DUP TRANSACTION", "APPROVED", prev)
}

// complete turns a pre-authorisation into a sale of the amount given.
func (t *Terminal) complete(command string, q request, ref string, debit bool, is func(string) *fault) []byte {
	orig := t.original(q, debit)
	amount, err := strconv.ParseInt(q.sub(2, 0), 10, 64)
	switch {
	case orig == nil || orig.kind != "03":
		return t.empty(command, "100023", "NOT FOUND")
	case orig.void != "":
		return t.empty(command, "100021", "ALREADY VOIDED")
	case orig.done:
		return t.empty(command, "100021", "ALREADY COMPLETED")
	case err != nil || amount <= 0:
		return t.empty(command, "100003", "AMOUNT INVALID")
	}
	r := t.after(orig, q, ref)
	r.asked, r.tip = amount, is("tip").cents()
	r.amount = amount + r.tip
	if is("decline") != nil {
		return t.declined(command, r, amount)
	}
	orig.done = true
	t.batch.add(r)
	return t.payment(command, "000000", "OK", "APPROVED", r)
}

// voided is what each type of void takes back; 16 takes anything.
var voided = map[string]string{"17": "01", "18": "02", "19": "03", "20": "04"}

// void takes a transaction of the open batch back.
func (t *Terminal) void(command string, q request, ref string, debit bool, is func(string) *fault) []byte {
	orig := t.original(q, debit)
	kind := q.field(1)
	switch {
	case orig == nil:
		return t.empty(command, "100023", "NOT FOUND")
	case orig.void != "":
		return t.empty(command, "100021", "ALREADY VOIDED")
	case orig.done:
		return t.empty(command, "100021", "ALREADY COMPLETED")
	case voids(orig.kind) || voided[kind] != "" && voided[kind] != orig.kind:
		return t.empty(command, "100023", "CANNOT VOID")
	}
	r := t.after(orig, q, ref)
	r.original = orig.kind
	if is("decline") != nil {
		return t.declined(command, r, r.amount)
	}
	orig.void = kind
	r.mark = t.opt.Voided == "mark-only"
	t.batch.add(r)
	return t.payment(command, "000000", "OK", "APPROVED", r)
}

// after is the record of what builds on an earlier transaction.
func (t *Terminal) after(orig *record, q request, ref string) *record {
	r := *orig
	t.batch.host++
	r.ref, r.kind, r.at, r.host, r.number, r.store, r.code = ref, q.field(1), time.Now(), t.batch.host, 0, inBatch, "000000"
	if invoice := q.sub(4, 1); invoice != "" {
		r.invoice = invoice
	}
	return &r
}

// original finds the transaction a void or completion names: by the terminal's
// number, or by the host reference in the additional group. A credit command does
// not reach a debit transaction, nor the other way round.
func (t *Terminal) original(q request, debit bool) *record {
	if r := t.batch.byNumber(q.sub(4, 3)); r != nil && r.debit == debit {
		return r
	}
	more := 6
	if q.command == "T00" {
		more = 9
	}
	href := q.pair(more, "HREF")
	for _, r := range t.batch.records {
		if r.hostRef() == href && r.debit == debit {
			return r
		}
	}
	return nil
}

// answer does a request that moves no money.
func (t *Terminal) answer(q request) []byte {
	v := t.opt.Version
	t.mu.Lock()
	serial := t.opt.Serial
	t.mu.Unlock()
	if q.version == "" {
		return reply(v, responseOf(q.command), "100003", "NO PROTOCOL VERSION")
	}
	if f := t.fault("code", q.command); f != nil {
		return reply(v, responseOf(q.command), f.value, "AS TOLD")
	}
	switch q.command {
	case "A00":
		return reply(v, "A01", "000000", "OK", serial, t.opt.Model, "10", "001122334455", "18", "36",
			strings.Join([]string{"APPVERSION=1.00.00", "WIFIMAC=001122334456", "APPNAME=SIMPOS"}, us), "Y", "0011000000000000", "1", "")
	case "A16", "A26":
		return reply(v, responseOf(q.command), "000000", "OK")
	case "R00":
		return t.report()
	case "R02":
		return t.detail(q)
	case "B00":
		t.mu.Lock()
		defer t.mu.Unlock()
		return t.closeBatch(q)
	}
	return reply(v, responseOf(q.command), "100026", "COMMAND NOT SUPPORTED")
}
