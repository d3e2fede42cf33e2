package core

import (
	"fmt"
	"slices"
	"time"

	"posd/device/sale"
)

// Policy is how this shop sells. Every field is a key of the configuration file.
type Policy struct {
	// Currency of the shop and of the terminal, three letters; another one is refused before anything is sent.
	Currency string `toml:"currency"`
	// Language of the customer display until a card says otherwise: en, fr, zh-Hans, zh-Hant.
	Language sale.Language `toml:"language"`
	// CodeShownFor is how long a QR stays on the display; after it the sale is unsure and still watched.
	CodeShownFor time.Duration `toml:"code_shown_for"`
	// PasswordAdds is the least time a QR sale goes on once the customer types the password.
	PasswordAdds time.Duration `toml:"password_adds"`
	// KeepFor is how long a person may keep a late payment before it is refunded.
	KeepFor time.Duration `toml:"keep_for"`
	// WatchFor is how long an unpaid code is asked about before a person decides; running time.
	WatchFor time.Duration `toml:"watch_for"`
	// LatePayment says what happens to money that arrives after giving up: refund or keep.
	LatePayment string `toml:"late_payment"`
	// Partial says what happens to an approval for less than asked: refuse (void it) or accept.
	Partial string `toml:"partial"`
	// ApprovedIncludes lists which of tip, cashback, surcharge the terminal's approved amount holds.
	ApprovedIncludes []string `toml:"approved_includes"`
	// AutoSettle lists the hours ("22:00", shop's time) at which the terminal may close its batch by itself.
	AutoSettle []string `toml:"auto_settle"`
	// TerminalOffline says that the terminal may approve offline (store and forward), and keep that to
	// itself until its upload: that it does not find a transaction then never proves anything. Of a
	// terminal that has approved something offline posd takes that for granted.
	TerminalOffline bool `toml:"terminal_offline"`
	// ResultShownFor is how long a result stays on the customer display; the thanks after a payment stay half as long.
	ResultShownFor time.Duration `toml:"result_shown_for"`
	// AskTerminalEvery is the pause between probes of a terminal whose answer was lost.
	AskTerminalEvery time.Duration `toml:"ask_terminal_every"`
	// TerminalSilentFor is how long a terminal may stay silent before a person is told.
	TerminalSilentFor time.Duration `toml:"terminal_silent_for"`
	// BillWindow is how long a sale without a reference counts as the same bill as one of the same amount.
	BillWindow time.Duration `toml:"bill_window"`
	// BackoffMax is the longest pause between two tries of a report.
	BackoffMax time.Duration `toml:"backoff_max"`
	// OfflineMaxReports, OfflineMaxCents and OfflineMaxAge bound the card sales that IOTPay has not heard
	// of yet: how many, their sum in cents, and how old the oldest may be. At a limit new card sales are
	// refused until reports pass; 0 means no limit.
	OfflineMaxReports int           `toml:"offline_max_reports"`
	OfflineMaxCents   int64         `toml:"offline_max_cents"`
	OfflineMaxAge     time.Duration `toml:"offline_max_age"`
	// MerchantCopy says when the shop's copy of a card receipt is printed, too: never, always, or signature (when the customer has to sign).
	MerchantCopy string `toml:"merchant_copy"`
	// CodeOnPaper prints a wallet's code, too: for a counter whose display cannot draw one.
	CodeOnPaper bool `toml:"code_on_paper"`
	// AlipayPlus says which Alipay sales carry the mark "Alipay+" on glass and paper: code (those whose
	// code is one of Alipay+'s), always (the customer's own codes, too) or never.
	AlipayPlus string `toml:"alipay_plus"`
	// PrintRetryFor is how long a receipt waits for a printer that is away or out of paper; nothing of it was printed yet.
	PrintRetryFor time.Duration `toml:"print_retry_for"`
	// PrintDeclined prints a receipt for a declined card, too.
	PrintDeclined bool `toml:"print_declined"`
	// CloseBatch has the terminal settle its batch when the day is closed; without it the terminal settles by itself.
	CloseBatch bool `toml:"close_batch"`
	// ClosesAt closes the business day by itself at that hour of the shop's day, "03:30"; empty leaves it to a person.
	ClosesAt string `toml:"closes_at"`
	// Cash says that cash is taken here, too. CashRounding is the smallest coin in cents to which an amount is
	// rounded, 1 for none: Canada has no pennies since February 2013 and rounds the total of a cash payment
	// to five cents. CashFloat is the change, in cents, with which the drawer begins each day.
	Cash         bool  `toml:"cash"`
	CashRounding int64 `toml:"cash_rounding_cents"`
	CashFloat    int64 `toml:"cash_float_cents"`
	// Province of Canada, two letters; it sets the defaults that its law asks for. See ByLaw.
	Province string `toml:"province"`
	// Tip says where a tip is asked for: off, terminal, or display (the customer's page).
	Tip string `toml:"tip"`
	// TipWait is how long the customer's page asks; then the sale goes on without a tip.
	TipWait time.Duration `toml:"tip_wait"`
	// TipPercents are the tips that the page suggests, of what TipBasis names: the subtotal where the
	// request tells one, or the total.
	TipPercents []int  `toml:"tip_percents"`
	TipBasis    string `toml:"tip_basis"`
	// Surcharge says whether the terminal may add one: allowed, or never (a person is told of each).
	Surcharge string `toml:"surcharge"`
	// TimeZone of the shop, an IANA name; DayEnds is the hour its business day ends, "04:00".
	TimeZone string `toml:"time_zone"`
	DayEnds  string `toml:"day_ends"`
	// Refunds are what each wallet allows of refunds: a person is told before one goes beyond.
	Refunds RefundLimits `toml:"refunds"`
}

// DefaultPolicy returns the policy of a shop that changed nothing.
func DefaultPolicy() Policy {
	return Policy{
		Currency:          "CAD",
		Language:          sale.English,
		CodeShownFor:      2 * time.Minute,
		PasswordAdds:      time.Minute,
		KeepFor:           time.Minute,
		WatchFor:          7 * 24 * time.Hour,
		LatePayment:       "refund",
		Partial:           "refuse",
		ApprovedIncludes:  []string{"tip", "cashback", "surcharge"},
		ResultShownFor:    8 * time.Second,
		AskTerminalEvery:  2500 * time.Millisecond,
		TerminalSilentFor: 180 * time.Second,
		BillWindow:        15 * time.Minute,
		BackoffMax:        5 * time.Minute,
		MerchantCopy:      "signature",
		AlipayPlus:        "code",
		CloseBatch:        true,
		CashRounding:      5,
		PrintRetryFor:     10 * time.Minute,
		PrintDeclined:     true,
		Tip:               tipOff,
		TipWait:           30 * time.Second,
		TipPercents:       []int{15, 18, 20},
		TipBasis:          "subtotal",
		Surcharge:         "allowed",
		TimeZone:          "America/Toronto",
		DayEnds:           "04:00",
		Refunds:           defaultRefundLimits(),
	}
}

// Validate returns every fault of p, each naming its key, its value and the remedy.
func (p Policy) Validate() []error {
	var faults []error
	bad := func(key string, value any, remedy string) {
		faults = append(faults, fmt.Errorf("%s = %v: %s", key, value, remedy))
	}
	if len(p.Currency) != 3 {
		bad("currency", p.Currency, "write three letters, such as CAD")
	}
	if !slices.Contains(sale.Languages, p.Language) {
		bad("language", p.Language, "use en, fr, zh-Hans or zh-Hant")
	}
	for key, d := range map[string]time.Duration{
		"code_shown_for": p.CodeShownFor, "password_adds": p.PasswordAdds, "keep_for": p.KeepFor, "watch_for": p.WatchFor,
		"result_shown_for": p.ResultShownFor, "ask_terminal_every": p.AskTerminalEvery, "terminal_silent_for": p.TerminalSilentFor,
		"bill_window": p.BillWindow, "backoff_max": p.BackoffMax, "print_retry_for": p.PrintRetryFor, "tip_wait": p.TipWait,
	} {
		if d < 100*time.Millisecond {
			bad(key, d, "write a time of at least 100ms, such as 30s")
		}
	}
	if p.LatePayment != "refund" && p.LatePayment != "keep" {
		bad("late_payment", p.LatePayment, "use refund or keep")
	}
	if p.Partial != "refuse" && p.Partial != "accept" {
		bad("partial", p.Partial, "use refuse or accept")
	}
	if p.MerchantCopy != "never" && p.MerchantCopy != "always" && p.MerchantCopy != "signature" {
		bad("merchant_copy", p.MerchantCopy, "use never, always or signature")
	}
	if p.AlipayPlus != "code" && p.AlipayPlus != "always" && p.AlipayPlus != "never" {
		bad("alipay_plus", p.AlipayPlus, "use code, always or never")
	}
	for _, wallet := range p.Refunds.faults() {
		bad("refunds."+wallet, "below 0", "write 0 for no limit")
	}
	if p.OfflineMaxReports < 0 || p.OfflineMaxCents < 0 || p.OfflineMaxAge < 0 {
		bad("offline_max_reports, offline_max_cents or offline_max_age", "below 0", "write 0 for no limit")
	}
	for _, s := range p.ApprovedIncludes {
		if s != "tip" && s != "cashback" && s != "surcharge" {
			bad("approved_includes", s, "list tip, cashback, surcharge or none of them")
		}
	}
	p.tipFaults(bad)
	if p.CashRounding < 1 || p.CashRounding > 100 {
		bad("cash_rounding_cents", p.CashRounding, "write the smallest coin in cents, 1 to 100")
	}
	if p.CashFloat < 0 || p.CashFloat > int64(sale.MaxAmount) {
		bad("cash_float_cents", p.CashFloat, "write whole cents, 0 for none")
	}
	hours := append(slices.Clone(p.AutoSettle), p.DayEnds)
	if p.ClosesAt != "" {
		hours = append(hours, p.ClosesAt)
	}
	for _, s := range hours {
		if _, err := time.Parse("15:04", s); err != nil {
			bad("auto_settle, closes_at or day_ends", s, "write an hour as 22:00")
		}
	}
	if _, err := time.LoadLocation(p.TimeZone); err != nil {
		bad("time_zone", p.TimeZone, "write an IANA name such as America/Toronto")
	}
	slices.SortFunc(faults, func(a, b error) int {
		if a.Error() < b.Error() {
			return -1
		}
		return 1
	})
	return faults
}

// Calendar returns the business days of the shop's time zone and hour.
func (p Policy) Calendar() (sale.Calendar, error) {
	zone, err := time.LoadLocation(p.TimeZone)
	if err != nil {
		return sale.Calendar{}, fmt.Errorf("time_zone = %s: %w", p.TimeZone, err)
	}
	c, err := sale.NewCalendar(zone, p.DayEnds)
	if err != nil {
		return c, fmt.Errorf("day_ends: %w", err)
	}
	return c, nil
}

// LimitsOffline reports whether the sales that IOTPay has not heard of are limited.
func (p Policy) LimitsOffline() bool {
	return p.OfflineMaxReports > 0 || p.OfflineMaxCents > 0 || p.OfflineMaxAge > 0
}
