package sale

import "errors"

// Kinds of refusal. A Refusal wraps one of them, or ErrNotFound; decide with errors.Is.
var (
	ErrInvalid      = errors.New("the request is not valid")
	ErrTillBusy     = errors.New("another sale is under way")
	ErrTerminalHeld = errors.New("the card terminal is held by a sale that is not known to have ended")
	ErrSameBill     = errors.New("this bill may have been paid already")
	ErrBillPaid     = errors.New("this bill is paid")
	ErrKeyReused    = errors.New("the Idempotency-Key belongs to another request")
	ErrNotPossible  = errors.New("that cannot be done with this sale")
	ErrRefundLimit  = errors.New("the wallet may not take this refund")
	ErrNoRight      = errors.New("the person has no right to do this")
	ErrWrongPIN     = errors.New("the PIN is not right")
	ErrPINLocked    = errors.New("too many wrong PINs")
	ErrNoDevice     = errors.New("that device is not there")
	ErrUnavailable  = errors.New("posd cannot do that now") // no terminal, gateway away, journal full: nothing was sent
)

// Refusal is an answer to a request that changed nothing.
type Refusal struct {
	Kind  error  // one of the kinds above
	Other ID     // the sale that stands in the way, if one does
	Words string // for the cashier: what is the matter and what to do next
}

// Error returns the words.
func (r *Refusal) Error() string { return r.Words }

// Unwrap returns the kind.
func (r *Refusal) Unwrap() error { return r.Kind }
