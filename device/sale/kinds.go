package sale

// EventKinds lists the kinds of stored events. What is about a sale stands as
// sale., refund., void., report. or receipt. and what happened; kinds are added and
// never change their meaning.
var EventKinds = []string{
	"sale.tip-asked", "sale.intended", "sale.order", "sale.shown", "sale.password", "sale.watched", "sale.cancel-wished", "sale.given-up",
	"sale.paid", "sale.declined", "sale.cancelled", "sale.unsure", "sale.partial", "sale.replaced", "sale.replacement-ended",
	"sale.incident", "sale.attention", "sale.seen", "sale.upload",
	"refund.intended", "refund.done", "refund.refused", "refund.unsure", "refund.kept",
	"void.intended", "void.done", "void.refused", "void.unsure",
	"report.done", "report.set-aside", "report.retried", "report.stopped", "report.by-hand-done",
	"receipt.asked", "receipt.waits", "receipt.failed",
	"drawer.asked", "drawer.failed",
	"print.asked", "print.waits", "print.done", "print.failed",
	"day.closing", "day.stays-open", "day.closed",
	"token.created", "token.revoked",
	"person.added", "person.pin", "person.removed", "person.wrong-pin",
	"chain.asked",
	"restored", "assembled",
}
