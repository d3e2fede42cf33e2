// Small helpers to build the pages with.

export const $ = (id) => document.getElementById(id);

// el makes an element: el("button", {class: "big", onclick: f}, "text", child).
export function el(tag, properties = {}, ...children) {
	const e = document.createElement(tag);
	for (const [k, v] of Object.entries(properties)) {
		if (v === undefined || v === false) continue;
		if (k.startsWith("on")) e.addEventListener(k.slice(2), v);
		else e.setAttribute(k, v === true ? "" : v);
	}
	e.append(...children.filter((c) => c));
	return e;
}

// button makes one that sends no form by itself.
export const button = (properties, ...children) => el("button", { type: "button", ...properties }, ...children);

// table makes a table, or says that there is nothing to put into it.
export function table(head, rows, none) {
	if (!rows.length) return el("p", {}, none);
	return el("table", {}, el("thead", {}, el("tr", {}, ...head.map((h) => (h ? el("th", { scope: "col" }, h) : el("td"))))), el("tbody", {}, ...rows.map((r) => el("tr", {}, ...r.map((c, i) => el("td", { "data-label": head[i] }, c))))));
}

const svg = "http://www.w3.org/2000/svg";

// qr draws rows of 0 and 1 with a quiet zone of 4 modules, at most size CSS
// pixels wide, every module a whole number of device pixels.
export function qr(rows, size) {
	const n = rows.length + 8;
	const pixels = Math.max(1, Math.floor(size * devicePixelRatio / n));
	const width = pixels * n / devicePixelRatio;
	const s = document.createElementNS(svg, "svg");
	s.setAttribute("width", width);
	s.setAttribute("height", width);
	s.setAttribute("viewBox", `0 0 ${n} ${n}`);
	s.setAttribute("shape-rendering", "crispEdges");
	s.setAttribute("role", "img");
	const ground = document.createElementNS(svg, "rect");
	ground.setAttribute("width", n);
	ground.setAttribute("height", n);
	ground.setAttribute("fill", "#fff");
	const dark = document.createElementNS(svg, "path");
	let d = "";
	rows.forEach((row, y) => {
		for (const run of row.matchAll(/1+/g)) d += `M${run.index + 4} ${y + 4}h${run[0].length}v1h-${run[0].length}z`;
	});
	dark.setAttribute("d", d);
	dark.setAttribute("fill", "#000");
	s.append(ground, dark);
	return s;
}

// icon draws a path on a ground of 16 by 16.
export function icon(path) {
	const s = document.createElementNS(svg, "svg"), p = document.createElementNS(svg, "path");
	s.setAttribute("class", "sign");
	s.setAttribute("viewBox", "0 0 16 16");
	s.setAttribute("aria-hidden", "true");
	p.setAttribute("d", path);
	s.append(p);
	return s;
}

// ring draws a ring that fills up; its second circle is what is filled.
export function ring() {
	const s = document.createElementNS(svg, "svg");
	s.setAttribute("class", "ring");
	s.setAttribute("viewBox", "0 0 36 36");
	s.setAttribute("aria-hidden", "true");
	for (let i = 0; i < 2; i++) {
		const c = document.createElementNS(svg, "circle");
		for (const [k, v] of Object.entries({ cx: 18, cy: 18, r: 15.9155, pathLength: 100 })) c.setAttribute(k, v);
		s.append(c);
	}
	return s;
}
