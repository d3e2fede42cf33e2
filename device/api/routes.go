package api

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"posd/device/sale"
)

// route is all there is to know of one way into posd, but for the words about it
// (operations.go).
type route struct {
	method, path string
	id           string        // operationId; "" for what the description does not name
	limit        time.Duration // for the whole answer; none sets limits of its own
	who          sale.Scopes   // any of them will do; anyone needs none
	serve        server
}

// maxBody is how long a body may be: pictures are sent to one route only.
func (r route) maxBody() int64 {
	if r.id == "print-own" {
		return maxPrintBody
	}
	return maxBody
}

// none is the limit of what ends by itself: a stream when one of the two sides
// leaves, the close of a day when it is done.
const none = time.Duration(0)

// anyone stands where no right is needed.
const anyone = sale.Scopes(0)

// Who may ask: whoever sells or gives back must be able to see what came of it.
const (
	seller   = sale.ScopeSell
	refunder = sale.ScopeRefund
	manager  = sale.ScopeManage
	staff    = seller | refunder | manager
	reader   = sale.ScopeRead | staff
	customer = sale.ScopeDisplay | seller // who stands before the customer's page
	viewer   = sale.ScopeDisplay | reader
)

// routes is the table of everything that posd serves.
func (h *handlers) routes() []route {
	waits := requestLimit + maxWait
	return append([]route{
		{"POST", "/v1/sales", "sell", waits, seller, typed(h.sell)},
		{"GET", "/v1/sales", "list-sales", requestLimit, reader, h.inTurn(typed(h.list))},
		{"GET", "/v1/sales.csv", "sales-sheet", sheetLimit, reader, h.inTurn(typed(h.sheet))},
		{"GET", "/v1/sales/{id}", "get-sale", waits, reader, typed(h.sale)},
		{"POST", "/v1/sales/{id}/cancel", "cancel", requestLimit, seller, typed(h.cancel)},
		{"POST", "/v1/sales/{id}/complete", "complete", requestLimit, seller, typed(h.complete)},
		{"POST", "/v1/sales/{id}/refund", "refund", requestLimit, refunder, typed(h.refundOrVoid("refund", h.till.Refund))},
		{"POST", "/v1/sales/{id}/void", "void", requestLimit, refunder, typed(h.refundOrVoid("void", h.till.Void))},
		{"POST", "/v1/sales/{id}/tip", "tip", requestLimit, customer, typed(h.tip)},
		{"POST", "/v1/sales/{id}/keep", "keep", requestLimit, refunder, typed(h.keep)},
		{"POST", "/v1/sales/{id}/resolve", "resolve", requestLimit, manager, typed(h.resolve)},
		{"POST", "/v1/sales/{id}/upload", "upload", requestLimit, manager, typed(h.upload)},
		{"POST", "/v1/sales/{id}/seen", "seen", requestLimit, staff, typed(h.seen)},
		{"POST", "/v1/sales/{id}/corrected", "corrected", requestLimit, manager, typed(h.corrected)},
		{"POST", "/v1/sales/{id}/print", "print", requestLimit, staff, typed(h.print)},
		{"GET", "/v1/sales/{id}/receipt", "get-receipt", requestLimit, reader, typed(h.receipt)},
		{"POST", "/v1/refunds", "return", requestLimit, refunder, typed(h.giveBack)},

		{"POST", "/v1/prints", "print-own", requestLimit, staff, typed(h.printOwn)},
		{"GET", "/v1/prints/{id}", "get-print", waits, reader, typed(h.printJob)},
		{"PUT", "/v1/display", "show", requestLimit, seller, typed(h.show)},
		{"POST", "/v1/drawer", "open-drawer", requestLimit, staff, typed(h.drawer)},
		{"GET", "/v1/devices", "devices", requestLimit, reader, typed(h.devices)},
		{"GET", "/v1/queue", "queue", requestLimit, reader, typed(h.queue)},
		{"POST", "/v1/queue/{id}/retry", "retry", requestLimit, manager, typed(h.retry)},
		{"GET", "/v1/reports/{date}", "report", requestLimit, reader, typed(h.report)},
		{"POST", "/v1/reports/{date}/print", "print-report", requestLimit, manager, typed(h.printReport)},
		{"GET", "/v1/days", "list-days", requestLimit, reader, typed(h.closedDays)},
		{"POST", "/v1/day/close", "close-day", none, manager, typed(h.closeDay)},
		{"POST", "/v1/prune", "prune", requestLimit, manager, typed(h.startPrune)},
		{"GET", "/v1/prune", "pruned", requestLimit, reader, typed(h.lastPrune)},

		{"GET", "/v1/tokens", "list-tokens", requestLimit, manager, typed(h.listTokens)},
		{"POST", "/v1/tokens", "create-token", requestLimit, manager, typed(h.createToken)},
		{"POST", "/v1/tokens/{id}/revoke", "revoke-token", requestLimit, manager, typed(h.revokeToken)},
		{"GET", "/v1/people", "list-people", requestLimit, reader, typed(h.listPeople)},
		{"POST", "/v1/people", "add-person", requestLimit, manager, typed(h.addPerson)},
		{"POST", "/v1/people/{id}/pin", "set-pin", requestLimit, manager, typed(h.setPIN)},
		{"POST", "/v1/people/{id}/remove", "remove-person", requestLimit, manager, typed(h.removePerson)},
		{"POST", "/v1/people/{id}/sign-in", "sign-in", requestLimit, staff, typed(h.signIn)},
		{"POST", "/v1/people/{id}/approve", "approve", requestLimit, staff, typed(h.approve)},
		{"GET", "/v1/person", "who-am-i", requestLimit, reader, typed(h.whoAmI)},
		{"POST", "/v1/person/lock", "lock", requestLimit, staff, typed(h.lock)},
		{"POST", "/v1/login", "login", requestLimit, anyone, typed(h.login)},
		{"POST", "/v1/logout", "logout", requestLimit, anyone, typed(h.logout)},

		{"POST", "/v1/orders", "place-order", requestLimit, manager, typed(h.placeOrder)},
		{"GET", "/v1/orders/{no}", "ask-order", requestLimit, manager, typed(h.askOrder)},
		{"POST", "/v1/orders/{no}/refund", "refund-order", requestLimit, manager, typed(h.refundOrder)},

		{"GET", "/v1/events", "events", none, viewer, plain(h.events)},
		{"GET", "/metrics", "metrics", requestLimit, reader, plain(h.metrics)},
		{"GET", "/healthz", "health", requestLimit, anyone, typed(h.health)},
		{"GET", "/problems/{type}", "", requestLimit, anyone, plain(h.problemPage)},
		{"GET", "/authority", "", requestLimit, anyone, plain(h.authorityPage)},
		{"GET", "/authority.pem", "", requestLimit, anyone, plain(h.authorityFile)},
		{"GET", "/openapi.json", "", requestLimit, anyone, plain(h.description)},
	}, h.pages()...)
}

// server puts a route's handler where requests find it.
type server func(mux *http.ServeMux, a huma.API, op huma.Operation)

// typed is a handler whose request and answer are described by their types.
func typed[In, Out any](do func(context.Context, *In) (*Out, error)) server {
	return func(_ *http.ServeMux, a huma.API, op huma.Operation) { huma.Register(a, op, do) }
}

// plain is a handler that reads and writes by itself; what op says of it is all
// that the description has.
func plain(do http.HandlerFunc) server {
	return func(mux *http.ServeMux, a huma.API, op huma.Operation) {
		mux.Handle(op.Method+" "+op.Path, do)
		if op.OperationID != "" {
			a.OpenAPI().AddOperation(&op)
		}
	}
}

// pattern is the mux's own name of a route.
func (r route) pattern() string { return r.method + " " + r.path }

// operation is what huma is told of a route, besides words of it.
func (r route) operation(words huma.Operation) huma.Operation {
	words.OperationID, words.Method, words.Path = r.id, r.method, r.path
	words.BodyReadTimeout = -1 // the guard has read the body, and set the limit
	words.MaxBodyBytes = r.maxBody() + 1
	return words
}

// methods lists the methods that the table has for a path, as the header Allow does.
func (h *handlers) methods(mux *http.ServeMux, r *http.Request) string {
	var methods []string
	for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete} {
		other := r.Clone(r.Context())
		other.Method = method
		if _, pattern := mux.Handler(other); h.table[pattern].serve != nil {
			methods = append(methods, method)
		}
	}
	if slices.Contains(methods, http.MethodGet) {
		methods = slices.Insert(methods, 1, http.MethodHead)
	}
	if len(methods) > 0 {
		methods = append(methods, http.MethodOptions)
	}
	return strings.Join(methods, ", ")
}
