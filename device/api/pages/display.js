// The customer's screen. It shows what posd says is on glass, and nothing else:
// when posd is gone it says so, and it comes back by itself.

import { follow } from "./stream.js";
import { speak, money, span, name, languages } from "./words.js";
import { $, el, qr, ring, button } from "./dom.js";
import { bare } from "./ask.js";
import { rows } from "./bill.js";

let shop = { name: "", language: "en" };
let screen = { kind: "offline" };
let skew = 0; // posd's clock less ours, ms
let idle;

follow((event, data) => {
	if (event === "snapshot") shop = data.shop;
	if (event === "snapshot") show(data.screen);
	if (event === "screen") show(data);
}, () => show({ kind: "offline", language: screen.language }));

let chosen; // the language that the customer has chosen, until the next welcome

function show(s) {
	if (s.kind === "welcome" && screen.kind !== "welcome") chosen = undefined;
	if (s.kind !== "tip" || s.sale !== screen.sale) keyed = undefined;
	screen = s;
	if (s.now) skew = new Date(s.now) - Date.now();
	draw();
}

addEventListener("resize", draw);

// A screen that goes to sleep shows no code. Where a browser cannot promise it,
// the kiosk's own settings must.
async function stayAwake() {
	if (document.visibilityState === "visible") await navigator.wakeLock?.request("screen").catch(() => {});
}
document.addEventListener("visibilitychange", stayAwake);
stayAwake();
setInterval(tick, 1000);

const secondsLeft = () => (new Date(screen.until) - Date.now() - skew) / 1000;

function tick() {
	const left = $("left");
	if (left && screen.until) left.textContent = speak(language())("left", { time: span(secondsLeft()) });
	const circle = document.querySelector(".ring circle:last-child");
	if (!circle || !screen.until) return;
	whole = Math.max(whole, secondsLeft());
	circle.setAttribute("stroke-dasharray", `${Math.max(0, secondsLeft() / whole) * 100} 100`);
}

let whole = 1; // s that the code may be paid in

const language = () => chosen || screen.language || shop.language || "en";

const names = { en: "English", fr: "Français", "zh-Hans": "简体中文", "zh-Hant": "繁體中文" };

// tools are the customer's: another language, and the amount read aloud.
function tools() {
	const say = speak(language());
	const next = languages[(languages.indexOf(language()) + 1) % languages.length];
	const amount = screen.amount && globalThis.speechSynthesis?.getVoices && cash(screen.amount);
	const quiet = ["code", "items", "offline"].includes(screen.kind); // nothing over a code or a total
	$("tools").replaceChildren(...quiet ? [] : [
		button({ id: "language", lang: next, onclick: () => { chosen = next; draw(); } }, names[next]),
		amount && button({ id: "aloud", "aria-label": say("aloud"), onclick: () => aloud(`${say("total")}: ${amount}`) }, "▶"),
	].filter(Boolean));
}

function aloud(words) {
	speechSynthesis.cancel();
	const u = new SpeechSynthesisUtterance(words);
	u.lang = language();
	speechSynthesis.speak(u);
}

const cash = (n) => money(n, screen.currency, language());

// lines is what a bill is made of; what does not fit is scrolled out at the top, and
// the newest stands.
function lines(say) {
	const all = rows(screen, say);
	return all.length > 0 && el("ul", { class: "items", tabindex: 0 }, ...all.map(([k, v]) => el("li", {}, el("span", {}, k), el("span", {}, cash(v)))));
}

// settle gives the list the height of so many whole lines, and scrolls to the last.
function settle(list) {
	list.style.maxHeight = Math.floor(list.clientHeight / list.firstChild.offsetHeight) * list.firstChild.offsetHeight + "px";
	list.scrollTop = list.scrollHeight;
}

// measured writes an amount in letters as large as its length allows.
function measured(kind, written, ...before) {
	const p = el("p", { class: kind }, ...before, el("strong", {}, written));
	p.style.setProperty("--n", written.length);
	return p;
}

// marks are the ways to pay here. A customer's own code is a wallet's, too.
function marks(say) {
	const methods = (shop.methods || []).filter((m) => m !== "scan");
	return el("div", { class: "marks" }, ...methods.map((m) => el("span", { class: "mark", "data-method": m }, name(say, "m", m))));
}

function parts() {
	const say = speak(language());
	const amount = screen.amount ? measured("amount", cash(screen.amount)) : undefined;
	const wallet = screen.brand || name(say, "m", screen.method);
	const mark = () => screen.method && screen.method !== "card" ? el("p", { class: "mark", "data-method": screen.method }, wallet) : undefined;
	const title = (key) => el("h1", {}, say(key));
	const next = (key) => el("p", { class: "next" }, say(key));
	const value = (key, cents) => el("p", { class: "next" }, say(key, { amount: cash(cents) }));
	const picture = (what) => el("div", { class: "picture", "data-picture": what, "aria-hidden": "true" });
	switch (screen.kind) {
	case "welcome":
		return [el("p", { class: "shop" }, shop.name), title("welcome"), screen.message && el("p", { class: "next" }, screen.message), marks(say)];
	case "items":
		return [el("h1", {}, say("items")), lines(say), measured("total", cash(screen.amount), el("span", {}, say("total"))), screen.message && el("p", { class: "next" }, screen.message)];
	case "choose":
		return [amount, title("choose"), marks(say), screen.message ? el("p", { class: "next" }, screen.message) : next("chooseNext")];
	case "tip":
		if (keyed !== undefined) return [title("otherTip"), measured("amount", cash(keyed)), pad(say)];
		return [amount, title("tip"), el("div", { class: "tips" },
			...screen.tips.map((t) => tip(t.amount, t.percent + " %", cash(t.amount))), other(say("otherTip"), 0), tip(0, say("noTip")))];
	case "card":
		return [amount, picture("card"), title("card"), lines(say)];
	case "return":
		return [title("returning"), amount, picture("card"), next("card")];
	case "code": {
		if (!screen.rows) return [mark(), amount, title("noCode")];
		const side = Math.min(innerHeight * (innerWidth > innerHeight ? 0.9 : 0.58), innerWidth * (innerWidth > innerHeight ? 0.55 : 0.94));
		const code = qr(screen.rows, side);
		code.setAttribute("aria-label", say("scan", { wallet }));
		return [
			el("div", { class: "code" }, code),
			el("div", { class: "beside" }, mark(), amount, el("h1", {}, say("scan", { wallet })),
				screen.until && ring(), screen.until && el("p", { class: "left", id: "left", "aria-live": "off" }, say("left", { time: span(secondsLeft()) }))),
		];
	}
	case "password":
		return [mark(), amount, title("password")];
	case "processing":
		return [mark(), amount, title("processing"), lines(say)];
	case "paid":
		return receipt(say, picture("paid"), title("paid"), amount, screen.tip && value("withTip", screen.tip),
			screen.change && value("change", screen.change), !screen.receipt && lines(say), next("thanks"));
	case "returned":
		return [picture("paid"), title("returned"), amount, next("returnedNext")];
	case "held":
		return [title("held"), amount, next("heldNext")];
	case "thanks":
		return receipt(say, el("p", { class: "shop" }, shop.name), title("thanks"), next("thanksNext"));
	case "declined":
		return [picture("no"), title("declined"), next("declinedNext")];
	case "cancelled":
		return [title("cancelled"), next("cancelledNext")];
	case "ask-cashier":
		return [amount, title("askCashier"), next("askCashierNext")];
	default:
		return [title("offline"), next("offlineNext")];
	}
}

// receipt puts the way to it beside the parts, where posd lends receipts.
function receipt(say, ...parts) {
	if (!screen.receipt) return parts;
	const code = qr(screen.receipt, Math.min(innerHeight * 0.5, innerWidth * 0.45));
	code.setAttribute("aria-label", say("receipt"));
	return [el("div", { class: "code" }, code), el("div", { class: "beside" }, ...parts.filter(Boolean), el("p", { class: "left" }, say("receiptScan")))];
}

let keyed; // the tip that a customer keys, in cents; undefined until that is wanted

// other leads on to keying a tip, by n cents.
const other = (label, n, id) => button({ id, class: !id && "plain", onclick: () => { keyed = n; draw(); } }, label);

// pad keys another tip, from the cents up. A digit that would make it more than the
// bill itself, which posd refuses, does nothing.
function pad(say) {
	const digit = (d) => other(d, keyed * 10 + Number(d) > screen.amount ? keyed : keyed * 10 + Number(d), "tip-" + d);
	return el("div", { class: "tips pad" }, ...[..."123456789"].map(digit), other(say("back"), undefined, "tip-back"), digit("0"), other("⌫", Math.floor(keyed / 10), "tip-del"),
		tip(keyed, keyed ? say("addTip", { amount: cash(keyed) }) : say("noTip")));
}

// tip is one choice; none of them stands out, and the first tap counts.
function tip(cents, ...lines) {
	const sale = screen.sale;
	return button({ class: lines.length < 2 && "plain", onclick: () => {
		document.querySelectorAll(".tips button").forEach((b) => { b.disabled = true; });
		bare(`/v1/sales/${sale}/tip`, { tip: cents });
	} }, ...lines.map((l) => el("span", {}, l)));
}

// dims after a while of welcome: less light, less wear of the panel.
const dimAfter = 120000;

function draw() {
	const main = $("screen"), focus = document.activeElement.id;
	document.documentElement.lang = language();
	main.dataset.kind = screen.kind;
	main.replaceChildren(...parts().filter(Boolean));
	tools();
	whole = 1;
	tick();
	const list = main.querySelector(".items");
	if (list) settle(list);
	if (focus) $(focus)?.focus();
	clearTimeout(idle);
	document.body.classList.remove("dim");
	if (screen.kind === "welcome") idle = setTimeout(() => document.body.classList.add("dim"), dimAfter);
}
