// Traditional Chinese: the simplified words in other characters, and what is
// said otherwise.

const from = "净与业两个临为于云仅从们会传余关内写决冻几则刚别动单发号后吗启员响坏处备复宝实对将币带应开异张当录态扫报择换据搁数断无时显暂机权来枪柜栏样检欢没点状现电盖盘码确种笔纸线经结给络绝继续维编网联获营虽见计认记设诉试询该误说请读谢账货费输达过还这进连迟选里钟钥钱银销键闪闭问间隐页项顾预额马锁错谁";
const to = "淨與業兩個臨為於雲僅從們會傳餘關內寫決凍幾則剛別動單發號後嗎啟員響壞處備覆寶實對將幣帶應開異張當錄態掃報擇換據擱數斷無時顯暫機權來槍櫃欄樣檢歡沒點狀現電蓋盤碼確種筆紙線經結給絡絕繼續維編網聯獲營雖見計認記設訴試詢該誤說請讀謝帳貨費輸達過還這進連遲選裡鐘鑰錢銀銷鍵閃閉問間隱頁項顧預額馬鎖錯誰";
const terms = { "重复": "重複", "信息": "資訊", "日志": "日誌", "屏幕": "螢幕" };

const own = {
	paid: "付款成功",
	declined: "付款被拒絕",
	declinedNext: "未扣款，請向收銀員查詢。",
	heldNext: "並未扣款。",
	askCashier: "請向收銀員查詢",
	askCashierNext: "尚未確定付款是否成功，請暫勿重複付款。",
	offlineNext: "螢幕與收銀機斷開，請向收銀員查詢。",
	noCode: "此處無法顯示二維碼，請向收銀員查詢。",

	loginToken: "此頁面的權杖", loginGo: "登入", loginRefused: "此權杖無效，請索取新的權杖。", loginAway: "posd 沒有回應，請重試。",
};

// traditional writes a word in traditional characters.
export const traditional = (key, hans) => own[key] ?? hans.replace(/重复|信息|日志|屏幕/g, (w) => terms[w]).replace(/./gu, (ch) => to[from.indexOf(ch)] ?? ch);
