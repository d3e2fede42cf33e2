package api

import "posd/device"

// The daemon's till is the till of this package.
var _ Till = (*device.Till)(nil)
