package main

import (
	"context"
	"fmt"

	"posd/device/sale"
	"posd/printer"
)

// paper is the receipt printer as the till knows it.
type paper struct{ *printer.Printer }

// wallets are the names that a code's paper bears.
var wallets = map[sale.Method]string{sale.WeChat: "WECHAT PAY", sale.Alipay: "ALIPAY", sale.UnionPay: "UNIONPAY"}

// PrintCode prints a wallet's code on a slip of its own.
func (p paper) PrintCode(ctx context.Context, s sale.Screen) sale.PrintResult {
	rows := []printer.SlipRow{{Label: wallets[s.Method], Value: fmt.Sprintf("%s %s", s.Currency, s.Amount), Strong: true}}
	if s.Until != nil {
		rows = append(rows, printer.SlipRow{Label: "UNTIL", Value: s.Until.In(p.Layout().Zone).Format("15:04:05")})
	}
	return p.PrintSlip(ctx, string(s.Sale), printer.Slip{Title: wallets[s.Method], Parts: []printer.SlipPart{{Heading: string(s.Sale), Rows: rows}}, Code: s.Code})
}
