// The till. Everything shown follows from what posd tells: the page keeps only
// the amount being keyed, and works after a reload at any moment.

import { follow } from "./stream.js";
import { post, repeat, pending, get } from "./ask.js";
import { speak, money, name, clock } from "./words.js";
import { $, el } from "./dom.js";
import * as dialogs from "./dialogs.js";
import { buttons } from "./moves.js";
import { tell, facts, one, left, late } from "./tell.js";

const seenKey = "posd.seen"; // the sale whose result the cashier has put away

const state = {
	shop: undefined, // until the first snapshot
	here: false, // whether the stream is up
	current: undefined, // the sale on the page
	unsure: [],
	screen: { kind: "offline" },
	queue: { queued: 0, setAside: 0 },
	link: "up",
	told: new Map(), // by ID, what this stream said last of a sale
	skew: 0,
	stop: undefined, // stops the request that gets no answer
	cents: "",
	complaint: "",
};

const language = () => (state.shop?.language === "fr" ? "fr" : "en");
let say = speak("en");
const cash = (n, currency = state.shop.currency) => money(n, currency, language());

follow((event, data) => {
	state.here = true;
	switch (event) {
	case "snapshot":
		state.shop = data.shop;
		say = speak(language());
		state.unsure = data.unsure;
		state.queue = data.queue;
		state.link = data.link;
		state.told = new Map(data.unsure.map((s) => [s.id, s]));
		if (data.current) state.told.set(data.current.id, data.current);
		state.current = pick(data.current);
		see(data.screen);
		break;
	case "sale":
		state.told.set(data.id, data);
		know(data);
		break;
	case "screen":
		see(data);
		break;
	case "queue":
		state.queue = data;
		if (data.link) state.link = data.link;
		break;
	default:
		return; // history; the page shows what is
	}
	draw();
}, () => {
	state.here = false;
	state.told.clear();
	draw();
});

// latest is the newer of an answer and what the stream said: an answer may
// have been overtaken by the stream, never the other way round for long.
const latest = (sale) => state.told.get(sale.id) || sale;

// pick chooses the sale to show from a snapshot: one under way always, one that
// ended unless it was put away.
function pick(sale) {
	if (!sale) return undefined;
	return sale.state !== "waiting" && sessionStorage.getItem(seenKey) === sale.id ? undefined : sale;
}

// know takes in a sale as it now stands.
function know(sale) {
	state.unsure = state.unsure.filter((s) => s.id !== sale.id);
	if (sale.state === "unsure") state.unsure.unshift(sale);
	const mine = state.current?.id === sale.id;
	const news = !mine && (late(sale) || sale.state === "waiting");
	if (mine || (news && state.current?.state !== "waiting")) state.current = sale;
}

function see(screen) {
	state.screen = screen;
	state.skew = new Date(screen.now) - Date.now();
}

// putAway goes back to keying.
function putAway() {
	if (state.current) sessionStorage.setItem(seenKey, state.current.id);
	state.current = undefined;
	state.cents = "";
	state.complaint = "";
	$("reference").value = "";
	draw();
}

// trouble is told by a request that gets no answer, and again when it is over.
function trouble(stop) {
	if (Boolean(stop) === Boolean(state.stop)) return;
	state.stop = stop;
	draw();
}

function complain(words) {
	state.complaint = words;
	draw();
}

// sell takes the keyed amount. A refusal because of another sale becomes the
// one question that only the cashier can answer.
async function sell(method, replaces, secret) {
	if (!state.cents || state.stop || !state.here) {
		if (!state.cents) complain(say("noAmount"));
		return;
	}
	if (method === "scan" && !secret) {
		const code = { name: "authCode", label: say("scanLabel"), required: true, inputmode: "numeric", max: 128 };
		secret = await dialogs.form(say("scanTitle"), [say("scanHelp")], [code], say("takePayment"), say);
		if (!secret) return;
	}
	const body = { amount: Number(state.cents), currency: state.shop.currency, method, reference: $("reference").value.trim(), replaces };
	if (!body.reference) delete body.reference;
	if (!replaces) delete body.replaces;
	state.complaint = "";
	await sold(await post("/v1/sales", body, { secret, trouble }), method, secret);
}

async function sold({ status, body }, method, secret) {
	if (status === 200 || status === 201) {
		state.current = latest(body);
		know(state.current);
		draw();
	} else if (body.type === "same-bill" || body.type === "bill-paid") {
		await ask(body, method, secret);
	} else {
		complain(body.detail || say("stopped"));
	}
}

// ask puts the one question: is it the same bill, or another customer?
async function ask(problem, method, secret) {
	const { body: other } = await get("/v1/sales/" + problem.sale);
	const about = other.id && say("sameText", { amount: cash(other.amount, other.currency), method: name(say, "m", other.method), time: clock(other.createdAt, language()), state: name(say, "s", other.state) });
	const choices = [[say("otherCustomer"), "none"]];
	if (problem.type === "same-bill" && other.state !== "paid") choices.unshift([say("sameBill"), problem.sale, "strong"]);
	const answer = await dialogs.choose(say(other.state === "paid" ? "paidTitle" : "sameTitle"), [about, problem.detail], choices, say);
	if (answer) await sell(method, answer, secret);
}

async function cancel() {
	const { status, body } = await post(`/v1/sales/${state.current.id}/cancel`, {}, { trouble });
	if (status === 202) know(latest(body));
	else state.complaint = body.detail || say("stopped");
	draw();
}

// A request that was under way when the page was loaded again is asked once
// more, under its own key.
for (const request of pending()) {
	repeat(request, { trouble }).then((answer) => {
		if (request.path === "/v1/sales") return sold(answer, request.body.method);
		if (answer.status >= 400) complain(answer.body.detail || "");
	});
}

// Drawing. Each part is redrawn whole; a focused button keeps its focus.

function draw() {
	if (!state.shop) {
		$("banners").replaceChildren(state.here ? "" : el("p", { class: "banner bad" }, say("gone")));
		return;
	}
	document.documentElement.lang = language();
	const focus = document.activeElement?.id;
	top();
	$("keying").hidden = Boolean(state.current);
	$("sale").hidden = !state.current;
	if (state.current) drawSale(state.current);
	else drawKeying();
	drawUnsure();
	if (focus) document.getElementById(focus)?.focus();
}

function top() {
	$("shop").textContent = state.shop.name || "posd";
	$("manager").textContent = say("openSales");
	const glass = { welcome: "welcome", items: "items", card: "card", processing: "processing", code: "codeShown", password: "password", paid: "paid", declined: "declined", cancelled: "cancelled", "ask-cashier": "askCashier", offline: "offline" };
	$("glass").textContent = say("shownToCustomer") + " " + say(glass[state.screen.kind] || state.screen.kind);
	const n = state.queue.queued;
	$("banners").replaceChildren(...[
		!state.here && el("p", { class: "banner bad" }, say("gone")),
		state.stop && el("p", { class: "banner bad" }, say("again"), " ", el("button", { type: "button", onclick: () => state.stop?.() }, say("stopAsking"))),
		state.here && state.link === "down" && el("p", { class: "banner" }, say("linkDown", { n })),
		state.here && state.link === "stopped" && el("p", { class: "banner bad" }, say("linkStopped", { n })),
		state.queue.setAside > 0 && el("p", { class: "banner" }, say("setAside", { n: state.queue.setAside })),
	].filter(Boolean));
}

function drawKeying() {
	$("amount").textContent = cash(Number(state.cents));
	$("reference-label").textContent = say("reference");
	$("how").textContent = say("howPaid");
	$("complaint").textContent = state.complaint;
	$("keypad").setAttribute("aria-label", say("keypad"));
	if (!$("keypad").children.length) {
		$("keypad").append(...["7", "8", "9", "4", "5", "6", "1", "2", "3", "00", "0", "del"].map((k) =>
			el("button", { type: "button", id: "key-" + k, "aria-label": k === "del" ? say("deleteDigit") : undefined, onclick: () => key(k) }, k === "del" ? "⌫" : k)));
	}
	const off = !state.here || Boolean(state.stop);
	$("methods").replaceChildren(...state.shop.methods.map((m) =>
		el("button", { type: "button", id: "method-" + m, class: "method", "data-method": m, disabled: off, onclick: () => sell(m) }, name(say, "m", m), el("kbd", {}, m.charAt(0).toUpperCase()))));
}

function drawSale(s) {
	const { tone, title, lines } = tell(s, state.screen.sale === s.id ? state.screen : undefined, say, language());
	const moves = buttons(s, { say, language: language(), trouble, complain, after: (sale) => { know(latest(sale)); draw(); } });
	const keep = late(s);
	const done = s.state !== "waiting";
	const list = [
		!done && [say("cancel"), cancel, "danger", s.cancelWished],
		done && [say("newSale"), putAway, keep ? "" : "strong"],
		...moves,
	].filter(Boolean);
	$("sale").dataset.tone = keep ? "late" : tone;
	$("sale").replaceChildren(...[
		el("p", { class: "what" }, one(s, say, language())),
		el("p", { class: "amount" }, cash(s.amount, s.currency)),
		el("h1", {}, keep ? say("late") : title),
		keep && el("p", {}, say("lateNext", { time: left(keep.keepUntil, state.skew) })),
		...lines.map((l) => el("p", {}, l)),
		state.screen.sale === s.id && state.screen.until && s.state === "waiting" && el("p", {}, say("codeLeft", { time: left(state.screen.until, state.skew) })),
		s.attention && !keep && el("p", { class: "attention" }, s.attention),
		state.complaint && el("p", { class: "complaint", role: "alert" }, state.complaint),
		el("dl", {}, ...facts(s, say, language()).flatMap(([k, v]) => [el("dt", {}, k), el("dd", {}, v)])),
		el("div", { class: "row" }, ...list.map(([label, action, kind, off], i) => el("button", { type: "button", id: "act-" + i, class: kind, disabled: off, onclick: action }, label))),
	].filter(Boolean));
}

function drawUnsure() {
	const others = state.unsure.filter((s) => s.id !== state.current?.id);
	$("unsure").hidden = others.length === 0;
	$("unsure").replaceChildren(el("h2", {}, say("unsureList")), el("ul", {}, ...others.map((s) =>
		el("li", {}, el("button", { type: "button", id: "unsure-" + s.id, class: s.attention ? "strong" : "", disabled: state.current?.state === "waiting", onclick: () => { state.current = s; draw(); } },
			one(s, say, language()), s.attention ? " — " + say("attention") : "")))));
}

// key takes one key of the keypad.
function key(k) {
	if (k === "del") state.cents = state.cents.slice(0, -1);
	else if (k === "clear") state.cents = "";
	else state.cents = (state.cents + k).replace(/^0+/, "").slice(0, 9);
	state.complaint = "";
	draw();
}

addEventListener("keydown", (event) => {
	if (event.ctrlKey || event.altKey || event.metaKey || $("dialog").open || event.target.matches("input, select")) return;
	if (!state.shop || state.current) return;
	const method = state.shop.methods.find((m) => m.charAt(0) === event.key.toLowerCase());
	if (/^[0-9]$/.test(event.key)) key(event.key);
	else if (event.key === "Backspace") key("del");
	else if (event.key === "Escape") key("clear");
	else if (method) sell(method);
	else return;
	event.preventDefault();
});

// Times run down.
setInterval(() => {
	if (state.current && (late(state.current) || (state.screen.until && state.current.state === "waiting"))) draw();
}, 1000);
