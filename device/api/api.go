package api

import (
	"context"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"posd/device"
	"posd/device/books"
	"posd/device/sale"
)

// Till is what the API asks of the till; *device.Till is one. Its promises
// stand there.
type Till interface {
	Ready() <-chan struct{}
	Alive(ctx context.Context) error

	Sell(ctx context.Context, r device.SellRequest) (s sale.Sale, replayed bool, err error)
	Cancel(ctx context.Context, id sale.ID) (sale.Sale, error)
	Refund(ctx context.Context, r device.GiveBackRequest) (s sale.Sale, movement string, replayed bool, err error)
	Void(ctx context.Context, r device.GiveBackRequest) (s sale.Sale, movement string, replayed bool, err error)
	Tip(ctx context.Context, id sale.ID, tip sale.Amount) (sale.Sale, error)
	Keep(ctx context.Context, id sale.ID, by string) (sale.Sale, error)
	Resolve(ctx context.Context, r device.ResolveRequest) (sale.Sale, error)
	Uploaded(ctx context.Context, id sale.ID, u sale.Upload, by, why string) (sale.Sale, error)
	Seen(ctx context.Context, id sale.ID, by string) (sale.Sale, error)
	Corrected(ctx context.Context, id sale.ID, by, why string) (sale.Sale, error)
	Print(ctx context.Context, id sale.ID) (sale.Job, error)
	PrintOwn(ctx context.Context, r device.PrintRequest) (j sale.Job, replayed bool, err error)
	PrintJob(ctx context.Context, id string) (sale.Job, error)
	AwaitPrint(ctx context.Context, id string) (sale.Job, error)
	Display(ctx context.Context, items []sale.Item, message string, choose bool) error

	Sale(ctx context.Context, id sale.ID) (sale.Sale, error)
	Sales(ctx context.Context, f sale.Filter) ([]sale.Sale, error)
	Queue(ctx context.Context) (device.QueueView, error)
	Retry(ctx context.Context, no string) (int, error)
	Events(ctx context.Context, after int64, limit int) ([]sale.StoredEvent, error)
	Snapshot(ctx context.Context) (device.Snapshot, error)
	Day(ctx context.Context, from, to time.Time) (books.Books, error)
	CloseDay(ctx context.Context, r device.CloseRequest) (books.Books, error)
	ClosedDay(ctx context.Context, no int) (books.Books, error)
	ClosedOn(ctx context.Context, date string) ([]int, error)
	OpenDrawer(ctx context.Context, by string) error
}

// Options are what the API needs besides the till. A nil func means that the
// thing is not there and is answered with words; Subscribe and Log are needed.
type Options struct {
	Log *slog.Logger
	// Subscribe begins a subscription to the till's messages. The channel is
	// closed when the subscriber does not keep up; end gives it back.
	Subscribe func() (messages <-chan device.Message, end func())
	// Matrix draws the QR of a text: m[y][x], true is dark, no quiet zone.
	Matrix func(text string) ([][]bool, error)
	// Devices tells how the devices are.
	Devices func(ctx context.Context) []device.DeviceStatus
	// ReceiptText and ReceiptPNG show the customer's receipt of a sale; a sale
	// that does not exist is sale.ErrNotFound.
	ReceiptText func(ctx context.Context, id sale.ID) (string, error)
	ReceiptPNG  func(ctx context.Context, id sale.ID) ([]byte, error)
	// Calendar is the shop's business days.
	Calendar sale.Calendar
	// PrintBooks prints a day's report between two receipts.
	PrintBooks func(ctx context.Context, b books.Books) (sale.PrintResult, error)
	// Scan waits for the next code that the counter's own scanner reads, until ctx
	// ends. Its errors wrap ErrNoCode, ErrNoScanner or ctx's.
	Scan func(ctx context.Context) (sale.Secret, error)
	// Orders is the gateway's General Order API.
	Orders Orders
	// Prune is the housekeeping of the journal.
	Prune Prune
	// Tokens let callers in over TCP; nil lets in every program of the box.
	Tokens Tokens
	// People are who works here; nil for a shop that names nobody.
	People People
	// Hosts are the names by which posd may be asked besides loopback and the
	// address of its own listener; Origins the other pages that may ask, as
	// browsers write them.
	Hosts, Origins []string
	// Authority is the certificate, in PEM, that tablets must learn to trust; nil for none.
	Authority func() []byte
	// Lent are the receipts that customers fetch by a code on the glass; nil for a shop
	// that lends none.
	Lent *Lent
	// Metrics answers GET /metrics.
	Metrics http.Handler
	// Clock is time.Now when nil.
	Clock func() time.Time
	// KeepAlive is the pause between signs of life on a quiet stream, 5 s when 0.
	// A page takes posd for gone after two and a half of them.
	KeepAlive time.Duration

	Version  string        // of posd; a page of another version loads itself again
	Shop     string        // the shop's name on the pages
	Currency string        // three letters
	Language sale.Language // of the pages until the customer's card says otherwise
	Methods  []sale.Method // what can be taken here, in the order of the buttons
	TimeZone string        // of the shop, an IANA name
	Pages    Pages         // how the pages behave
	Coin     sale.Amount   // the smallest one, to which cash is rounded; 0: no cash is taken
}

// handlers holds what every operation needs.
type handlers struct {
	till Till
	Options
	table    map[string]route         // by the mux's pattern
	serves   map[string]func() served // by the same
	openapi  func() ([]byte, error)   // the description
	codes    codes                    // the last QR drawn
	streams  chan struct{}            // one place per stream
	waits    chan struct{}            // one place per request that waits for a sale
	listing  chan struct{}            // one place per caller who waits for a list
	lists    chan struct{}            // one place per list being read and sent
	settling settling
	scanning chan struct{}      // the one place of who waits for a scan
	sessions sessions[string]   // the log-ins of pages, by the hash of their token
	signed   sessions[signing]  // who is signed in at them
	approved sessions[approval] // words for one request each

	shares shares // so that no client takes every place

	orderRuns orderRuns // what was asked past the till
}

// maxLong bounds the streams open at once, and the requests that wait for a sale.
const maxLong = 64

// New returns the handler for everything posd serves. It starts nothing.
func New(till Till, o Options) http.Handler {
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.KeepAlive <= 0 {
		o.KeepAlive = 5 * time.Second
	}
	if o.Methods == nil {
		o.Methods = slices.Clone(sale.Methods)
	}
	h := &handlers{till: till, Options: o, streams: make(chan struct{}, maxLong), waits: make(chan struct{}, maxLong),
		listing: make(chan struct{}, maxListing), lists: make(chan struct{}, maxLists), scanning: make(chan struct{}, 1)}
	h.codes.draw = o.Matrix

	adoptProblems()
	mux := http.NewServeMux()
	h.table, h.serves = map[string]route{}, map[string]func() served{}
	words := sync.OnceValue(func() map[string]huma.Operation { return operations(unsaid) })
	for _, r := range h.routes() {
		ready := sync.OnceValue(func() served { return h.serve(r, words()[r.id]) })
		h.table[r.pattern()], h.serves[r.pattern()] = r, ready
		mux.HandleFunc(r.pattern(), func(w http.ResponseWriter, req *http.Request) { ready().ServeHTTP(w, req) })
	}
	mux.HandleFunc("/", h.nothingHere(mux))
	h.openapi = sync.OnceValues(h.describe)
	return h.guard(mux)
}

// served is a route that answers.
type served struct {
	http.Handler
	expected
	described bool
}

// serve makes a route ready to answer. Its types are looked through when the first request
// comes: a start does not wait for schemas, and what nobody asks for takes no memory.
func (h *handlers) serve(r route, words huma.Operation) served {
	mux := http.NewServeMux()
	a := humago.New(mux, h.described())
	r.serve(mux, a, r.operation(words))
	constrain(a.OpenAPI())
	e, described := expectations(a.OpenAPI())[r.pattern()]
	return served{mux, e, described}
}

// described is the configuration of what answers, and of what describes it.
func (h *handlers) described() huma.Config {
	c := huma.DefaultConfig("posd", h.Version)
	c.Info.Description = "The point of sale on this counter. Amounts are whole cents, times RFC 3339 UTC. " +
		"Errors are application/problem+json (RFC 9457) whose detail is a sentence for the cashier and whose type has a page at /problems/TYPE. " +
		"What is under /v1 only grows: members, parameters, operations, problem types, reasons and event kinds are added, so pass over those you do not know; " +
		"none is taken away, renamed or given another meaning. What cannot be done so becomes /v2, and /v1 stays for a year of releases."
	c.OpenAPIPath, c.DocsPath, c.SchemasPath, c.CreateHooks = "", "", "", nil // no page from elsewhere, no $schema members
	return c
}

// nothingHere answers what no pattern of mux matches: 405 when another method
// would, 404 otherwise.
func (h *handlers) nothingHere(mux *http.ServeMux) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if methods := h.methods(mux, r); methods != "" {
			w.Header().Set("Allow", methods)
			if r.Method == http.MethodOptions {
				w.WriteHeader(http.StatusNoContent)
				return
			}
			writeProblem(w, problem(http.StatusMethodNotAllowed, "wrong-method",
				r.Method+" is not possible at "+r.URL.Path+": use "+methods+"."))
			return
		}
		writeProblem(w, problem(http.StatusNotFound, "not-found",
			"There is nothing at "+r.URL.Path+". What there is stands in /openapi.json."))
	}
}
