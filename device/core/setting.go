package core

import "posd/device/sale"

// happen stores a change of who may do what, and who made it; it counts once it
// is durable. What cannot be stored did not happen.
func (w SettingAsked) happen(c *Machine) {
	if w.Personal && c.lacks(w.Token, sale.RightManage) {
		return
	}
	for _, r := range w.Rows {
		c.row(r)
	}
	c.row(sale.EventRow{At: c.wall(), Kind: w.Kind, Data: sale.EventData{Words: w.Words, Acted: c.in.Actor.Acted()}})
	c.urgent()
	c.out.Intent = &IntentFailed{Setting: w.Token}
	c.after(Reply{Token: w.Token})
}
