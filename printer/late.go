package printer

import "posd/device/sale"

// late is a receipt that was given to the cashier because it had stopped in the
// middle. The printer has the rest of it, prints that when it is healed, and
// says so: then the receipt is no failed one any more.
type late struct {
	job   string
	epoch uint64 // the connection on which it was asked whether it is printed
}

// OnLate has f told of receipts that were printed after all. Call it before
// anything is printed.
func (p *Printer) OnLate(f func(sale.PrintResult)) { p.onLate = f }

// cameLate tells of a late receipt whose answer has come: the very one, on the
// connection that it was asked on, from a printer that is well.
func (p *Printer) cameLate() {
	l := p.late
	if l.job == "" || p.behind() {
		return
	}
	p.late = late{}
	paperOut := p.encoder.profile.Confirm == ConfirmGSr && p.last&0x0C != 0
	if p.encoder.profile.Confirm == ConfirmNone || l.epoch != p.epoch || paperOut || p.Status().trouble() != "" {
		return
	}
	p.log.Info("receipt printed after all", "job", l.job)
	if p.onLate != nil {
		p.onLate(sale.PrintResult{Job: l.job, State: sale.PrintDone, Words: "it had stopped in the middle, and was printed after all"})
	}
}
