// The sale on the page: under way, with its steps as they really happen and a
// ring that counts; or ended, with what can be done now.

import { span } from "./words.js";
import { el, ring, button } from "./dom.js";
import { bill } from "./bill.js";
import { buttons } from "./actions.js";
import { tell, facts, one, left, late, plain, heed } from "./tell.js";
import { post } from "./ask.js";
import { state, say, cash, language, know, latest, draw, trouble, complain } from "./state.js";
import { meant, cancel, change } from "./sell.js";

const icons = { paid: "✓", declined: "✕", cancelled: "–", unsure: "?", late: "!" };

// onGlass is what the customer sees of a sale, if it is about that one.
const onGlass = (s) => (state.screen.sale === s.id ? state.screen : undefined);

// tone is what the panel's colour says.
export const tone = (s) => (late(s) ? "late" : s.state);

// shows is all that the panel depends on.
export const shows = (s) => [s, onGlass(s), state.complaint, state.selling, language(), state.shop.methods, open(s)];

// steps are those of a sale under way, as [words, "done" | "now" | ""].
function steps(s, seen) {
	const at = { code: 2, password: 3 }[seen?.kind] || 1;
	const tip = seen?.kind === "tip" ? ["tipping"] : [];
	const names = s.method === "card" ? ["stepStored", "stepTerminal", "stepAnswer"]
		: s.method === "scan" ? ["stepStored", "stepAsked", "stepAnswer"] : ["stepStored", "stepAsked", "stepCode", "stepPassword", "stepAnswer"];
	names.splice(1, 0, ...tip);
	return names.map((name, i) => [say(name), i < at ? "done" : i === at ? "now" : ""]);
}

// panel builds the sale. putAway and again are what the page does with it.
export function panel(s, putAway, again) {
	const seen = onGlass(s), keep = late(s), done = s.state !== "waiting";
	const { title, lines } = tell(s, seen, say, language());
	const todo = keep ? "" : heed(s, say, language());
	return [
		el("p", { class: "what" }, one(s, say, language())),
		el("div", { class: "head" },
			done ? el("span", { class: "icon", "aria-hidden": "true" }, icons[tone(s)]) : ring(),
			el("div", {}, el("p", { class: "amount" }, cash(s.method === "cash" && s.approvedAmount || s.amount + (["declined", "cancelled"].includes(s.state) ? 0 : s.tip || 0), s.currency)), el("h1", {}, keep ? say("late") : title))),
		(keep || !done || s.state === "unsure") && el("p", { id: "count", "aria-live": "off" }),
		...lines.filter((l) => l !== todo).map((l) => el("p", {}, l)),
		!done && el("ol", { class: "steps" }, ...steps(s, seen).map(([words, at]) => el("li", { class: at, "aria-current": at === "now" && "step" }, words))),
		done && bill(s, say, (n) => cash(n, s.currency)),
		todo && el("p", { class: "attention" }, todo),
		state.complaint && el("p", { class: "complaint", role: "alert" }, state.complaint),
		done && el("dl", {}, ...facts(s, say, language()).flatMap(([k, v]) => [el("dt", {}, k), el("dd", {}, v)])),
		el("div", { class: "row" }, ...choices(s, putAway, again).map(([label, action, kind, off], i) =>
			button({ id: (done ? "done-" : "wait-") + i, class: kind, disabled: off, onclick: action }, label))),
	];
}

// open reports whether a sale of the same bill may still be paid.
const open = (s) => state.unsure.some((o) => (s.reference ? o.reference === s.reference : o.amount === s.amount));

// choices are the buttons as [label, action, class, disabled].
function choices(s, putAway, again) {
	const done = s.state !== "waiting", keep = late(s);
	if (!done) {
		const other = s.method === "card" ? state.shop.methods.find((m) => !["card", "scan", "cash"].includes(m)) : state.shop.methods.find((m) => m === "card");
		return [
			onGlass(s)?.kind === "tip" && [say("noTip"), () => post(`/v1/sales/${s.id}/tip`, { tip: 0 }, { trouble })],
			[say("cancel"), cancel, "danger wide", s.cancelWished],
			plain(s) && other && !s.cancelWished && [say(other === "card" ? "cardInstead" : "walletInstead", { wallet: say("m" + other[0].toUpperCase() + other.slice(1)) }), () => change(other), ""],
		].filter(Boolean);
	}
	const rest = s.state === "paid" && s.due > 0 && s.kind !== "auth";
	const twice = s.state === "declined" && s.reason === "duplicate-of";
	return [
		rest && [say("takeRest", { amount: cash(s.due, s.currency) }), again, "strong"],
		[say("newSale"), putAway, keep || rest ? "" : "strong"],
		twice && !s.incident && [say("meant"), () => meant(s), "", state.selling],
		plain(s) && !twice && ["declined", "cancelled"].includes(s.state) && !open(s) && [say("tryAgain"), again],
		...buttons(s, { say, language: language(), trouble, complain, after: (sale) => { know(latest(sale)); draw(); } }),
	].filter(Boolean);
}

// count runs the times down or up.
export function count(s) {
	const at = document.getElementById("count");
	if (!at || !s) return;
	const keep = late(s), until = onGlass(s)?.until;
	const since = (time) => span(Math.max(0, (Date.now() + state.skew - new Date(time)) / 1000));
	if (keep) at.textContent = say("lateNext", { time: left(keep.keepUntil, state.skew) });
	else if (s.state === "unsure") at.textContent = say("asking", { time: since(s.wentUnsureAt || s.createdAt) });
	else if (until) at.textContent = say("left", { time: left(until, state.skew) });
	else at.textContent = say("since", { time: since(s.createdAt) });
	const circle = document.querySelector("#sale .ring circle:last-child");
	if (!circle) return;
	const whole = until ? new Date(until) - new Date(s.createdAt) : 60000;
	const gone = Date.now() + state.skew - new Date(s.createdAt);
	circle.setAttribute("stroke-dasharray", `${Math.max(0, Math.min(1, until ? 1 - gone / whole : (gone % whole) / whole)) * 100} 100`);
}
