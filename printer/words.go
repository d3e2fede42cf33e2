package printer

import (
	"reflect"
	"strings"

	"posd/device/sale"
)

// words holds every word a receipt can say in one language. The card brands'
// own terms stand in plain capitals, as terminals print them; our own French
// words have their accents, because PAYE is not PAYÉ. What a printer's table
// lacks is folded away later.
type words struct {
	Record     string // title of a card receipt
	Receipt    string // title of a wallet receipt
	TestTitle  string
	Duplicate  string
	Customer   string // for whom the copy is
	Merchant   string
	Retain     string // last line of the customer's copy of a card receipt
	Purchase   string
	Refund     string
	Void       string
	PreAuth    string // an amount held on the card
	Completion string // and taken later
	Wallet     string
	WeChat     string
	Alipay     string
	UnionPay   string
	AnyWallet  string // a scanned code whose wallet is not known
	DateTime   string
	Bill       string // the shop's own number of the bill
	SaleNo     string // posd's number
	OrderNo    string // ours at the gateway
	GatewayNo  string // the gateway's
	RefundNo   string
	Original   string // the sale a refund or void belongs to
	By         string // who gave a refund back
	Card       string
	CardNumber string
	Account    string
	Chequing   string
	Savings    string
	Flash      string
	Entry      string
	Chip       string
	Tap        string
	Swiped     string
	Manual     string
	Reference  string
	Retrieval  string
	Terminal   string
	Auth       string
	Invoice    string
	Amount     string
	Tip        string
	Cashback   string
	Surcharge  string
	Total      string
	Subtotal   string // before taxes
	Cash       string
	Given      string // cash handed over
	Change     string // and handed back
	Rounding   string // of cash
	Held       string // total of an amount held
	NotCharged string // said under it
	Asked      string // of a partial approval
	Due        string
	AID        string
	TVR        string
	TSI        string
	Approved   string
	Declined   string
	Incomplete string
	Partial    string
	Offline    string
	Unknown    string // the result is not known yet
	Paid       string
	NotPaid    string
	Refunded   string
	NotBack    string
	PIN        string
	NoSign     string
	Sign       string // under the signature line
	TaxNumber  string
	Resolved   string // a person's word ended it
	ScanToPay  string // on the slip with a wallet's code
	Until      string // when that code stops being shown
}

// table is every word in every language.
//
// French: RELEVE DE TRANSACTION, APPROUVEE - MERCI, TRANSACTION NON APPROUVEE
// and DEFAUT FLASH are a terminal maker's own. Every other French word waits
// for a native reader and for the processor's certification sheet; the ones
// least sure are marked (fr?). Chinese is unmarked where it is the wallets' own
// term and marked (zh?) where it is ours.
var table = map[sale.Language]words{
	sale.English: {
		Record: "TRANSACTION RECORD", Receipt: "RECEIPT", TestTitle: "PRINTER TEST",
		Duplicate: "DUPLICATE / DUPLICATA", Customer: "CUSTOMER COPY", Merchant: "MERCHANT COPY",
		Retain:   "IMPORTANT - RETAIN THIS COPY FOR YOUR RECORDS",
		Purchase: "PURCHASE", Refund: "REFUND", Void: "VOID", PreAuth: "PRE-AUTHORIZATION", Completion: "COMPLETION",
		Wallet: "WALLET", WeChat: "WECHAT PAY", Alipay: "ALIPAY", UnionPay: "UNIONPAY", AnyWallet: "SCANNED CODE",
		DateTime: "DATE/TIME", Bill: "BILL", SaleNo: "SALE", OrderNo: "ORDER", GatewayNo: "GATEWAY ORDER",
		RefundNo: "REFUND NO", Original: "ORIGINAL SALE", By: "BY",
		Card: "CARD", CardNumber: "CARD NUMBER", Account: "ACCOUNT",
		Chequing: "CHEQUING", Savings: "SAVINGS", Flash: "FLASH DEFAULT",
		Entry: "ENTRY", Chip: "CHIP", Tap: "TAP", Swiped: "SWIPED", Manual: "MANUAL",
		Reference: "REFERENCE #", Retrieval: "RETRIEVAL #", Terminal: "TERMINAL ID", Auth: "AUTH #", Invoice: "INVOICE #",
		Amount: "AMOUNT", Tip: "TIP", Cashback: "CASHBACK", Surcharge: "SURCHARGE", Total: "TOTAL",
		Asked: "AMOUNT ASKED", Due: "BALANCE DUE", Held: "AMOUNT HELD", NotCharged: "HELD ON THE CARD - NOT CHARGED",
		AID: "AID", TVR: "TVR", TSI: "TSI",
		Approved: "APPROVED - THANK YOU", Declined: "TRANSACTION NOT APPROVED", Incomplete: "TRANSACTION NOT COMPLETED",
		Partial: "PARTIAL APPROVAL", Offline: "APPROVED OFFLINE", Unknown: "RESULT NOT KNOWN YET - NOT A RECEIPT",
		Paid: "PAID", NotPaid: "NOT PAID", Refunded: "REFUNDED", NotBack: "NOT REFUNDED",
		PIN: "VERIFIED BY PIN", NoSign: "NO SIGNATURE TRANSACTION", Sign: "CARDHOLDER SIGNATURE",
		Subtotal: "SUBTOTAL", Cash: "CASH", Given: "CASH GIVEN", Change: "CHANGE", Rounding: "ROUNDING",
		TaxNumber: "TAX NO", Resolved: "RESOLVED BY HAND", ScanToPay: "SCAN TO PAY", Until: "UNTIL",
	},
	sale.French: {
		Record: "RELEVE DE TRANSACTION", Receipt: "REÇU", TestTitle: "ESSAI D'IMPRESSION", // fr?
		Duplicate: "DUPLICATA / DUPLICATE", Customer: "COPIE DU CLIENT", Merchant: "COPIE DU COMMERCANT",
		Retain:   "IMPORTANT - CONSERVEZ CETTE COPIE POUR VOS DOSSIERS",
		Purchase: "ACHAT", Refund: "REMBOURSEMENT", Void: "ANNULATION", PreAuth: "PRÉAUTORISATION", Completion: "CONCLUSION", // fr? the last; REMISE is also seen for a refund
		Wallet: "PORTEFEUILLE", WeChat: "WECHAT PAY", Alipay: "ALIPAY", UnionPay: "UNIONPAY", AnyWallet: "CODE LU", // fr?
		DateTime: "DATE/HEURE", Bill: "FACTURE", SaleNo: "VENTE", OrderNo: "COMMANDE", GatewayNo: "COMMANDE PASSERELLE", // fr? the last
		RefundNo: "NO DE REMBOURSEMENT", Original: "VENTE D'ORIGINE", By: "PAR", // fr?
		Card: "CARTE", CardNumber: "NUMERO DE CARTE", Account: "COMPTE",
		Chequing: "CHEQUE", Savings: "EPARGNE", Flash: "DEFAUT FLASH",
		Entry: "LECTURE", Chip: "PUCE", Tap: "SANS CONTACT", Swiped: "GLISSÉE", Manual: "MANUELLE", // fr?
		Reference: "NO DE REFERENCE", Retrieval: "NO DE RECUPERATION", Terminal: "NO DE TERMINAL", Auth: "NO D'AUTORISATION", Invoice: "NO DE FACTURE", // fr? the second
		Amount: "MONTANT", Tip: "POURBOIRE", Cashback: "REMISE EN ARGENT", Surcharge: "FRAIS SUPPLEMENTAIRES", Total: "TOTAL",
		Asked: "MONTANT DEMANDÉ", Due: "SOLDE À PAYER", Held: "MONTANT RETENU", NotCharged: "RETENU SUR LA CARTE - NON DÉBITÉ", // fr?
		AID: "AID", TVR: "TVR", TSI: "TSI",
		Approved: "APPROUVEE - MERCI", Declined: "TRANSACTION NON APPROUVEE", Incomplete: "TRANSACTION NON COMPLETEE",
		Partial: "APPROBATION PARTIELLE", Offline: "APPROUVEE HORS LIGNE", Unknown: "RÉSULTAT PAS ENCORE CONNU - PAS UN REÇU", // fr?
		Paid: "PAYÉ", NotPaid: "NON PAYÉ", Refunded: "REMBOURSÉ", NotBack: "NON REMBOURSÉ", // fr?
		PIN: "VERIFIEE PAR NIP", NoSign: "TRANSACTION SANS SIGNATURE", Sign: "SIGNATURE DU TITULAIRE", // fr? the last
		Subtotal: "SOUS-TOTAL", Cash: "COMPTANT", Given: "ARGENT REMIS", Change: "MONNAIE RENDUE", Rounding: "ARRONDI", // fr? the second and third
		TaxNumber: "NO DE TAXE", Resolved: "RÉGLÉE À LA MAIN", ScanToPay: "SCANNEZ POUR PAYER", Until: "JUSQU'À", // fr?
	},
	sale.ChineseSimplified: {
		Record: "交易凭条", Receipt: "收据", TestTitle: "打印机测试",
		Duplicate: "重印 / DUPLICATE", Customer: "顾客存根", Merchant: "商户存根",
		Retain:   "请妥善保管此凭条",
		Purchase: "消费", Refund: "退款", Void: "撤销", PreAuth: "预授权", Completion: "预授权完成",
		Wallet: "支付方式", WeChat: "微信支付", Alipay: "支付宝", UnionPay: "云闪付", AnyWallet: "电子钱包",
		DateTime: "日期/时间", Bill: "账单号", SaleNo: "交易号", OrderNo: "商户订单号", GatewayNo: "平台订单号",
		RefundNo: "退款单号", Original: "原交易号", By: "经办人",
		Card: "卡种", CardNumber: "卡号", Account: "账户",
		Chequing: "支票账户", Savings: "储蓄账户", Flash: "默认账户", // zh?
		Entry: "读卡方式", Chip: "芯片", Tap: "非接触", Swiped: "刷卡", Manual: "手工输入",
		Reference: "参考号", Retrieval: "检索号", Terminal: "终端号", Auth: "授权码", Invoice: "票据号", // zh? the second
		Amount: "金额", Tip: "小费", Cashback: "取现", Surcharge: "附加费", Total: "合计",
		Asked: "应付金额", Due: "尚欠金额", Held: "冻结金额", NotCharged: "仅冻结于卡内 - 未扣款", // zh? the last two
		AID: "AID", TVR: "TVR", TSI: "TSI",
		Approved: "交易成功 - 谢谢", Declined: "交易未获批准", Incomplete: "交易未完成",
		Partial: "部分批准", Offline: "脱机批准", Unknown: "结果未知 - 此非收据",
		Paid: "已支付", NotPaid: "未支付", Refunded: "已退款", NotBack: "未退款",
		PIN: "已凭密码验证", NoSign: "免签名交易", Sign: "持卡人签名",
		Subtotal: "小计", Cash: "现金", Given: "收现金", Change: "找零", Rounding: "取整",
		TaxNumber: "税号", Resolved: "人工确认", ScanToPay: "请扫码支付", Until: "有效期至",
	},
	sale.ChineseTraditional: {
		Record: "交易紀錄", Receipt: "收據", TestTitle: "印表機測試",
		Duplicate: "重印 / DUPLICATE", Customer: "顧客存根", Merchant: "商戶存根",
		Retain:   "請妥善保管此單據",
		Purchase: "消費", Refund: "退款", Void: "取消", PreAuth: "預授權", Completion: "預授權完成",
		Wallet: "付款方式", WeChat: "微信支付", Alipay: "支付寶", UnionPay: "雲閃付", AnyWallet: "電子錢包",
		DateTime: "日期/時間", Bill: "帳單號", SaleNo: "交易號", OrderNo: "商戶訂單號", GatewayNo: "平台訂單號",
		RefundNo: "退款單號", Original: "原交易號", By: "經辦人",
		Card: "卡種", CardNumber: "卡號", Account: "帳戶",
		Chequing: "支票帳戶", Savings: "儲蓄帳戶", Flash: "預設帳戶", // zh?
		Entry: "讀卡方式", Chip: "晶片", Tap: "感應", Swiped: "刷卡", Manual: "手動輸入",
		Reference: "參考號", Retrieval: "檢索號", Terminal: "終端號", Auth: "授權碼", Invoice: "票據號", // zh? the second
		Amount: "金額", Tip: "小費", Cashback: "提現", Surcharge: "附加費", Total: "合計",
		Asked: "應付金額", Due: "尚欠金額", Held: "凍結金額", NotCharged: "僅凍結於卡內 - 未扣款", // zh? the last two
		AID: "AID", TVR: "TVR", TSI: "TSI",
		Approved: "交易成功 - 謝謝", Declined: "交易未獲批准", Incomplete: "交易未完成",
		Partial: "部分批准", Offline: "離線批准", Unknown: "結果未知 - 此非收據",
		Paid: "已付款", NotPaid: "未付款", Refunded: "已退款", NotBack: "未退款",
		PIN: "已憑密碼驗證", NoSign: "免簽名交易", Sign: "持卡人簽名",
		Subtotal: "小計", Cash: "現金", Given: "收現金", Change: "找零", Rounding: "取整",
		TaxNumber: "稅號", Resolved: "人工確認", ScanToPay: "請掃碼付款", Until: "有效期至",
	},
}

// speak returns the words of a language, or of two, each word then as
// "first / second" where they differ.
func speak(first, second sale.Language) words {
	w, ok := table[first]
	if !ok {
		w = table[sale.English]
	}
	other, ok := table[second]
	if !ok || first == second {
		return w
	}
	to, from := w.all(), other.all()
	for i := range to {
		// What stands in both already stays as it is.
		if *to[i] != *from[i] && !strings.Contains(*to[i], " / ") {
			*to[i] += " / " + *from[i]
		}
	}
	return w
}

// all lists the words in the order of the type, so that two languages can be paired.
func (w *words) all() []*string {
	fields := reflect.ValueOf(w).Elem()
	list := make([]*string, fields.NumField())
	for i := range list {
		list[i] = fields.Field(i).Addr().Interface().(*string)
	}
	return list
}
