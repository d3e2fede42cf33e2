// Questions to the person at the till, one at a time. Each returns a promise
// of the answer, undefined when the person went back.

import { $, el } from "./dom.js";

const remembered = "posd.by";

// choose shows a title, lines and buttons [[label, answer, class]...].
export function choose(title, lines, buttons, say) {
	return open((done) => [
		el("h2", {}, title),
		...lines.filter(Boolean).map((l) => el("p", {}, l)),
		el("div", { class: "row" }, ...buttons.map(([label, answer, kind]) => button(label, () => done(answer), kind)), button(say("back"), () => done(undefined))),
	]);
}

// form asks for fields {name, label, type, value, options, required}. check
// returns a complaint or "".
export function form(title, lines, fields, action, say, check = () => "") {
	return open((done) => {
		const complaint = el("p", { class: "complaint", role: "alert" });
		const inputs = {};
		const rows = fields.map((f) => {
			const id = "f-" + f.name;
			const value = f.name === "by" ? localStorage.getItem(remembered) || "" : f.value || "";
			const input = f.options
				? el("select", { id, required: true }, ...f.options.map(([v, label]) => el("option", { value: v }, label)))
				: el("input", { id, value, maxlength: f.max || 200, autocomplete: "off", inputmode: f.inputmode, required: f.required });
			inputs[f.name] = input;
			return el("div", { class: "field" }, el("label", { for: id }, f.label), input);
		});
		const submit = (event) => {
			event.preventDefault();
			const values = Object.fromEntries(Object.entries(inputs).map(([k, i]) => [k, i.value.trim()]));
			complaint.textContent = fields.some((f) => f.required && !values[f.name]) ? say("need") : check(values);
			if (complaint.textContent) return;
			if (values.by) localStorage.setItem(remembered, values.by);
			done(values);
		};
		return [el("form", { onsubmit: submit, novalidate: true },
			el("h2", {}, title), ...lines.filter(Boolean).map((l) => el("p", {}, l)), ...rows, complaint,
			el("div", { class: "row" }, el("button", { class: "strong" }, action), button(say("back"), () => done(undefined))))];
	});
}

// show puts up a text, such as a receipt, with buttons [[label, action, class]...]
// until the person closes it.
export function show(title, content, buttons, say) {
	return open((done) => [
		el("h2", {}, title), content,
		el("div", { class: "row" }, ...buttons.map(([label, action, kind]) => button(label, action, kind)), button(say("close"), () => done(undefined), "strong")),
	]);
}

function button(label, onclick, kind = "") {
	return el("button", { type: "button", class: kind, onclick }, label);
}

// wait shows a title and content until promise is fulfilled, whose value is then
// the answer, or one of the buttons [[label, answer, class]...] is pressed.
export function wait(promise, title, content, buttons) {
	return open((done) => {
		promise.then(done);
		return [el("h2", {}, title), ...content,
			el("div", { class: "row" }, ...buttons.map(([label, answer, kind]) => button(label, () => done(answer), kind)))];
	});
}

let busy; // closes the dialog that is open

// free reports whether no dialog is open.
export const free = () => !busy;

function open(build) {
	busy?.();
	const dialog = $("dialog");
	return new Promise((resolve) => {
		let over = false;
		const done = (answer) => {
			if (over) return; // another dialog may be open by now
			over = true;
			busy = undefined;
			dialog.oncancel = null;
			dialog.close();
			resolve(answer);
		};
		busy = () => done(undefined);
		dialog.oncancel = (event) => { event.preventDefault(); done(undefined); };
		dialog.replaceChildren(...build(done));
		dialog.showModal();
	});
}
