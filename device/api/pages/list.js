// The list of sales on the manager's page: one search box, a day, how they were
// paid and how they stand; as long as one likes, and as a file.

import { get } from "./ask.js";
import { $, el, table, button } from "./dom.js";
import { money, name, clock } from "./words.js";
import { way, standing, number, refused } from "./tell.js";

const page = 200; // sales at a time

let found = [], asked = [], about, more = false, soon; // about: what asked was asked for

// frame builds the search; ask is called when something in it has changed.
export function frame(c, ask) {
	const { say } = c;
	const option = (value, label) => el("option", { value }, label);
	const choice = (id, label, values, kind) => el("label", {}, say(label), el("select", { id, onchange: ask }, option("", say("all")), ...values.map((v) => option(v, name(say, kind, v)))));
	return [
		el("label", {}, say("search"), el("input", { id: "search", type: "search", maxlength: 64, autocomplete: "off", "data-code": true, oninput: () => searched(c) })),
		el("label", {}, say("day"), el("input", { type: "date", id: "date", onchange: ask })),
		choice("method", "method", ["card", "wechat", "alipay", "unionpay", "scan", "cash"], "m"),
		choice("state", "state", ["waiting", "paid", "declined", "cancelled", "unsure"], "s"),
	];
}

// list asks for the newest sales and returns what shows them.
export async function list(c) {
	found = [];
	asked = [];
	return await next(c) && shows(c);
}

// filter is what stands beside the search box, as posd is asked.
function filter(more) {
	const query = new URLSearchParams({ limit: page, ...more });
	for (const id of ["date", "method", "state"]) if ($(id)?.value) query.set(id, $(id).value);
	return query;
}

const searching = () => $("search")?.value.trim() || "";

// searched shows what is here already, and asks posd for what is not: years of sales
// by a bill's number, a name, the last four digits or an amount.
function searched(c) {
	draw(c);
	clearTimeout(soon);
	soon = setTimeout(async () => {
		const text = searching();
		if (!text) return;
		const { status, body } = await get("/v1/sales?" + filter({ search: text }));
		if (searching() !== text) return;
		asked = status === 200 ? body : [];
		about = text;
		draw(c);
	}, 300);
}

async function next(c) {
	const { status, body } = await get("/v1/sales?" + filter(found.length && { before: found.at(-1).id }));
	if (status !== 200) {
		c.complain(body.type ? refused(body, "", c.say) : c.say("gone"));
		return false;
	}
	found.push(...body);
	more = body.length === page;
	return true;
}

const draw = (c) => $("sales").querySelector(".list").replaceChildren(...shows(c));

// wanted are those that hold every word of the search: bill, last four digits,
// amount, short number, way, name.
function wanted(c) {
	const words = ($("search")?.value || "").toLowerCase().split(/\s+/).filter(Boolean);
	const all = new Map([...found, ...asked].map((s) => [s.id, s]));
	return [...all.values()].sort((a, b) => (a.id < b.id ? 1 : -1)).filter((s) => {
		const text = [number(s.id), s.reference, s.card?.number, s.card?.type, (s.amount / 100).toFixed(2), way(s, c.say), standing(s, c.say), s.by, ...s.refunds.map((m) => m.by), s.id].join(" ").toLowerCase();
		return words.every((w) => text.includes(w.replace(",", ".")));
	});
}

function shows(c) {
	const { say } = c;
	const completed = new Set(found.filter((s) => s.state !== "declined" && s.state !== "cancelled").map((s) => s.original));
	const after = (s) => [completed.has(s.id) && say("sCompleted"), ...s.refunds.map((m) => name(say, "mv", m.kind) + " " + name(say, "mv", m.state))].filter(Boolean);
	const list = wanted(c);
	return [
		table([say("time"), say("amount"), say("method"), say("state"), say("fPrinted"), say("fReported")], list.map((s) => [
			button({ onclick: () => c.open(s) }, `${number(s.id)} · ${clock(s.createdAt, c.language)}${s.reference ? " · " + s.reference : ""}`),
			money(s.amount, s.currency, c.language), way(s, say),
			el("span", { class: "state", "data-tone": s.state }, [standing(s, say), ...after(s)].join(" · ")),
			name(say, "p", s.printed), name(say, "r", s.reported),
		]), say("noSales")),
		el("div", { class: "row" },
			more && button({ id: "more", onclick: async () => { if (await next(c)) draw(c); } }, say("more")),
			list.length > 0 && inFile(list) && el("a", { id: "file", class: "button", href: "/v1/sales.csv?" + file(), download: "sales.csv" }, say("csv"))),
	];
}

// file is what posd is asked for as a file: all that the list goes on with.
function file() {
	const query = filter(searching() && { search: searching() });
	query.delete("limit");
	return query;
}

// inFile says whether the file holds what is shown: of a search, posd's own answer.
const inFile = (list) => !searching() || about === searching() && list.every((s) => asked.some((a) => a.id === s.id));
