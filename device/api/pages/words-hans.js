// Simplified Chinese.

export default {
	welcome: "欢迎光临", items: "您的账单", total: "合计", pay: "请付款",
	choose: "请选择付款方式", chooseNext: "请告诉收银员。", thanksNext: "欢迎再次光临。",
	card: "请刷卡、插卡或拍卡", processing: "请稍候", scan: "请用{wallet}扫码",
	password: "请在手机上输入密码", paid: "支付成功", thanks: "谢谢惠顾！", declined: "支付被拒绝",
	declinedNext: "未扣款，请咨询收银员。", cancelled: "已取消", cancelledNext: "未扣款。",
	returning: "退款至您的银行卡", returned: "已退款", returnedNext: "款项将退回您的银行卡。", held: "已在您的卡上冻结", heldNext: "并未扣款。",
	askCashier: "请咨询收银员", askCashierNext: "尚不确定付款是否成功，请暂勿重复付款。",
	offline: "请稍候", offlineNext: "屏幕与收银机断开，请咨询收银员。", noCode: "此处无法显示二维码，请咨询收银员。", left: "剩余 {time}",
	mCard: "银行卡", mWechat: "微信支付", mAlipay: "支付宝", mUnionpay: "云闪付", mScan: "付款码",

	sWaiting: "进行中", sPaid: "已付", sDeclined: "被拒", sCancelled: "已取消", sUnsure: "尚不确定",

	amount: "金额", reference: "账单号（可不填）", howPaid: "顾客如何付款？", clear: "清除", back: "返回", deleteDigit: "删除最后一位", point: "小数点",
	keypad: "数字键盘", noAmount: "请先输入金额。", openSales: "销售与设备", scanTitle: "扫描顾客的付款码", scanHelp: "将扫码枪对准顾客的手机，或输入数字。",
	scanPoint: "将扫码枪对准顾客的手机。", keyDigits: "输入数字", scanKey: "请输入付款码下方的数字。", scannerOut: "扫码枪无法读取，请检查连线。请输入付款码下方的数字。",
	scanLabel: "顾客的付款码", takePayment: "收款", newSale: "新的一笔", tryAgain: "同一账单，再试一次", takeRest: "收取余额：{amount}", shownToCustomer: "顾客看到：",

	atTerminal: "在刷卡机上", atTerminalNext: "请顾客拍卡、插卡或刷卡。posd 等待刷卡机的答复。", askingCode: "正在向 IOTPay 取码", askingCodeNext: "二维码马上显示在顾客屏上。",
	askingScan: "正在请 IOTPay 收款", askingScanNext: "顾客可能需要在手机上输入密码。", codeShown: "二维码已显示", codeShownNext: "请顾客用{wallet}扫码。posd 一直询问 IOTPay 是否已付。", codeLeft: "剩余 {time}",
	typing: "顾客正在输入密码", typingNext: "请等待手机。posd 继续询问 IOTPay。", cancelAsked: "已请求取消", cancelAskedNext: "以刷卡机的答复为准。如仍获批准，即为已付，可以撤销。",
	unsure: "尚不确定", unsureStop: "请勿再次收款。", unsureCard: "posd 继续询问刷卡机。请勿关机，结果明确之前请勿再次收款。", unsureWallet: "posd 继续询问 IOTPay。结果明确之前请勿再次收款。",
	givenUp: "此处已取消，仍在查询", givenUpNext: "如顾客后来付款，posd 会立即提示。", paidNext: "已收 {amount}。", withTip: "其中小费：{amount}", partlyPaid: "部分付款", offlinePaid: "未经银行批准：刷卡机上传后才计入。", due: "还差 {amount}，请用另一笔付款收取。",
	declinedCashier: "未扣款。请换一张卡或换一种方式。", cancelledCashier: "未扣款。", endedTimeout: "没有及时付款。", endedNotShown: "二维码未能显示。", bySettled: "由{by}认定：{reason}", says: "对方答复：{words}", sale: "销售",
	late: "顾客后来付款了", lateNext: "{time} 后自动退款，除非您保留。", keep: "保留付款", cancel: "取消", void: "撤销", refund: "退款", print: "重印", receipt: "收据", paper: "纸上样式", close: "关闭", printing: "收据已送往打印机。",
	fPrinted: "收据", fReported: "上报", moves: "退回的钱", askedBy: "请求人", pNone: "未打印", pQueued: "等待打印机", pSent: "已送打印机", pPrinted: "已打印", pFailed: "未打印：请看打印机",
	rNotNeeded: "不需要", rQueued: "等待发送", rDone: "IOTPay 已知", rSetAside: "搁置：请经理查看", rWithdrawn: "已撤回", rByHand: "需人工处理",
	mvWaiting: "进行中", mvDone: "完成", mvRefused: "被拒", mvUnsure: "尚不确定", mvKept: "已保留", mvRefund: "退款", mvVoid: "撤销",

	kAuth: "预授权", kReturn: "无单退款", kComplete: "预授权完成", sPaidAuth: "已冻结", sPaidReturn: "已退", sPaidComplete: "已付", sReleased: "已解冻", sTakenBack: "退款已撤销", sCompleted: "已完成",
	released: "预授权已撤销：卡上不再冻结。", takenBack: "退款已撤销：未退到卡上。", atTerminalAuth: "在刷卡机上：预授权", atTerminalNextAuth: "请顾客拍卡、插卡或刷卡。金额冻结，尚未扣款。",
	atTerminalReturn: "在刷卡机上：退款", atTerminalNextReturn: "请顾客拍卡、插卡或刷卡：钱退到这张卡。", atTerminalComplete: "刷卡机收取已冻结的金额", atTerminalNextComplete: "不需要卡。posd 等待刷卡机的答复。",
	paidNextAuth: "已在卡上冻结 {amount}，尚未扣款。", paidNextReturn: "已退到卡上 {amount}。", paidNextComplete: "已从冻结金额中收取 {amount}。",
	declinedCashierAuth: "未冻结。请换一张卡或换一种方式。", declinedCashierReturn: "未退款。", declinedCashierComplete: "未扣款。再试之前请先查看预授权。", cancelledCashierAuth: "未冻结。", cancelledCashierReturn: "未退款。", cancelledCashierComplete: "未扣款。再试之前请先查看预授权。",
	unsureReturn: "posd 继续询问刷卡机。请勿关机，结果明确之前请勿再次退款。", hold: "仅冻结", holdTitle: "在卡上冻结 {amount}？", holdHelp: "完成之前不扣款；撤销即解冻。",
	complete: "完成", completeTitle: "收取已冻结的金额？", completeHelp: "只能收取一次：余额解冻。", voidAuth: "撤销预授权", voidAuthTitle: "撤销这笔预授权？", voidReturn: "撤销退款", voidReturnTitle: "收回这笔退款？",
	duplicate: "这次未扣款：与刚才同卡同金额。顾客确实要付两次吗？", duplicateOurs: "这次未扣款，但刷卡机里已有同一笔付款。用任何方式收款之前请先找到它。", meant: "顾客确认：再收一次",
	uploaded: "银行已接受", uploadedHelp: "刷卡机已联网，银行接受了这笔销售：报告将发往 IOTPay。", notUploaded: "银行已拒绝", notUploadedHelp: "顾客并未付款：请另行收款。此笔记为异常。",
	uploadConfirmed: "未经银行批准，后来银行接受了。", uploadRefused: "未经银行批准，后来银行拒绝了：顾客并未付款。",

	sameTitle: "是同一位顾客吗？", sameText: "{time}，{method}，{amount}：{state}。", sameBill: "同一账单：放弃那一笔", otherCustomer: "另一位顾客", paidTitle: "这张账单已经付过",
	voidTitle: "撤销这笔销售？", refundTitle: "退款？", yourName: "您的姓名", why: "原因（可不填）", howMuch: "金额（不填则全部 {amount}）", goOn: "继续", badAmount: "金额请写成 28.65。", keepTitle: "保留这笔迟到的付款？",
	resolve: "认定", resolveTitle: "这笔销售结果如何？", resolveHelp: "请查看刷卡机或 IOTPay 的清单，再写下所见。posd 继续查询。", reason: "您如何得知？", need: "请填写所有栏目。", unsureList: "尚不确定", attention: "需要人处理",

	gone: "posd 没有回应。进行中的销售不受影响。请勿再次收款。", again: "posd 没有回应，正用同一编号再问：不会重复扣款。", stopAsking: "不再询问", stopped: "不知 posd 是否收到请求：再试之前请看销售清单。",
	linkDown: "无法连接 IOTPay。刷卡照常。等待上报：{n} 笔，{amount}。", linkStopped: "IOTPay 拒绝我们的上报：请经理查看。等待上报：{n} 笔，{amount}。", setAside: "搁置的上报：{n} 笔。请经理查看。",

	manager: "经理", toTill: "回收银台", sales: "销售", queue: "上报 IOTPay", devices: "设备", day: "日期", all: "全部", method: "方式", state: "状态", time: "时间", noSales: "没有销售。", noReports: "没有等待的上报。", retry: "重新发送", retryAll: "全部重新发送", link: "与 IOTPay 的连接", up: "通", down: "断", linkStoppedWord: "停止",
	waitingReports: "等待：{n} 笔，共 {amount}。", tries: "次数", works: "正常", trouble: "故障", refresh: "再看一次", device: "设备", words: "说明", line: "位置", id: "编号", rHeldBack: "暂扣，等人决定：未经银行批准，或金额有疑问", letGo: "放行", letGoTitle: "把这份报告发给 IOTPay？", letGoHelp: "它在等人决定。仅当金额无误且银行已收到这笔销售时才放行。",

	dayTitle: "营业日", report: "今日报表", closedDays: "今日已结：", which: "日期或结算报表号", openReport: "打开", badDay: "日期请写成 2026-11-21，或结算报表号 12。", printPaper: "打印", printUnknown: "不知是否已打印：请看打印机。", csv: "电子表格（CSV）", reportTitle: "报表",
	closeDay: "日结", closeHelp: "刷卡机结算批次，posd 再与它和 IOTPay 核对。可能需要几分钟，其间不能销售。", closeTerminal: "刷卡机", closeWith: "结算批次", closeWithout: "不含刷卡机：它坏了", closing: "正在日结", closingNext: "可能需要几分钟。关闭此窗口也会继续，报表会出现在营业日下。",
	hide: "隐藏此窗口", notClosed: "日结未完成", noAnswer: "posd 没有回应", closeUnknown: "不知日结是否完成。再次日结之前请看营业日下的已结日期。", giveBack: "无单退款", giveBackHelp: "读取顾客的卡，钱退到这张卡。如有销售记录，请退那一笔。无法通知 IOTPay：请在那里人工登记。", giveBackGo: "退款", amountToGive: "金额",

	look: "待处理", lookNone: "没有待处理的事。", lookWhy: "原因", lookUnsure: "尚不确定", lookBackOpen: "退款或撤销尚不确定", lookOffline: "未经银行批准，未确认", lookIncidents: "异常", lookSetAside: "上报已搁置", lookByHand: "需在 IOTPay 人工处理", lookOtherCurrency: "其他货币", lookMore: "另有 {n} 项：见当日报表",

	pills: "当前可用", pillCard: "银行卡", pillWallets: "钱包", pillPrinter: "打印机", pillReports: "上报", pOk: "正常", strip: "已有销售", inbox: "后来的结果", seen: "知道了", lastSales: "最近销售", todayTotal: "今日", drawer: "打开钱箱",
	since: "已 {time}", asking: "posd 已询问 {time}", stepStored: "已记录", stepTerminal: "刷卡机：顾客的卡", stepAnswer: "答复", stepAsked: "询问 IOTPay", stepCode: "顾客扫码", stepPassword: "顾客在手机上确认", cardInstead: "改用银行卡", walletInstead: "改用{wallet}",
	badPaste: "这不是带分的金额，如 28.65。", scanBusy: "销售进行中，扫到的内容未处理。", scanNot: "这里不能收顾客的付款码。", scanFirst: "请先输入金额，再扫顾客的付款码。", muchTitle: "收取 {amount}？", muchHelp: "比平常多。", muchYes: "是，收取",
	refundAll: "全部退款：{amount}", refundSome: "退款 {amount}", completeAll: "全部收取：{amount}", completeSome: "收取 {amount}", tooMuch: "最多 {amount}。",

	heedCard: "posd 无法自行查明：请看刷卡机的清单，再认定这一笔。", heedWallet: "posd 无法自行查明：请看 IOTPay 的清单，再认定这一笔。", heedCancelled: "虽已取消仍获批准：如顾客不要，请撤销。", heedRefused: "{amount} 未能退回（被拒）：钱仍已收取。",
	heedByHand: "请在 IOTPay 人工更正这一笔：银行卡的撤销和退款无法上报。", heedLook: "这一笔需要人查看。", heedSettled: "刷卡机或 IOTPay 与{by}所说不同：请核对清单。", heedAmount: "应收 {asked}，批准 {approved}：请核对刷卡机或 IOTPay 的清单。", heedOther: "关于这一笔的信息不一致：请核对刷卡机或 IOTPay 的清单。",

	xTillBusy: "另一笔销售进行中：请等待或先取消。", xTerminalHeld: "刷卡机尚未答复销售 {sale} 的结果。请先用钱包收款。", xSameBill: "销售 {sale} 仍可能已付。", xBillPaid: "销售 {sale} 已付这张账单。", xBillPaidReturn: "刚刚已有同样金额的退款 {sale}。", xSameBillReturn: "同样金额的退款 {sale} 仍可能成功。", xNotPossible: "这一笔现在不能这样做。", xNotPossibleVoid: "这一笔现在不能撤销：请退款，或等另一笔退款完成。", xNotPossibleRefund: "现在不能退：另一笔退款可能尚未完成。",
	xNotPossibleCancel: "这一笔已经结束。", xNotPossibleResolve: "posd 仍在查询结果：请等到它说无法查明。", xNotPossibleKeep: "已来不及保留这笔付款。", xUnavailable: "posd 现在做不到，未做任何事。", xUnavailableReturn: "现在不能退款，没有退任何钱。请稍候。", xUnavailableSell: "现在无法收取，未扣款。请换一种方式。", xUnavailablePrint: "这里没有打印机。", xUnavailableDrawer: "钱箱未能自动打开：请用钥匙。", xUnavailableClose: "刷卡机未结算：未日结。请再试，或不含坏了的刷卡机。", xNotPossibleClose: "上次日结以来没有完成的销售。", xTillBusyClose: "有销售进行中，或正在日结。",
	xNoDevice: "这里没有该设备。", xNoDeviceDrawer: "这里没有钱箱。", xInvalid: "posd 不明白这个请求，未做任何事。", xNotFound: "没有这一项。", xNotFoundReport: "没有那一天的报表。", xKeyReused: "这个请求已用于别处，未做任何事。", xLate: "不知 posd 是否收到请求：请看销售清单。", xInternal: "不知 posd 是否收到请求：请看销售清单。", xForeign: "posd 只回应本柜台。", xInvalidScan: "这不是付款码，没有扣款。", xNoCode: "没有扫到付款码。", xNoScanner: "扫码枪无法读取：请检查连线。", xStarting: "posd 正在启动，请稍候。", xTooMany: "打开的页面太多：请关闭一个。", xOther: "posd 拒绝了请求。",

	tTerminal: "刷卡机没有回应：是否开机，连线是否插好？", tHeld: "等待销售 {sale} 的结果。", tGateway: "IOTPay 没有回应：posd 继续询问。", tLink: "无法连接 IOTPay：posd 继续询问。", tDns: "没有网络：请检查网线或路由器。", tConnect: "无法到达 IOTPay：请检查网络。", tTls: "与 IOTPay 的连接不安全：请求助。", tTimeout: "IOTPay 很慢或不在：posd 继续询问。", tPortal: "网络要求先登录：请打开登录页。", tServer: "IOTPay 自身有故障：posd 继续询问。", tThrottled: "IOTPay 请稍候：posd 继续询问。", tKey: "IOTPay 拒绝本店的密钥：请经理查看。", tClock: "本机时钟不对：请校正。",
	tPaperOut: "没有纸：请换新纸卷。", tPaperLow: "纸快用完：请备好纸卷。", tCoverOpen: "盖子开着：请关上。", tStopped: "打印机已停：请关机再开。", tPrinterUnplugged: "打印机无法连接：是否开机，连线是否插好？", tPrinterSilent: "打印机没有回应：请关机再开。", tJournal: "无法写入日志：请检查磁盘。", tSilent: "没有回应：是否开机，连线是否插好？", tUnplugged: "无法连接：是否开机，连线是否插好？", tOther: "有故障：请查看。", tReportsStopped: "IOTPay 拒绝我们的上报：请经理查看。", tReportsAside: "已搁置：{n} 笔。请经理查看。", tReportsWait: "等待网络：{n} 笔。",

	personHere: "{name}", personLocked: "{name}（已锁定）", personNobody: "登录", personTitle: "现在是谁在收款？", personLock: "锁定", pin: "密码",
	pinNeeded: "需要有权限的人：请选姓名并输入密码", xPinRefused: "密码不对。", xPinLocked: "密码输错太多次，请等几分钟。收款不受影响。", xPinOther: "无法核对密码，请经理重新设定。", xPinNeeded: "没有有权限的人输入密码，未做任何事。",
	loginToken: "此页面的令牌", loginGo: "登录", loginRefused: "此令牌无效，请索取新的令牌。", loginAway: "posd 没有应答，请重试。",
	entered: "已在 IOTPay 登记", enteredHelp: "您已在 IOTPay 的后台登记。它会离开此清单；由谁登记留在日志里。",
	net: "净额", lastWeek: "一周前 {amount}", paidSales: "付款", backed: "退回", tips: "小费", byHour: "按小时的付款", search: "查找：账单、卡尾四位、金额、姓名、编号", more: "显示更多", stAsked: "请求", stTerminal: "发往刷卡机", stGateway: "询问 IOTPay",
	aloud: "朗读金额",
};
