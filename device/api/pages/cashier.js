// The till. Everything shown follows from what posd tells: the page keeps only
// the amount being keyed, and works after a reload at any moment.

import { follow } from "./stream.js";
import { get } from "./ask.js";
import { name } from "./words.js";
import { $, el, button } from "./dom.js";
import { late } from "./tell.js";
import { state, say, cash, language, enter, hear, know, latest, draw, drawnBy } from "./state.js";
import { changed } from "./sell.js";
import * as amount from "./amount.js";
import * as panel from "./panel.js";
import * as pills from "./pills.js";
import * as strip from "./strip.js";
import * as sound from "./sound.js";
import { drawKeying } from "./keying.js";
import { sized } from "./size.js";
import * as people from "./people.js";

const seenKey = "posd.seen"; // the sale whose result the cashier has put away

follow((event, data) => {
	state.here = true;
	switch (event) {
	case "snapshot":
		begin(data);
		break;
	case "sale":
		heardOf(data);
		break;
	case "screen":
		see(data);
		break;
	case "queue":
		state.queue = data;
		if (data.link) state.link = data.link;
		break;
	case "event":
		if (data.kind === "sale.seen") strip.seen(data.sale);
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

pills.look();

// begin takes in how things stand. A sale under way is shown; else what was on
// the page stays, and the last sale is shown unless it was put away.
function begin(snapshot) {
	enter(snapshot.shop);
	sized(say);
	people.begin(say);
	state.unsure = snapshot.unsure;
	outcomes(snapshot.outcomes || []);
	state.queue = snapshot.queue;
	state.link = snapshot.link;
	state.told = new Map(snapshot.unsure.map((s) => [s.id, s]));
	const last = snapshot.current;
	if (last) state.told.set(last.id, last);
	const shown = state.current;
	if (last?.state === "waiting") state.current = last;
	else if (shown) lookUp(shown.id);
	else if (last && sessionStorage.getItem(seenKey) !== last.id) state.current = last;
	see(snapshot.screen);
	strip.refresh();
	lookForLate();
}

// heardOf takes in a sale as it now stands, and is heard when one has ended.
function heardOf(sale) {
	const before = state.told.get(sale.id)?.state ?? (sale.finalAt || sale.state === "unsure" ? "" : "waiting");
	hear(sale);
	know(sale);
	if (before === "unsure" && sale.finalAt && !sale.resolved) outcomes([sale, ...state.outcomes.filter((s) => s.id !== sale.id)]);
	if (before !== sale.state && before && sale.state !== "waiting") ring(sale);
	if (sale.state !== "waiting") strip.refresh();
	changed();
}

function ring(sale) {
	if (!state.shop?.sounds) return;
	if (sale.state === "paid" && !sale.attention && !late(sale)) sound.paid();
	else sound.look();
}

// outcomes takes in how unsure sales ended; a new one is heard.
function outcomes(list) {
	const news = list.some((s) => !state.outcomes.some((o) => o.id === s.id));
	state.outcomes = list;
	if (news && state.shop?.sounds) sound.look();
}

// lookUp brings a sale on the page up to date.
async function lookUp(id) {
	const { status, body } = await get("/v1/sales/" + id);
	if (status !== 200 || state.current?.id !== id) return;
	state.current = latest(body);
	draw();
}

// lookForLate finds a late payment that can still be kept: it is neither under
// way nor unsure, so no snapshot tells of it.
async function lookForLate() {
	const { status, body } = await get("/v1/sales?state=paid&limit=50");
	const found = status === 200 && body.find(late);
	if (!found || state.current?.state === "waiting") return;
	state.current = latest(found);
	draw();
}

function see(screen) {
	state.screen = screen;
	state.skew = new Date(screen.now) - Date.now();
}

// putAway goes back to keying. How an unsure sale ended stays in the inbox: it may
// have come up under the very finger that went on. What was keyed before a late payment came up stays.
export function putAway() {
	if (state.current) sessionStorage.setItem(seenKey, state.current.id);
	state.current = undefined;
	state.complaint = "";
	draw();
}

// tryAgain goes back to keying with the same bill, or with what is left of it.
function tryAgain() {
	state.keyed = amount.from(state.current.due || state.current.amount);
	$("reference").value = state.current.reference;
	putAway();
}

// Drawing. A part is drawn again only when what it shows has changed: a button
// must not be replaced under a finger.

const drawn = new Map();

function render(id, shows, build) {
	const now = JSON.stringify(shows);
	if (drawn.get(id) === now) return;
	drawn.set(id, now);
	const focus = document.activeElement?.id;
	$(id).replaceChildren(...build().filter(Boolean));
	if (focus && document.activeElement?.id !== focus) document.getElementById(focus)?.focus();
}

drawnBy(() => {
	if (!state.shop) {
		render("banners", [state.here], () => [!state.here && el("p", { class: "banner bad" }, say("gone"))]);
		return;
	}
	document.documentElement.lang = language();
	document.title = state.shop.name || "posd";
	top();
	$("keying").hidden = Boolean(state.current);
	$("sale").hidden = !state.current;
	if (state.current) drawSale(state.current);
	else drawKeying(render);
	render("strip", strip.shows(), () => strip.strip((s) => { state.current = s; draw(); }));
	panel.count(state.current);
});

const glass = { welcome: "welcome", items: "items", choose: "choose", tip: "tipping", card: "card", return: "returning", processing: "processing", code: "codeShown", password: "password", paid: "paid", returned: "returned", held: "held", thanks: "thanks", declined: "declined", cancelled: "cancelled", "ask-cashier": "askCashier", offline: "offline" };

function top() {
	$("shop").textContent = state.shop.name || "posd";
	$("manager").textContent = say("openSales");
	$("pills").setAttribute("aria-label", say("pills"));
	$("strip").setAttribute("aria-label", say("strip"));
	render("pills", [pills.shows(), language()], pills.row);
	$("glass").textContent = say("shownToCustomer") + " " + say(glass[state.screen.kind] || "offline");
	const { queued: n, cents, setAside } = state.queue;
	const waiting = { n, amount: cash(cents) };
	render("banners", [state.here, Boolean(state.stop), state.link, waiting, setAside, language()], () => [
		!state.here && el("p", { class: "banner bad" }, say("gone")),
		state.stop && el("p", { class: "banner bad" }, say("again"), " ", button({ onclick: () => state.stop?.() }, say("stopAsking"))),
		state.here && state.link === "down" && el("p", { class: "banner" }, say("linkDown", waiting)),
		state.here && state.link === "stopped" && el("p", { class: "banner bad" }, say("linkStopped", waiting)),
		setAside > 0 && el("p", { class: "banner" }, say("setAside", { n: setAside })),
	]);
}

let focused; // the sale whose end has been given the focus
let shrinks; // when a payment that is over makes room

const resultStays = 20000; // ms

function drawSale(s) {
	const done = s.state !== "waiting";
	$("sale").dataset.tone = panel.tone(s);
	$("sale").dataset.method = s.method;
	render("sale", panel.shows(s), () => panel.panel(s, putAway, tryAgain));
	// Enter goes on to the next customer; never onto Cancel.
	if (done && focused !== s.id && !$("dialog").open) $("done-0").focus();
	if (done && focused !== s.id) {
		clearTimeout(shrinks);
		shrinks = setTimeout(() => {
			const now = state.current;
			if (now?.id === s.id && now.state === "paid" && !now.attention && !now.incident && !late(now) && !now.due && !state.outcomes.some((o) => o.id === now.id) && !$("dialog").open) putAway();
		}, resultStays);
	}
	focused = done ? s.id : undefined;
}

setInterval(() => panel.count(state.current), 1000);
