package books

import (
	"cmp"

	"posd/device/sale"
)

// bookWords says the words of a day report in the languages that are not
// English; the English stands on the left. CSV and JSON speak English, for
// programs. Words that others wrote (a terminal's, a person's) stay as they are.
//
// French waits for a native reader; the least sure is marked (fr?), Chinese
// likewise (zh?).
var bookWords = map[string]struct{ fr, hans, hant string }{
	"X REPORT (INTERIM)":    {"RAPPORT X (PROVISOIRE)", "X 报表（中期）", "X 報表（中期）"},         // zh?
	"Z REPORT %d (CLOSING)": {"RAPPORT Z %d (FERMETURE)", "Z 报表 %d（日结）", "Z 報表 %d（日結）"}, // fr? zh?
	"Business day %s":       {"Jour d'affaires %s", "营业日 %s", "營業日 %s"},
	"from":                  {"du", "自", "自"},
	"to":                    {"au", "至", "至"},
	"as of":                 {"établi le", "截至", "截至"},
	"currency":              {"devise", "币种", "幣別"},
	"the beginning":         {"début", "开始", "開始"},

	"Not closed: it may still change. Compared with neither the terminal nor IOTPay.": {
		"Pas fermé : il peut encore changer. Comparé ni au terminal ni à IOTPay.", "尚未日结，仍可能变动。未与终端或 IOTPay 核对。", "尚未日結，仍可能變動。未與終端機或 IOTPay 核對。"},
	"Closed by %s. It does not change any more.":          {"Fermé par %s. Il ne change plus.", "由 %s 日结，不再变动。", "由 %s 日結，不再變動。"},
	"The terminal's batch was not compared: %s":           {"Le lot du terminal n'a pas été comparé : %s", "未核对终端批次：%s", "未核對終端機批次：%s"},
	"The terminal's batch %s agrees.":                     {"Le lot %s du terminal concorde.", "终端批次 %s 相符。", "終端機批次 %s 相符。"},
	"The cash was not counted.":                           {"Les espèces n'ont pas été comptées.", "现金未清点。", "現金未清點。"},
	"The cash in the drawer agrees.":                      {"Les espèces dans le tiroir concordent.", "钱箱现金相符。", "錢箱現金相符。"},
	"The cash in the drawer is %s apart: count it again.": {"Écart d'espèces dans le tiroir : %s. Recomptez.", "钱箱现金相差 %s：请重新清点。", "錢箱現金相差 %s：請重新清點。"},
	"The wallets at IOTPay agree.":                        {"Les portefeuilles chez IOTPay concordent.", "IOTPay 电子钱包相符。", "IOTPay 電子錢包相符。"},
	"The terminal's batch %s and posd are %s apart: compare with the terminal's report.": {
		"Écart entre le lot %s du terminal et posd : %s. Comparez avec le rapport du terminal.", "终端批次 %s 与 posd 相差 %s：请核对终端报表。", "終端機批次 %s 與 posd 相差 %s：請核對終端機報表。"},
	"Compare it with the terminal and IOTPay by hand: posd was %s.": {
		"À comparer à la main avec le terminal et IOTPay : posd a été restauré (%s).", "请与终端和 IOTPay 人工核对：posd 曾从副本恢复（%s）。", "請與終端機和 IOTPay 人工核對：posd 曾從副本還原（%s）。"},
	"An earlier close was not answered, part of the batch may be in that one: %s": {
		"Une fermeture antérieure est restée sans réponse, une partie du lot peut s'y trouver : %s", "先前一次日结未获答复，部分批次可能在其中：%s", "先前一次日結未獲答覆，部分批次可能在其中：%s"},

	"Taken":                {"Encaissé", "收款", "收款"},
	"By method":            {"Par mode de paiement", "按支付方式", "按付款方式"},
	"By wallet":            {"Par portefeuille", "按电子钱包", "按電子錢包"},
	"By card":              {"Par carte", "按卡种", "按卡種"},
	"Of what was paid":     {"Dans ce qui est payé", "已付款中", "已付款中"}, // fr?
	"Not paid":             {"Non payé", "未付款", "未付款"},
	"Asked back, not gone": {"Remboursements non faits", "未完成的退款", "未完成的退款"},
	"Card sales at IOTPay": {"Ventes par carte chez IOTPay", "IOTPay 上的刷卡交易", "IOTPay 上的刷卡交易"},
	"For a person":         {"À voir par une personne", "需人工处理", "需人工處理"},
	"Held on cards":        {"Retenu sur les cartes", "卡上冻结", "卡上凍結"},
	"Taxes in it":          {"Taxes comprises", "其中税款", "其中稅款"},
	"Cash in the drawer":   {"Espèces dans le tiroir", "钱箱现金", "錢箱現金"},
	"Terminal's batch":     {"Lot du terminal", "终端批次", "終端機批次"},
	"Wallets at IOTPay":    {"Portefeuilles chez IOTPay", "IOTPay 电子钱包", "IOTPay 電子錢包"},

	"paid":                               {"paiements", "付款", "付款"},
	"refunds":                            {"remboursements", "退款", "退款"},
	"voids":                              {"annulations", "撤销", "取消"},
	"net":                                {"net", "净额", "淨額"},
	"asked":                              {"demandé", "应付", "應付"},
	"tips":                               {"pourboires", "小费", "小費"},
	"surcharges":                         {"frais supplémentaires", "附加费", "附加費"},
	"cashback":                           {"remises en argent", "取现", "提現"},
	"rounding of cash":                   {"arrondi des espèces", "现金取整", "現金取整"}, // fr? zh?
	"float":                              {"fonds de caisse", "备用金", "備用金"},
	"cash, net":                          {"espèces, net", "现金净额", "現金淨額"},
	"to be there":                        {"attendu", "应有", "應有"},
	"counted":                            {"compté", "实点", "實點"},
	"still due":                          {"encore dû", "尚欠", "尚欠"},
	"declined":                           {"refusé", "被拒绝", "被拒絕"},
	"cancelled":                          {"annulé", "已取消", "已取消"},
	"under way":                          {"en cours", "进行中", "進行中"},
	"unsure":                             {"pas encore connu", "结果未知", "結果未知"},
	"given up, of these":                 {"dont abandonné", "其中已放弃", "其中已放棄"},
	"not known yet":                      {"pas encore connu", "结果未知", "結果未知"},
	"refused":                            {"refusé", "被拒绝", "被拒絕"},
	"kept after all":                     {"conservé après tout", "最终保留", "最終保留"},
	"partial approvals undone":           {"approbations partielles annulées", "已撤销的部分批准", "已取消的部分批准"},
	"reported":                           {"transmis", "已上报", "已上報"}, // fr?
	"queued":                             {"en attente", "待上报", "待上報"},
	"withdrawn":                          {"retiré", "已撤回", "已撤回"},
	"set aside":                          {"mis de côté", "已搁置", "已擱置"},
	"by hand":                            {"à la main", "需手工处理", "需手工處理"},
	"entered by hand":                    {"inscrit à la main", "已手工登记", "已手動登記"},
	"offline":                            {"hors ligne", "脱机", "離線"},
	"incidents":                          {"incidents", "异常", "異常"},
	"other currency":                     {"autre devise", "其他币种", "其他幣別"},
	"authorised":                         {"préautorisé", "预授权", "預授權"},
	"released":                           {"libéré", "已释放", "已釋放"}, // fr? zh?
	"completed":                          {"conclu", "已完成", "已完成"}, // fr? zh?
	"terminal":                           {"terminal", "终端", "終端機"},
	"posd":                               {"posd", "posd", "posd"},
	"apart":                              {"écart", "差额", "差額"},
	"in another batch":                   {"dans un autre lot", "在另一批次", "在另一批次"},
	"to look at":                         {"à examiner", "待查看", "待查看"},
	"agreed":                             {"concordant", "相符", "相符"},
	"not compared":                       {"non comparé", "未核对", "未核對"},
	"and %d more: see the list of sales": {"et %d autres : voir la liste des ventes", "另有 %d 笔：见交易列表", "另有 %d 筆：見交易列表"},

	"card":     {"carte", "银行卡", "銀行卡"},
	"wechat":   {"WeChat", "微信支付", "微信支付"},
	"alipay":   {"Alipay", "支付宝", "支付寶"},
	"cash":     {"espèces", "现金", "現金"},
	"unionpay": {"UnionPay", "云闪付", "雲閃付"},
	"scan":     {"code lu", "付款码", "付款碼"},
	"unknown":  {"inconnu", "未知", "未知"},
	"credit":   {"crédit", "贷记卡", "信用卡"},
	"debit":    {"débit", "借记卡", "金融卡"}, // zh?

	"given back without a sale: enter it at IOTPay by hand": {"rendu sans vente : à inscrire à la main chez IOTPay", "无原交易退款：请在 IOTPay 手工登记", "無原交易退款：請在 IOTPay 手動登記"},
	"approved without the bank, not confirmed":              {"approuvé sans la banque, non confirmé", "未经银行批准，尚未确认", "未經銀行批准，尚未確認"},
	"approved offline, upload not confirmed":                {"approuvé hors ligne, transmission non confirmée", "脱机批准，上传未确认", "離線批准，上傳未確認"},
	"refused by IOTPay: its words stand in the queue":       {"refusé par IOTPay : ses mots sont dans la file d'attente", "被 IOTPay 拒绝：原因见队列", "被 IOTPay 拒絕：原因見佇列"},
	"no report was made: report it at IOTPay by hand":       {"non transmis : à inscrire à la main chez IOTPay", "未上报：请在 IOTPay 手工登记", "未上報：請在 IOTPay 手動登記"},
	"given back: correct it at IOTPay by hand":              {"rendu : à corriger à la main chez IOTPay", "已退款：请在 IOTPay 手工更正", "已退款：請在 IOTPay 手動更正"},
}

// say says an English word of the report in the shop's language.
func (b *Books) say(english string) string {
	w := bookWords[english]
	said := ""
	switch b.Language {
	case sale.French:
		said = w.fr
	case sale.ChineseSimplified:
		said = w.hans
	case sale.ChineseTraditional:
		said = w.hant
	}
	return cmp.Or(said, english)
}

// bookWidth is the width of a text: a Chinese character takes two columns.
func bookWidth(s string) (n int) {
	for _, r := range s {
		if n++; r >= 0x2E80 {
			n++
		}
	}
	return n
}
