// Beside the till: how unsure sales ended, what is not known yet, the last sales,
// what the day has brought so far, the drawer.

import { get, once, post } from "./ask.js";
import { clock, name } from "./words.js";
import { el, icon, button } from "./dom.js";
import { one, number, standing, refused } from "./tell.js";
import { state, say, cash, language, know, latest, draw, complain, trouble } from "./state.js";
import * as dialogs from "./dialogs.js";
import { who, buttons, print } from "./actions.js";

let last = [], total, drawer = true, timer;

// refresh asks for the last sales and the day's total once things have calmed down.
export function refresh() {
	clearTimeout(timer);
	timer = setTimeout(async () => {
		const [sales, report] = await Promise.all([get("/v1/sales?limit=12"), get("/v1/reports/today")]);
		if (sales.status === 200) last = sales.body.filter((s) => s.state !== "waiting").slice(0, 4);
		if (report.status === 200) total = report.body.total.net;
		draw();
	}, 400);
}

export const shows = () => [state.outcomes, state.unsure, state.current?.id, state.current?.state === "waiting", last, total, drawer, language()];

// strip builds the parts; open shows a sale on the page.
export function strip(open) {
	const off = state.current?.state === "waiting";
	const unsure = state.unsure.filter((s) => s.id !== state.current?.id);
	const others = last.filter((s) => s.id !== state.current?.id && s.state !== "unsure");
	return [
		state.outcomes.length > 0 && el("section", { class: "outcomes" }, el("h2", {}, say("inbox")), el("ul", {}, ...state.outcomes.map(outcome))),
		unsure.length > 0 && el("section", { class: "open" }, el("h2", {}, say("unsure")), el("ul", {}, ...unsure.map((s) => el("li", {},
			button({ id: "unsure-" + s.id, class: s.attention && "strong", disabled: off, onclick: () => open(s) },
				one(s, say, language()), s.attention && " — " + say("attention")))))),
		el("section", {}, el("h2", {}, say("lastSales")), others.length ? el("ul", { class: "lasts" }, ...others.map((s) => el("li", {},
			button({ id: "last-" + s.id, class: "past", "data-tone": s.state, disabled: off, onclick: () => open(s) },
				el("strong", {}, cash(s.amount, s.currency)), ` ${name(say, "m", s.method)} · ${standing(s, say)} `, el("small", {}, `${number(s.id)} · ${clock(s.createdAt, language())}`)),
			...quick(s, off)))) : el("p", {}, say("noSales"))),
		el("p", { class: "total" }, total !== undefined && el("span", {}, say("todayTotal"), " "), total !== undefined && el("strong", {}, cash(total))),
		drawer && button({ id: "drawer", onclick: openDrawer }, say("drawer")),
	];
}

const printer = "M4 7V1h8v6M4 11H2V7h12v4h-2M4 9h8v6H4z";

// quick are the two things most often wanted of a sale that is over: its receipt
// once more, and money back.
function quick(s, off) {
	const c = { say, language: language(), trouble, complain, after: (sale) => { know(latest(sale)); draw(); } };
	const again = async () => dialogs.choose(say("receipt"), [one(s, say, language()), await print(s, c)], [], say);
	const back = buttons(s, c).find(([label]) => label === say("refund"));
	return [["print", icon(printer), again], back && ["refund", "↩", back[1]]].filter(Boolean).map(([what, sign, action]) =>
		button({ id: `${what}-${s.id}`, class: "quick", disabled: off, title: say(what), "aria-label": `${say(what)}: ${number(s.id)}`, onclick: action }, sign));
}

// outcome is how an unsure sale ended, until a person puts it away.
function outcome(s) {
	return el("li", {}, el("p", {}, el("strong", {}, cash(s.amount, s.currency)), ` ${name(say, "m", s.method)}, ${clock(s.createdAt, language())}: `, el("strong", {}, standing(s, say))),
		button({ id: "seen-" + s.id, onclick: () => putAway(s) }, say("seen")));
}

// seen takes an outcome off that a person has put away, here or elsewhere.
export function seen(id) {
	state.outcomes = state.outcomes.filter((o) => o.id !== id);
}

async function putAway(s) {
	const { status, body } = await post(`/v1/sales/${s.id}/seen`, { by: localStorage.getItem("posd.by") || undefined }, { trouble });
	if (status !== 200) return complain(refused(body, "seen", say));
	seen(s.id);
	draw();
}

async function openDrawer() {
	const v = await dialogs.form(say("drawer"), [], [who(say)], say("drawer"), say);
	if (!v) return;
	const { status, body } = await once("/v1/drawer", { by: v.by });
	if (status >= 200 && status < 300) return;
	drawer = body.type !== "no-device";
	complain(refused(body, "drawer", say));
}
