package printer_test

import (
	"flag"
	"time"

	"posd/device/sale"
	"posd/printer"
)

var update = flag.Bool("update", false, "write the golden files anew")

// at is when every sale of the tests was made.
var at = time.Date(2026, 11, 21, 19, 3, 22, 0, time.UTC)

// montreal stands for the shop's zone without needing zone files.
var montreal = time.FixedZone("EST", -5*3600)

func testConfig() printer.Config {
	c := printer.Defaults()
	c.Zone = montreal
	c.Shop = printer.Shop{
		Name:         "Café Saint-Laurent",
		Address:      []string{"4520, boul. Saint-Laurent", "Montréal QC  H2T 1R3", "514 555-0142"},
		TaxNumber:    "123456789 RT0001",
		ReturnPolicy: "Returns within 30 days with this receipt. Les retours sont acceptés dans les 30 jours.",
		Footer:       []string{"Merci, à bientôt!"},
	}
	c.Matrix = checkers
	return c
}

// checkers is a pattern the size of a code, for tests that look at geometry only.
func checkers(text string) ([][]bool, error) {
	code := make([][]bool, 25)
	for y := range code {
		code[y] = make([]bool, 25)
		for x := range code[y] {
			code[y][x] = y == 0 || x == 0 || (x+y)%2 == 0
		}
	}
	return code, nil
}

func cardSale() sale.Sale {
	final := at.Add(20 * time.Second)
	return sale.Sale{
		ID: "01KAK3V7Q2M8R4T6W9XBCDEFGH", Reference: "B-1042", Amount: 2865, Currency: "CAD", Method: sale.Card, ChannelID: sale.CCPax,
		State: sale.Paid, CreatedAt: at, FinalAt: &final, ApprovedAmount: 2865,
		Card: &sale.CardInfo{
			Type: "VISA", Number: "XXXXXXXXXXXX1166", Entry: sale.EntryChip, Label: "VISA CREDIT", AID: "A0000000031010",
			TVR: "0080008000", TSI: "F800", CVM: "pin", AuthCode: "042135", HostCode: "00", HostText: "APPROVED",
			Reference: "632500000042", Batch: "012", Invoice: "000042", Transaction: "0042", TerminalID: "66012345",
			TerminalTime: "20261121140342",
		},
	}
}

func walletSale() sale.Sale {
	final := at.Add(20 * time.Second)
	return sale.Sale{
		ID: "01KAK3V7Q2M8R4T6W9XBCDEFGJ", Reference: "B-1043", Amount: 1250, Currency: "CAD", Method: sale.WeChat, ChannelID: sale.WXNative,
		State: sale.Paid, CreatedAt: at, FinalAt: &final, ApprovedAmount: 1250,
		MchOrderNo: "01KAK3V7Q2M8R4T6W9XBCDEFGK", PayOrderID: "P0020261121140342000042",
	}
}

// samples are the receipts whose goldens are kept, by name.
func samples() map[string]sale.Receipt {
	with := func(s sale.Sale, change func(*sale.Sale)) sale.Receipt {
		change(&s)
		return sale.Receipt{Job: "01KAK3V7Q2M8R4T6W9XBCDEFGZ", Sale: s, Copy: sale.CustomerCopy, At: at}
	}
	refund := func(s sale.Sale, m sale.Movement) sale.Receipt {
		m.By, m.CreatedAt = "Marie", at
		s.Refunds = []sale.Movement{m}
		return sale.Receipt{Job: "01KAK3V7Q2M8R4T6W9XBCDEFGZ", Sale: s, Movement: m.ID, Copy: sale.CustomerCopy, At: at}
	}
	merchant := func(r sale.Receipt) sale.Receipt { r.Copy = sale.MerchantCopy; return r }
	interac := func(s *sale.Sale) {
		s.Card.Type, s.Card.Account, s.Card.Label, s.Card.AID = "DEBIT", "chequing", "Interac", "A0000002771010"
	}
	tap := func(s *sale.Sale) { s.Card.Entry, s.Card.CVM = sale.EntryTap, "none" }
	sign := func(s *sale.Sale) {
		s.Card.Entry, s.Card.CVM, s.Card.AID, s.Card.Label = sale.EntrySwipe, "signature", "", ""
	}
	declined := func(s *sale.Sale) {
		s.State, s.Reason, s.ApprovedAmount = sale.Declined, sale.ReasonIssuer, 0
		s.Card.AuthCode, s.Card.HostCode, s.Card.HostText, s.Card.CVM = "", "51", "INSUFFICIENT FUNDS", ""
	}
	cardRefund := refund(cardSale(), sale.Movement{ID: "7ZK3V7Q2M8R4T6W9", Kind: sale.Refund, Amount: 1000, State: sale.MovementDone})
	// own is what the terminal says of a void or return itself.
	own := func(m sale.Movement, change func(*sale.CardInfo)) sale.Receipt {
		final := at.Add(time.Hour)
		c := sale.CardInfo{
			AuthCode: "077001", HostCode: "00", HostText: "APPROVED", Reference: "632500000057", Batch: "012", Invoice: "000057",
			Transaction: "0057", TerminalID: "66012345", TerminalTime: "20261121150207",
		}
		change(&c)
		m.Card, m.FinalAt = &c, &final
		return refund(cardSale(), m)
	}
	read := func(c *sale.CardInfo) {
		c.Type, c.Number, c.Entry, c.CVM = "VISA", "************1166", sale.EntryChip, "none"
		c.Label, c.AID, c.TVR, c.TSI, c.Cryptogram = "VISA CREDIT", "A0000000031010", "0000008000", "E800", "TC: 3D36ACBD44BE512B"
	}
	ownRefund := own(sale.Movement{ID: "7ZK3V7Q2M8R4T6W9", Kind: sale.Refund, Amount: 1000, State: sale.MovementDone}, read)
	// kind is a card transaction of another kind than a sale.
	kind := func(k sale.CardKind, change ...func(*sale.Sale)) sale.Receipt {
		return with(cardSale(), func(s *sale.Sale) {
			s.Kind, s.Card.Cryptogram = k, "TC: 3D36ACBD44BE512B"
			for _, f := range change {
				f(s)
			}
		})
	}
	aborted := func(s *sale.Sale) {
		s.State, s.Reason, s.Words, s.ApprovedAmount = sale.Cancelled, sale.ReasonAborted, "ABORTED (100002)", 0
		s.Card = &sale.CardInfo{Type: "VISA", Number: "************1166", Entry: sale.EntryTap, TerminalID: "66012345"}
	}
	held := func(s *sale.Sale) { s.Original = "01KAK2V7Q2M8R4T6W9XBCDEFGA" }
	completed := func(s *sale.Sale) { // no card is read again
		held(s)
		s.Card.Entry, s.Card.AID, s.Card.Label, s.Card.CVM, s.Card.Cryptogram = "", "", "", "", ""
	}
	heldBack := refund(cardSale(), sale.Movement{ID: "7ZK3V7Q2M8R4T6W7", Kind: sale.Void, Amount: 2865, State: sale.MovementDone})
	heldBack.Sale.Kind = sale.CardAuth
	duplicate := with(cardSale(), func(*sale.Sale) {})
	duplicate.Duplicate = true
	told := func(s *sale.Sale) { // what the request told of the bill
		s.Subtotal, s.Taxes = 2491, []sale.Tax{{Name: "GST", Amount: 125}, {Name: "QST", Amount: 249}}
		s.Items = []sale.Item{{Name: "Café au lait", Amount: 491}, {Name: "Petit déjeuner complet avec deux oeufs, jambon et pain grillé", Amount: 2000}}
	}
	cash := func(s *sale.Sale) {
		told(s)
		s.Method, s.ChannelID, s.Card = sale.Cash, "", nil
		s.Amount, s.Subtotal, s.Items[1].Amount, s.Rounding, s.ApprovedAmount, s.Given = 2866, 2492, 2001, -1, 2865, 4000
	}
	cashBack := refund(cardSale(), sale.Movement{ID: "01KAK3V7Q2M8R4T6W9XBCDEFGM", Kind: sale.Refund, Amount: 1000, State: sale.MovementDone})
	cash(&cashBack.Sale)
	all := map[string]sale.Receipt{
		"card-lines":              with(cardSale(), told),
		"cash":                    with(cardSale(), cash),
		"cash-refund":             cashBack,
		"card-approved":           with(cardSale(), func(*sale.Sale) {}),
		"card-approved-merchant":  merchant(with(cardSale(), func(*sale.Sale) {})),
		"card-duplicate":          duplicate,
		"card-interac":            with(cardSale(), interac),
		"card-interac-flash":      with(cardSale(), func(s *sale.Sale) { interac(s); tap(s); s.Card.Account = "default" }),
		"card-tap":                with(cardSale(), tap),
		"card-signature":          with(cardSale(), sign),
		"card-signature-merchant": merchant(with(cardSale(), sign)),
		"card-extras": with(cardSale(), func(s *sale.Sale) {
			s.Tip, s.Cashback, s.Surcharge, s.ApprovedAmount = 430, 2000, 69, 2865+430+2000+69
		}),
		"card-offline":           with(cardSale(), func(s *sale.Sale) { s.Offline = true; s.Card.HostCode, s.Card.HostText = "", "" }),
		"card-partial":           with(cardSale(), func(s *sale.Sale) { s.ApprovedAmount, s.Due = 2000, 865 }),
		"card-declined":          with(cardSale(), declined),
		"card-declined-merchant": merchant(with(cardSale(), declined)),
		"card-cancelled":         with(cardSale(), aborted),
		"card-unsure": with(cardSale(), func(s *sale.Sale) {
			s.State, s.Reason, s.ApprovedAmount, s.FinalAt, s.Card = sale.Unsure, sale.ReasonNoAnswer, 0, nil, nil
		}),
		"card-by-hand": with(cardSale(), func(s *sale.Sale) {
			s.Card, s.Resolved = nil, &sale.Word{By: "Marie", Reason: "slip of the terminal", At: at}
		}),
		"card-refund":          cardRefund,
		"card-refund-merchant": merchant(cardRefund),
		"card-refund-refused": refund(cardSale(), sale.Movement{ID: "7ZK3V7Q2M8R4T6W9", Kind: sale.Refund, Amount: 1000,
			State: sale.MovementRefused, Words: "DECLINED (000100)"}),
		"card-void":     refund(cardSale(), sale.Movement{ID: "7ZK3V7Q2M8R4T6W8", Kind: sale.Void, Amount: 2865, State: sale.MovementDone}),
		"card-void-own": own(sale.Movement{ID: "7ZK3V7Q2M8R4T6W8", Kind: sale.Void, Amount: 2865, State: sale.MovementDone}, func(*sale.CardInfo) {}),
		"card-void-own-refused": own(sale.Movement{ID: "7ZK3V7Q2M8R4T6W8", Kind: sale.Void, Amount: 2865, State: sale.MovementRefused, Words: "DECLINED (000100)"},
			func(c *sale.CardInfo) { c.AuthCode, c.HostCode, c.HostText = "", "76", "ORIGINAL NOT FOUND" }),
		"card-refund-own":          ownRefund,
		"card-refund-own-merchant": merchant(ownRefund),
		"card-return":              kind(sale.CardReturn),
		"card-return-merchant":     merchant(kind(sale.CardReturn, sign)),
		"card-return-declined":     kind(sale.CardReturn, declined),
		"card-return-cancelled":    kind(sale.CardReturn, aborted),
		"card-auth":                kind(sale.CardAuth),
		"card-auth-merchant":       merchant(kind(sale.CardAuth, sign)),
		"card-auth-partial":        kind(sale.CardAuth, func(s *sale.Sale) { s.ApprovedAmount, s.Due = 2000, 865 }),
		"card-auth-declined":       kind(sale.CardAuth, declined),
		"card-auth-cancelled":      kind(sale.CardAuth, aborted),
		"card-auth-void":           heldBack,
		"card-complete":            kind(sale.CardComplete, completed),
		"card-complete-merchant":   merchant(kind(sale.CardComplete, completed)),
		"card-complete-declined":   kind(sale.CardComplete, completed, declined),
		"card-complete-cancelled":  kind(sale.CardComplete, held, aborted),
		"wallet-paid":              with(walletSale(), func(*sale.Sale) {}),
		"wallet-alipay-plus": with(walletSale(), func(s *sale.Sale) {
			s.Method, s.ChannelID, s.Brand = sale.Alipay, sale.AlipayQR, sale.AlipayPlus
		}),
		"wallet-unionpay-alipay-plus": with(walletSale(), func(s *sale.Sale) {
			s.Method, s.ChannelID, s.Brand = sale.UnionPay, sale.UPIQR, sale.AlipayPlus
		}),
		"wallet-paid-merchant": merchant(with(walletSale(), func(*sale.Sale) {})),
		"wallet-closed": with(walletSale(), func(s *sale.Sale) {
			s.State, s.Reason, s.ApprovedAmount, s.Method, s.ChannelID = sale.Cancelled, sale.ReasonClosed, 0, sale.Scan, sale.AlipayMicropay
		}),
		"wallet-refund": refund(walletSale(), sale.Movement{ID: "01KAK3V7Q2M8R4T6W9XBCDEFGM", Kind: sale.Refund, Amount: 1250,
			State: sale.MovementDone}),
		"wallet-refund-unsure": refund(walletSale(), sale.Movement{ID: "01KAK3V7Q2M8R4T6W9XBCDEFGM", Kind: sale.Refund, Amount: 500,
			State: sale.MovementUnsure}),
	}
	return all
}
