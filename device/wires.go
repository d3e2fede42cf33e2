package device

import (
	"context"

	"posd/device/sale"
)

// Terminal is the card terminal. Its methods never report a Go error: whatever
// cannot be proven comes back as unsure, in words. One call of Charge or Find
// runs at a time; Abort may come while Charge runs.
type Terminal interface {
	// Charge sends one money transaction and waits for the terminal's answer,
	// at most as long as the driver's limits say.
	Charge(ctx context.Context, o sale.CardRequest) sale.CardAnswer
	// Find probes the terminal once and, if it is idle, looks a reference up.
	Find(ctx context.Context, l sale.CardLookup) sale.CardFinding
	// CloseBatch has the terminal settle its batch. It is asked once.
	CloseBatch(ctx context.Context) sale.BatchAnswer
	// Abort wishes the running transaction cancelled. Only the transaction's
	// own answer says whether it was.
	Abort(ctx context.Context) error
}

// Totals is a terminal that can say what is in its open batch. It moves no money.
type Totals interface {
	Totals(ctx context.Context) sale.TerminalTotals
}

// Gateway is IOTPay. Its methods never report a Go error, for the same reason.
type Gateway interface {
	// Create asks for an order; it is never sent twice by itself.
	Create(ctx context.Context, r sale.OrderRequest) sale.GatewayAnswer
	// Query asks for an order's status by mchOrderNo; it may be repeated.
	Query(ctx context.Context, mchOrderNo string) sale.GatewayAnswer
	// Refund asks for money back; it is never sent twice by itself.
	Refund(ctx context.Context, r sale.RefundRequest) sale.GatewayAnswer
	// QueryRefund asks what became of a refund by mchRefundNo.
	QueryRefund(ctx context.Context, mchRefundNo string) sale.GatewayAnswer
	// Probe asks after an order that never was: is the gateway there, and does it know us?
	Probe(ctx context.Context) sale.GatewayAnswer
}

// Outbox carries reports to the gateway.
type Outbox interface {
	// Send sends the reports, several at once but never one twice, and calls
	// answered once for each, from any goroutine. It returns when all are answered.
	Send(ctx context.Context, reports []sale.Report, answered func(sale.Report, sale.GatewayAnswer))
}

// Screen is a customer display. Show returns at once; when displays are slow
// the latest screen wins and older ones are dropped.
type Screen interface {
	Show(s sale.Screen)
}

// Drawer is the cash drawer. No error means that the pulse was sent; whether
// the drawer opened is for eyes.
type Drawer interface {
	OpenDrawer(ctx context.Context) error
}

// Printer prints receipts, one at a time.
type Printer interface {
	Print(ctx context.Context, r sale.Receipt) sale.PrintResult
	// PrintCode prints the code of a ScreenCode for a customer to scan.
	PrintCode(ctx context.Context, s sale.Screen) sale.PrintResult
	// PrintOwn prints something of the shop's own, as PreparePrint returned it.
	PrintOwn(ctx context.Context, p sale.Print) sale.PrintResult
	// PreparePrint returns what is to be stored and printed of what somebody sent,
	// or says in words why it cannot be printed here.
	PreparePrint(form sale.PrintForm, data []byte) ([]byte, error)
}
