package display

import (
	"context"
	"errors"
	"sync"

	"posd/device/sale"
)

// Group is several displays that show the same screen: a pole and a panel.
type Group struct{ panels []*Panel }

// NewGroup returns the group of panels; an empty one shows nothing.
func NewGroup(panels ...*Panel) *Group { return &Group{panels: panels} }

// Show hands the screen to every panel and returns at once.
func (g *Group) Show(s sale.Screen) {
	for _, p := range g.panels {
		p.Show(s)
	}
}

// CanQR reports whether any of the displays can draw a QR. If none can, the
// code has to reach the customer by another way: the page, or paper.
func (g *Group) CanQR() bool {
	for _, p := range g.panels {
		if p.CanQR() {
			return true
		}
	}
	return false
}

// Fits returns nil if any of the displays can show this code, and otherwise
// what each of them says.
func (g *Group) Fits(code string) error {
	if len(g.panels) == 0 {
		return errors.New("there is no display that could show a QR")
	}
	var all []error
	for _, p := range g.panels {
		err := p.Fits(code)
		if err == nil {
			return nil
		}
		all = append(all, err)
	}
	return errors.Join(all...)
}

// Status returns what each panel knows.
func (g *Group) Status() []Status {
	all := make([]Status, 0, len(g.panels))
	for _, p := range g.panels {
		all = append(all, p.Status())
	}
	return all
}

// Run runs every panel until ctx ends.
func (g *Group) Run(ctx context.Context) error {
	var wg sync.WaitGroup
	for _, p := range g.panels {
		wg.Go(func() { p.Run(ctx) })
	}
	wg.Wait()
	<-ctx.Done() // with no panel at all
	return ctx.Err()
}
