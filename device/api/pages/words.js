// Every word the pages show, by language. {name} is replaced by a value.
// The customer's screen speaks all four languages, the shop's pages the first two.

const en = {
	// customer
	welcome: "Welcome", items: "Your bill", total: "Total", pay: "Please pay",
	choose: "How would you like to pay?", chooseNext: "Please tell the cashier.", thanksNext: "See you soon.",
	card: "Tap, insert or swipe your card", processing: "One moment, please", scan: "Scan with {wallet}",
	password: "Enter your password on your phone", paid: "Paid", thanks: "Thank you!", declined: "Declined",
	declinedNext: "No money was taken. Please ask the cashier.", cancelled: "Cancelled", cancelledNext: "No money was taken.",
	returning: "Refund to your card", returned: "Refunded", returnedNext: "The money is on its way to your card.", held: "Held on your card", heldNext: "Nothing has been charged.",
	askCashier: "Please ask the cashier", askCashierNext: "We do not know yet whether the payment went through. Please do not pay again yet.",
	offline: "One moment, please", offlineNext: "This screen has lost its till. Please ask the cashier.", noCode: "The code cannot be shown here. Please ask the cashier.", left: "{time} left",

	// names
	mCard: "Card", mWechat: "WeChat Pay", mAlipay: "Alipay", mUnionpay: "UnionPay", mScan: "Scan customer's code",
	sWaiting: "Under way", sPaid: "Paid", sDeclined: "Declined", sCancelled: "Cancelled", sUnsure: "Not known yet",

	// cashier: keying
	amount: "Amount", reference: "Bill number (optional)", howPaid: "How does the customer pay?", clear: "Clear", back: "Back", deleteDigit: "Delete last digit",
	keypad: "Keypad", noAmount: "Key the amount first.", openSales: "Sales and devices", scanTitle: "Scan the customer's code", scanHelp: "Point the scanner at the customer's phone, or key the digits.",
	scanPoint: "Point the scanner at the customer’s phone.", keyDigits: "Key the digits", scanKey: "Key the digits under the customer’s code.", scannerOut: "The scanner cannot be read: see to its cable. Key the digits under the customer’s code.",
	scanLabel: "Customer's code", takePayment: "Take payment", newSale: "New sale", tryAgain: "Same bill, another try", takeRest: "Take the rest: {amount}", shownToCustomer: "The customer sees:",

	// cashier: a sale
	atTerminal: "At the card terminal", atTerminalNext: "The customer taps, inserts or swipes. posd waits for the terminal's answer.",
	askingCode: "Asking IOTPay for a code", askingCodeNext: "The code appears on the customer's screen in a moment.",
	askingScan: "Asking IOTPay to take it", askingScanNext: "The customer may have to enter a password on the phone.",
	codeShown: "The code is shown", codeShownNext: "The customer scans it with {wallet}. posd asks IOTPay whether it is paid.", codeLeft: "{time} left",
	typing: "The customer is typing the password", typingNext: "Wait for the phone. posd keeps asking IOTPay.",
	cancelAsked: "Cancel is asked for", cancelAskedNext: "The terminal's own answer decides. If the card is approved all the same, the sale is paid and can be voided.",
	unsure: "Not known yet", unsureCard: "posd keeps asking the terminal. Keep it switched on and do not take the payment again before posd knows.",
	unsureWallet: "posd keeps asking IOTPay. Do not take the payment again before posd knows.",
	givenUp: "Cancelled here, still watched", givenUpNext: "If the customer pays after all, posd says so at once.",
	paidNext: "{amount} was taken.", partlyPaid: "Partly paid", offlinePaid: "Approved without the bank: counted once the terminal has uploaded it.", due: "Still due: {amount}. Take the rest by another payment.",
	declinedCashier: "No money was taken. Ask for another card or another way to pay.", cancelledCashier: "No money was taken.",
	bySettled: "Settled by {by}: {reason}", says: "It says: {words}", sale: "Sale",
	late: "The customer has paid after all", lateNext: "It is refunded by itself in {time}, unless you keep it.", keep: "Keep the payment",
	cancel: "Cancel", void: "Void", refund: "Refund", print: "Print again", receipt: "Receipt", paper: "As on paper", close: "Close", printing: "Receipt sent to the printer.",
	fPrinted: "Receipt", fReported: "Report", moves: "Money given back", askedBy: "Asked by",
	pNone: "not printed", pQueued: "waiting for the printer", pSent: "sent to the printer", pPrinted: "printed", pFailed: "not printed: printer trouble",
	rNotNeeded: "not needed", rQueued: "waiting to be sent", rDone: "IOTPay knows", rSetAside: "set aside: the manager must look", rWithdrawn: "withdrawn", rByHand: "to be made by hand",
	mvWaiting: "under way", mvDone: "done", mvRefused: "refused", mvUnsure: "not known yet", mvKept: "kept", mvRefund: "Refund", mvVoid: "Void",

	// kinds of card transaction
	kAuth: "hold", kReturn: "return", kComplete: "completion", sPaidAuth: "Held", sPaidReturn: "Given back", sPaidComplete: "Paid", sReleased: "Set free", sTakenBack: "Return voided", sCompleted: "completed",
	released: "The hold was voided: nothing is held on the card any more.", takenBack: "The return was voided: nothing was given to the card.",
	atTerminalAuth: "At the card terminal: hold", atTerminalNextAuth: "The customer taps, inserts or swipes. The amount is held, nothing is taken yet.",
	atTerminalReturn: "At the card terminal: return", atTerminalNextReturn: "The customer taps, inserts or swipes: the money goes to that card.",
	atTerminalComplete: "The terminal takes what is held", atTerminalNextComplete: "No card is needed. posd waits for the terminal's answer.",
	paidNextAuth: "{amount} is held on the card, nothing is taken yet.", paidNextReturn: "{amount} was given to the card.", paidNextComplete: "{amount} was taken of what was held.",
	declinedCashierAuth: "Nothing is held. Ask for another card or another way to pay.", declinedCashierReturn: "No money was given.", declinedCashierComplete: "No money was taken. Look at the hold before you try again.",
	cancelledCashierAuth: "Nothing is held.", cancelledCashierReturn: "No money was given.", cancelledCashierComplete: "No money was taken. Look at the hold before you try again.",
	unsureReturn: "posd keeps asking the terminal. Keep it switched on and do not give the money again before posd knows.",
	hold: "Hold only", holdTitle: "Hold {amount} on the card?", holdHelp: "Nothing is taken until the hold is completed; voiding it sets the amount free.",
	complete: "Complete", completeTitle: "Take what is held?", completeHelp: "It can be taken once: what is left of it is set free.",
	voidAuth: "Void the hold", voidAuthTitle: "Void this hold?", voidReturn: "Void the return", voidReturnTitle: "Take this return back?",
	duplicate: "No money was taken this time: same amount, same card as a moment ago. Does the customer mean to pay twice?",
	duplicateOurs: "This try took nothing, but the terminal holds the same payment already. Find that one before you take the money in any way.",
	meant: "The customer means it: take it again",
	uploaded: "The bank took it", uploadedHelp: "The terminal went online and the bank took the sale: its report goes to IOTPay.",
	notUploaded: "The bank refused it", notUploadedHelp: "The customer has not paid then: ask for another payment. It becomes an incident.",
	uploadConfirmed: "Approved without the bank, which took it later.", uploadRefused: "Approved without the bank, which refused it later: the customer has not paid.",

	// cashier: questions
	sameTitle: "Is it the same customer?", sameText: "Sale of {amount} by {method} at {time}: {state}.",
	sameBill: "Same bill: give that one up", otherCustomer: "Another customer", paidTitle: "This bill is paid already",
	voidTitle: "Void this sale?", refundTitle: "Give money back?", yourName: "Your name", why: "Reason (optional)", howMuch: "Amount (empty: all of {amount})", goOn: "Go on",
	badAmount: "Write the amount as 28.65.", keepTitle: "Keep the late payment?",
	resolve: "Settle", resolveTitle: "How did this sale end?", resolveHelp: "Look at the terminal's list or at IOTPay's, then say what you saw. posd keeps watching.", reason: "How do you know?", need: "Fill in every field.",
	unsureList: "Not known yet", attention: "Needs a person",

	// banners
	gone: "posd does not answer. A sale under way goes on without this page. Do not take the payment again.",
	again: "No answer from posd. Asking again under the same key: nothing is charged twice.", stopAsking: "Stop asking",
	stopped: "It is not known whether posd took the request: look at the list of sales before you try again.",
	linkDown: "IOTPay cannot be reached. Cards go on. Reports waiting: {n}, {amount}.", linkStopped: "IOTPay refuses our reports: the manager must look. Reports waiting: {n}, {amount}.",
	setAside: "Reports set aside: {n}. The manager must look.",

	// manager
	manager: "Manager", toTill: "To the till", sales: "Sales", queue: "Reports to IOTPay", devices: "Devices", day: "Day", all: "all", method: "Method", state: "State", time: "Time",
	noSales: "No sales.", noReports: "No reports wait.", retry: "Send again", retryAll: "Send all again", link: "Way to IOTPay", up: "open", down: "down", linkStoppedWord: "stopped",
	waitingReports: "Waiting: {n}, {amount} in all.", tries: "Tries", works: "works", trouble: "trouble", refresh: "Look again", device: "Device", words: "What it says", line: "Where", id: "Number",
	rHeldBack: "held", letGo: "Let it go", letGoTitle: "Send this report to IOTPay?", letGoHelp: "It was held for a person to decide. Let it go only if the amount is right and the bank has the sale.",

	// manager: the day
	dayTitle: "Business day", report: "Today’s report", closedDays: "Closed today:", which: "Day or number of a closing report", openReport: "Open", badDay: "Write the day as 2026-11-21, or the number of a closing report as 12.",
	printPaper: "Print", printUnknown: "It is not known whether it was printed: look at the printer.", csv: "For a spreadsheet (CSV)", reportTitle: "Report",
	closeDay: "Close the day", closeHelp: "The terminal settles its batch, and posd compares it and IOTPay with its own sales. It may take minutes, and nothing is sold meanwhile.",
	closeTerminal: "Card terminal", closeWith: "It settles its batch", closeWithout: "Leave it out: it is broken", closing: "The day is being closed", closingNext: "It may take minutes. It goes on without this window, and its report appears under Business day.",
	hide: "Hide this window", notClosed: "The day was not closed", noAnswer: "No answer from posd", closeUnknown: "It is not known whether the day is closed. Look at the closed days under Business day before you close it again.",
	giveBack: "Return without a sale", giveBackHelp: "The customer’s card is read, and the money goes to it. Where there is a sale, refund that one instead. IOTPay cannot be told: enter it there by hand.", giveBackGo: "Give the money", amountToGive: "Amount",

	// manager: to look at
	look: "To look at", lookNone: "Nothing to look at.", lookWhy: "Why", lookUnsure: "not known yet", lookBackOpen: "refund or void not known yet", lookOffline: "approved without the bank, not confirmed",
	lookIncidents: "incident", lookSetAside: "report set aside", lookByHand: "to do at IOTPay by hand", lookOtherCurrency: "other currency", lookMore: "and {n} more: see the day’s report",
};

const fr = {
	welcome: "Bienvenue", items: "Votre facture", total: "Total", pay: "Veuillez payer",
	choose: "Comment payez-vous?", chooseNext: "Dites-le à la caisse.", thanksNext: "À bientôt.",
	card: "Approchez, insérez ou glissez votre carte", processing: "Un instant, s’il vous plaît", scan: "Balayez avec {wallet}",
	password: "Entrez votre mot de passe sur votre téléphone", paid: "Payé", thanks: "Merci!", declined: "Refusé",
	declinedNext: "Aucun montant n’a été prélevé. Adressez-vous à la caisse.", cancelled: "Annulé", cancelledNext: "Aucun montant n’a été prélevé.",
	returning: "Remboursement sur votre carte", returned: "Remboursé", returnedNext: "Le montant est en route vers votre carte.", held: "Retenu sur votre carte", heldNext: "Rien n’a été débité.",
	askCashier: "Adressez-vous à la caisse", askCashierNext: "Nous ne savons pas encore si le paiement est passé. Ne payez pas de nouveau pour l’instant.",
	offline: "Un instant, s’il vous plaît", offlineNext: "Cet écran n’est plus relié à la caisse. Adressez-vous à la caisse.", noCode: "Le code ne peut pas être affiché ici. Adressez-vous à la caisse.", left: "encore {time}",

	mCard: "Carte", mWechat: "WeChat Pay", mAlipay: "Alipay", mUnionpay: "UnionPay", mScan: "Lire le code du client",
	sWaiting: "En cours", sPaid: "Payé", sDeclined: "Refusé", sCancelled: "Annulé", sUnsure: "Pas encore connu",

	amount: "Montant", reference: "Numéro de facture (facultatif)", howPaid: "Comment le client paie-t-il?", clear: "Effacer", back: "Retour", deleteDigit: "Effacer le dernier chiffre",
	keypad: "Clavier", noAmount: "Entrez d’abord le montant.", openSales: "Ventes et appareils", scanTitle: "Lisez le code du client", scanHelp: "Pointez le lecteur sur le téléphone du client, ou tapez les chiffres.",
	scanPoint: "Pointez le lecteur sur le téléphone du client.", keyDigits: "Taper les chiffres", scanKey: "Tapez les chiffres sous le code du client.", scannerOut: "Le lecteur ne répond pas : voyez son câble. Tapez les chiffres sous le code du client.",
	scanLabel: "Code du client", takePayment: "Encaisser", newSale: "Nouvelle vente", tryAgain: "Même facture, nouvel essai", takeRest: "Encaisser le reste : {amount}", shownToCustomer: "Le client voit :",

	atTerminal: "Au terminal de carte", atTerminalNext: "Le client approche, insère ou glisse sa carte. posd attend la réponse du terminal.",
	askingCode: "Un code est demandé à IOTPay", askingCodeNext: "Le code paraît dans un instant sur l’écran du client.",
	askingScan: "Le paiement est demandé à IOTPay", askingScanNext: "Le client doit peut-être entrer un mot de passe sur son téléphone.",
	codeShown: "Le code est affiché", codeShownNext: "Le client le balaie avec {wallet}. posd demande à IOTPay si c’est payé.", codeLeft: "encore {time}",
	typing: "Le client entre son mot de passe", typingNext: "Attendez le téléphone. posd continue de demander à IOTPay.",
	cancelAsked: "L’annulation est demandée", cancelAskedNext: "La réponse du terminal décide. Si la carte est approuvée malgré tout, la vente est payée et peut être annulée après coup.",
	unsure: "Pas encore connu", unsureCard: "posd continue d’interroger le terminal. Laissez-le allumé et n’encaissez pas de nouveau avant de savoir.",
	unsureWallet: "posd continue d’interroger IOTPay. N’encaissez pas de nouveau avant de savoir.",
	givenUp: "Annulé ici, encore surveillé", givenUpNext: "Si le client paie malgré tout, posd le dit aussitôt.",
	paidNext: "{amount} encaissés.", partlyPaid: "Payé en partie", offlinePaid: "Approuvé sans la banque : compté quand le terminal l’aura transmis.", due: "Reste à payer : {amount}. Encaissez le reste par un autre paiement.",
	declinedCashier: "Aucun montant n’a été prélevé. Demandez une autre carte ou un autre moyen.", cancelledCashier: "Aucun montant n’a été prélevé.",
	bySettled: "Réglé par {by} : {reason}", says: "Message : {words}", sale: "Vente",
	late: "Le client a payé malgré tout", lateNext: "Remboursement automatique dans {time}, sauf si vous le gardez.", keep: "Garder le paiement",
	cancel: "Annuler", void: "Annuler la vente", refund: "Rembourser", print: "Réimprimer", receipt: "Reçu", paper: "Comme sur papier", close: "Fermer", printing: "Reçu envoyé à l’imprimante.",
	fPrinted: "Reçu", fReported: "Rapport", moves: "Argent rendu", askedBy: "Demandé par",
	pNone: "non imprimé", pQueued: "attend l’imprimante", pSent: "envoyé à l’imprimante", pPrinted: "imprimé", pFailed: "non imprimé : voyez l’imprimante",
	rNotNeeded: "pas nécessaire", rQueued: "à envoyer", rDone: "connu d’IOTPay", rSetAside: "mis de côté : le gérant doit voir", rWithdrawn: "retiré", rByHand: "à faire à la main",
	mvWaiting: "en cours", mvDone: "fait", mvRefused: "refusé", mvUnsure: "pas encore connu", mvKept: "gardé", mvRefund: "Remboursement", mvVoid: "Annulation",

	kAuth: "retenue", kReturn: "remboursement sans vente", kComplete: "encaissement d’une retenue", sPaidAuth: "Retenu", sPaidReturn: "Rendu", sPaidComplete: "Payé", sReleased: "Libéré", sTakenBack: "Remboursement annulé", sCompleted: "encaissé",
	released: "La retenue a été annulée : rien n’est plus retenu sur la carte.", takenBack: "Le remboursement a été annulé : rien n’a été rendu sur la carte.",
	atTerminalAuth: "Au terminal de carte : retenue", atTerminalNextAuth: "Le client approche, insère ou glisse sa carte. Le montant est retenu, rien n’est encore prélevé.",
	atTerminalReturn: "Au terminal de carte : remboursement", atTerminalNextReturn: "Le client approche, insère ou glisse sa carte : l’argent va sur cette carte.",
	atTerminalComplete: "Le terminal encaisse le montant retenu", atTerminalNextComplete: "La carte n’est pas nécessaire. posd attend la réponse du terminal.",
	paidNextAuth: "{amount} sont retenus sur la carte, rien n’est encore prélevé.", paidNextReturn: "{amount} ont été rendus sur la carte.", paidNextComplete: "{amount} encaissés sur le montant retenu.",
	declinedCashierAuth: "Rien n’est retenu. Demandez une autre carte ou un autre moyen.", declinedCashierReturn: "Aucun montant n’a été rendu.", declinedCashierComplete: "Aucun montant n’a été prélevé. Voyez la retenue avant de recommencer.",
	cancelledCashierAuth: "Rien n’est retenu.", cancelledCashierReturn: "Aucun montant n’a été rendu.", cancelledCashierComplete: "Aucun montant n’a été prélevé. Voyez la retenue avant de recommencer.",
	unsureReturn: "posd continue d’interroger le terminal. Laissez-le allumé et ne rendez pas l’argent de nouveau avant de savoir.",
	hold: "Retenir", holdTitle: "Retenir {amount} sur la carte?", holdHelp: "Rien n’est prélevé avant que la retenue soit encaissée; l’annuler libère le montant.",
	complete: "Encaisser", completeTitle: "Encaisser le montant retenu?", completeHelp: "On ne peut l’encaisser qu’une fois : le reste est libéré.",
	voidAuth: "Annuler la retenue", voidAuthTitle: "Annuler cette retenue?", voidReturn: "Annuler le remboursement", voidReturnTitle: "Reprendre ce remboursement?",
	duplicate: "Rien n’a été prélevé cette fois : même montant, même carte qu’à l’instant. Le client veut-il payer deux fois?",
	duplicateOurs: "Cet essai n’a rien prélevé, mais le terminal a déjà ce même paiement. Trouvez-le avant d’encaisser de quelque façon.",
	meant: "Le client le veut : encaisser encore",
	uploaded: "La banque l’a acceptée", uploadedHelp: "Le terminal s’est reconnecté et la banque a accepté la vente : son rapport part à IOTPay.",
	notUploaded: "La banque l’a refusée", notUploadedHelp: "Le client n’a donc pas payé : demandez un autre paiement. La vente devient un incident.",
	uploadConfirmed: "Approuvé sans la banque, qui l’a accepté plus tard.", uploadRefused: "Approuvé sans la banque, qui l’a refusé plus tard : le client n’a pas payé.",

	sameTitle: "Est-ce le même client?", sameText: "Vente de {amount} par {method} à {time} : {state}.",
	sameBill: "Même facture : abandonner l’autre", otherCustomer: "Un autre client", paidTitle: "Cette facture est déjà payée",
	voidTitle: "Annuler cette vente?", refundTitle: "Rendre de l’argent?", yourName: "Votre nom", why: "Raison (facultatif)", howMuch: "Montant (vide : le tout, {amount})", goOn: "Continuer",
	badAmount: "Écrivez le montant ainsi : 28.65.", keepTitle: "Garder le paiement tardif?",
	resolve: "Régler", resolveTitle: "Comment cette vente s’est-elle terminée?", resolveHelp: "Consultez la liste du terminal ou celle d’IOTPay, puis dites ce que vous avez vu. posd continue de surveiller.", reason: "Comment le savez-vous?", need: "Remplissez tous les champs.",
	unsureList: "Pas encore connu", attention: "Demande une personne",

	gone: "posd ne répond pas. Une vente en cours continue sans cette page. N’encaissez pas de nouveau.",
	again: "Pas de réponse de posd. La demande est répétée sous la même clé : rien n’est prélevé deux fois.", stopAsking: "Ne plus demander",
	stopped: "On ne sait pas si posd a reçu la demande : voyez la liste des ventes avant de recommencer.",
	linkDown: "IOTPay est injoignable. Les cartes continuent. Rapports en attente : {n}, {amount}.", linkStopped: "IOTPay refuse nos rapports : le gérant doit voir. Rapports en attente : {n}, {amount}.",
	setAside: "Rapports mis de côté : {n}. Le gérant doit voir.",

	manager: "Gérant", toTill: "À la caisse", sales: "Ventes", queue: "Rapports à IOTPay", devices: "Appareils", day: "Jour", all: "tous", method: "Moyen", state: "État", time: "Heure",
	noSales: "Aucune vente.", noReports: "Aucun rapport n’attend.", retry: "Renvoyer", retryAll: "Tout renvoyer", link: "Lien vers IOTPay", up: "ouvert", down: "coupé", linkStoppedWord: "arrêté",
	waitingReports: "En attente : {n}, {amount} en tout.", tries: "Essais", works: "marche", trouble: "problème", refresh: "Revoir", device: "Appareil", words: "Message", line: "Où", id: "Numéro",
	rHeldBack: "retenu", letGo: "Laisser partir", letGoTitle: "Envoyer ce rapport à IOTPay?", letGoHelp: "Il attend la décision d’une personne. Laissez-le partir seulement si le montant est juste et si la banque a la vente.",

	dayTitle: "Journée", report: "Rapport du jour", closedDays: "Fermées aujourd’hui :", which: "Jour ou numéro d’un rapport de fermeture", openReport: "Ouvrir", badDay: "Écrivez le jour ainsi : 2026-11-21, ou le numéro d’un rapport de fermeture : 12.",
	printPaper: "Imprimer", printUnknown: "On ne sait pas si le rapport a été imprimé : voyez l’imprimante.", csv: "Pour un tableur (CSV)", reportTitle: "Rapport",
	closeDay: "Fermer la journée", closeHelp: "Le terminal règle son lot, puis posd le compare, ainsi qu’IOTPay, avec ses propres ventes. Cela peut prendre des minutes, et rien ne se vend pendant ce temps.",
	closeTerminal: "Terminal de carte", closeWith: "Il règle son lot", closeWithout: "Sans lui : il est en panne", closing: "La journée se ferme", closingNext: "Cela peut prendre des minutes. La fermeture continue sans cette fenêtre, et son rapport paraît sous Journée.",
	hide: "Cacher cette fenêtre", notClosed: "La journée n’a pas été fermée", noAnswer: "Pas de réponse de posd", closeUnknown: "On ne sait pas si la journée est fermée. Voyez les journées fermées sous Journée avant de la fermer de nouveau.",
	giveBack: "Rembourser sans vente", giveBackHelp: "La carte du client est lue, et l’argent va sur elle. S’il y a une vente, remboursez plutôt celle-là. IOTPay ne peut l’apprendre : entrez-le là-bas à la main.", giveBackGo: "Rendre l’argent", amountToGive: "Montant",

	look: "À voir", lookNone: "Rien à voir.", lookWhy: "Pourquoi", lookUnsure: "pas encore connu", lookBackOpen: "remboursement ou annulation pas encore connus", lookOffline: "approuvé sans la banque, non confirmé",
	lookIncidents: "incident", lookSetAside: "rapport mis de côté", lookByHand: "à faire à la main chez IOTPay", lookOtherCurrency: "autre monnaie", lookMore: "et {n} de plus : voyez le rapport du jour",
};

const hans = {
	welcome: "欢迎光临", items: "您的账单", total: "合计", pay: "请付款",
	choose: "请选择付款方式", chooseNext: "请告诉收银员。", thanksNext: "欢迎再次光临。",
	card: "请刷卡、插卡或拍卡", processing: "请稍候", scan: "请用{wallet}扫码",
	password: "请在手机上输入密码", paid: "支付成功", thanks: "谢谢惠顾！", declined: "支付被拒绝",
	declinedNext: "未扣款，请咨询收银员。", cancelled: "已取消", cancelledNext: "未扣款。",
	returning: "退款至您的银行卡", returned: "已退款", returnedNext: "款项将退回您的银行卡。", held: "已在您的卡上冻结", heldNext: "并未扣款。",
	askCashier: "请咨询收银员", askCashierNext: "尚不确定付款是否成功，请暂勿重复付款。",
	offline: "请稍候", offlineNext: "屏幕与收银机断开，请咨询收银员。", noCode: "此处无法显示二维码，请咨询收银员。", left: "剩余 {time}",
	mCard: "银行卡", mWechat: "微信支付", mAlipay: "支付宝", mUnionpay: "云闪付", mScan: "付款码",
};

const hant = {
	welcome: "歡迎光臨", items: "您的帳單", total: "合計", pay: "請付款",
	choose: "請選擇付款方式", chooseNext: "請告訴收銀員。", thanksNext: "歡迎再次光臨。",
	card: "請刷卡、插卡或拍卡", processing: "請稍候", scan: "請用{wallet}掃碼",
	password: "請在手機上輸入密碼", paid: "付款成功", thanks: "謝謝惠顧！", declined: "付款被拒絕",
	declinedNext: "未扣款，請向收銀員查詢。", cancelled: "已取消", cancelledNext: "未扣款。",
	returning: "退款至您的銀行卡", returned: "已退款", returnedNext: "款項將退回您的銀行卡。", held: "已在您的卡上凍結", heldNext: "並未扣款。",
	askCashier: "請向收銀員查詢", askCashierNext: "尚未確定付款是否成功，請暫勿重複付款。",
	offline: "請稍候", offlineNext: "螢幕與收銀機斷開，請向收銀員查詢。", noCode: "此處無法顯示二維碼，請向收銀員查詢。", left: "剩餘 {time}",
	mCard: "銀行卡", mWechat: "微信支付", mAlipay: "支付寶", mUnionpay: "雲閃付", mScan: "付款碼",
};

const words = { en, fr, "zh-Hans": hans, "zh-Hant": hant };
const locales = { en: "en-CA", fr: "fr-CA", "zh-Hans": "zh-Hans-CA", "zh-Hant": "zh-Hant-CA" };

// speak returns the function that says a word in a language; what a language
// lacks is said in English.
export function speak(language) {
	const table = words[language] || en;
	return (key, values = {}) => (table[key] ?? en[key] ?? key).replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
}

// money writes cents as a person of the language writes them.
export function money(cents, currency, language) {
	const value = (cents || 0) / 100;
	try {
		return new Intl.NumberFormat(locales[language] || "en-CA", { style: "currency", currency: currency, currencyDisplay: "narrowSymbol" }).format(value);
	} catch {
		return value.toFixed(2) + " " + (currency || "");
	}
}

// span writes seconds as 1:05.
export function span(seconds) {
	const s = Math.max(0, Math.ceil(seconds));
	return Math.floor(s / 60) + ":" + String(s % 60).padStart(2, "0");
}

// clock writes a moment as the hour of the day, with the day unless it is today.
export function clock(time, language) {
	const t = new Date(time);
	const day = t.toDateString() === new Date().toDateString() ? {} : { month: "short", day: "numeric" };
	return t.toLocaleString(locales[language] || "en-CA", { ...day, hour: "2-digit", minute: "2-digit" });
}

export const capital = (s) => s.split("-").map((p) => p.charAt(0).toUpperCase() + p.slice(1)).join("");

// name says a method (m), state (s), printed (p), reported (r) or movement (mv).
export const name = (say, kind, value) => (value ? say(kind + capital(value)) : "");
