package display

import (
	"cmp"
	"strings"
	"unicode"

	"posd/device/sale"
)

// Columns of a text pole's line. Every word below fits by design.
const poleColumns = 20

// words are the two lines of a screen. An empty second line stands for the
// amount.
type words struct{ top, bottom string }

// said holds what every screen says in every language, in sentence case; poles
// show capitals. Welcome's first line is the shop's name, Items' lines are the
// bill, Code's first line depends on the wallet (see scanWith).
var said = map[sale.Language]map[sale.ScreenKind]words{
	sale.English: {
		sale.ScreenWelcome:    {"", "Welcome"},
		sale.ScreenChoose:     {"How will you pay?", ""},
		sale.ScreenTip:        {"Add a tip?", ""},
		sale.ScreenCard:       {"Tap, insert or swipe", ""},
		sale.ScreenReturn:     {"Refund: present card", ""},
		sale.ScreenProcessing: {"Please wait", ""},
		sale.ScreenCode:       {"Please scan the code", ""},
		sale.ScreenPassword:   {"Enter your password", ""},
		sale.ScreenPaid:       {"Approved - thank you", ""},
		sale.ScreenReturned:   {"Refunded to the card", ""},
		sale.ScreenHeld:       {"Held, not charged", ""},
		sale.ScreenThanks:     {"Thank you", "Please come again"},
		sale.ScreenDeclined:   {"Declined", ""},
		sale.ScreenCancelled:  {"Cancelled", ""},
		sale.ScreenAskCashier: {"One moment please", "Ask the cashier"},
		sale.ScreenOffline:    {"Not in service", "Ask the cashier"},
	},
	sale.French: {
		sale.ScreenWelcome:    {"", "Bienvenue"},
		sale.ScreenChoose:     {"Comment payez-vous ?", ""},
		sale.ScreenTip:        {"Un pourboire ?", ""},
		sale.ScreenCard:       {"Présentez la carte", ""},
		sale.ScreenReturn:     {"Carte à rembourser", ""},
		sale.ScreenProcessing: {"Un instant SVP", ""},
		sale.ScreenCode:       {"Scannez le code SVP", ""},
		sale.ScreenPassword:   {"Votre mot de passe", ""},
		sale.ScreenPaid:       {"Approuvé - merci", ""},
		sale.ScreenReturned:   {"Remboursé à la carte", ""},
		sale.ScreenHeld:       {"Retenu, non débité", ""},
		sale.ScreenThanks:     {"Merci", "À bientôt"},
		sale.ScreenDeclined:   {"Refusé", ""},
		sale.ScreenCancelled:  {"Annulé", ""},
		sale.ScreenAskCashier: {"Un instant SVP", "Demandez à la caisse"},
		sale.ScreenOffline:    {"Hors service", "Demandez à la caisse"},
	},
	sale.ChineseSimplified: {
		sale.ScreenWelcome:    {"", "欢迎光临"},
		sale.ScreenChoose:     {"请选择支付方式", ""},
		sale.ScreenTip:        {"是否加小费？", ""},
		sale.ScreenCard:       {"请拍卡、插卡或刷卡", ""},
		sale.ScreenReturn:     {"退款，请出示银行卡", ""},
		sale.ScreenProcessing: {"处理中，请稍候", ""},
		sale.ScreenCode:       {"请扫描二维码", ""},
		sale.ScreenPassword:   {"请输入支付密码", ""},
		sale.ScreenPaid:       {"支付成功，谢谢", ""},
		sale.ScreenReturned:   {"已退款至银行卡", ""},
		sale.ScreenHeld:       {"已冻结，未扣款", ""},
		sale.ScreenThanks:     {"谢谢惠顾", "欢迎再次光临"},
		sale.ScreenDeclined:   {"交易被拒绝", ""},
		sale.ScreenCancelled:  {"交易已取消", ""},
		sale.ScreenAskCashier: {"请稍候", "请询问收银员"},
		sale.ScreenOffline:    {"暂停服务", "请询问收银员"},
	},
	sale.ChineseTraditional: {
		sale.ScreenWelcome:    {"", "歡迎光臨"},
		sale.ScreenChoose:     {"請選擇付款方式", ""},
		sale.ScreenTip:        {"是否加小費？", ""},
		sale.ScreenCard:       {"請感應、插卡或刷卡", ""},
		sale.ScreenReturn:     {"退款，請出示銀行卡", ""},
		sale.ScreenProcessing: {"處理中，請稍候", ""},
		sale.ScreenCode:       {"請掃描二維碼", ""},
		sale.ScreenPassword:   {"請輸入付款密碼", ""},
		sale.ScreenPaid:       {"付款成功，謝謝", ""},
		sale.ScreenReturned:   {"已退款至銀行卡", ""},
		sale.ScreenHeld:       {"已凍結，未扣款", ""},
		sale.ScreenThanks:     {"謝謝惠顧", "歡迎再次光臨"},
		sale.ScreenDeclined:   {"交易被拒絕", ""},
		sale.ScreenCancelled:  {"交易已取消", ""},
		sale.ScreenAskCashier: {"請稍候", "請詢問收銀員"},
		sale.ScreenOffline:    {"暫停服務", "請詢問收銀員"},
	},
}

// brand stands among the wallets for a code that goes by the brand's name.
const brand = sale.Method(sale.AlipayPlus)

// called is whose name a screen's code goes by: a wallet's, or a brand's.
func called(s sale.Screen) sale.Method { return cmp.Or(sale.Method(s.Brand), s.Method) }

// scanWith is the first line under a code by wallet.
var scanWith = map[sale.Language]map[sale.Method]string{
	sale.English:            {sale.WeChat: "Scan with WeChat", sale.Alipay: "Scan with Alipay", sale.UnionPay: "Scan with UnionPay", brand: "Scan with Alipay+"},
	sale.French:             {sale.WeChat: "À scanner : WeChat", sale.Alipay: "À scanner : Alipay", sale.UnionPay: "À scanner : UnionPay", brand: "À scanner : Alipay+"},
	sale.ChineseSimplified:  {sale.WeChat: "请用微信扫码", sale.Alipay: "请用支付宝扫码", sale.UnionPay: "请用银联扫码", brand: "请用 Alipay+ 扫码"},
	sale.ChineseTraditional: {sale.WeChat: "請用微信掃碼", sale.Alipay: "請用支付寶掃碼", sale.UnionPay: "請用銀聯掃碼", brand: "請用 Alipay+ 掃碼"},
}

// scanShort is the same beside a code on a panel: at most 13 bytes, so that the
// whole update is no longer than it has to be.
var scanShort = map[sale.Language]map[sale.Method]string{
	sale.English:            {sale.WeChat: "Scan WeChat", sale.Alipay: "Scan Alipay", sale.UnionPay: "Scan UnionPay", brand: "Scan Alipay+", "": "Scan to pay"},
	sale.French:             {sale.WeChat: "Code WeChat", sale.Alipay: "Code Alipay", sale.UnionPay: "Code UnionPay", brand: "Code Alipay+", "": "Scannez"},
	sale.ChineseSimplified:  {sale.WeChat: "微信支付", sale.Alipay: "支付宝", sale.UnionPay: "银联支付", brand: "Alipay+", "": "扫码支付"},
	sale.ChineseTraditional: {sale.WeChat: "微信支付", sale.Alipay: "支付寶", sale.UnionPay: "銀聯支付", brand: "Alipay+", "": "掃碼支付"},
}

// passwordShort stands beside the code while the customer types.
var passwordShort = map[sale.Language]string{
	sale.English: "Enter password", sale.French: "Mot de passe", sale.ChineseSimplified: "请输入密码", sale.ChineseTraditional: "請輸入密碼",
}

var totalWord = map[sale.Language]string{
	sale.English: "Total", sale.French: "Total", sale.ChineseSimplified: "合计", sale.ChineseTraditional: "合計",
}

// changeWord stands before what a customer gets back of the cash handed over.
var changeWord = map[sale.Language]string{
	sale.English: "Change", sale.French: "Monnaie", sale.ChineseSimplified: "找零", sale.ChineseTraditional: "找零",
}

// voice is in whose name, language and letters a display speaks.
type voice struct {
	lang  sale.Language // where the screen does not say
	shop  string
	font  font
	fixed bool // lang even where the screen says another: the font holds no other
}

// speaks returns the language of one screen: the screen's own (a card's, once
// read) or the display's.
func (v voice) speaks(s sale.Screen) sale.Language {
	if _, ok := said[s.Language]; ok && !v.fixed {
		return s.Language
	}
	return v.lang
}

// within returns a voice that speaks of one screen in a language which the
// device's font holds: English if it holds no other.
func (v voice) within(s sale.Screen) voice {
	if v.lang, v.fixed = v.speaks(s), true; !v.font.charset.holds(v.lang) {
		v.lang = sale.English
	}
	return v
}

// write returns the bytes of a text.
func (v voice) write(s string) []byte { return v.font.charset.encode(v.font.fold(s)) }

// centred writes a line of lines in the middle of exactly 20 bytes, for devices
// with one byte to a letter.
func (v voice) centred(line string) string {
	b := v.font.charset.encode(line)
	left := (poleColumns - len(b)) / 2
	return strings.Repeat(" ", left) + string(b) + strings.Repeat(" ", poleColumns-left-len(b))
}

// lines returns the two lines of a screen in the device's letters, each at most
// 20 columns wide. Only names and messages from outside are ever shortened.
func (v voice) lines(s sale.Screen) (top, bottom string) {
	lang := v.speaks(s)
	w := said[lang][s.Kind]
	switch s.Kind {
	case sale.ScreenWelcome:
		if s.Message != "" {
			return wrap(v.font.outside(s.Message))
		}
		return clip(v.font.outside(v.shop), poleColumns), v.font.fold(w.bottom)
	case sale.ScreenItems:
		return v.itemLines(s, lang)
	case sale.ScreenCode:
		if t, ok := scanWith[lang][called(s)]; ok {
			w.top = t
		}
	}
	if s.Change > 0 {
		return v.font.fold(w.top), apart(v.font.fold(changeWord[lang]), Money(s.Change, s.Currency, lang))
	}
	bottom = v.font.fold(w.bottom)
	if bottom == "" && s.Amount > 0 {
		bottom = fitting(Money(s.Amount, s.Currency, lang))
	}
	return v.font.fold(w.top), bottom
}

// itemLines shows the last item and the total, or the message.
func (v voice) itemLines(s sale.Screen, lang sale.Language) (top, bottom string) {
	if len(s.Items) > 0 {
		it := s.Items[len(s.Items)-1]
		top = apart(v.font.outside(it.Name), number(it.Amount, lang))
	} else if s.Amount <= 0 {
		return wrap(v.font.outside(s.Message))
	} else {
		top = clip(v.font.outside(s.Message), poleColumns)
	}
	if s.Amount > 0 {
		bottom = apart(v.font.fold(totalWord[lang]), Money(s.Amount, s.Currency, lang))
	}
	return top, bottom
}

// fitting returns an amount that a line has room for, and nothing otherwise: a
// part of it would be another amount.
func fitting(amount string) string {
	if columns(amount) > poleColumns {
		return ""
	}
	return amount
}

// apart puts a name on the left and an amount on the right. The amount is
// always whole: what has no room is the name.
func apart(name, amount string) string {
	amount = fitting(amount)
	room := poleColumns - columns(amount) - 1
	if room < columns(totalWord[sale.English]) {
		name = "" // half a word says less than none
	}
	name = clip(name, max(room, 0))
	gap := poleColumns - columns(name) - columns(amount)
	return name + strings.Repeat(" ", gap) + amount
}

// columns counts cells: a Chinese character fills two.
func columns(s string) int {
	n := 0
	for _, r := range s {
		n += cells(r)
	}
	return n
}

func cells(r rune) int {
	if r >= 0x2E80 && r <= 0xFFDC && !(r >= 0xFB00 && r < 0xFE30) || r >= 0x20000 {
		return 2
	}
	return 1
}

// clip shortens a name from outside to n columns; its cut is marked by a dot.
func clip(s string, n int) string {
	if columns(s) <= n {
		return s
	}
	var b strings.Builder
	used := 0
	for _, r := range s {
		if used+cells(r) > n-1 {
			break
		}
		b.WriteRune(r)
		used += cells(r)
	}
	if n > 0 {
		b.WriteByte('.')
	}
	return b.String()
}

// wrap breaks a message into two lines between words.
func wrap(s string) (top, bottom string) {
	if columns(s) <= poleColumns {
		return s, ""
	}
	cut, used := 0, 0
	for i, r := range s {
		if used > poleColumns {
			break
		}
		if r == ' ' {
			cut = i
		}
		used += cells(r)
	}
	if cut == 0 { // one long word, or Chinese: break where the line is full
		used = 0
		for i, r := range s {
			if used += cells(r); used > poleColumns {
				cut = i
				break
			}
		}
	}
	return strings.TrimSpace(s[:cut]), clip(strings.TrimSpace(s[cut:]), poleColumns)
}

// plain takes control characters out of a text from outside: on a pole they
// would be commands.
func plain(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case r == unicode.ReplacementChar || !unicode.IsPrint(r):
			return -1
		}
		return r
	}, s)
	return strings.Join(strings.Fields(s), " ")
}
