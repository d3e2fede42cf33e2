package pax

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"posd/device/sale"
)

// MaxExtra is the gateway's limit of extra, in bytes of UTF-8.
const MaxExtra = 512

// extraKeys is the order of the gateway's own sample.
var extraKeys = []string{
	"cardType", "cardNum", "expireDate", "emvLabel", "emvAID", "emvTVR", "emvTSI", "emvTC", "termNum",
	"bankTermNum", "termInvoiceNum", "seqNum", "authNum", "batchNum", "trxMethod", "accountType",
	"receiptDisp", "cashbackAmount", "timeStamp", "surchargeAmount", "langCode", "trxDate", "trxTime",
	"cvmResults", "trxCode",
}

// extraDrops are left out one after the other when the text is longer than
// MaxExtra; what money is told by never is.
var extraDrops = []string{"cvmResults", "timeStamp", "langCode", "emvTSI", "termNum", "expireDate"}

// receiptDispRoom is what receiptDisp is cut to, in characters, when the text is
// longer than MaxExtra: hosts send long messages, the gateway's sample has 26.
const receiptDispRoom = 40

// encodeExtra writes the values as JSON in the sample's order, without empty
// ones and without escaping & < and >. When they are too long receiptDisp is
// shortened, and then extraDrops are left out.
func encodeExtra(values map[string]string) (sale.Secret, error) {
	for dropped := -1; ; dropped++ {
		var b bytes.Buffer
		enc := json.NewEncoder(&b)
		enc.SetEscapeHTML(false)
		b.WriteByte('{')
		for _, k := range extraKeys {
			if values[k] == "" {
				continue
			}
			if b.Len() > 1 {
				b.WriteByte(',')
			}
			_ = enc.Encode(k) // a string cannot fail to encode
			b.Truncate(b.Len() - 1)
			b.WriteByte(':')
			_ = enc.Encode(values[k])
			b.Truncate(b.Len() - 1)
		}
		b.WriteByte('}')
		if b.Len() <= MaxExtra {
			return sale.Secret(b.String()), nil
		}
		switch {
		case dropped == len(extraDrops):
			long := longest(values)
			return "", fmt.Errorf("the card data for IOTPay takes %d bytes, %d are allowed, even without %s: the longest value is %s with %d bytes",
				b.Len(), MaxExtra, strings.Join(extraDrops, ", "), long, len(values[long]))
		case dropped < 0:
			values["receiptDisp"] = cutWords(values["receiptDisp"], receiptDispRoom)
		default:
			delete(values, extraDrops[dropped])
		}
	}
}

// longest returns the key of the longest value.
func longest(values map[string]string) string {
	return slices.MaxFunc(extraKeys, func(a, b string) int { return cmp.Compare(len(values[a]), len(values[b])) })
}

// cutWords cuts text to at most n characters, at the end of a word if there is one.
func cutWords(text string, n int) string {
	r := []rune(text)
	if len(r) <= n {
		return text
	}
	if i := strings.LastIndexByte(string(r[:n+1]), ' '); i > 0 {
		return strings.TrimSpace(text[:i])
	}
	return string(r[:n])
}

// extra makes the gateway's CC_PAX extra of a transaction. now is the box's
// clock, at the same in the zone of timeStamp; info is the transaction as the
// sale remembers it.
func (c ExtraConfig) extra(t *transaction, kind sale.CardKind, info sale.CardInfo, now, at time.Time) (sale.Secret, error) {
	letter, ok := c.CardTypes[string(t.Account.CardType)]
	if !ok {
		letter = cardTypes[string(t.Account.CardType)].letter
	}
	date, clock := now.Format("01022006"), now.Format("150405")
	if its := info.TerminalTime; len(its) == 14 {
		date, clock = its[4:8]+its[:4], its[8:]
	}
	v := map[string]string{
		"cardType":        letter,
		"cardNum":         info.Number,
		"expireDate":      digitsOr(t.Account.Expiry, 4, ""),
		"emvLabel":        cmp.Or(printable(t.More.AppLabel), printable(t.More.AppName), info.Type),
		"emvAID":          info.AID,
		"emvTVR":          info.TVR,
		"emvTSI":          info.TSI,
		"emvTC":           info.Cryptogram,
		"termNum":         cmp.Or(c.TerminalNumber, info.Serial),
		"bankTermNum":     c.BankTerminalNumber,
		"termInvoiceNum":  cmp.Or(info.Invoice, info.Transaction),
		"seqNum":          info.Reference,
		"authNum":         info.AuthCode,
		"batchNum":        padLeft(info.Batch, 4),
		"trxMethod":       trxMethods[info.Entry],
		"accountType":     info.Account,
		"receiptDisp":     join(info.HostCode, cmp.Or(c.ApprovedText, info.HostText), cmp.Or(short(t.Host.Issuer), c.IssuerCode), cmp.Or(printable(t.More.PrintLine), c.ThanksText)),
		"cashbackAmount":  centsOrEmpty(t.Amounts.Cashback),
		"timeStamp":       at.Format("20060102-150405") + fmt.Sprintf("%02d", at.Nanosecond()/10_000_000),
		"surchargeAmount": centsOrEmpty(t.Amounts.Surcharge),
		"langCode":        langCode(t.More.Language, c.Language),
		"trxDate":         date,
		"trxTime":         clock,
		"trxCode":         c.Codes[string(kind)],
	}
	if c.ComposeCVM {
		v["cvmResults"] = cvmResults[string(t.More.CVM)]
	}
	return encodeExtra(v)
}

// composed names what of an extra was derived instead of read.
func composed(extra sale.Secret) string {
	if strings.Contains(extra.Reveal(), `"cvmResults":`) {
		return "cvmResults"
	}
	return ""
}

// trxMethods are the gateway's letters of how a card was read.
var trxMethods = map[sale.EntryMode]string{
	sale.EntryTap: "T", sale.EntryChip: "C", sale.EntrySwipe: "S", sale.EntryManual: "M",
}

// cvmResults are what EMV's tables would hold for a CVM code, if the card's own
// value were known. It is not: see ExtraConfig.ComposeCVM.
var cvmResults = map[string]string{
	"1": "410302", "2": "420300", "4": "440302", "6": "5E0300", "7": "1F0302",
}

// accountType is a debit account by the terminal's letter of it, for the gateway
// and for receipts.
func (c ExtraConfig) accountType(letter string) string {
	if v, ok := c.AccountTypes[letter]; ok {
		return v
	}
	return letter
}

func langCode(status []byte, otherwise string) string {
	switch string(status) {
	case "1":
		return "E"
	case "2":
		return "F"
	}
	return otherwise
}

func centsOrEmpty(a sale.Amount) string {
	if a == 0 {
		return ""
	}
	return fmt.Sprint(int64(a))
}

// card is what a sale remembers of the card: masked, without expiry and name.
func (t *transaction) card(id sale.Identity) sale.CardInfo {
	info := sale.CardInfo{
		Type:        cardTypes[string(t.Account.CardType)].name,
		Number:      maskNumber(t.Account.Number),
		Entry:       entryModes[string(t.Account.Entry)],
		Account:     short(t.Account.Debit),
		Label:       cmp.Or(printable(t.More.AppName), printable(t.More.AppLabel)),
		AID:         hexOr(t.More.AID, 0),
		TVR:         hexOr(t.More.TVR, 10),
		TSI:         hexOr(t.More.TSI, 4),
		Cryptogram:  t.cryptogram(),
		CVM:         cvmNames[string(t.More.CVM)],
		AuthCode:    short(t.Host.Auth),
		HostCode:    short(t.Host.Code),
		HostText:    printable(t.Host.Message),
		Reference:   t.retrieval(),
		Batch:       short(t.Host.Batch),
		Invoice:     short(t.Trace.Invoice),
		Transaction: short(t.Trace.Transaction),
		Serial:      cmp.Or(name(t.More.Serial), id.Serial),
		Language:    languages[string(t.More.Language)],
	}
	info.TerminalTime = digitsOr(t.Trace.Time, 14, "")
	return info
}

var languages = map[string]sale.Language{"1": sale.English, "2": sale.French, "3": sale.ChineseSimplified}

// cryptograms are the kinds that the card's CID names.
var cryptograms = map[string]string{"80": "ARQC", "40": "TC", "00": "AAC"}

// cryptogram is its kind and 16 hex digits. The key it came under names the kind:
// real terminals send CID=00 beside the ARQC or TC of what was approved. Only
// where the key is AC does CID tell.
func (t *transaction) cryptogram() string {
	kind, value := "TC", t.More.TC
	if len(value) == 0 {
		kind, value = "ARQC", t.More.ARQC
	}
	if len(value) == 0 {
		kind, value = cmp.Or(cryptograms[string(t.More.CID)], "TC"), t.More.AC
	}
	text := hexOr(value, 16)
	if text == "" {
		return ""
	}
	return kind + ": " + text
}

// retrieval is the host's retrieval reference number, or what comes closest: a
// host reference of 12 digits, or the trace number padded to 12.
func (t *transaction) retrieval() string {
	if v := digitsOr(t.Host.Retrieval, 12, ""); v != "" {
		return v
	}
	if v := digitsOr(t.Host.Reference, 12, ""); v != "" {
		return v
	}
	if len(t.Host.Trace) == 0 || len(t.Host.Trace) > 12 {
		return ""
	}
	return padLeft(digitsOr(t.Host.Trace, len(t.Host.Trace), ""), 12)
}

// maskNumber keeps the last four digits and pads with X to sixteen. A number
// with fewer than four digits at its end is not shown at all.
func maskNumber(b []byte) string {
	digits := make([]byte, 0, 24)
	for _, c := range b {
		if '0' <= c && c <= '9' {
			digits = append(digits, c)
		}
	}
	if len(digits) < 4 {
		return ""
	}
	return "XXXXXXXXXXXX" + string(digits[len(digits)-4:])
}

// digitsOr returns b if it is exactly n digits, else otherwise.
func digitsOr(b []byte, n int, otherwise string) string {
	if len(b) != n {
		return otherwise
	}
	for _, c := range b {
		if c < '0' || c > '9' {
			return otherwise
		}
	}
	return string(b)
}

// hexOr returns b in upper case if it is hex of n digits (any even number up to
// 32 if n is 0), else nothing.
func hexOr(b []byte, n int) string {
	if n != 0 && len(b) != n || len(b)%2 != 0 || len(b) > 32 {
		return ""
	}
	up := bytes.ToUpper(b)
	for _, c := range up {
		if (c < '0' || c > '9') && (c < 'A' || c > 'F') {
			return ""
		}
	}
	return string(up)
}

func padLeft(s string, n int) string {
	if s == "" || len(s) >= n {
		return s
	}
	return strings.Repeat("0", n-len(s)) + s
}
