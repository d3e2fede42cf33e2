//go:build tools

package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// paxTS is a register's library for PAX terminals, by somebody else: it speaks
// POSLINK over HTTP, gives up after its own time-out and leaves the repeat to
// the cashier.
const paxTS = "2.0.13"

// paxScript plays a register with the library: it greets, sells two equal coffees,
// gives up on a sale that takes too long and asks again, and gives one back.
const paxScript = `
globalThis.window = globalThis
const { default: Pax } = require("pax-ts")
const port = Number(process.argv[2])
const pax = (timeout) => new Pax({ ip: "127.0.0.1", port, miniApp: "fetch", timeout })
const said = []
const tell = (r) => said.push({ command: r.command, code: r.responseCode, text: r.responseMessage,
  amount: r.paxPaymentResponse?.amountInformation?.approveAmount,
  host: r.paxPaymentResponse?.hostInformation?.hostResponseCode,
  transaction: r.paxPaymentResponse?.traceInformation?.transactionNumber })
console.error = () => {} // the library prints what it throws
;(async () => {
  const far = 60000
  tell(await pax(far).doInitialize())
  tell(await pax(far).doSales({ orderID: "1", amount: 350, tips: 0 }))
  tell(await pax(far).doSales({ orderID: "1", amount: 350, tips: 0 }))
  await pax(1000).doSales({ orderID: "1", amount: 777, tips: 0 }).then(tell, () => { said.push({ gaveUp: true }); console.log("gave up") })
  tell(await pax(far).doSales({ orderID: "1", amount: 777, tips: 0 }))
  tell(await pax(far).doVoid({ reference: "1", transaction: said.at(-1).transaction }))
  tell(await pax(far).doReturn({ orderId: "1", amount: 100 }))
  console.log(JSON.stringify(said))
})().catch((e) => { console.log(JSON.stringify(said)); console.log(String(e)); process.exit(1) })
`

// TestARegisterLibraryNobodyHereWroteSells runs pax-ts, unmodified, against posd.
func TestARegisterLibraryNobodyHereWroteSells(t *testing.T) {
	dir := filepath.Join(os.TempDir(), "posd-pax-ts-"+paxTS)
	if _, err := os.Stat(filepath.Join(dir, "node_modules", "pax-ts", "package.json")); err != nil {
		if out, err := exec.Command("npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", dir, "pax-ts@"+paxTS).CombinedOutput(); err != nil {
			t.Fatalf("npm install pax-ts: %v: %s", err, out)
		}
	}
	addr := freeAddress(t)
	s := newShop(t, fmt.Sprintf("[poslink]\nhttp = %q", addr))
	gaveUp := make(chan struct{})
	s.terminal.then("T00", usual, usual, func(c *fakeConn, cmd string, f []string) {
		<-gaveUp // the customer looks for the card until the library gives up
		usual(c, cmd, f)
	})
	script := filepath.Join(t.TempDir(), "register.cjs")
	if err := os.WriteFile(script, []byte(paxScript), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*deadline)
	defer cancel()
	cmd := exec.CommandContext(ctx, "node", script, addr[strings.LastIndex(addr, ":")+1:])
	cmd.Env = append(os.Environ(), "NODE_PATH="+filepath.Join(dir, "node_modules"))
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var out []byte
	lines := bufio.NewScanner(pipe)
	for lines.Scan() {
		if lines.Text() == "gave up" {
			close(gaveUp)
			continue
		}
		out = append(out, lines.Bytes()...)
	}
	if err := cmd.Wait(); err != nil {
		t.Fatalf("the register failed: %v: %s", err, out)
	}
	type answer struct {
		Command, Code, Text, Amount, Host string
		GaveUp                            bool
	}
	var got []answer
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	want := []answer{
		{Command: "A01", Code: "000000", Text: "OK"},
		{Command: "T01", Code: "000000", Text: "OK", Amount: "350", Host: "00"},
		{Command: "T01", Code: "000000", Text: "OK", Amount: "350", Host: "00"},
		{GaveUp: true},
		{Command: "T01", Code: "000000", Text: "OK", Amount: "777", Host: "00"},
		{Command: "T01", Code: "000000", Text: "OK", Amount: "777", Host: "00"},
		{Command: "T01", Code: "000000", Text: "OK", Amount: "100", Host: "00"},
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("the register heard\n%v, want\n%v", got, want)
	}
	var money []string
	for _, m := range s.terminal.money() {
		money = append(money, fmt.Sprint(m["type"], " ", m["amount"]))
	}
	if want := "[01 350 01 350 01 777 16  02 100]"; fmt.Sprint(money) != want {
		t.Errorf("the terminal moved %v, want %v", money, want)
	}
}
