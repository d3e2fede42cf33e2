package sale

import "errors"

// ErrNotFound is wrapped by every error about something that was never stored.
var ErrNotFound = errors.New("not found")
