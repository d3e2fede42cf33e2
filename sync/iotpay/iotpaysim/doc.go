// Package iotpaysim is the far side of the gateway: orders, refunds and card
// reports, the customer's wallet, and whatever can go wrong, on request.
//
//	posd ---- /v1/create_order, query_order, refund_order, query_refund ---> Handler
//	posd <--- notifyUrl (payment made) ------------------------------------- Gateway
//	you  ---- GET /state  POST /scan /pay /close /fault -------------------> Control
//
// It is written from the gateway's documents and not from posd's client: it
// reads, checks and signs on its own, refuses what the documents refuse by
// the field's name, and counts everything. An order stays unpaid until the
// customer, who is the control address, does something about it:
//
//	created 0 --scan--> paying 1 --pay--> paid 2
//	       \--pay--------------------------^
//	        \--close--> 4 (by the system) or 9 (by the customer)
//
// A card report (CC_PAX) is accepted once per order number; a repeat is refused
// with "order exists". Both are counted, because a till that reports twice is a
// till with a fault.
//
// What it does not do: it keeps nothing on disk, knows one merchant, and
// believes in the clock it runs on.
package iotpaysim
