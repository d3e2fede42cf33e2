// What a person can do with a sale besides taking it: void, refund, keep,
// settle, print, look at the receipt. The till and the manager share them.

import { post, text } from "./ask.js";
import { money } from "./words.js";
import { el } from "./dom.js";
import * as dialogs from "./dialogs.js";
import { refundable, late, one } from "./tell.js";

// buttons lists what is possible with s as [label, action, class]. say and
// language speak; trouble is handed to post; after(sale) gets what came of it.
export function buttons(s, { say, language, trouble, after, complain }) {
	const cash = (cents) => money(cents, s.currency, language);
	const path = "/v1/sales/" + s.id;
	const line = one(s, say, language);
	const send = async (what, body) => {
		const answer = await post(path + "/" + what, body, { trouble });
		if (answer.status >= 200 && answer.status < 300) after(answer.body.sale || answer.body);
		else complain(answer.body.detail || say("stopped"));
		return answer;
	};
	const by = { name: "by", label: say("yourName"), required: true, max: 64 };
	const why = { name: "reason", label: say("why") };
	const list = [];
	if (late(s)) {
		list.push([say("keep"), async () => {
			const v = await dialogs.form(say("keepTitle"), [line], [by], say("keep"), say);
			if (v) await send("keep", { by: v.by });
		}, "strong"]);
	}
	const rest = refundable(s);
	if (rest > 0 && s.method === "card" && s.refunds.every((m) => m.state === "refused" || m.state === "kept")) {
		list.push([say("void"), async () => {
			const v = await dialogs.form(say("voidTitle"), [line], [by, why], say("void"), say);
			if (v) await send("void", { by: v.by, reason: v.reason });
		}, "danger"]);
	}
	if (rest > 0) {
		list.push([say("refund"), async () => {
			const amount = { name: "amount", label: say("howMuch", { amount: cash(rest) }), inputmode: "decimal" };
			const v = await dialogs.form(say("refundTitle"), [line], [amount, by, why], say("refund"), say, (v) => cents(v.amount) === undefined ? say("badAmount") : "");
			if (v) await send("refund", { amount: cents(v.amount), by: v.by, reason: v.reason });
		}, "danger"]);
	}
	if (s.state === "unsure" && s.attention) {
		list.push([say("resolve"), async () => {
			const as = { name: "as", label: say("state"), required: true, options: [["", "—"], ["paid", say("sPaid")], ["declined", say("sDeclined")], ["cancelled", say("sCancelled")]] };
			const v = await dialogs.form(say("resolveTitle"), [line, s.attention, say("resolveHelp")], [as, { name: "reason", label: say("reason"), required: true }, by], say("resolve"), say);
			if (v) await send("resolve", v);
		}, "strong"]);
	}
	if (["paid", "declined", "cancelled"].includes(s.state)) {
		list.push([say("receipt"), async () => {
			const words = await text(path + "/receipt?format=text");
			const receipt = el("pre", { class: "receipt", tabindex: "0" }, words);
			const paper = el("details", {}, el("summary", {}, say("paper")), el("img", { src: path + "/receipt?format=png", alt: words, loading: "lazy" }));
			const said = el("p", { role: "status" });
			await dialogs.show(say("receipt"), el("div", {}, receipt, paper, said), [[say("print"), async () => {
				const answer = await post(path + "/print", {}, { trouble });
				said.textContent = answer.status === 202 ? say("printing") : answer.body.detail || say("stopped");
			}]], say);
		}]);
	}
	return list;
}

// cents reads 28.65 (or 28,65) as 2865, nothing as 0, anything else as undefined.
export function cents(written) {
	if (written === "") return 0;
	const m = /^(\d{1,7})[.,](\d{2})$/.exec(written);
	return m ? Number(m[1]) * 100 + Number(m[2]) : undefined;
}
