// A month of closed days on the manager's page: a calendar of Z reports, and the three
// books beside each other with what is apart.

import { get } from "./ask.js";
import { el, table, button } from "./dom.js";
import { money, date, monthName, dayName } from "./words.js";
import { report } from "./day.js";

let shown; // 2026-11

// month draws the month that is looked at; ask draws it again. c is the page.
export async function month(c, ask) {
	shown ||= date().slice(0, 7);
	const { status, body } = await get("/v1/days?month=" + shown);
	const days = status === 200 ? body : [];
	const go = (by) => () => {
		const d = new Date(shown + "-15T00:00Z");
		d.setUTCMonth(d.getUTCMonth() + by);
		shown = d.toISOString().slice(0, 7);
		ask();
	};
	const turn = (id, sign, word, by) => button({ id, "aria-label": c.say(word), onclick: go(by) }, sign);
	return [
		el("div", { class: "row month" }, turn("before", "‹", "monthBefore", -1), el("h3", {}, monthName(shown, c.language)), turn("after", "›", "monthAfter", 1)),
		calendar(days, c), books(days, c),
	];
}

const apart = (d) => [d.cards, d.wallets, d.cash].some((b) => b?.apart);

// calendar is a grid of the month; a day that was closed opens its report.
function calendar(days, c) {
	const first = new Date(shown + "-01T00:00Z"), last = new Date(Date.UTC(first.getUTCFullYear(), first.getUTCMonth() + 1, 0)).getUTCDate();
	const cells = Array.from({ length: last }, (_, i) => {
		const closed = days.filter((d) => d.date === `${shown}-${String(i + 1).padStart(2, "0")}`), d = closed.at(-1);
		const style = i ? undefined : "grid-column:" + (first.getUTCDay() + 1);
		if (!d) return el("span", { style }, String(i + 1));
		const bad = closed.some(apart);
		return button({ style, "data-tone": bad ? "declined" : "paid", "aria-label": `${d.date}: ${c.say(bad ? "apart" : "agrees")}`, onclick: () => report("z" + d.no, c) }, `${i + 1} ${bad ? "≠" : "✓"}`);
	});
	return el("div", { class: "calendar", role: "group", "aria-label": monthName(shown, c.language) }, ...Array.from({ length: 7 }, (_, i) => el("span", { "aria-hidden": "true" }, dayName(i, c.language))), ...cells);
}

// books has a line for each day that was closed: net, and what is apart in each book.
function books(days, c) {
	const cash = (n) => money(n, c.currency, c.language);
	const match = (b) => (!b ? "" : el("span", { class: "state", "data-tone": b.apart ? "declined" : b.compared ? "paid" : "unsure" }, `${cash(b.posd)} · ` + (b.apart ? c.say("apartBy", { amount: cash(b.apart) }) : c.say(b.compared ? "agrees" : "notCompared"))));
	return table([c.say("which"), c.say("net"), c.say("bookCards"), c.say("bookWallets"), c.say("bookCash")], days.map((d) => [
		button({ onclick: () => report("z" + d.no, c) }, "Z " + d.no, el("small", {}, d.date)), cash(d.net), match(d.cards), match(d.wallets), match(d.cash)]), c.say("noneClosed"));
}
