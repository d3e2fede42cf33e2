// What a person can do with a sale besides taking it: void, refund, complete,
// keep, resolve, say what became of its upload, print, look at the receipt. The till and the manager share them.

import { post, text } from "./ask.js";
import { money } from "./words.js";
import { el } from "./dom.js";
import * as dialogs from "./dialogs.js";
import { refundable, late, one, unconfirmed, byHand, heed, refused } from "./tell.js";
import * as keyed from "./amount.js";

// buttons lists what is possible with s as [label, action, class]. c is the
// page: say and language speak, trouble is handed to post, after(sale) gets what
// came of it, complain(words) what went wrong.
export function buttons(s, c) {
	const { say, language, trouble } = c;
	const cash = (cents) => money(cents, s.currency, language);
	const path = "/v1/sales/" + s.id;
	const line = one(s, say, language);
	// Nothing written is all, and the button says how much that is; 0 is nothing.
	const some = (v) => (v.amount === "" ? undefined : cents(v.amount) ?? 0);
	const right = (v) => (some(v) === 0 ? say("badAmount") : some(v) > rest ? say("tooMuch", { amount: cash(rest) }) : "");
	const amounts = (word) => (v) => (v.amount === "" ? say(word + "All", { amount: cash(rest) }) : some(v) ? say(word + "Some", { amount: cash(some(v)) }) : say(word));
	const send = (what, body) => sendTo(s, what, body, c);
	const by = who(say), why = { name: "reason", label: say("why") };
	const list = [];
	if (late(s)) {
		list.push([say("keep"), async () => {
			const v = await dialogs.form(say("keepTitle"), [line], [by], say("keep"), say);
			if (v) await send("keep", { by: v.by });
		}, "strong"]);
	}
	const rest = refundable(s);
	const whole = rest > 0 && s.refunds.every((m) => m.state === "refused" || m.state === "kept");
	if (s.kind === "auth" && whole) {
		list.push([say("complete"), async () => {
			const amount = { name: "amount", label: say("howMuch", { amount: cash(rest) }), inputmode: "decimal" };
			const v = await dialogs.form(say("completeTitle"), [line, say("completeHelp")], [amount], amounts("complete"), say, right);
			if (v) await send("complete", { amount: some(v) });
		}]);
	}
	if (s.method === "card" && whole) {
		const word = { auth: "voidAuth", return: "voidReturn" }[s.kind] || "void";
		list.push([say(word), async () => {
			const v = await dialogs.form(say(word + "Title"), [line], [by, why], say(word), say, undefined, "danger");
			if (v) await send("void", { by: v.by, reason: v.reason });
		}, "danger"]);
	}
	if (rest > 0 && s.kind !== "auth" && s.kind !== "return") {
		list.push([say("refund"), async () => {
			const amount = { name: "amount", label: say("howMuch", { amount: cash(rest) }), inputmode: "decimal" };
			const v = await dialogs.form(say("refundTitle"), [line], [amount, by, why], amounts("refund"), say, right, "danger");
			if (v) await send("refund", { amount: some(v), by: v.by, reason: v.reason });
		}, "danger"]);
	}
	list.push(...uploads(s, c));
	if (byHand(s)) {
		list.push([say("entered"), async () => {
			const v = await dialogs.form(say("entered"), [line, say("enteredHelp")], [by, why], say("entered"), say);
			if (v) await send("corrected", { by: v.by, reason: v.reason });
		}, "strong"]);
	}
	const ended = (name, title, of, ...ends) => list.push([name, async () => {
		const as = { name: "as", label: say("state"), required: true, options: [["", "—"], ...ends] };
		const v = await dialogs.form(title, [line, heed(s, say, language), say("resolveHelp")], [as, { name: "reason", label: say("reason"), required: true }, by], say("resolve"), say);
		if (v) await sendTo(of, "resolve", v, c);
	}, "strong"]);
	if (s.state === "unsure" && s.attention) ended(say("resolve"), say("resolveTitle"), s, ["paid", say("sPaid")], ["declined", say("sDeclined")], ["cancelled", say("sCancelled")]);
	for (const m of s.attention ? s.refunds : []) {
		const name = say(m.kind === "void" ? "mvVoid" : "mvRefund") + ": " + say("resolve");
		if (m.state === "unsure") ended(name, name, m, ["done", say("mvDone")], ["refused", say("mvRefused")]);
	}
	if (["paid", "declined", "cancelled"].includes(s.state)) {
		list.push([say("receipt"), async () => {
			const { words } = await text(path + "/receipt?format=text");
			const receipt = el("pre", { class: "receipt", tabindex: "0" }, words);
			const paper = el("details", {}, el("summary", {}, say("paper")), el("img", { src: path + "/receipt?format=png", alt: words, loading: "lazy" }));
			const said = el("p", { role: "status" });
			await dialogs.show(say("receipt"), el("div", {}, receipt, paper, said), [[say("print"), async () => { said.textContent = await print(s, c); }]], say);
		}]);
	}
	return list;
}

// print prints the receipt of s once more, and says what came of it.
export async function print(s, { say, trouble }) {
	const answer = await post(`/v1/sales/${s.id}/print`, {}, { trouble });
	return answer.status === 202 ? say("printing") : refused(answer.body, "print", say);
}

// uploads lists what can be said of an offline approval that nobody has spoken of.
export function uploads(s, c) {
	const { say } = c;
	if (!unconfirmed(s)) return [];
	const told = (upload, word, kind) => [say(word), async () => {
		const fields = [who(say), { name: "reason", label: say("reason"), required: true }];
		const v = await dialogs.form(say(word), [one(s, say, c.language), say(word + "Help")], fields, say(word), say);
		if (v) await sendTo(s, "upload", { upload, by: v.by, reason: v.reason }, c);
	}, kind];
	return [told("confirmed", "uploaded", ""), told("refused", "notUploaded", "danger")];
}

// who is the field for the name of the person who asks.
export const who = (say) => ({ name: "by", label: say("yourName"), required: true, max: 64 });

async function sendTo(s, what, body, c) {
	const answer = await post("/v1/sales/" + s.id + "/" + what, body, { trouble: c.trouble });
	if (answer.status >= 200 && answer.status < 300) c.after(answer.body.sale || answer.body);
	else if (answer.body.type !== "refund-limit") c.complain(refused(answer.body, what, c.say));
	else if (await dialogs.choose(c.say(what), [refused(answer.body, what, c.say)], [[c.say(what), 1, "danger"]], c.say)) await sendTo(s, what, { ...body, anyway: true }, c);
}

// cents reads 28.65 (or 28,65) as 2865, anything else as undefined.
export const cents = (text) => keyed.written(text);
