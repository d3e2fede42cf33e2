//go:build tools

package main

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
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
	modules := installed(t, "pax-ts", paxTS)
	addr := freeAddr(t)
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
	cmd.Env = append(os.Environ(), "NODE_PATH="+modules)
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
	s.moved("[01 350 01 350 01 777 16  02 100]")
}

// moved says that the terminal was asked for just this: of each movement the type and the amount.
func (s *shop) moved(want string) {
	s.t.Helper()
	var money []string
	for _, m := range s.terminal.money() {
		money = append(money, fmt.Sprint(m["type"], " ", m["amount"]))
	}
	if fmt.Sprint(money) != want {
		s.t.Errorf("the terminal moved %v, want %v", money, want)
	}
}

// installed returns the folder of an npm package's modules, installed if it is not there yet.
func installed(t *testing.T, name, version string) string {
	t.Helper()
	dir := filepath.Join(os.TempDir(), "posd-"+strings.Trim(strings.ReplaceAll(name, "/", "-"), "@")+"-"+version)
	if _, err := os.Stat(filepath.Join(dir, "node_modules", filepath.FromSlash(name), "package.json")); err != nil {
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
		defer cancel()
		if out, err := exec.CommandContext(ctx, "npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", dir, name+"@"+version).CombinedOutput(); err != nil {
			t.Fatalf("npm install %s: %v: %s", name, err, out)
		}
	}
	return filepath.Join(dir, "node_modules")
}

// adyenAPI is a library for terminals of the nexo kind, by somebody else.
const adyenAPI = "32.1.0"

// adyenScript plays a register with the library: what the terminal is, a payment, the
// same again, what became of it, its reversal, an equal payment, a refund, and what is not taken.
const adyenScript = `
const { Client, Config, TerminalLocalAPI } = require("@adyen/api-library")
const Clear = require("@adyen/api-library/lib/src/services/terminalLocalAPIUnencrypted").default
const [address, certificate, passphrase] = process.argv.slice(2)
const client = new Client(new Config({ environment: "TEST", apiKey: "none", terminalApiLocalEndpoint: "https://" + address, certificatePath: certificate }))
const api = passphrase ? new TerminalLocalAPI(client) : new Clear(client)
const key = { AdyenCryptoVersion: 1, KeyIdentifier: "posd", KeyVersion: 1, Passphrase: passphrase }
const ask = async (MessageCategory, ServiceID, body) => {
  const SaleToPOIRequest = { MessageHeader: { ProtocolVersion: "3.0", MessageClass: "Service", MessageCategory, MessageType: "Request", SaleID: "Till7", ServiceID, POIID: "P400Plus-1" } }
  SaleToPOIRequest[MessageCategory + "Request"] = body
  const out = await api.request({ SaleToPOIRequest }, key)
  return out.SaleToPOIResponse?.[MessageCategory + "Response"]
}
const pay = (amount, type) => ({ SaleData: { SaleTransactionID: { TransactionID: "Order 7", TimeStamp: "2026-11-28T01:00:00.000Z" } },
  PaymentTransaction: { AmountsReq: { Currency: "CAD", RequestedAmount: amount } }, ...(type ? { PaymentData: { PaymentType: type } } : {}) })
const told = (r) => r && [r.Response.Result, r.Response.ErrorCondition, r.PaymentResult?.AmountsResp?.AuthorizedAmount ?? r.ReversedAmount].filter((x) => x !== undefined).join(" ")
const said = []
;(async () => {
  said.push(told(await ask("Diagnosis", "1", {})))
  const paid = await ask("Payment", "2", pay(19.99))
  said.push(told(paid))
  said.push(told(await ask("Payment", "2", pay(19.99))))
  said.push(told((await ask("TransactionStatus", "3", { MessageReference: { MessageCategory: "Payment", SaleID: "Till7", ServiceID: "2" } }))
    .RepeatedMessageResponse.RepeatedResponseMessageBody.PaymentResponse))
  said.push(told(await ask("TransactionStatus", "4", { MessageReference: { MessageCategory: "Payment", SaleID: "Till7", ServiceID: "99" } })))
  said.push(told(await ask("Reversal", "5", { OriginalPOITransaction: { POITransactionID: paid.POIData.POITransactionID }, ReversalReason: "MerchantCancel" })))
  said.push(told(await ask("Payment", "6", pay(19.99))))
  said.push(told(await ask("Payment", "7", pay(1.5, "Refund"))))
  said.push(told(await ask("CardAcquisition", "8", {})))
  said.push(String(await ask("Abort", "9", { AbortReason: "MerchantAbort", MessageReference: { MessageCategory: "Payment", SaleID: "Till7", ServiceID: "99" } })))
  console.log(JSON.stringify(said))
})().catch((e) => { console.log(JSON.stringify(said)); console.log(e); process.exit(1) })
`

// TestANexoLibraryNobodyHereWroteSells runs Adyen's library, unmodified, against
// posd, in clear and sealed. It asks port 8443 alone.
func TestANexoLibraryNobodyHereWroteSells(t *testing.T) {
	modules := installed(t, "@adyen/api-library", adyenAPI)
	for address, passphrase := range map[string]string{"127.0.77.1": "", "127.0.77.2": "not a real passphrase"} {
		t.Run(address, func(t *testing.T) {
			dir := t.TempDir()
			section := fmt.Sprintf("[nexo]\nlisten = %q\nby = \"till 7\"\n", address+":8443")
			if passphrase != "" {
				file := filepath.Join(dir, "passphrase")
				if err := os.WriteFile(file, []byte(passphrase), 0o600); err != nil {
					t.Fatal(err)
				}
				section += fmt.Sprintf("passphrase_file = %q\n", file)
			}
			s := closedShop(t, section)
			cert := terminalsCertificate(t, filepath.Join(s.dir, "state", "tls"))
			s.running = s.daemon()
			script := filepath.Join(dir, "register.cjs")
			if err := os.WriteFile(script, []byte(adyenScript), 0o600); err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 3*deadline)
			defer cancel()
			cmd := exec.CommandContext(ctx, "node", script, address, cert, passphrase)
			cmd.Env = append(os.Environ(), "NODE_PATH="+modules)
			out, err := cmd.CombinedOutput()
			if err != nil {
				t.Fatalf("the register failed: %v: %s", err, out)
			}
			want := `["Success","Success 19.99","Success 19.99","Success 19.99","Failure NotFound","Success 19.99","Success 19.99","Success 1.5","Failure NotAllowed","undefined"]`
			if got := strings.TrimSpace(string(out)); got != want {
				t.Errorf("the register heard\n%s, want\n%s", got, want)
			}
			s.moved("[01 1999 16  01 1999 02 150]")
			s.tells(`"kind":"sale.intended"`, `"actor":"nexo till 7"`)
		})
	}
}

// terminalsCertificate makes posd a certificate that vouches for itself, under a name
// of the kind that the library wants, and returns its file.
func terminalsCertificate(t *testing.T, dir string) string {
	t.Helper()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := template("P400Plus-1.test.terminal.adyen.com", time.Now(), time.Hour)
	c.IsCA, c.BasicConstraintsValid = true, true
	der, err := x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "cert.pem")
	if err := errors.Join(writePEM(file, "CERTIFICATE", der, 0o600), writeKey(filepath.Join(dir, "key.pem"), key)); err != nil {
		t.Fatal(err)
	}
	return file
}
