// Package nexo puts posd in the place of a terminal that speaks nexo's sale protocol
// in JSON, as Adyen's terminals do in the shop's own network:
//
//	register                            posd                           the counter
//	POST /nexo/, in clear or sealed ->  seal.go, message.go
//	PaymentRequest       ------------>  desk.go: asked before? ------> Till.Sell
//	           (held until it ends)     answer.go <------------------- Till.Await
//	TransactionStatusRequest -------->  desk.go  --------------------> Till.Sale
//	AbortRequest         ------------>  ------------------------------> Till.Cancel, answered by nothing
//	ReversalRequest      ------------>  ------------------------------> Till.Void, or Till.Refund
//	DiagnosisRequest     ------------>  from memory, never a device
//	all else             ------------>  NotAllowed
//
// A register names each request: POIID, SaleID, ServiceID. The same three with the
// same request are the same transaction, however often it comes and over restarts;
// with another request they are refused. What was asked is noted before it is asked
// (device/ring), so that a register which heard nothing can ask what became of it.
//
// How it fails: what posd cannot tell is answered InProgress, never NotFound; a register
// that goes away stops nothing. Of the newest maxKept transactions it is known what
// they were called; older ones are NotFound. Where a passphrase is configured, only
// sealed messages are read. Left to others: who may connect beyond the lists (the
// network), the certificate (cmd/posd). CLIENTS.md says which programs were tried, and what they insist on.
package nexo
