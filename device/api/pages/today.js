// Today on the manager's page: what came in, beside a week ago, and by hour.

import { get } from "./ask.js";
import { el } from "./dom.js";
import { money, name, hour, date } from "./words.js";

const svg = "http://www.w3.org/2000/svg";
const methods = ["card", "wechat", "alipay", "unionpay", "scan", "cash"];

// figures draws today's report, and what was paid by hour. c is the page.
export async function figures(report, c) {
	const { say } = c;
	const cash = (n) => money(n, report.currency, c.language);
	const week = await get("/v1/reports/" + date(Date.now() - 7 * 86400000));
	const then = week.status === 200 ? week.body.total.net : 0;
	const total = report.total;
	const box = (label, value, more) => el("div", {}, label, el("strong", {}, value), more);
	const sales = await get("/v1/sales?state=paid&limit=1000&date=" + report.date);
	return [
		el("div", { class: "figures" },
			box(say("net"), cash(total.net), say("lastWeek", { amount: cash(then) })),
			box(say("paidSales"), String(total.paid.count), cash(total.paid.cents)),
			box(say("backed"), String(total.refunds.count + total.voids.count), cash(total.refunds.cents + total.voids.cents)),
			box(say("tips"), cash(report.tips.cents), "")),
		...(sales.status === 200 ? chart(sales.body.filter((s) => s.kind !== "auth" && s.kind !== "return"), c, cash) : []),
	];
}

function make(tag, attributes, ...children) {
	const e = document.createElementNS(svg, tag);
	for (const [k, v] of Object.entries(attributes)) e.setAttribute(k, v);
	e.append(...children);
	return e;
}

// chart stacks what was paid in each hour by method.
function chart(sales, c, cash) {
	if (!sales.length) return [];
	const hours = new Map();
	for (const s of sales) {
		const h = hour(s.createdAt), of = hours.get(h) ?? {};
		of[s.method] = (of[s.method] || 0) + s.approvedAmount;
		hours.set(h, of);
	}
	const first = Math.min(8, ...hours.keys()), last = Math.max(20, ...hours.keys()), n = last - first + 1;
	const sum = (of) => methods.reduce((all, m) => all + (of[m] || 0), 0);
	const top = Math.max(...[...hours.values()].map(sum));
	const picture = make("svg", { class: "chart", viewBox: `0 0 ${n * 40} 170`, role: "img", "aria-label": c.say("byHour") });
	for (let h = first; h <= last; h++) {
		let y = 150;
		const of = hours.get(h) ?? {};
		for (const m of methods.filter((m) => of[m])) {
			const tall = of[m] / top * 140;
			picture.append(make("rect", { class: m, x: (h - first) * 40 + 4, y: y -= tall, width: 32, height: tall }, make("title", {}, `${h}:00 ${name(c.say, "m", m)} ${cash(of[m])}`)));
		}
		picture.append(make("text", { x: (h - first) * 40 + 20, y: 166 }, String(h)));
	}
	const used = methods.filter((m) => sales.some((s) => s.method === m));
	return [picture, el("p", { class: "key" }, ...used.map((m) => el("span", {}, make("svg", { class: "chart", viewBox: "0 0 1 1", "aria-hidden": "true" }, make("rect", { class: m, width: 1, height: 1 })), " " + name(c.say, "m", m))))];
}
