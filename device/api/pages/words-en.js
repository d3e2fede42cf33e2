// English.

export default {
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
	rHeldBack: "held for a person: approved without the bank, or its amount is in question", letGo: "Let it go", letGoTitle: "Send this report to IOTPay?", letGoHelp: "It was held for a person to decide. Let it go only if the amount is right and the bank has the sale.",

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

	// cashier: beside the till
	pills: "What can be used now", pillCard: "Card", pillWallets: "Wallets", pillPrinter: "Printer", pillReports: "Reports", pOk: "ready",
	strip: "Sales so far", inbox: "How it ended", seen: "Seen", lastSales: "Last sales", todayTotal: "Today", drawer: "Open the drawer", point: "Point",
	since: "{time} so far", asking: "posd has been asking for {time}", unsureStop: "Do not charge again.", withTip: "Of it, tip: {amount}",
	endedTimeout: "Nobody paid in time.", endedNotShown: "The code could not be shown.",
	stepStored: "Written down", stepTerminal: "At the terminal: the customer’s card", stepAnswer: "The answer", stepAsked: "IOTPay is asked", stepCode: "The customer scans the code", stepPassword: "The customer confirms on the phone",
	cardInstead: "Take a card instead", walletInstead: "Take {wallet} instead",
	badPaste: "That is no amount with its cents, such as 28.65.", scanBusy: "Nothing was done with what was scanned: a sale is under way.", scanNot: "A customer’s code cannot be taken here.", scanFirst: "Key the amount first, then scan the customer’s code.",
	muchTitle: "Take {amount}?", muchHelp: "That is more than usual here.", muchYes: "Yes, take it",
	refundAll: "Refund all: {amount}", refundSome: "Refund {amount}", completeAll: "Take all: {amount}", completeSome: "Take {amount}", tooMuch: "At most {amount}.",

	// what a person must do
	heedCard: "posd cannot find out by itself: look at the terminal’s list of sales, then settle this one.", heedWallet: "posd cannot find out by itself: look at IOTPay’s list, then settle this one.",
	heedCancelled: "It was approved although cancel was pressed: void it if the customer does not want it.", heedRefused: "{amount} was not given back (refused): the money is still taken.",
	heedByHand: "Correct this sale at IOTPay by hand: voids and returns of cards cannot be reported.", heedLook: "A person must look at this sale.",
	heedSettled: "The terminal or IOTPay says otherwise than {by}: compare with their lists.", heedAmount: "{approved} was approved where {asked} was asked: compare with the terminal’s list or IOTPay’s.", heedOther: "What was heard about this sale does not agree: compare with the terminal’s list or IOTPay’s.",

	// what posd refuses
	xTillBusy: "Another sale is under way: wait for it or cancel it first.", xTerminalHeld: "The terminal has not said yet how sale {sale} ended. Take a wallet meanwhile.", xSameBill: "Sale {sale} may still be paid.", xBillPaid: "Sale {sale} has paid this bill.", xBillPaidReturn: "Return {sale} of the same amount was made a moment ago.", xSameBillReturn: "Return {sale} of the same amount may still be made.",
	xNotPossible: "That cannot be done with this sale as it stands now.", xNotPossibleVoid: "This sale cannot be voided as it stands now: refund it, or wait until its other movement is settled.", xNotPossibleRefund: "This cannot be given back as it stands now: another refund may not be settled yet.",
	xNotPossibleCancel: "This sale has ended already.", xNotPossibleResolve: "posd is still finding out how this sale ended: wait until it says that it cannot tell.", xNotPossibleKeep: "It is too late to keep this payment.",
	xUnavailable: "posd cannot do that now. Nothing was done.", xUnavailableReturn: "The money cannot be given back now, and nothing was. Wait a moment.", xUnavailableSell: "That cannot be taken now, and nothing was charged. Take another way to pay.", xUnavailablePrint: "There is no printer here.", xUnavailableDrawer: "The drawer did not open by itself: use its key.", xUnavailableClose: "The terminal did not settle: the day stays open. Try again, or leave the terminal out if it is broken.", xNotPossibleClose: "Nothing has ended since the last close.", xTillBusyClose: "A sale is under way, or the day is being closed already.",
	xNoDevice: "That device is not here.", xNoDeviceDrawer: "There is no cash drawer here.", xInvalid: "posd did not understand the request. Nothing was done.", xNotFound: "There is no such thing.", xNotFoundReport: "There is no report of that day.", xKeyReused: "This request was used for something else. Nothing was done.",
	xLate: "It is not known whether posd took the request: look at the list of sales.", xInternal: "It is not known whether posd took the request: look at the list of sales.", xForeign: "posd answers only to its own counter.", xInvalidScan: "That is no payment code. Nothing was charged.", xNoCode: "No payment code was scanned.", xNoScanner: "The scanner cannot be read: see to its cable.", xStarting: "posd is starting: wait a moment.", xTooMany: "Too many pages are open: close one.", xOther: "posd refused it.",

	// what is wrong with a device, and the next step
	tTerminal: "The card terminal does not answer: is it switched on, and is its cable in?", tHeld: "Waiting for how sale {sale} ended.", tGateway: "IOTPay does not answer: posd keeps asking.", tLink: "IOTPay cannot be reached: posd keeps asking.",
	tDns: "No internet: see to the network cable or the router.", tConnect: "No way to IOTPay: see to the network.", tTls: "The way to IOTPay is not safe: call for help.", tTimeout: "IOTPay is slow or away: posd keeps asking.", tPortal: "The network asks for a log-in first: open its page.", tServer: "IOTPay has trouble of its own: posd keeps asking.", tThrottled: "IOTPay asks for patience: posd keeps asking.", tKey: "IOTPay refuses this shop’s key: the manager must look.", tClock: "This box’s clock is wrong: set it.",
	tPaperOut: "Out of paper: put in a new roll.", tPaperLow: "Paper is nearly out: have a roll at hand.", tCoverOpen: "The cover is open: close it.", tStopped: "The printer has stopped: switch it off and on.", tPrinterUnplugged: "The printer cannot be reached: is it switched on, and is its cable in?", tPrinterSilent: "The printer does not answer: switch it off and on.", tJournal: "The journal cannot be written: see to the disk.", tSilent: "No answer: is it switched on, and is its cable in?", tUnplugged: "Not reachable: is it switched on, and is its cable in?", tOther: "Trouble: look at it.",
	tReportsStopped: "IOTPay refuses our reports: the manager must look.", tReportsAside: "Set aside: {n}. The manager must look.", tReportsWait: "Waiting for the network: {n}.",

	personHere: "{name}", personLocked: "{name}: locked", personNobody: "Sign in", personTitle: "Who is at this page?", personLock: "Lock", pin: "PIN",
	pinNeeded: "This takes somebody who may do it: name and PIN", xPinRefused: "That is not the PIN.", xPinLocked: "Too many wrong PINs: wait a few minutes. Selling goes on.", xPinOther: "The PIN could not be taken: the manager sets it again.", xPinNeeded: "Nobody who may do this has given a PIN: nothing was done.",
	loginToken: "Token of this page", loginGo: "Log in", loginRefused: "This token lets nobody in: ask for a new one.", loginAway: "posd does not answer. Try again.",
	entered: "Entered at IOTPay", enteredHelp: "You have entered it in IOTPay’s own portal. It leaves this list; who did it stays in the journal.",
	net: "Net", lastWeek: "a week ago {amount}", paidSales: "Payments", backed: "Given back", tips: "Tips", byHour: "Paid by hour", search: "Find: bill, last four, amount, name, number", more: "Show more", stAsked: "Asked for", stTerminal: "Sent to the terminal", stGateway: "Asked of IOTPay",
	aloud: "Say the amount aloud",
};
