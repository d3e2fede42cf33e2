package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"posd/device/books"
	"posd/device/sale"
)

const (
	perDay    = 500
	perCommit = 10
	currency  = "CAD"
	billForm  = "years-%d"
)

// opened is when the first day began.
var opened = time.Date(2020, 6, 1, 8, 0, 0, 0, time.UTC)

func billOf(i int) string { return fmt.Sprintf(billForm, i) }

// nth is the sale with that number, as it stands years later.
func nth(i int) sale.Sale {
	at := opened.AddDate(0, 0, i/perDay).Add(time.Duration(i%perDay) * 100 * time.Second)
	end := at.Add(20 * time.Second)
	v := sale.Sale{
		ID: sale.ID(fmt.Sprintf("01%024d", i)), Reference: billOf(i), Amount: sale.Amount(500 + i*7919%20000), Currency: currency, Method: methodOf(i), Kind: sale.CardSale,
		State: sale.Paid, CreatedAt: at, FinalAt: &end, Day: i/perDay + 1, Printed: sale.PrintDone, Reported: sale.ReportNotNeeded,
	}
	switch {
	case v.Method == sale.Card:
		card(&v, i)
	case v.Method.Wallet():
		v.ChannelID, v.MchOrderNo, v.PayOrderID = sale.Channel("WX_NATIVE"), fmt.Sprintf("02%024d", i), fmt.Sprintf("P%025d", i)
		v.Attempts = []sale.Attempt{{Ref: v.MchOrderNo, State: sale.AttemptPaid, StartedAt: at}}
	default:
		v.Given = v.Amount
	}
	v.ApprovedAmount = v.Amount
	switch i % 100 {
	case 33, 66:
		v.State, v.Printed, v.ApprovedAmount, v.Words = sale.Declined, sale.PrintNone, 0, "DECLINED"
	case 99:
		v.State, v.Printed, v.ApprovedAmount, v.Reason = sale.Cancelled, sale.PrintNone, 0, sale.Reason("cancelled")
	case 50:
		v.Refunds = []sale.Movement{{ID: fmt.Sprintf("04%024d", i), Kind: sale.Refund, Amount: v.Amount / 2, State: sale.MovementDone, By: "a cashier",
			Why: "goods came back", CreatedAt: end, FinalAt: &end, Day: v.Day}}
	}
	if v.State != sale.Paid {
		v.Given, v.Reported = 0, sale.ReportNotNeeded
		for k := range v.Attempts {
			v.Attempts[k].State = sale.AttemptEnded
		}
	}
	return v
}

func methodOf(i int) sale.Method {
	switch k := i * 31 % 100; {
	case i%5000 == 17:
		return sale.Scan
	case k < 60:
		return sale.Card
	case k < 80:
		return sale.WeChat
	case k < 89:
		return sale.Alipay
	case k < 90:
		return sale.UnionPay
	}
	return sale.Cash
}

func card(v *sale.Sale, i int) {
	v.ChannelID, v.MchOrderNo, v.Reported = sale.CCPax, fmt.Sprintf("02%024d", i), sale.ReportDone
	v.Attempts = []sale.Attempt{{Ref: fmt.Sprintf("%016d", i), State: sale.AttemptPaid, StartedAt: v.CreatedAt}}
	v.Card = &sale.CardInfo{
		Type: "VISA", Number: fmt.Sprintf("XXXXXXXXXXXX%04d", i*13%10000), Entry: sale.EntryChip, Label: "VISA CREDIT", AID: "A0000000031010",
		TVR: "0080008000", TSI: "6800", Cryptogram: "ARQC: 3D36ACBD44BE512B", CVM: "pin", AuthCode: fmt.Sprintf("%06d", i%1000000), HostCode: "00", HostText: "APPROVED",
		Reference: fmt.Sprintf("%012d", i), Batch: fmt.Sprint(v.Day), Invoice: fmt.Sprint(i % perDay), Transaction: fmt.Sprint(i % perDay),
		TerminalID: "12345678", Serial: "1850000001", TerminalTime: v.CreatedAt.Format("20060102150405"),
	}
}

// rowsOf are the rows of a sale.
func rowsOf(i int, v sale.Sale) []sale.Row {
	end := *v.FinalAt
	rows := []sale.Row{
		sale.SaleRow{Sale: v},
		sale.KeyRow{Key: fmt.Sprintf("key-of-%d", i), Digest: strings.Repeat("0", 64), Sale: v.ID, At: v.CreatedAt},
		sale.EventRow{At: v.CreatedAt, Sale: v.ID, Kind: "sale.intended", Data: sale.EventData{State: sale.Waiting}},
		sale.EventRow{At: end, Sale: v.ID, Kind: "sale." + string(v.State), Data: sale.EventData{State: v.State}},
	}
	if v.Printed == sale.PrintDone {
		rows = append(rows, sale.JobRow{Job: sale.Job{ID: fmt.Sprintf("03%024d", i), Sale: v.ID, Copy: sale.CustomerCopy, State: sale.PrintDone, At: end}})
	}
	return rows
}

// closing is the row of a closed day, with its report.
func closing(day int) (sale.Row, error) {
	all := func(yield func(sale.Sale) bool) {
		for i := day * perDay; i < (day+1)*perDay && yield(nth(i)); i++ {
		}
	}
	last := nth((day+1)*perDay - 1).FinalAt.Add(time.Minute)
	d := sale.Day{No: day + 1, Date: opened.AddDate(0, 0, day).Format(time.DateOnly), ClosedAt: last, By: "a manager"}
	if day > 0 {
		d.OpenedAt = nth(day*perDay - 1).FinalAt.Add(time.Minute)
	}
	var err error
	d.Books, err = json.Marshal(books.SumClosing(sale.GatherDay{No: d.No, Date: d.Date, Opened: d.OpenedAt, By: d.By}, last, currency, all))
	return sale.DayRow{Day: d}, err
}
