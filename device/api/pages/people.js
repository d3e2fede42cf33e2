// Who is at this page: the button that says it, the PIN, and the question for
// somebody else's PIN when an act takes more than the person may do. A shop without
// people sees none of it.

import { $, el, button } from "./dom.js";
import { get, bare, permits } from "./ask.js";
import { capital } from "./words.js";
import * as dialogs from "./dialogs.js";

let say, me = { people: false, name: "", locked: true };
let idle; // locks the page after a while in which nobody touched it

// begin takes in how things stand, at every snapshot.
export async function begin(speak) {
	if (!say) for (const sign of ["pointerdown", "keydown"]) addEventListener(sign, touched, { passive: true });
	say = speak;
	await look();
}

async function look() {
	const { status, body } = await get("/v1/person");
	if (status === 200) know(body);
}

function know(body) {
	me = body;
	dialogs.stands(me.name);
	const there = $("person");
	if (!me.people) return there?.remove();
	const label = me.name ? say(me.locked ? "personLocked" : "personHere", { name: me.name }) : say("personNobody");
	if (!there) $("manager")?.before(chip(label)) ?? $("till")?.before(chip(label));
	$("person").textContent = label;
	touched();
}

const chip = (label) => button({ id: "person", class: "pill", onclick: change }, label);

function touched() {
	clearTimeout(idle);
	if (me.name && !me.locked) idle = setTimeout(lock, me.lockAfterSeconds * 1000);
}

async function lock() {
	const { status, body } = await bare("/v1/person/lock");
	if (status === 200) know(body);
}

// change signs somebody in, or locks the page.
async function change() {
	const signed = await pad(say("personTitle"), me.id, me.name && !me.locked ? [[say("personLock"), "lock"]] : [], (id, pin) => bare(`/v1/people/${id}/sign-in`, { pin }));
	if (signed === "lock") lock();
	else if (signed) know(signed);
}

// Somebody else's PIN for one request; undefined if nobody gave one.
permits(async (path) => {
	const one = await pad(say("pinNeeded"), me.id, [], (id, pin) => bare(`/v1/people/${id}/approve`, { pin, path }));
	return one?.approval;
});

// pad asks for a name and a PIN until attempt(id, pin) takes them; the answer is what it answered.
async function pad(title, first, more, attempt) {
	const { status, body: all } = await get("/v1/people");
	const here = status === 200 ? all.filter((p) => !p.removedAt) : [];
	const name = el("select", { id: "pin-person", "aria-label": say("yourName") }, ...here.map((p) => el("option", { value: p.id, selected: p.id === first }, p.name)));
	const pin = el("input", { id: "pin", type: "password", inputmode: "numeric", autocomplete: "off", maxlength: 12, "aria-label": say("pin") });
	const complaint = el("p", { class: "complaint", role: "alert" });
	const digits = [..."123456789", "⌫", "0"].map((d) => button({ onclick: () => { pin.value = d === "⌫" ? pin.value.slice(0, -1) : pin.value + d; } }, d));
	let answered;
	const answer = new Promise((done) => { answered = done; });
	const submit = async (event) => {
		event.preventDefault();
		const given = pin.value;
		pin.value = "";
		const { status, body } = await attempt(name.value, given);
		if (status === 200) return answered(body);
		complaint.textContent = say(status === 0 ? "gone" : body.type === "pin-locked" ? "xPinLocked" : body.type === "pin-refused" ? "xPinRefused" : "xPin" + capital("other"));
		pin.focus();
	};
	const form = el("form", { onsubmit: submit, novalidate: true }, name, pin, el("div", { class: "pinpad" }, ...digits), complaint, el("button", { class: "strong" }, say("goOn")));
	const asked = dialogs.wait(answer, title, [form], [...more, [say("back"), undefined]]);
	pin.focus();
	return asked;
}
