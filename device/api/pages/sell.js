// Asking posd for payments, and the questions that only the cashier can answer.

import { prepare, repeat, pending, post, get } from "./ask.js";
import { $, el } from "./dom.js";
import * as dialogs from "./dialogs.js";
import { other, refused } from "./tell.js";
import { cannot } from "./pills.js";
import * as amount from "./amount.js";
import { state, say, cash, cents, language, latest, know, draw, trouble, complain, shopKnown } from "./state.js";

// sell takes the keyed amount. hold only holds it on the card; code is that of a
// customer's wallet, scanned already.
export async function sell(method, { hold, code } = {}) {
	if (state.selling || !state.here) return;
	const n = cents();
	if (!n) return complain(say(state.keyed && n !== 0 ? "badAmount" : "noAmount"));
	const why = cannot(method);
	if (why) return complain(why);
	const body = { amount: n, currency: state.shop.currency, method, reference: $("reference").value.trim() };
	if (hold) {
		const sure = await dialogs.choose(say("holdTitle", { amount: cash(n) }), [say("holdHelp")], [[say("hold"), true, "strong"]], say);
		if (!sure) return;
		body.kind = "auth";
	}
	if (state.shop.askAbove && n > state.shop.askAbove) {
		const sure = await dialogs.choose(say("muchTitle", { amount: cash(n) }), [say("muchHelp")], [[say("muchYes"), true]], say);
		if (!sure) return;
	}
	if (method === "cash" && !(body.given = await handed(n))) return;
	await take(body, code);
}

// handed asks what the customer hands over, and says the change; nothing written is
// what is due, in coins that there are.
function handed(n) {
	const coin = state.shop.coin || 1, due = Math.floor((n + Math.floor(coin / 2)) / coin) * coin;
	if (!due) return complain(say("badAmount"));
	const of = (v) => (v.given === "" ? due : amount.written(v.given));
	return dialogs.form(say("cashTitle", { amount: cash(due) }), [say("cashHelp")], [{ name: "given", label: say("given"), inputmode: "decimal", first: true }],
		(v) => (of(v) > due ? say("change", { amount: cash(of(v) - due) }) : say("cashGo")), say, (v) => (of(v) === undefined ? say("badAmount") : of(v) < due ? say("cashShort", { amount: cash(due) }) : "")).then((v) => v && of(v));
}

// meant takes a payment again that the terminal refused as a duplicate: the
// person has said that the same amount on the same card is meant.
export const meant = (s) => take({ amount: s.amount, currency: s.currency, method: s.method, reference: s.reference, kind: s.kind || undefined, allowDuplicate: true });

// take sends a sale. A refusal because of another sale becomes the one question
// that only the cashier can answer.
async function take(body, secret) {
	if (state.selling || !state.here) return;
	const scanner = body.method === "scan" && state.shop.scanner && !secret;
	if (body.method === "scan" && !secret && !scanner) {
		secret = await keyCode(say("scanHelp"));
		if (!secret) return;
	}
	for (const k of ["reference", "replaces"]) if (!body[k]) delete body[k];
	state.complaint = "";
	state.selling = true;
	draw();
	const request = prepare("/v1/sales", body);
	const answer = await (scanner ? scan(request) : repeat(request, { secret, trouble }));
	await sold(answer, body, secret);
}

function keyCode(help) {
	const code = { name: "authCode", label: say("scanLabel"), required: true, inputmode: "numeric", max: 128, code: true };
	return dialogs.form(say("scanTitle"), [help], [code], say("takePayment"), say);
}

// posd waits 60 s for a scan, and its answer may take a while more.
const scanLimit = 90000;

// scan sends a request that posd's own scanner completes. Keyed digits go under
// the same key: whatever the scanner has read meanwhile, it is one sale. The
// result is undefined if the person went back; a sale that had begun by then is
// told by the stream.
async function scan(request) {
	const leave = new AbortController();
	const unheard = el("p", { class: "complaint", role: "alert" });
	const asking = repeat(request, { signal: leave.signal, limit: scanLimit, trouble: (stop) => { unheard.textContent = stop ? say("again") : ""; } });
	const choice = await dialogs.wait(asking, say("scanTitle"),
		[el("p", { class: "amount" }, cash(request.body.amount)), el("p", {}, say("scanPoint")), unheard],
		[[say("keyDigits"), "key"], [say("cancel"), undefined, "danger"]]);
	leave.abort();
	const answer = await asking; // it may have come at that very moment
	const unread = answer.body.type === "no-scanner";
	if (answer.status > 0 && !unread) return answer;
	const secret = choice && await keyCode(unread ? say("scannerOut") : say("scanKey"));
	return secret ? repeat(request, { secret, trouble }) : undefined;
}

async function sold(answer, asked, secret) {
	state.selling = false;
	if (!answer) return draw();
	const { status, body } = answer;
	if (status === 200 || status === 201) {
		state.keyed = "";
		$("reference").value = "";
		const sale = latest(body);
		// The stream may have been faster, and gone on to a late payment.
		if (!state.current || sale.state === "waiting") state.current = sale;
		know(sale);
		draw();
	} else if (body.type === "same-bill" || body.type === "bill-paid") {
		await ask(body, asked, secret);
	} else {
		complain(refused(body, asked.method === "scan" && body.type === "invalid" ? "scan" : "sell", say));
	}
}

// ask puts the one question: is it the same bill, or another customer?
async function ask(problem, asked, secret) {
	const { body: first } = problem.sale ? await get("/v1/sales/" + problem.sale) : { body: {} };
	const choices = [[say("otherCustomer"), "none"]];
	if (problem.sale && problem.type === "same-bill" && first.state !== "paid") choices.unshift([say("sameBill"), problem.sale, "strong"]);
	draw();
	const title = say(first.state === "paid" ? "paidTitle" : "sameTitle");
	const replaces = await dialogs.choose(title, [first.id && other(first, say, language()), refused(problem, "sell", say)], choices, say);
	if (replaces) await take({ ...asked, replaces }, secret);
}

// cancel wishes the sale on the page cancelled; it reports whether posd took the wish.
export async function cancel() {
	const { status, body } = await post(`/v1/sales/${state.current.id}/cancel`, {}, { trouble });
	if (status === 202) know(latest(body));
	else state.complaint = refused(body, "cancel", say);
	draw();
	return status === 202;
}

let instead; // the sale that is to be taken another way once it has ended: {id, method}

// change takes the bill of the sale under way by another method: that sale is
// wished cancelled first, and nothing new begins before its end is told.
export async function change(method) {
	const why = cannot(method);
	if (why) return complain(why);
	instead = { id: state.current.id, method };
	if (!await cancel()) instead = undefined;
	else changed();
}

// changed goes on with a change once the sale it waits for has ended without money.
// One that may still be paid is replaced, which posd refuses unless it is safe.
export function changed() {
	const s = state.current;
	if (!instead || s?.id !== instead.id || s.state === "waiting" || state.selling) return;
	const { method } = instead;
	instead = undefined;
	const open = s.state === "unsure";
	if (s.state === "paid" || (open && !s.givenUp)) return; // the page says what is now
	take({ amount: s.amount, currency: s.currency, method, reference: s.reference, replaces: open ? s.id : undefined });
}

// A request that was under way when the page was loaded again is asked once
// more, under its own key.
for (const request of pending()) {
	const sale = request.path === "/v1/sales";
	if (sale) {
		state.selling = true;
		state.keyed = amount.from(request.body.amount);
		$("reference").value = request.body.reference || "";
	}
	const again = async () => {
		if (!sale || request.body.method !== "scan") return repeat(request, { trouble });
		await shopKnown;
		return state.shop.scanner ? scan(request) : repeat(request, { trouble });
	};
	again().then((answer) => {
		if (sale) return sold(answer, request.body);
		if (answer.status >= 400) complain(refused(answer.body, "", say));
	});
}

