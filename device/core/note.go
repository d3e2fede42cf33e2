package core

import "posd/device/sale"

// happen stores a note; who asked is answered when it is durable. Like every
// fact it is tried again until it is.
func (w NoteAsked) happen(c *Machine) {
	c.row(sale.NoteRow{Name: w.Name, Value: w.Value})
	c.urgent()
	c.after(Reply{Token: w.Token})
}
