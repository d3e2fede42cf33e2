package api

import (
	"maps"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"posd/device/books"
	"posd/device/sale"
)

// operations say, by operationId, what the description tells of each route: all
// but who may ask, where and for how long, which is in the table.
func operations(schema schemaOf) map[string]huma.Operation {
	all := map[string]huma.Operation{}
	for _, some := range []map[string]huma.Operation{saleWords(schema), returnWords(), dayWords(schema), orderWords(), counterWords(), tokenWords(), peopleWords(), streamWords(schema)} {
		maps.Copy(all, some)
	}
	return all
}

// saleWords tell what is about sales.
func saleWords(schema schemaOf) map[string]huma.Operation {
	return map[string]huma.Operation{
		"sell": {DefaultStatus: http.StatusCreated,
			Summary: "Take one payment", Description: "Answers as soon as the intent is stored: 201 and the sale, usually `waiting`; 200 when the key was seen before. Follow it with `GET /v1/sales/{id}?wait=30s` or on the stream. Method scan without authCode waits up to 60 s for the next code of the counter's own scanner, if it has one; nothing is stored before.",
			Errors: []int{400, 409, 415, 422, 503}},
		"list-sales": {Summary: "Sales, newest first", Description: "In pages: the header Link names the next one. Filters are joined by and.", Errors: []int{422},
			Responses: map[string]*huma.Response{"200": {Description: "A page of sales.", Content: map[string]*huma.MediaType{
				"application/json":  {Schema: schema([]sale.Sale{})},
				"application/jsonl": {Schema: &huma.Schema{Type: huma.TypeString, Description: "One sale a line."}},
				"text/csv":          {Schema: &huma.Schema{Type: huma.TypeString, Description: "One sale a row, below a row of names."}},
			}}}},
		"sales-sheet": {Summary: "Sales as a file for a spreadsheet", Description: "For people: all that the filters let through, newest first, at most 50,000; amounts with their point, times of the shop's clock.", Errors: []int{422, 503},
			Responses: map[string]*huma.Response{"200": {Description: "The file.", Content: map[string]*huma.MediaType{
				"text/csv": {Schema: &huma.Schema{Type: huma.TypeString, Description: "One sale a row, below a row of names."}},
			}}}},
		"get-sale": {Summary: "One sale as it stands", Errors: []int{404, 422, 503}},
		"cancel": {DefaultStatus: http.StatusAccepted,
			Summary: "Wish a sale cancelled", Description: "A wish, not a state: 202. A card sale ends by the terminal's own answer; a wallet sale whose code was shown is given up and still watched.",
			Errors: []int{404, 409, 503}},
		"complete": {DefaultStatus: http.StatusCreated,
			Summary: "Take what an authorisation holds", Description: "The sale named must be an approved one of kind auth. Makes a sale of kind complete, once: an authorisation is released by its void.",
			Errors: []int{400, 404, 409, 415, 422, 503}},
		"tip": {DefaultStatus: http.StatusNoContent,
			Summary: "Say what tip the customer chose", Description: "While the customer's screen asks for one (`tip`), the sale waits and nothing of it was sent. The first answer counts; after `tip_wait` without one the sale goes on without a tip.",
			Errors: []int{404, 409, 415, 422, 503}},
		"print": {DefaultStatus: http.StatusAccepted,
			Summary: "Print the receipt again, marked as a duplicate", Errors: []int{404, 409, 503}},
		"get-receipt": {Summary: "The receipt as text or picture", Errors: []int{404, 422, 503},
			Responses: map[string]*huma.Response{"200": {Description: "The customer's receipt.", Content: map[string]*huma.MediaType{
				"text/plain": {Schema: &huma.Schema{Type: huma.TypeString, Description: "The receipt, line by line."}},
				"image/png":  {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary", Description: "The receipt as it is printed."}},
			}}}},
	}
}

// returnWords tell what gives money back or is a person's word on a sale.
func returnWords() map[string]huma.Operation {
	return map[string]huma.Operation{
		"refund": {DefaultStatus: http.StatusCreated,
			Summary: "Give money back", Description: "Answers as soon as the intent is stored; the movement goes on by itself.", Errors: []int{400, 404, 409, 415, 422, 503}},
		"void": {DefaultStatus: http.StatusCreated,
			Summary: "Undo a card sale while its batch is open", Description: "Answers as soon as the intent is stored; the movement goes on by itself.", Errors: []int{400, 404, 409, 415, 422, 503}},
		"keep": {Summary: "Keep a late payment", Description: "Stops the automatic refund of a customer who paid after all, while its movement has `keepUntil`.", Errors: []int{404, 409, 415, 422, 503}},
		"return": {DefaultStatus: http.StatusCreated,
			Summary: "Give money to a card without a sale it came from", Description: "Makes a sale of kind return, which is paid when the terminal has given the money. IOTPay cannot be told of it: it stands on the day's list of what is entered there by hand. Where there is a sale, refund that one.",
			Errors: []int{400, 409, 415, 422, 503}},
		"resolve":   {Summary: "Say how a sale ended that posd cannot tell", Description: "Possible only while the sale asks for it (`attention`).", Errors: []int{404, 409, 415, 422, 503}},
		"seen":      {Summary: "Put away how an unsure sale ended", Description: "Until then it stands in the snapshot's `outcomes`, over every restart. Repeating it does no harm.", Errors: []int{404, 415, 422, 503}},
		"corrected": {Summary: "Say that a sale was corrected at the gateway by hand", Description: "Of a card sale whose void, return or report cannot be sent; who said so is stored.", Errors: []int{404, 409, 415, 422, 503}},
		"upload": {Summary: "Say what became of an offline approval", Description: "confirmed lets its report go to the gateway; refused makes it an incident, as the customer has not paid.",
			Errors: []int{404, 409, 415, 422, 503}},
	}
}

// dayWords tell days, their reports, and the journal.
func dayWords(schema schemaOf) map[string]huma.Operation {
	return map[string]huma.Operation{
		"report": {Summary: "A business day summed up",
			Description: "Of a date, the interim (X) report: it closes nothing, and compares nothing with the terminal or the gateway; a sale counts on the day it was asked for, a refund or void on the day that was asked for. Of a number, the closing (Z) report as it was at the close.",
			Errors:      []int{404, 422, 503},
			Responses: map[string]*huma.Response{"200": {Description: "The report.", Content: map[string]*huma.MediaType{
				"application/json": {Schema: schema(books.Books{})},
				"text/plain":       {Schema: &huma.Schema{Type: huma.TypeString, Description: "For people, in lines of 56 characters."}},
				"text/csv":         {Schema: &huma.Schema{Type: huma.TypeString, Description: "For spreadsheets: one row for each line and one for each sale that a line names."}},
			}}}},
		"list-days":    {Summary: "The business days closed in a month, and how the three books agree", Errors: []int{422, 503}},
		"print-report": {Summary: "Print a day's report, between two receipts", Errors: []int{404, 409, 422, 503}},
		"close-day": {Summary: "Close the business day",
			Description: "Has the terminal settle its batch, sums up what ended since the last close, compares it with the batch and with the gateway, and writes the closing (Z) report down for ever. " +
				"It answers when that is done, which may take minutes; nothing is sold meanwhile. When the terminal does not settle, the day stays open. Whoever does not wait finds the report as `GET /v1/reports/z12`.",
			Errors: []int{409, 415, 422, 503},
			Responses: map[string]*huma.Response{"200": {Description: "The closing report.", Content: map[string]*huma.MediaType{
				"application/json": {Schema: schema(books.Books{})},
			}}}},
		"prune": {DefaultStatus: http.StatusAccepted,
			Summary: "Take the details of old sales out of the journal",
			Description: "Card fields, words, events and print jobs leave. Number, bill, amounts, state, times, keys and references stay for ever, and so does all of a sale " +
				"that is open, not reported, an incident, or whose refund has not ended, and of business days that are not closed. Stopped half way, the rest is done by the next one.",
			Errors: []int{409, 415, 422}},
		"pruned": {Summary: "How far that is", Errors: []int{404}},
	}
}

// orderWords tell the orders past the till.
func orderWords() map[string]huma.Operation {
	const keys = "Asked once, never repeated by posd itself. The number follows from the key. Answers are remembered for this run of posd only, the latest 256 keys: a repeated key gets the first answer (200). After a restart a repeated key makes the same number, which the gateway refuses to take twice. Make keys that nobody else makes, such as UUIDs. 504 (`unsure`) names the number to ask after: do not ask for the same money under another key before you know. "
	return map[string]huma.Operation{
		"place-order": {DefaultStatus: http.StatusCreated,
			Summary: "Place an order past the till", Description: notSales + keys + "202: a MICROPAY order was placed, which proves no payment: ask after it.",
			Responses: map[string]*huma.Response{"201": {Description: "The gateway took the order."}},
			Errors:    []int{400, 404, 409, 415, 422, 503, 504}},
		"ask-order": {Summary: "Ask the gateway what became of an order", Description: notSales + "503 and 504 say nothing about the order: ask again in a while.",
			Errors: []int{404, 409, 422, 503, 504}},
		"refund-order": {DefaultStatus: http.StatusCreated,
			Summary: "Give money of a paid order back", Description: notSales + keys + "The gateway is asked first whether the refund exists, so that after a 504 the same key may be tried again. An order that belongs to a sale of the till is refused: refund the sale.",
			Responses: map[string]*huma.Response{"201": {Description: "The money was given back."}},
			Errors:    []int{400, 404, 409, 415, 422, 503, 504}},
	}
}

// counterWords tell the counter rather than one sale.
func counterWords() map[string]huma.Operation {
	return map[string]huma.Operation{
		"show": {DefaultStatus: http.StatusNoContent,
			Summary: "Show a bill or a line of text to the customer", Description: "What a sale shows comes first, its thanks excepted; an empty request brings the welcome back.",
			Errors: []int{409, 415, 422}},
		"print-own": {DefaultStatus: http.StatusCreated,
			Summary: "Print something of the shop's own", Description: "Text, a picture, or the printer's own commands, between two receipts. It waits for paper as a receipt does; one that a restart finds unfinished comes again, marked as a duplicate. Events print.asked, print.waits, print.done and print.failed tell of it.",
			Responses: map[string]*huma.Response{"201": {Description: "The print is stored and in the printer's queue."}},
			Errors:    []int{400, 409, 413, 415, 422, 503}},
		"get-print": {Summary: "How a print of the shop's own stands", Errors: []int{404, 422, 503}},
		"open-drawer": {DefaultStatus: http.StatusAccepted,
			Summary: "Open the cash drawer", Description: "Who asked is stored before the pulse is sent, and then what became of it; a pulse is never sent twice. 202: it was sent; whether the drawer opened is for eyes.",
			Errors: []int{409, 415, 422, 503}},
		"devices": {Summary: "How the devices are"},
		"queue":   {Summary: "Card sales that the gateway must still be told of"},
		"retry":   {Summary: "Put a report that was set aside back into the queue", Errors: []int{404, 409}},
		"health":  {Summary: "Whether the till answers", Errors: []int{503}},
	}
}

// tokenWords tell who may ask.
func tokenWords() map[string]huma.Operation {
	return map[string]huma.Operation{
		"list-tokens": {Summary: "Every token that was ever made, the newest first"},
		"create-token": {DefaultStatus: http.StatusCreated, Summary: "Make a token",
			Description: "From the first token on, every request over TCP needs one. The token itself is told in this answer and kept nowhere.",
			Errors:      []int{409, 415, 422, 503}},
		"revoke-token": {Summary: "Revoke a token", Description: "At once, log-ins with it included. The door stays closed when the last one is revoked: the unix socket remains.",
			Errors: []int{404, 409, 503}},
		"login": {Summary: "Log a page in", Description: "Gives the page the rights of a token, by a cookie that no script can read, for 12 hours or until posd stops.",
			Errors: []int{401, 409, 415, 422}},
		"logout": {DefaultStatus: http.StatusNoContent, Summary: "Log a page out"},
	}
}

// peopleWords tell who works here.
func peopleWords() map[string]huma.Operation {
	return map[string]huma.Operation{
		"list-people": {Summary: "Everybody who works here, or did"},
		"add-person": {DefaultStatus: http.StatusCreated, Summary: "Add a person",
			Description: "From the first person on, giving money back, the drawer, the close of the day and settings take a person's right on pages. Selling never asks for a PIN.",
			Errors:      []int{403, 409, 415, 422, 503}},
		"set-pin":       {Summary: "Give a person another PIN", Errors: []int{403, 404, 409, 415, 422, 503}},
		"remove-person": {Summary: "Remove a person", Description: "At once, wherever the person is signed in. The name stays in the journal.", Errors: []int{403, 404, 409, 503}},
		"sign-in": {Summary: "Sign a person in at a page", Description: "Who was signed in there before is not any more. At most 5 wrong PINs in 5 minutes for one person, then 429.",
			Errors: []int{403, 404, 409, 415, 422, 429, 503}},
		"approve": {Summary: "Let one request through on somebody's right",
			Description: "For a request that was refused as `pin-needed`: send it again with the header `Posd-Approval` and the same Idempotency-Key. It counts for this one request, for a minute.",
			Errors:      []int{403, 404, 409, 415, 422, 429, 503}},
		"who-am-i": {Summary: "Who is signed in at this page"},
		"lock":     {Summary: "Ask for a PIN from now on", Description: "It sells on in the same person's name."},
	}
}

// streamWords tell what is served without a type of its own.
func streamWords(refer schemaOf) map[string]huma.Operation {
	return map[string]huma.Operation{
		"events": {Summary: "Everything that happens, as it happens",
			Description: "Server-sent events. A new stream begins with `snapshot`; then `sale`, `screen` and `queue` tell how things are (live, without id) and `event` what was stored (with its id). " +
				"`Last-Event-ID` resumes: every event stored since, then a snapshot. Comments are signs of life. A client that does not keep up is closed.",
			Parameters: []*huma.Param{{Name: "Last-Event-ID", In: "header", Description: "The last id seen.", Schema: &huma.Schema{Type: huma.TypeInteger, Description: "Sequence number of a stored event."}}},
			Responses: map[string]*huma.Response{
				"200": {Description: "The stream; the data of each event is JSON by the event's name.", Content: map[string]*huma.MediaType{"text/event-stream": {Schema: &huma.Schema{
					Description: "By event: snapshot, sale, screen, queue, event.",
					OneOf:       []*huma.Schema{refer(SnapshotView{}), refer(sale.Sale{}), refer(ScreenView{}), refer(Queue{}), refer(EventView{})}}}}},
				"default": {Description: "Error", Content: map[string]*huma.MediaType{"application/problem+json": {Schema: refer(Problem{})}}},
			}},
		"metrics": {Summary: "Counters for Prometheus",
			Responses: map[string]*huma.Response{"200": {Description: "Prometheus text format.", Content: map[string]*huma.MediaType{"text/plain": {Schema: &huma.Schema{Type: huma.TypeString, Description: "One metric per line."}}}}}},
	}
}
