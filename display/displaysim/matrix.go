package displaysim

import "posd/display"

// Matrix draws QR codes for whoever makes other simulators that must draw
// them, such as a printer's.
func Matrix(text string) ([][]bool, error) { return display.Matrix(text) }
