// The business day on the manager's page: its reports, its close, and money
// given back without a sale.
//
// Each function takes c, the page: {say, language, trouble, complain, refresh, open}.

import { get, once, post, text } from "./ask.js";
import { el, button } from "./dom.js";
import { name } from "./words.js";
import * as dialogs from "./dialogs.js";
import { cents, who } from "./actions.js";
import { other, refused } from "./tell.js";

const closeLimit = 3600000; // ms; as long as posd itself may take

// frame builds what stays: the buttons, and the form that opens any report.
export function frame(c) {
	const act = (label, onclick) => button({ onclick }, label);
	const which = el("input", { id: "which", maxlength: 16, autocomplete: "off", placeholder: "2026-11-21" });
	const submit = (event) => {
		event.preventDefault();
		const named = nameOf(which.value.trim());
		c.complain(named ? "" : c.say("badDay"));
		if (named) report(named, c);
	};
	return [
		el("div", { class: "row" }, act(c.say("report"), () => report("today", c)), act(c.say("closeDay"), () => close(c)), act(c.say("giveBack"), () => giveBack(c))),
		el("form", { class: "line", novalidate: true, onsubmit: submit }, el("label", {}, c.say("which"), which), el("button", {}, c.say("openReport"))),
	];
}

// nameOf reads a day, or the number of a closing report, as the API names it.
function nameOf(written) {
	const no = /^z? ?0*([1-9]\d{0,8})$/i.exec(written);
	if (no) return "z" + no[1];
	return /^\d{4}-\d\d-\d\d$/.test(written) ? written : undefined;
}

// report shows a report with what can be done with it.
export async function report(named, c) {
	const { say } = c;
	const path = "/v1/reports/" + named;
	const { ok, words, problem } = await text(path + "?format=text");
	c.complain(ok ? "" : problem.type ? refused(problem, "report", say) : say("gone"));
	if (!ok) return;
	const said = el("p", { role: "status" });
	const content = el("div", {}, el("pre", { class: "receipt report", tabindex: "0" }, words), said,
		el("a", { class: "button", href: path + "?format=csv", download: named + ".csv" }, say("csv")));
	await dialogs.show(say("reportTitle"), content, [[say("printPaper"), async () => {
		const { status, body } = await once(path + "/print");
		said.textContent = status === 200 ? name(say, "p", body.state) : body.type ? refused(body, "print", say) : say("printUnknown");
	}]], say);
}

// close closes the day. Nothing repeats it by itself: no key says that it is
// the same close, and the day after might be closed too.
async function close(c) {
	const { say } = c;
	const terminal = { name: "terminal", label: say("closeTerminal"), options: [["", say("closeWith")], ["without", say("closeWithout")]] };
	const drawer = { name: "counted", label: say("counted"), inputmode: "decimal" };
	const v = await dialogs.form(say("closeDay"), [say("closeHelp")], [who(say), terminal, c.coin && drawer].filter(Boolean), say("closeDay"), say,
		(v) => (v.counted && cents(v.counted) === undefined ? say("badAmount") : ""));
	if (!v) return;
	c.complain("");
	const asked = once("/v1/day/close", { by: v.by, withoutTerminal: v.terminal === "without", counted: v.counted ? cents(v.counted) : undefined }, closeLimit);
	const stayed = await dialogs.wait(asked, say("closing"), [el("p", { role: "status" }, say("closingNext"))], [[say("hide"), undefined]]);
	const { status, body } = await asked;
	c.refresh();
	if (status === 200) {
		if (stayed) await report("z" + body.closing.no, c);
		return;
	}
	// 4xx and 503 say that the day stays open, and why; anything else says nothing.
	const known = (status >= 400 && status < 500) || status === 503;
	const words = known ? refused(body, "close", say) : say("closeUnknown");
	if (stayed) await dialogs.choose(say(known ? "notClosed" : "noAnswer"), [words], [], say);
	else c.complain(words);
}

// giveBack gives money to a card without the sale it came from.
async function giveBack(c) {
	const { say } = c;
	const amount = { name: "amount", label: say("amount"), inputmode: "decimal", required: true };
	const v = await dialogs.form(say("giveBack"), [say("giveBackHelp")], [amount, who(say), { name: "reason", label: say("why") }], say("giveBackGo"), say,
		(v) => (cents(v.amount) > 0 ? "" : say("badAmount")));
	if (v) await give({ amount: cents(v.amount), by: v.by, reason: v.reason }, c);
}

// give sends a return. A refusal because of another return becomes the one question.
async function give(asked, c) {
	const { say } = c;
	const { status, body } = await post("/v1/refunds", asked, { trouble: c.trouble });
	c.complain("");
	if (status === 200 || status === 201) {
		await c.open(body);
	} else if (body.type === "same-bill" || body.type === "bill-paid") {
		const { body: first } = await get("/v1/sales/" + body.sale);
		const replaces = await dialogs.choose(say("sameTitle"), [first.id && other(first, say, c.language), refused(body, "return", say)], [[say("otherCustomer"), "none"]], say);
		if (replaces) await give({ ...asked, replaces }, c);
	} else {
		c.complain(refused(body, "return", say));
	}
}
