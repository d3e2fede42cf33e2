// What a person must look at, in one table: what today's report names, today's
// sales that ask for attention, and of the days before whatever is still open.

import { get } from "./ask.js";
import { el, table, button } from "./dom.js";
import { clock, money, name, capital } from "./words.js";
import { unconfirmed, byHand, way, heed, refused } from "./tell.js";
import { uploads } from "./actions.js";

const lists = ["unsure", "backOpen", "offline", "incidents", "setAside", "byHand", "otherCurrency"];

// look draws the table from today's report. c is the page: {say, language, open, ...}.
export async function look(report, c) {
	const { say } = c;
	const rows = new Map(); // by ID: {at, amount, method, why, sale}
	const add = (id, row, words) => {
		if (!rows.has(id)) rows.set(id, { ...row, why: new Set() });
		rows.get(id).why.add(words);
	};
	let more = 0;
	for (const list of lists) {
		for (const e of report[list].sales) {
			const amount = list === "otherCurrency" ? "" : money(e.amount, report.currency, c.language);
			add(e.sale, { at: e.at, amount, method: name(say, "m", e.method) }, say(e.words === "refused" ? "uploadRefused" : list === "unsure" ? list : "look" + capital(list)));
		}
		more += report[list].count - report[list].sales.length;
	}
	const unsure = await get("/v1/sales?state=unsure&limit=200");
	const paid = await get("/v1/sales?state=paid&limit=500");
	for (const s of [unsure, paid].flatMap(({ status, body }) => (status === 200 ? body : []))) {
		const row = { at: s.createdAt, amount: money(s.amount, s.currency, c.language), method: way(s, say) };
		const listed = rows.has(s.id), today = new Date(s.createdAt) >= new Date(report.from);
		if (s.state === "unsure" && !listed) add(s.id, row, say("unsure"));
		if (unconfirmed(s) && !listed) add(s.id, row, say("lookOffline"));
		const words = heed(s, say, c.language);
		if (words && (today || listed)) add(s.id, row, words);
		// What was entered by hand stays on the day's list, and is done.
		if (listed && !byHand(s) && !words && rows.get(s.id).why.size === 1 && rows.get(s.id).why.has(say("lookByHand"))) rows.delete(s.id);
		if (rows.has(s.id)) Object.assign(rows.get(s.id), row, { sale: s });
	}
	const found = [...rows].sort(([a], [b]) => b.localeCompare(a));
	return [
		table([say("time"), say("amount"), say("method"), say("lookWhy")], found.map(([id, r]) => [
			button({ onclick: () => show(id, c) }, clock(r.at, c.language)), r.amount, r.method,
			el("div", {}, ...[...r.why].map((w) => el("p", {}, w)),
				r.sale && el("div", { class: "row" }, ...uploads(r.sale, c).map(([label, action, kind]) => button({ class: kind, onclick: action }, label)))),
		]), say("lookNone")),
		more > 0 && el("p", {}, say("lookMore", { n: more })),
	].filter(Boolean);
}

// show opens a sale as it stands now.
async function show(id, c) {
	const { status, body } = await get("/v1/sales/" + id);
	if (status === 200) await c.open(body);
	else c.complain(body.type ? refused(body, "", c.say) : c.say("gone"));
}
