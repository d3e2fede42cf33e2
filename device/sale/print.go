package sale

// PrintForm says what a print job of the shop's own is made of.
type PrintForm string

// Forms of print.
const (
	PrintText  PrintForm = "text"   // lines, in UTF-8
	PrintRaw   PrintForm = "escpos" // the printer's own commands
	PrintImage PrintForm = "image"  // a picture as wide as the paper
	PrintTest  PrintForm = "test"   // what shows whether the printer's settings fit it
)

// Print is something of the shop's own to print: no receipt of posd's.
type Print struct {
	Job       string // ULID of the print job
	Form      PrintForm
	Data      []byte
	Duplicate bool // it may have come out before, and says so
}

// PrintData is what an EventRow about a print of the shop's own carries.
type PrintData struct {
	Job   string    `json:"job"`
	Form  PrintForm `json:"form"`
	By    string    `json:"by,omitempty"`
	Words string    `json:"words,omitempty"` // what the printer says
	Acted
}
