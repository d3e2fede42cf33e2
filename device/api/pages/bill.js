// What an amount is made of, where the request told it.

import { el } from "./dom.js";

// rows are its items, the subtotal and the taxes, as [name, cents].
export const rows = (s, say) => [...(s.items || []).map((i) => [i.name, i.amount]), s.subtotal && [say("subtotal"), s.subtotal], ...(s.taxes || []).map((t) => [t.name, t.amount])].filter(Boolean);

// bill shows them to the shop's people.
export function bill(s, say, cash) {
	const all = rows(s, say);
	return all.length > 0 && el("details", { class: "lines" }, el("summary", {}, say("lines")), el("dl", {}, ...all.flatMap(([k, v]) => [el("dt", {}, k), el("dd", {}, cash(v))])));
}
