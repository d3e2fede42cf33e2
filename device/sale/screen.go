package sale

import (
	"slices"
	"time"
)

// Language of a text for a customer.
type Language string

// Languages that posd speaks.
const (
	English            Language = "en"
	French             Language = "fr"
	ChineseSimplified  Language = "zh-Hans"
	ChineseTraditional Language = "zh-Hant"
)

// Languages lists every language posd speaks.
var Languages = []Language{English, French, ChineseSimplified, ChineseTraditional}

// ScreenKind names a picture on the customer display.
type ScreenKind string

// The screens.
const (
	ScreenWelcome    ScreenKind = "welcome"
	ScreenItems      ScreenKind = "items"
	ScreenChoose     ScreenKind = "choose"     // how would you like to pay: the cashier takes the answer
	ScreenTip        ScreenKind = "tip"        // would you like to add a tip: the customer's page takes the answer
	ScreenCard       ScreenKind = "card"       // tap, insert or swipe
	ScreenReturn     ScreenKind = "return"     // the same, to get money back
	ScreenProcessing ScreenKind = "processing" //
	ScreenCode       ScreenKind = "code"       // a QR to scan
	ScreenPassword   ScreenKind = "password"   // enter your password on your phone
	ScreenPaid       ScreenKind = "paid"
	ScreenReturned   ScreenKind = "returned" // money went to the card
	ScreenHeld       ScreenKind = "held"     // on the card, not charged
	ScreenThanks     ScreenKind = "thanks"   // after a paid result
	ScreenDeclined   ScreenKind = "declined"
	ScreenCancelled  ScreenKind = "cancelled"
	ScreenAskCashier ScreenKind = "ask-cashier" // not known yet how it ended
	ScreenOffline    ScreenKind = "offline"     // posd itself is not there
)

// ScreenKinds lists every screen.
var ScreenKinds = []ScreenKind{ScreenWelcome, ScreenItems, ScreenChoose, ScreenTip, ScreenCard, ScreenReturn, ScreenProcessing, ScreenCode, ScreenPassword, ScreenPaid, ScreenReturned, ScreenHeld, ScreenThanks, ScreenDeclined, ScreenCancelled, ScreenAskCashier, ScreenOffline}

// Item is a line of a bill on the customer display.
type Item struct {
	Name   string `json:"name"`
	Amount Amount `json:"amount"`
}

// Tip is one that is suggested.
type Tip struct {
	Percent int    `json:"percent"`
	Amount  Amount `json:"amount"`
}

// Screen is what the customer sees: a function of the stored sales, never a command history.
type Screen struct {
	Kind     ScreenKind `json:"kind"`
	Sale     ID         `json:"sale,omitempty"`
	Amount   Amount     `json:"amount,omitempty"`
	Currency string     `json:"currency,omitempty"`
	Method   Method     `json:"method,omitempty"` // which wallet's mark to draw
	Brand    Brand      `json:"brand,omitempty"`  // what its code is called instead
	Code     string     `json:"code,omitempty"`   // text of the QR; ScreenCode and ScreenPassword only
	Until    *time.Time `json:"until,omitempty"`  // when the code leaves the glass
	Language Language   `json:"language,omitempty"`
	Items    []Item     `json:"items,omitempty"`
	Subtotal Amount     `json:"subtotal,omitempty"` // of a payment whose request told it
	Taxes    []Tax      `json:"taxes,omitempty"`    // the same
	Tips     []Tip      `json:"tips,omitempty"`     // suggested; ScreenTip only
	Tip      Amount     `json:"tip,omitempty"`      // in the amount; ScreenPaid only
	Change   Amount     `json:"change,omitempty"`   // of cash; ScreenPaid only
	Message  string     `json:"message,omitempty"`
}

// Equal reports whether s and o show the customer the same. It is asked after
// every step of the till.
func (s Screen) Equal(o Screen) bool {
	same := s.Until == o.Until || s.Until != nil && o.Until != nil && s.Until.Equal(*o.Until)
	if !same || !slices.Equal(s.Items, o.Items) || !slices.Equal(s.Taxes, o.Taxes) || !slices.Equal(s.Tips, o.Tips) {
		return false
	}
	return s.Kind == o.Kind && s.Sale == o.Sale && s.Amount == o.Amount && s.Currency == o.Currency && s.Method == o.Method &&
		s.Subtotal == o.Subtotal && s.Tip == o.Tip && s.Change == o.Change &&
		s.Code == o.Code && s.Brand == o.Brand && s.Language == o.Language && s.Message == o.Message
}
