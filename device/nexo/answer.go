package nexo

import (
	"cmp"
	"encoding/json"
	"errors"
	"net/url"
	"strings"
	"time"

	"posd/device/sale"
)

// failed is a response that says why nothing moved, or nothing can be told.
func failed(condition, words string) map[string]any {
	return map[string]any{"Response": map[string]any{"Result": "Failure", "ErrorCondition": condition,
		"AdditionalResponse": "message=" + url.QueryEscape(words)}}
}

// unpaid is failed with what every payment's response holds.
func (s *Server) unpaid(p paymentRequest, response map[string]any) map[string]any {
	response["SaleData"] = p.SaleData
	response["POIData"] = map[string]any{"POITransactionID": transaction{"none.0", stamp(time.Now())}}
	return response
}

// refusal says in nexo's words why nothing was begun, or that it is not known.
func refusal(err error) map[string]any {
	words := err.Error()
	if r := (*sale.Refusal)(nil); errors.As(err, &r) {
		words = r.Words
	}
	for _, c := range []struct {
		kind      error
		condition string
	}{
		{errOther, "MessageFormat"}, {errOpen, "InProgress"},
		{sale.ErrTillBusy, "Busy"}, {sale.ErrTerminalHeld, "Busy"}, {sale.ErrSameBill, "Busy"},
		{sale.ErrBillPaid, "NotAllowed"}, {sale.ErrNotPossible, "NotAllowed"}, {sale.ErrInvalid, "MessageFormat"},
		{sale.ErrNotFound, "NotFound"}, {sale.ErrNoDevice, "UnavailableDevice"}, {sale.ErrUnavailable, "UnavailableService"},
	} {
		if errors.Is(err, c.kind) {
			return failed(c.condition, words)
		}
	}
	return failed("NotAllowed", words)
}

// verdict is the Response of a payment as it stands.
func verdict(x exchange, s sale.Sale) map[string]any {
	result, condition, words := "Failure", "", s.Words
	switch {
	case s.State == sale.Paid && s.Due > 0:
		result = "Partial"
	case s.State == sale.Paid:
		result = "Success"
	case s.State == sale.Declined:
		condition = "Refusal"
	case s.State == sale.Cancelled && x.Aborted:
		condition = "Aborted"
	case s.State == sale.Cancelled:
		condition = "Cancel"
	default:
		condition, words = "InProgress", "posd cannot tell yet whether it is paid, and is asking: do not charge again, see its page"
	}
	r := map[string]any{"Result": result}
	if condition != "" {
		r["ErrorCondition"] = condition
	}
	more := url.Values{"posdSale": {string(s.ID)}}
	if words != "" {
		more.Set("message", words)
	}
	r["AdditionalResponse"] = more.Encode()
	return r
}

var entryModes = map[sale.EntryMode]string{sale.EntryManual: "Keyed", sale.EntrySwipe: "MagStripe", sale.EntryTap: "Tapped", sale.EntryChip: "ICC"}

// paymentResponse is a payment as it stands, whole whatever became of it.
func paymentResponse(x exchange, s sale.Sale) map[string]any {
	card := sale.CardInfo{}
	if s.Card != nil {
		card = *s.Card
	}
	taken := s.State == sale.Paid
	kind, authorised := "Normal", sale.Amount(0)
	if x.Refund {
		kind = "Refund"
	}
	if taken {
		authorised = s.ApprovedAmount
	}
	amounts := map[string]any{"Currency": s.Currency, "AuthorizedAmount": decimal(authorised)}
	if s.Tip > 0 {
		amounts["TipAmount"] = decimal(s.Tip)
	}
	cardData := map[string]any{"PaymentBrand": strings.ToLower(cmp.Or(card.Type, "card")), "MaskedPan": masked(card.Number)}
	if mode := entryModes[card.Entry]; mode != "" {
		cardData["EntryMode"] = []string{mode}
	}
	r := map[string]any{
		"Response": verdict(x, s),
		"SaleData": saleData{x.Asked},
		"POIData":  map[string]any{"POITransactionID": here(string(s.ID), card, s.CreatedAt)},
		"PaymentResult": map[string]any{
			"PaymentType": kind, "AmountsResp": amounts, "OnlineFlag": !s.Offline,
			"PaymentInstrumentData": map[string]any{"PaymentInstrumentType": "Card", "CardData": cardData},
			"PaymentAcquirerData": map[string]any{"AcquirerID": "IOTPay", "MerchantID": "posd", "AcquirerPOIID": x.Header.POIID, "ApprovalCode": card.AuthCode,
				"AcquirerTransactionID": transaction{cmp.Or(card.Reference, "0"), stamp(s.CreatedAt)}},
		},
		"PaymentReceipt": []any{},
	}
	if taken {
		r["PaymentReceipt"] = []any{receipt("CashierReceipt", s, card), receipt("CustomerReceipt", s, card)}
	}
	return r
}

// reversalResponse is a void or refund as it stands.
func reversalResponse(x exchange, s sale.Sale) map[string]any {
	m, _ := movement(s, x.Movement)
	card := sale.CardInfo{}
	if m.Card != nil {
		card = *m.Card
	}
	response := map[string]any{"Result": "Failure", "AdditionalResponse": url.Values{"posdSale": {string(s.ID)}}.Encode()}
	switch m.State {
	case sale.MovementDone:
		response["Result"] = "Success"
	case sale.MovementRefused, sale.MovementKept:
		response["ErrorCondition"] = "Refusal"
	default:
		response["ErrorCondition"] = "InProgress"
	}
	r := map[string]any{"Response": response, "OriginalPOITransaction": originalTransaction{x.Asked},
		"POIData": map[string]any{"POITransactionID": here(x.Movement, card, m.CreatedAt)}}
	if m.State == sale.MovementDone {
		r["ReversedAmount"] = decimal(m.Amount)
	}
	return r
}

// here is what a transaction is called by posd: its ID and the host's code, with the one
// point between them that registers look for.
func here(id string, card sale.CardInfo, at time.Time) transaction {
	host := strings.Map(func(r rune) rune {
		if r == '.' || r < '!' || r > '~' {
			return -1
		}
		return r
	}, card.Reference)
	return transaction{id + "." + cmp.Or(host, "0"), stamp(at)}
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

func decimal(a sale.Amount) json.Number { return json.Number(a.String()) }

// masked is what is known of a card's number.
func masked(number string) string {
	if len(number) < 4 {
		return ""
	}
	return "****** **** " + number[len(number)-4:]
}

// receipt is what a register prints, a pair to each line.
func receipt(whose string, s sale.Sale, card sale.CardInfo) map[string]any {
	var lines []any
	for _, l := range [][3]string{
		{"txdate", "Date", s.CreatedAt.UTC().Format("2006-01-02 15:04")}, {"paymentMethod", "Card", card.Type}, {"pan", "Number", masked(card.Number)},
		{"aid", "AID", card.AID}, {"authCode", "Authorisation", card.AuthCode}, {"txRef", "Reference", card.Reference},
		{"totalAmount", "Total", s.Currency + " " + s.ApprovedAmount.String()}, {"approved", "APPROVED", ""},
	} {
		if l[2] == "" && l[0] != "approved" {
			continue
		}
		text := "key=" + url.QueryEscape(l[0]) + "&name=" + url.QueryEscape(l[1])
		if l[2] != "" {
			text += "&value=" + url.QueryEscape(l[2])
		}
		lines = append(lines, map[string]any{"CharacterStyle": "Normal", "EndOfLineFlag": true, "Text": text})
	}
	return map[string]any{"DocumentQualifier": whose, "RequiredSignatureFlag": false,
		"OutputContent": map[string]any{"OutputFormat": "Text", "OutputText": lines}}
}
