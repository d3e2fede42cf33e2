package nexo

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"posd/device/sale"
)

// header names a message: who asks, whom, and for what.
type header struct {
	ProtocolVersion string `json:"ProtocolVersion,omitempty"`
	MessageClass    string `json:"MessageClass"`
	MessageCategory string `json:"MessageCategory"`
	MessageType     string `json:"MessageType"`
	SaleID          string `json:"SaleID"`
	ServiceID       string `json:"ServiceID,omitempty"`
	DeviceID        string `json:"DeviceID,omitempty"`
	POIID           string `json:"POIID"`
}

// request is a message of a register's.
type request struct {
	MessageHeader   header                    `json:"MessageHeader"`
	Payment         *paymentRequest           `json:"PaymentRequest"`
	Status          *transactionStatusRequest `json:"TransactionStatusRequest"`
	Abort           *abortRequest             `json:"AbortRequest"`
	Reversal        *reversalRequest          `json:"ReversalRequest"`
	NexoBlob        []byte                    `json:"NexoBlob"`
	SecurityTrailer *trailer                  `json:"SecurityTrailer"`
}

type envelope struct {
	Request *request `json:"SaleToPOIRequest"`
}

// transaction is a transaction's name at the register, or here.
type transaction struct {
	TransactionID string `json:"TransactionID"`
	TimeStamp     string `json:"TimeStamp"`
}

type saleData struct {
	SaleTransactionID transaction `json:"SaleTransactionID"`
}

type paymentRequest struct {
	SaleData           saleData `json:"SaleData"`
	PaymentTransaction struct {
		AmountsReq amountsReq `json:"AmountsReq"`
	} `json:"PaymentTransaction"`
	PaymentData struct {
		PaymentType string `json:"PaymentType"`
	} `json:"PaymentData"`
}

// amountsReq is the money that a payment asks for.
type amountsReq struct {
	Currency               string      `json:"Currency"`
	RequestedAmount        json.Number `json:"RequestedAmount"`
	CashBackAmount         json.Number `json:"CashBackAmount"`
	TipAmount              json.Number `json:"TipAmount,omitempty"`
	PaidAmount             json.Number `json:"PaidAmount,omitempty"`
	MinimumAmountToDeliver json.Number `json:"MinimumAmountToDeliver,omitempty"`
}

// refused says what of the money is not taken here; "" if all is. A tip in a request is a
// proposal, which the customer confirms, changes or declines at the terminal: charged
// without being asked, or left out, it would be a guess.
func (a amountsReq) refused() string {
	for _, m := range []struct {
		amount json.Number
		words  string
	}{
		{a.TipAmount, "a tip is not taken in a request: posd asks the customer for it, where tip in [shop] says so"},
		{a.CashBackAmount, "cashback is not taken here"},
		{a.PaidAmount, "a part that was paid elsewhere is not taken here: ask for the rest as RequestedAmount"},
		{a.MinimumAmountToDeliver, "a least amount is not taken here: posd takes the whole RequestedAmount"},
	} {
		if strings.Trim(m.amount.String(), "0.") != "" {
			return m.words
		}
	}
	return ""
}

type messageReference struct {
	MessageCategory string `json:"MessageCategory,omitempty"`
	SaleID          string `json:"SaleID,omitempty"`
	ServiceID       string `json:"ServiceID,omitempty"`
	POIID           string `json:"POIID,omitempty"`
}

type transactionStatusRequest struct {
	MessageReference *messageReference `json:"MessageReference"`
}

type abortRequest struct {
	MessageReference messageReference `json:"MessageReference"`
}

type originalTransaction struct {
	POITransactionID transaction `json:"POITransactionID"`
}

type reversalRequest struct {
	OriginalPOITransaction originalTransaction `json:"OriginalPOITransaction"`
	ReversedAmount         json.Number         `json:"ReversedAmount"`
}

// maxRequest is more than any request has.
const maxRequest = 64 << 10

// read reads a message, and opens it where it must be sealed.
func (s *Server) read(body []byte) (*request, error) {
	r, err := parse(body)
	if err != nil {
		return nil, err
	}
	switch {
	case s.seal == nil && r.SecurityTrailer != nil:
		return nil, errors.New("the message is sealed, and no passphrase_file is configured")
	case s.seal == nil:
	case r.SecurityTrailer == nil:
		return nil, errors.New("the message is not sealed")
	default:
		plain, err := s.seal.open(r.NexoBlob, *r.SecurityTrailer)
		if err != nil {
			return nil, err
		}
		outer := r.MessageHeader
		if r, err = parse(plain); err != nil {
			return nil, err
		}
		if r.MessageHeader != outer {
			return nil, errors.New("the sealed message has another header than the one beside it")
		}
	}
	return r, r.MessageHeader.fault()
}

func parse(body []byte) (*request, error) {
	var e envelope
	in := json.NewDecoder(bytes.NewReader(body))
	if err := in.Decode(&e); err != nil {
		return nil, fmt.Errorf("the body is no message: %w", err)
	}
	if e.Request == nil {
		return nil, errors.New("the body holds no SaleToPOIRequest")
	}
	return e.Request, nil
}

// fault says what is wrong with a request's header.
func (h header) fault() error {
	if h.MessageType != "Request" || h.MessageClass != "Service" {
		return fmt.Errorf("a %.20q of the class %.20q is not taken: Request and Service are", h.MessageType, h.MessageClass)
	}
	for _, f := range []struct{ key, value string }{{"SaleID", h.SaleID}, {"POIID", h.POIID}, {"ServiceID", h.ServiceID}} {
		if !named(f.value) {
			return fmt.Errorf("%s is missing, or no name of 1 to 64 printable characters", f.key)
		}
	}
	if h.MessageCategory == "" || len(h.MessageCategory) > 32 || strings.ContainsFunc(h.MessageCategory, func(r rune) bool { return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') }) {
		return fmt.Errorf("MessageCategory is missing or no word")
	}
	return nil
}

func named(s string) bool { return s != "" && len(s) <= 64 && sale.Printable(s) }

// cents reads a decimal number with at most two decimals that count, from its text:
// a float would cut cents off.
func cents(n json.Number) (sale.Amount, error) {
	bad := fmt.Errorf("the amount %.20q is no sum of money above zero", n.String())
	whole, part, _ := strings.Cut(n.String(), ".")
	part = strings.TrimRight(part, "0") // 28.6500000 is 28.65
	if len(part) > 2 || whole == "" {
		return 0, bad
	}
	a, err := sale.ParseAmount(whole + "." + part + strings.Repeat("0", 2-len(part)))
	if err != nil || a <= 0 {
		return 0, bad
	}
	return a, nil
}
