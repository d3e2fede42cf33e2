package display

import (
	"context"
	"errors"
	"time"

	"posd/device/sale"
)

// Driver talks to one family of displays. Its methods are called by one
// goroutine at a time, apart from CanQR. An error that is a Flaw leaves the
// connection as it is; after any other the panel connects again.
type Driver interface {
	// Greet begins a conversation on a new connection, or with a device that
	// has started again: afterwards nothing is assumed to stand on the glass.
	Greet(ctx context.Context, c *Conn) (sale.Identity, error)
	// Draw makes the glass show p and sends only what differs from before.
	Draw(ctx context.Context, c *Conn, p Picture) error
	// Heard takes bytes that came between two drawings. ErrRestarted asks to be
	// greeted again.
	Heard(b []byte) error
	// CanQR reports whether the device can draw a QR at all.
	CanQR() bool
}

// Picture is a screen at one moment.
type Picture struct {
	sale.Screen
	// Left is how long the code still stands, rounded up to whole seconds; 0 if
	// the screen has no end.
	Left time.Duration
	// Check asks to make sure of the glass: by a question where the device
	// answers one, by drawing everything again where it does not.
	Check bool
}

// ErrRestarted says that the device lost its power and came back: what stood
// on its glass is gone.
var ErrRestarted = errors.New("the display has started again")

// Flaw is a picture that stands, but not as it should: a component missing in
// the panel's project, a code too dense for the glass.
type Flaw struct{ Words string }

func (f Flaw) Error() string { return f.Words }

// fitter is a driver whose glass is too small for some codes.
type fitter interface {
	// Fits returns an error in words when the code cannot be drawn so that a
	// phone reads it.
	Fits(code string) error
}
