// What a sale's state means, in words for the shop.

import { money, span, clock, name, capital, known } from "./words.js";

// tell says where a sale stands: {tone, title, lines}. seen is what the
// customer sees, when it is about this sale.
export function tell(s, seen, say, language) {
	const cash = (cents) => money(cents, s.currency, language);
	const wallet = name(say, "m", s.method);
	const words = foreign(s) ? say("says", { words: s.words }) : "";
	const lines = [];
	let tone = s.state, title = standing(s, say);
	switch (s.state) {
	case "waiting":
		[title, lines[0]] = waiting(s, seen, say, wallet);
		break;
	case "unsure":
		title = say(s.givenUp ? "givenUp" : "unsure");
		if (s.givenUp) lines.push(say("givenUpNext"));
		else lines.push(say("unsureStop"), say(s.method !== "card" ? "unsureWallet" : s.kind === "return" ? "unsureReturn" : "unsureCard"));
		break;
	case "paid":
		if (s.due > 0 && s.kind !== "auth") title = say("partlyPaid");
		lines.push(say(undone(s) || ofKind("paidNext", s), { amount: cash(s.approvedAmount || s.amount) }));
		if (s.given > s.approvedAmount) lines.push(say("change", { amount: cash(s.given - s.approvedAmount) }));
		if (s.tip > 0) lines.push(say("withTip", { amount: cash(s.tip) }));
		if (s.card?.number) lines.push([s.card.type, s.card.number].filter(Boolean).join(" "));
		if (s.due > 0 && s.kind !== "auth") lines.push(say("due", { amount: cash(s.due) }));
		if (s.offline) lines.push(say(s.upload ? "upload" + capital(s.upload) : "offlinePaid"));
		break;
	case "declined":
		lines.push(say(declined(s)), words);
		break;
	case "cancelled":
		if (["timeout", "not-shown"].includes(s.reason)) lines.push(say(s.reason === "timeout" ? "endedTimeout" : "endedNotShown"));
		lines.push(say(ofKind(["return", "complete"].includes(s.kind) ? "declinedCashier" : "cancelledCashier", s)));
		break;
	}
	if (s.resolved) lines.push(say("byWord", { by: s.resolved.by, reason: s.resolved.reason }));
	return { tone, title, lines: lines.filter(Boolean) };
}

// foreign reports whether the words of a sale are the terminal's or the bank's,
// which are quoted as they are; all others are the page's to say.
const foreign = (s) => s.words && s.state === "declined" && ["issuer", "refused", "duplicate-of"].includes(s.reason);

// heed says what a person must do about a sale, or look at, as a line.
export function heed(s, say, language) {
	const cash = (cents) => money(cents, s.currency, language);
	if (s.incident) {
		if (s.upload === "refused") return say("uploadRefused");
		if (s.resolved) return say("heedWord", { by: s.resolved.by });
		const asked = s.amount + (s.tip || 0) + (s.cashback || 0) + (s.surcharge || 0);
		if (s.reason === "duplicate-of") return say("duplicateOurs");
		return s.approvedAmount && s.approvedAmount !== asked ? say("heedAmount", { approved: cash(s.approvedAmount), asked: cash(asked) }) : say("heedOther");
	}
	if (!s.attention || late(s)) return "";
	if (s.state === "unsure") return say(s.method === "card" ? "heedCard" : "heedWallet");
	const refused = s.refunds.findLast((m) => m.state === "refused");
	if (refused) return say("heedRefused", { amount: cash(refused.amount) });
	if (s.cancelWished && s.state === "paid" && !s.due) return say("heedCancelled");
	if (s.reported === "by-hand" || s.refunds.some((m) => m.state === "done")) return say("heedByHand");
	if (s.due > 0) return say("due", { amount: cash(s.due) });
	return say("heedLook");
}

// refused says why posd did not do what it was asked: {type, sale} of the problem.
// doing is what was asked, in a word.
export function refused(problem, doing, say) {
	const kind = "x" + capital(problem.code || problem.type || "");
	const key = [kind + capital(doing), kind].find(known) || (["late", "internal", ""].includes(problem.type || "") ? "stopped" : "xOther");
	return say(key, { sale: problem.sale ? number(problem.sale) : "" });
}

// number is a sale's short number, for people: with its time and amount it is
// enough to find it by.
export function number(id) {
	let n = 0;
	for (const ch of id.slice(-6)) n = (n * 32 + (parseInt(ch, 36) || 0)) % 10000;
	return "#" + String(n).padStart(4, "0");
}

function waiting(s, seen, say, wallet) {
	if (s.cancelWished) return [say("cancelAsked"), s.method === "card" ? say("cancelAskedNext") : ""];
	if (seen?.kind === "tip") return [say("tipping"), ""];
	if (s.method === "card") return [say(ofKind("atTerminal", s)), say(ofKind("atTerminalNext", s))];
	if (seen?.kind === "password") return [say("typing"), say("typingNext")];
	if (seen?.kind === "code") return [say("codeShown"), say("codeShownNext", { wallet })];
	if (s.method === "scan") return [say("askingScan"), say("askingScanNext")];
	return [say("askingCode"), say("askingCodeNext")];
}

// Kinds of card transaction that are told in words of their own.
const kinds = ["auth", "return", "complete"];
const ofKind = (key, s) => (kinds.includes(s.kind) ? key + capital(s.kind) : key);

// plain reports whether s is a sale like any other, not a hold, its completion or a return.
export const plain = (s) => !kinds.includes(s.kind);

// declined picks what a refusal means. A duplicate of a payment that posd knows
// as not paid is an incident: it must not be taken again by any way.
function declined(s) {
	if (s.reason === "duplicate-of") return s.incident ? "duplicateOurs" : "duplicate";
	return ofKind("declinedCashier", s);
}

// undone says which of these two has been voided, if it has: it is paid for
// ever, and yet nothing is held or given any more.
function undone(s) {
	const back = s.refunds.filter((m) => m.state === "done").reduce((sum, m) => sum + m.amount, 0);
	return s.state === "paid" && back >= s.approvedAmount && { auth: "released", return: "takenBack" }[s.kind];
}

// standing is the state in a word or two: what is paid may be a hold or a return.
export function standing(s, say) {
	const gone = undone(s);
	if (gone) return say("s" + capital(gone));
	return s.state === "paid" ? say(ofKind("sPaid", s)) : name(say, "s", s.state);
}

// way is the method, and what kind of card transaction it is.
export const way = (s, say) => [name(say, "m", s.method), !plain(s) && name(say, "k", s.kind)].filter(Boolean).join(" · ");

// facts are the receipt, the report and the movements of a sale, as pairs of words.
export function facts(s, say, language) {
	const list = [];
	if (s.by) list.push([say("askedBy"), [s.by, s.why].filter(Boolean).join(": ")]);
	if (s.state === "paid" || (s.printed && s.printed !== "none")) list.push([say("fPrinted"), name(say, "p", s.printed)]);
	if (s.reported && s.reported !== "not-needed") list.push([say("fReported"), name(say, "r", s.reported)]);
	for (const m of s.refunds) {
		list.push([name(say, "mv", m.kind), `${money(m.amount, s.currency, language)} · ${name(say, "mv", m.state)} · ${m.by}`]);
	}
	return list;
}

// refundable is what can still be given back, in cents.
export function refundable(s) {
	if (s.state !== "paid") return 0;
	const gone = s.refunds.filter((m) => m.state !== "refused" && m.state !== "kept").reduce((sum, m) => sum + m.amount, 0);
	return Math.max(0, s.approvedAmount - gone);
}

// unconfirmed reports whether nobody has said yet that an offline approval was uploaded.
export const unconfirmed = (s) => s.state === "paid" && s.offline && !s.upload;

// byHand reports whether something about s is still to be entered at IOTPay by hand.
export const byHand = (s) => s.method === "card" && !s.incident && (s.reported === "by-hand" || Boolean(s.attention && s.refunds.some((m) => m.state === "done")));

// late returns the movement that can still be stopped, if there is one.
export const late = (s) => s.refunds.find((m) => m.state === "waiting" && m.keepUntil);

// story tells a sale from its beginning, as lines with times and people.
export function story(s, say, language) {
	const at = (time, words) => ({ time, words: `${clock(time, language)} ${words}` });
	const list = [at(s.createdAt, [say("stAsked"), s.by].filter(Boolean).join(": ")), ...s.attempts.map((a) => at(a.startedAt, say(s.method === "card" ? "stTerminal" : "stGateway")))];
	if (s.wentUnsureAt) list.push(at(s.wentUnsureAt, say("sUnsure")));
	if (s.finalAt) list.push(at(s.finalAt, standing(s, say)));
	if (s.corrected) list.push(at(s.corrected.at, say("entered") + ": " + [s.corrected.by, s.corrected.reason].filter(Boolean).join(", ")));
	for (const m of s.refunds) list.push(at(m.finalAt || m.createdAt, `${name(say, "mv", m.kind)} ${money(m.amount, s.currency, language)} · ${name(say, "mv", m.state)} · ${m.by}${m.why && m.by !== "posd" ? ": " + m.why : ""}`));
	return list.sort((a, b) => a.time.localeCompare(b.time)).map((l) => l.words);
}

// one writes a sale in one line.
export function one(s, say, language) {
	return [number(s.id), clock(s.createdAt, language), money(s.amount, s.currency, language), way(s, say), s.reference].filter(Boolean).join(" · ");
}

// other tells of the sale that stands in the way of another one.
export function other(s, say, language) {
	return number(s.id) + " · " + say("sameText", { amount: money(s.amount, s.currency, language), method: way(s, say), time: clock(s.createdAt, language), state: standing(s, say) });
}

export const left = (until, skew) => span((new Date(until) - Date.now() - skew) / 1000);
