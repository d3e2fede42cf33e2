// The manager's page: the business day, what to look at, sales, the queue of
// reports, devices, receipts.

import { follow } from "./stream.js";
import { get, post, pending, repeat } from "./ask.js";
import { speak, money, clock, liveIn } from "./words.js";
import { $, el, table, button } from "./dom.js";
import * as dialogs from "./dialogs.js";
import { buttons } from "./actions.js";
import { tell, facts, one, story, heed, refused } from "./tell.js";
import * as day from "./day.js";
import * as list from "./list.js";
import { sized } from "./size.js";
import * as people from "./people.js";
import { month } from "./month.js";
import { figures } from "./today.js";
import { look } from "./look.js";
import { bill } from "./bill.js";
import { trouble as deviceTrouble } from "./trouble.js";

let shop;
let say = speak("en");
let here = false;
let stop;
let complaint = "";
const language = () => shop?.language || "en";

follow((event, data) => {
	here = true;
	if (event === "snapshot") {
		shop = data.shop;
		say = speak(language());
		liveIn(shop.timeZone);
		title();
		sized(say);
		people.begin(say);
		begin();
	}
	if (event === "sale") {
		later("sales");
		later("today", 2000);
		renew(data);
	}
	if (event === "queue") later("queue");
	if (event === "event" && data.kind.startsWith("day.")) ["today", "days"].forEach((l) => later(l));
	banners();
}, () => {
	here = false;
	banners();
});

// later asks for a list once things have calmed down: a burst is one question.
const timers = {};
function later(what, ms = 300) {
	clearTimeout(timers[what]);
	timers[what] = setTimeout(lists[what], ms);
}

const lists = { today, sales, days, queue, devices };
const all = () => Promise.allSettled(Object.values(lists).map((f) => f()));

// begin shows the parts when all that stands in them is there: what comes later
// would push a button away from under the finger. A slow part is not waited for.
const patience = 3000; // ms

async function begin() {
	await Promise.race([all(), new Promise((done) => setTimeout(done, patience))]);
	document.querySelector("main").classList.remove("begins");
}

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
		stop && el("p", { class: "banner bad" }, say("again"), " ", button({ onclick: () => stop?.() }, say("stopAsking"))),
		complaint && el("p", { class: "banner bad" }, complaint),
	].filter(Boolean));
}

const titles = { today: "todayTotal", look: "look", sales: "sales", day: "dayTitle", queue: "queue", devices: "devices" };

function title() {
	document.documentElement.lang = language();
	document.title = say("manager");
	$("shop").textContent = shop.name || "posd";
	$("title").textContent = say("manager");
	$("till").textContent = say("toTill");
	$("parts").setAttribute("aria-label", say("manager"));
	$("parts").replaceChildren(...Object.entries(titles).map(([id, key]) => el("a", { href: "#" + id }, say(key))));
	for (const [id, key] of Object.entries(titles)) {
		const h = $(id).querySelector("h2");
		h.textContent = say(key);
		h.id = id + "-title";
		$(id).querySelector(".list").setAttribute("aria-labelledby", h.id);
	}
	if ($("filter").children.length) return;
	$("acts").append(...day.frame(page()));
	$("filter").append(...list.frame(page(), sales));
	$("filter").addEventListener("submit", (event) => event.preventDefault());
}

const put = (id, ...nodes) => $(id).querySelector(".list").replaceChildren(...nodes);

// page is what the parts of the page share.
function page() {
	return { say, coin: shop.coin, currency: shop.currency, language: language(), trouble, complain, refresh: all, open, after: (sale) => { all(); if (dialogs.free()) open(sale); } };
}

async function today() {
	const { status, body } = await get("/v1/reports/today");
	if (status !== 200) return complain(body.type ? refused(body, "", say) : say("gone"));
	put("today", ...await figures(body, page()));
	put("look", ...await look(body, page()));
}

async function days() {
	const focus = document.activeElement?.id;
	put("day", ...await month(page(), days));
	$(focus)?.focus();
}

async function sales() {
	const nodes = await list.list(page());
	if (nodes) put("sales", ...nodes);
}

let seen; // the sale that is open and still under way

// open shows one sale with what can be done with it.
async function open(s) {
	const { title, lines } = tell(s, undefined, say, language());
	const ended = ["paid", "declined", "cancelled"].includes(s.state);
	const content = el("div", { class: "beside" }, el("div", {},
		el("p", {}, one(s, say, language())), ...lines.map((l) => el("p", {}, l)), heed(s, say, language()) && el("p", { class: "attention" }, heed(s, say, language())),
		el("dl", {}, ...facts(s, say, language()).concat([[say("id"), s.id]]).flatMap(([k, v]) => [el("dt", {}, k), el("dd", {}, v)])),
		bill(s, say, (n) => money(n, s.currency, language())),
		el("ol", { class: "story" }, ...story(s, say, language()).map((l) => el("li", {}, l)))),
		ended && el("div", {}, el("img", { src: `/v1/sales/${s.id}/receipt?format=png`, alt: say("receipt"), loading: "lazy" })));
	const mine = seen = s.state === "waiting" ? s : undefined;
	await dialogs.show(title, content, buttons(s, page()), say);
	if (seen === mine) seen = undefined;
}

// renew shows how the sale that is open goes on.
function renew(s) {
	if (seen?.id === s.id) open(s);
}

async function queue() {
	const { status, body } = await get("/v1/queue");
	if (status !== 200) return complain(body.type ? refused(body, "", say) : say("gone"));
	const link = { up: "up", down: "down", stopped: "linkStoppedWord" }[body.link] || body.link;
	const again = async (id) => {
		const answer = await post(`/v1/queue/${id}/retry`, {}, { trouble });
		complain(answer.status === 200 ? "" : refused(answer.body, "", say));
		queue();
	};
	const letGo = async (r) => {
		const lines = [money(r.amount, r.currency, language()), say("letGoHelp")];
		if (await dialogs.choose(say("letGoTitle"), lines, [[say("letGo"), true, "strong"]], say)) again(r.id);
	};
	const act = {
		"set-aside": (r) => button({ onclick: () => again(r.id) }, say("retry")),
		held: (r) => button({ onclick: () => letGo(r) }, say("letGo")),
	};
	const states = { "set-aside": "rSetAside", held: "rHeldBack" };
	put("queue",
		el("p", {}, `${say("link")}: ${say(link)}. ` + say("waitingReports", { n: body.queued, amount: money(body.cents, shop.currency, language()) })),
		body.setAside > 0 ? button({ class: "strong", onclick: () => again("all") }, say("retryAll")) : "",
		table([say("time"), say("amount"), say("state"), say("tries"), ""], body.reports.map((r) => [
			clock(r.queuedAt, language()), money(r.amount, r.currency, language()), say(states[r.state] || "rQueued"), String(r.attempts),
			act[r.state]?.(r) || "",
		]), say("noReports")));
}

async function devices() {
	const { status, body } = await get("/v1/devices");
	if (status !== 200) return complain(body.type ? refused(body, "", say) : say("gone"));
	put("devices", table([say("device"), say("line"), say("state"), say("words")], body.map((d) => [
		`${d.name} (${d.kind})`, d.line, el("span", { class: "state", "data-tone": d.ok ? "paid" : "declined" }, say(d.ok ? "works" : "trouble")), d.ok && !d.trouble ? "" : deviceTrouble(say, d.name, d.trouble),
	]), ""), button({ onclick: devices }, say("refresh")));
}

// A request that was under way when the page was loaded again is asked once
// more, under its own key; a sale is the till's page's to ask.
for (const request of pending().filter((r) => r.path !== "/v1/sales")) {
	repeat(request, { trouble }).then((answer) => {
		if (answer.status >= 400) complain(refused(answer.body, "", say));
		if (shop) all();
	});
}
