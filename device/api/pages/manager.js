// The manager's page: sales, the queue of reports, devices, receipts.

import { follow } from "./stream.js";
import { get, post } from "./ask.js";
import { speak, money, name, clock } from "./words.js";
import { $, el } from "./dom.js";
import * as dialogs from "./dialogs.js";
import { buttons } from "./moves.js";
import { tell, facts, one } from "./tell.js";

let shop;
let say = speak("en");
let here = false;
let stop;
let complaint = "";
const language = () => (shop?.language === "fr" ? "fr" : "en");

follow((event, data) => {
	here = true;
	if (event === "snapshot") {
		shop = data.shop;
		say = speak(language());
		title();
		all();
	}
	if (event === "sale") later("sales");
	if (event === "queue") later("queue");
	banners();
}, () => {
	here = false;
	banners();
});

// later asks for a list once things have calmed down: a burst is one question.
const timers = {};
function later(what) {
	clearTimeout(timers[what]);
	timers[what] = setTimeout(lists[what], 300);
}

const lists = { sales, queue, devices };
const all = () => Object.values(lists).forEach((f) => f());

function trouble(f) {
	stop = f;
	banners();
}

function complain(words) {
	complaint = words;
	banners();
}

function banners() {
	$("banners").replaceChildren(...[
		!here && el("p", { class: "banner bad" }, say("gone")),
		stop && el("p", { class: "banner bad" }, say("again"), " ", el("button", { type: "button", onclick: () => stop?.() }, say("stopAsking"))),
		complaint && el("p", { class: "banner bad" }, complaint),
	].filter(Boolean));
}

function title() {
	document.documentElement.lang = language();
	$("shop").textContent = shop.name || "posd";
	$("glass").textContent = say("manager");
	$("till").textContent = say("toTill");
	$("report").textContent = say("report");
	for (const id of ["sales", "queue", "devices"]) {
		const h = $(id).querySelector("h2");
		h.textContent = say(id);
		h.id = id + "-title";
		$(id).querySelector(".list").setAttribute("aria-labelledby", h.id);
	}
	const option = (value, label) => el("option", { value }, label);
	const choice = (id, label, values, kind) => el("label", {}, say(label), el("select", { id, onchange: sales }, option("", say("all")), ...values.map((v) => option(v, name(say, kind, v)))));
	if ($("filter").children.length) return;
	$("filter").append(
		el("label", {}, say("day"), el("input", { type: "date", id: "date", onchange: sales })),
		choice("method", "method", ["card", "wechat", "alipay", "unionpay", "scan"], "m"),
		choice("state", "state", ["waiting", "paid", "declined", "cancelled", "unsure"], "s"));
}

function table(head, rows, none) {
	if (!rows.length) return el("p", {}, none);
	return el("table", {}, el("thead", {}, el("tr", {}, ...head.map((h) => el("th", { scope: "col" }, h)))), el("tbody", {}, ...rows.map((r) => el("tr", {}, ...r.map((c) => el("td", {}, c))))));
}

const put = (id, ...nodes) => $(id).querySelector(".list").replaceChildren(...nodes);

async function sales() {
	const query = new URLSearchParams();
	for (const id of ["date", "method", "state"]) if ($(id)?.value) query.set(id, $(id).value);
	const { status, body } = await get("/v1/sales?" + query);
	if (status !== 200) return complain(body.detail || say("gone"));
	put("sales", table([say("time"), say("amount"), say("method"), say("state"), say("fPrinted"), say("fReported")], body.map((s) => [
		el("button", { type: "button", onclick: () => open(s) }, clock(s.createdAt, language()) + (s.reference ? " · " + s.reference : "")),
		money(s.amount, s.currency, language()), name(say, "m", s.method),
		el("span", { class: "state", "data-tone": s.state }, name(say, "s", s.state) + (s.refunds.length ? " · " + s.refunds.map((m) => name(say, "mv", m.kind) + " " + name(say, "mv", m.state)).join(", ") : "")),
		name(say, "p", s.printed), name(say, "r", s.reported),
	]), say("noSales")));
}

// open shows one sale with what can be done with it.
async function open(s) {
	const { title, lines } = tell(s, undefined, say, language());
	const moves = buttons(s, { say, language: language(), trouble, complain, after: () => sales() });
	const content = el("div", {},
		el("p", {}, one(s, say, language())), ...lines.map((l) => el("p", {}, l)), s.attention && el("p", { class: "attention" }, s.attention),
		el("dl", {}, ...facts(s, say, language()).concat([[say("id"), s.id]]).flatMap(([k, v]) => [el("dt", {}, k), el("dd", {}, v)])));
	await dialogs.show(title, content, moves.map(([label, action]) => [label, action]), say);
}

async function queue() {
	const { status, body } = await get("/v1/queue");
	if (status !== 200) return complain(body.detail || say("gone"));
	const link = { up: "up", down: "down", stopped: "linkStoppedWord" }[body.link] || body.link;
	const again = async (id) => {
		const answer = await post(`/v1/queue/${id}/retry`, {}, { trouble });
		complain(answer.status === 200 ? "" : answer.body.detail || say("stopped"));
		queue();
	};
	put("queue",
		el("p", {}, `${say("link")}: ${say(link)}. ${body.words} ` + say("waitingReports", { n: body.queued, amount: money(body.cents, shop.currency, language()) })),
		body.setAside > 0 ? el("button", { type: "button", class: "strong", onclick: () => again("all") }, say("retryAll")) : "",
		table([say("time"), say("amount"), say("state"), say("tries"), say("words"), ""], body.reports.map((r) => [
			clock(r.queuedAt, language()), money(r.amount, r.currency, language()), r.state === "set-aside" ? say("rSetAside") : say("rQueued"), String(r.attempts), r.words || "",
			r.state === "set-aside" ? el("button", { type: "button", onclick: () => again(r.id) }, say("retry")) : "",
		]), say("noReports")));
}

async function devices() {
	const { status, body } = await get("/v1/devices");
	if (status !== 200) return complain(body.detail || say("gone"));
	put("devices", table([say("device"), say("line"), say("state"), say("words")], body.map((d) => [
		`${d.name} (${d.kind})`, d.line, el("span", { class: "state", "data-tone": d.ok ? "paid" : "declined" }, say(d.ok ? "works" : "trouble")), d.words,
	]), ""), el("button", { type: "button", onclick: devices }, say("refresh")));
}
