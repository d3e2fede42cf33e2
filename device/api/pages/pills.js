// What can be used right now, live: four pills, each with its cause and the next
// step, and the reason why a way to pay cannot be offered.

import { get } from "./ask.js";
import { trouble } from "./trouble.js";
import { number } from "./tell.js";
import { el } from "./dom.js";
import { state, say, draw } from "./state.js";
import * as dialogs from "./dialogs.js";

const every = 4000; // ms

// look asks how the devices are, again and again while somebody sees the page.
export async function look() {
	if (state.here && document.visibilityState === "visible") {
		const { status, body } = await get("/v1/devices");
		if (status === 200) state.devices = body;
		if (status === 200) draw();
	}
	setTimeout(look, every);
}

const device = (name) => state.devices.find((d) => d.name === name);

// cause says what is wrong with a device and what to do; "" while it works.
function cause(name) {
	const d = device(name);
	if (!d || (d.ok && !d.trouble)) return "";
	return trouble(say, name, d.trouble);
}

const held = () => state.unsure.find((s) => s.method === "card" || s.refunds.some((m) => m.state === "unsure"));

// cannot says why a method cannot be taken now; "" if it can.
export function cannot(method) {
	if (!state.here) return say("gone");
	if (method === "card") {
		const first = held();
		return first ? say("tHeld", { sale: number(first.id) }) : device("terminal")?.ok === false ? cause("terminal") : "";
	}
	if (method === "cash") return "";
	if (device("gateway")?.ok === false && cause("gateway")) return cause("gateway");
	return "";
}

// pills lists [name, state, words] in the order in which they stand.
function pills() {
	const list = [];
	if (state.shop.methods.includes("card")) list.push(["Card", cannot("card")]);
	if (state.shop.methods.some((m) => m !== "card" && m !== "cash")) list.push(["Wallets", state.link === "down" ? say("tLink") : cannot("wechat")]);
	if (device("printer")) list.push(["Printer", cause("printer")]);
	const { queued, setAside } = state.queue;
	list.push(["Reports", state.link === "stopped" ? say("tReportsStopped") : setAside > 0 ? say("tReportsAside", { n: setAside }) : state.link === "down" && queued > 0 ? say("tReportsWait", { n: queued }) : ""]);
	return list;
}

// draw lists the pills as buttons: pressed, each says what it means.
export function row() {
	return pills().map(([name, words]) => el("button", {
		type: "button", id: "pill-" + name.toLowerCase(), class: "pill", "data-ok": words ? "no" : "yes", title: words || say("pOk"),
		onclick: () => dialogs.choose(say("pill" + name), [words || say("pOk")], [], say),
	}, el("span", { "aria-hidden": "true" }, words ? "▲" : "●"), say("pill" + name), el("span", { class: "unseen" }, ": " + (words || say("pOk")))));
}

export const shows = () => pills();
