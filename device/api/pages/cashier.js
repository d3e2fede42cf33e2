// The till. Everything shown follows from what posd tells: the page keeps only
// the amount being keyed, and works after a reload at any moment.

import { follow } from "./stream.js";
import { get } from "./ask.js";
import { name } from "./words.js";
import { $, el } from "./dom.js";
import { buttons } from "./moves.js";
import { tell, facts, one, left, late, plain } from "./tell.js";
import { state, say, cash, language, enter, hear, know, latest, draw, drawnBy, trouble, complain } from "./state.js";
import { sell, meant, cancel } from "./sell.js";

const seenKey = "posd.seen"; // the sale whose result the cashier has put away

follow((event, data) => {
	state.here = true;
	switch (event) {
	case "snapshot":
		begin(data);
		break;
	case "sale":
		hear(data);
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

// begin takes in how things stand. A sale under way is shown; else what was on
// the page stays, and the last sale is shown unless it was put away.
function begin(snapshot) {
	enter(snapshot.shop);
	state.unsure = snapshot.unsure;
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
	lookForLate();
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

// putAway goes back to keying; what was keyed before a late payment came up stays.
function putAway() {
	if (state.current) sessionStorage.setItem(seenKey, state.current.id);
	state.current = undefined;
	state.complaint = "";
	draw();
}

// tryAgain goes back to keying with the same bill, or with what is left of it.
function tryAgain() {
	state.cents = String(state.current.due || state.current.amount);
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
	top();
	$("keying").hidden = Boolean(state.current);
	$("sale").hidden = !state.current;
	if (state.current) drawSale(state.current);
	else drawKeying();
	drawUnsure();
	count();
});

const glass = { welcome: "welcome", items: "items", choose: "choose", card: "card", return: "returning", processing: "processing", code: "codeShown", password: "password", paid: "paid", returned: "returned", held: "held", thanks: "thanks", declined: "declined", cancelled: "cancelled", "ask-cashier": "askCashier", offline: "offline" };

function top() {
	$("shop").textContent = state.shop.name || "posd";
	$("manager").textContent = say("openSales");
	$("glass").textContent = say("shownToCustomer") + " " + say(glass[state.screen.kind] || state.screen.kind);
	const { queued: n, cents, setAside } = state.queue;
	const waiting = { n, amount: cash(cents) };
	render("banners", [state.here, Boolean(state.stop), state.link, waiting, setAside], () => [
		!state.here && el("p", { class: "banner bad" }, say("gone")),
		state.stop && el("p", { class: "banner bad" }, say("again"), " ", el("button", { type: "button", onclick: () => state.stop?.() }, say("stopAsking"))),
		state.here && state.link === "down" && el("p", { class: "banner" }, say("linkDown", waiting)),
		state.here && state.link === "stopped" && el("p", { class: "banner bad" }, say("linkStopped", waiting)),
		setAside > 0 && el("p", { class: "banner" }, say("setAside", { n: setAside })),
	]);
}

function drawKeying() {
	$("amount").textContent = cash(Number(state.cents));
	$("reference-label").textContent = say("reference");
	$("how").textContent = say("howPaid");
	$("complaint").textContent = state.complaint;
	$("keypad").setAttribute("aria-label", say("keypad"));
	render("keypad", language(), () => ["7", "8", "9", "4", "5", "6", "1", "2", "3", "00", "0", "del"].map((k) =>
		el("button", { type: "button", id: "key-" + k, "aria-label": k === "del" && say("deleteDigit"), onclick: () => key(k) }, k === "del" ? "⌫" : k)));
	const off = !state.here || state.selling;
	render("methods", [state.shop.methods, off, language()], () => state.shop.methods.map((m) => {
		const way = el("button", { type: "button", id: "method-" + m, class: "method", "data-method": m, disabled: off, onclick: () => sell(m) }, name(say, "m", m), el("kbd", {}, m.charAt(0).toUpperCase()));
		return m === "card" ? el("div", { class: "card" }, way, el("button", { type: "button", id: "hold", disabled: off, onclick: () => sell(m, true) }, say("hold"))) : way;
	}));
}

let focused; // the sale whose end has been given the focus

function drawSale(s) {
	const seen = state.screen.sale === s.id ? state.screen : undefined;
	const keep = late(s);
	const done = s.state !== "waiting";
	const rest = s.state === "paid" && s.due > 0 && s.kind !== "auth";
	const twice = s.state === "declined" && s.reason === "duplicate-of";
	const { tone, title, lines } = tell(s, seen, say, language());
	$("sale").dataset.tone = keep ? "late" : tone;
	render("sale", [s, seen, state.complaint, state.selling, language()], () => {
		const moves = buttons(s, { say, language: language(), trouble, complain, after: (sale) => { know(latest(sale)); draw(); } });
		const list = [
			!done && [say("cancel"), cancel, "danger", s.cancelWished],
			rest && [say("takeRest", { amount: cash(s.due, s.currency) }), tryAgain, "strong"],
			done && [say("newSale"), putAway, keep || rest ? "" : "strong"],
			twice && !s.incident && [say("meant"), () => meant(s), "", state.selling],
			plain(s) && !twice && (["declined", "cancelled"].includes(s.state) || (s.state === "unsure" && s.method !== "card")) && [say("tryAgain"), tryAgain],
			...moves,
		].filter(Boolean);
		return [
			el("p", { class: "what" }, one(s, say, language())),
			el("p", { class: "amount" }, cash(s.amount, s.currency)),
			el("h1", {}, keep ? say("late") : title),
			(keep || (seen?.until && !done)) && el("p", { id: "count", "aria-live": "off" }),
			...lines.map((l) => el("p", {}, l)),
			...new Set([!keep && s.attention, s.incident].filter(Boolean)).values().map((words) => el("p", { class: "attention" }, words)),
			state.complaint && el("p", { class: "complaint", role: "alert" }, state.complaint),
			el("dl", {}, ...facts(s, say, language()).flatMap(([k, v]) => [el("dt", {}, k), el("dd", {}, v)])),
			el("div", { class: "row" }, ...list.map(([label, action, kind, off], i) => el("button", { type: "button", id: (done ? "done-" : "wait-") + i, class: kind, disabled: off, onclick: action }, label))),
		];
	});
	// Enter goes on to the next customer; never onto Cancel.
	if (done && focused !== s.id && !$("dialog").open) $("done-0").focus();
	focused = done ? s.id : undefined;
}

function drawUnsure() {
	const others = state.unsure.filter((s) => s.id !== state.current?.id);
	const off = state.current?.state === "waiting";
	$("unsure").hidden = others.length === 0;
	render("unsure", [others, off, language()], () => [el("h2", {}, say("unsureList")), el("ul", {}, ...others.map((s) =>
		el("li", {}, el("button", { type: "button", id: "unsure-" + s.id, class: s.attention && "strong", disabled: off, onclick: () => { state.current = s; draw(); } },
			one(s, say, language()), s.attention && " — " + say("attention")))))]);
}

// count runs the times down.
function count() {
	const at = $("count");
	if (!at || !state.current) return;
	const keep = late(state.current);
	at.textContent = keep ? say("lateNext", { time: left(keep.keepUntil, state.skew) }) : say("codeLeft", { time: left(state.screen.until, state.skew) });
}

setInterval(count, 1000);

// key takes one key of the keypad.
function key(k) {
	if (state.selling) return;
	if (k === "del") state.cents = state.cents.slice(0, -1);
	else if (k === "clear") state.cents = "";
	else state.cents = (state.cents + k).replace(/^0+/, "").slice(0, 9);
	state.complaint = "";
	draw();
}

addEventListener("keydown", (event) => {
	if (event.ctrlKey || event.altKey || event.metaKey || $("dialog").open || event.target.matches("input, select") || !state.shop) return;
	if (state.current) {
		if (event.key === "Escape" && state.current.state !== "waiting") putAway();
		return;
	}
	const method = state.shop.methods.find((m) => m.charAt(0) === event.key.toLowerCase());
	if (/^[0-9]$/.test(event.key)) key(event.key);
	else if (event.key === "Backspace") key("del");
	else if (event.key === "Escape") key("clear");
	else if (method) sell(method);
	else return;
	event.preventDefault();
});
