//go:build tools

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// odooScript stands in for Odoo: it loads the module's files with Odoo's classes
// stubbed, as each version has them, and is the cashier.
const odooScript = `
const { readFileSync } = require("fs")
const [dir, version, url] = process.argv.slice(2)
const registered = {}, alerts = []
class Modern {
  constructor(pos, method) { this.setup(pos, method) }
  setup(pos) { this.pos = pos; this.env = pos.env }
  enable_reversals() { this.reversals = true }
  send_payment_request() {} send_payment_cancel() {} send_payment_reversal() {}
}
const Legacy = { extend(members) {
  const base = { init(pos, method) { this.pos = pos }, enable_reversals() { this.reversals = true }, send_payment_request() {}, send_payment_cancel() {}, send_payment_reversal() {} }
  return function (...args) {
    for (const [name, f] of Object.entries(members)) this[name] = function (...a) { this._super = base[name]; return f.apply(this, a) }
    this.enable_reversals = base.enable_reversals
    this.init(...args)
  }
} }
const popup = (_, said) => alerts.push(said.body)
const register_payment_method = (name, c) => { registered[name] = c }
const modules = {
  "point_of_sale.PaymentInterface": { default: Legacy }, "point_of_sale.Gui": { Gui: { showPopup: popup } }, "point_of_sale.models": { register_payment_method },
  "@point_of_sale/app/payment/payment_interface": { PaymentInterface: Modern }, "@point_of_sale/app/store/pos_store": { register_payment_method },
  "@point_of_sale/app/errors/popups/error_popup": { ErrorPopup: {} }, "@web/core/confirmation_dialog/confirmation_dialog": { AlertDialog: {} },
}
function load(name) {
  const text = readFileSync(dir + "/static/src/" + name, "utf8")
    .replace(/import (\{[^}]*\}) from ("[^"]*");/g, "const $1 = modules[$2];").replace(/import (\w+) from ("[^"]*");/g, "const $1 = modules[$2].default;")
  const names = [...text.matchAll(/^export (?:class|function) (\w+)/gm)].map((m) => m[1])
  return new Function("modules", text.replace(/^export /gm, "") + ";return {" + names + "}")(modules)
}
modules["@pos_posd/client"] = load("client.js")
load("payment.js")
console.info = () => {}

const real = globalThis.fetch
let cut = 0 // so many answers are lost on their way
globalThis.fetch = async (...a) => { const r = await real(...a); if (cut > 0 && a[1].method === "POST") { cut--; throw new TypeError("fetch failed") } return r }
let line
const order = { uid: "00001-001-0001", uuid: "u-1", get selected_paymentline() { return line }, get_selected_paymentline() { return line } }
const env = { services: { popup: { add: popup }, dialog: { add: popup } } }
const pos = { env, get_order: () => order, get_cashier: () => ({ name: "Ana" }) }
let made = 0
const take = (amount) => { made++; line = { cid: "c" + made, uuid: "l-" + made, amount, set_receipt_info(s) { this.receipt = s } }; return line }
;(async () => {
  const till = new registered.posd(pos, { posd_url: url + "/", posd_token: "" })
  const said = []
  take(3.5); said.push(["paid", await till.send_payment_request("x"), line.card_type, !!line.transaction_id, !!line.receipt])
  const first = line
  take(19.99); cut = 2; said.push(["two answers lost", await till.send_payment_request("x")])
  take(7); said.push(["declined", await till.send_payment_request("x")])
  said.push(["tried again", await till.send_payment_request("x")])
  take(-5); said.push(["negative", await till.send_payment_request("x")])
  take(8); const going = till.send_payment_request("x")
  await new Promise((r) => setTimeout(r, 500))
  said.push(["cancelled in vain", await till.send_payment_cancel(order, "x"), await going])
  line = first; said.push(["reversed", till.reversals, await till.send_payment_reversal("x")])
  console.log(JSON.stringify({ said, alerts: alerts.length }))
  process.exit(0)
})().catch((e) => { console.log(String(e.stack)); process.exit(1) })
`

// TestOdoosModuleSellsVoidsAndNeverChargesTwice runs the module of every version in
// node against a real posd.
func TestOdoosModuleSellsVoidsAndNeverChargesTwice(t *testing.T) {
	script := filepath.Join(t.TempDir(), "odoo.cjs")
	if err := os.WriteFile(script, []byte(odooScript), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, version := range []string{"16", "17", "18"} {
		t.Run(version, func(t *testing.T) {
			s := newShop(t, "")
			s.terminal.then("T00", usual, usual, refusedWith("000100", "DECLINE"))
			ctx, cancel := context.WithTimeout(t.Context(), 2*deadline)
			defer cancel()
			out, err := exec.CommandContext(ctx, "node", script, filepath.Join("..", "..", "configs", "odoo", version, "pos_posd"), version, "http://"+s.n).CombinedOutput()
			if err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			var got struct {
				Said   [][]any
				Alerts int
			}
			if err := json.Unmarshal(out, &got); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			want := "[[paid true VISA true true] [two answers lost true] [declined false] [tried again true] [negative false] [cancelled in vain false true] [reversed true true]]"
			if fmt.Sprint(got.Said) != want || got.Alerts != 2 {
				t.Errorf("the cashier saw %v and %d alerts, want %s and 2", got.Said, got.Alerts, want)
			}
			var money []string
			for _, m := range s.terminal.money() {
				money = append(money, m["amount"])
			}
			t.Logf("at the terminal: %v", money)
			if n := s.terminal.count("T00"); n != 6 { // five sales, one of them declined, and the void
				t.Errorf("%d transactions at the terminal, want 6", n)
			}
		})
	}
}

func TestOdoosClientIsTheSameInEveryVersion(t *testing.T) {
	var first []byte
	for _, version := range []string{"16", "17", "18"} {
		text, err := os.ReadFile(filepath.Join("..", "..", "configs", "odoo", version, "pos_posd", "static", "src", "client.js"))
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = text
		}
		if !bytes.Equal(text, first) {
			t.Errorf("client.js of %s differs", version)
		}
	}
}
