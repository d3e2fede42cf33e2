// Questions to the person at the till, one at a time. Each returns a promise
// of the answer, undefined when the person went back.

import { $, el, button } from "./dom.js";

const remembered = "posd.by";

// choose shows a title, lines and buttons [[label, answer, class]...].
export function choose(title, lines, buttons, say) {
	return open((done) => [
		el("h2", {}, title),
		...lines.filter(Boolean).map((l) => el("p", {}, l)),
		el("div", { class: "row" }, ...buttons.map(([label, answer, kind]) => choice(label, () => done(answer), kind)), back(say, done)),
	]);
}

// stands tells who is signed in: nobody is asked for a name then.
let standing = "";
export const stands = (name) => { standing = name; };

// form asks for fields {name, label, type, value, options, required, code, first}; code
// is a field for what a scanner reads, first one that is written before anything else. check returns a complaint or ""; action
// is the button's label, or says it for the values as they are.
export function form(title, lines, fields, action, say, check = () => "", kind = "strong") {
	if (standing) fields = fields.filter((f) => f.name !== "by");
	return open((done) => {
		const complaint = el("p", { class: "complaint", role: "alert" });
		const inputs = {};
		const rows = fields.map((f) => {
			const id = "f-" + f.name;
			const value = f.name === "by" ? localStorage.getItem(remembered) || "" : f.value || "";
			const input = f.options
				? el("select", { id, required: true }, ...f.options.map(([v, label]) => el("option", { value: v }, label)))
				: el("input", { id, value, maxlength: f.max || 200, autocomplete: "off", inputmode: f.inputmode, required: f.required, "data-code": f.code });
			inputs[f.name] = input;
			return el("div", { class: "field" }, el("label", { for: id }, f.label), input);
		});
		const read = () => Object.fromEntries(Object.entries(inputs).map(([k, i]) => [k, i.value.trim()]));
		const go = el("button", { class: kind });
		const name = () => { go.textContent = typeof action === "function" ? action(read()) : action; };
		name();
		const submit = (event) => {
			event.preventDefault();
			const values = read();
			complaint.textContent = fields.some((f) => f.required && !values[f.name]) ? say("need") : check(values);
			if (complaint.textContent) return;
			if (values.by) localStorage.setItem(remembered, values.by);
			done(values);
		};
		const filled = fields.every((f) => !f.first && (!f.required || inputs[f.name].value));
		return [el("form", { onsubmit: submit, oninput: name, novalidate: true },
			el("h2", {}, title), ...lines.filter(Boolean).map((l) => el("p", {}, l)), ...rows, complaint,
			el("div", { class: "row" }, go, filled ? back(say, done) : choice(say("back"), () => done(undefined))))];
	});
}

// show puts up a text, such as a receipt, with buttons [[label, action, class]...]
// until the person closes it.
export function show(title, content, buttons, say) {
	return open((done) => [
		el("h2", {}, title), content,
		el("div", { class: "row" }, ...buttons.map(([label, action, kind]) => choice(label, action, kind)), choice(say("close"), () => done(undefined), "strong", true)),
	]);
}

function choice(label, onclick, kind = "", autofocus = false) {
	return button({ class: kind, onclick, autofocus }, label);
}

// back is the answer that moves no money: the focus begins there.
const back = (say, done) => choice(say("back"), () => done(undefined), "", true);

// wait shows a title and content until promise is fulfilled, whose value is then
// the answer, or one of the buttons [[label, answer, class]...] is pressed.
export function wait(promise, title, content, buttons) {
	return open((done) => {
		promise.then(done);
		return [el("h2", {}, title), ...content,
			el("div", { class: "row" }, ...buttons.map(([label, answer, kind]) => choice(label, () => done(answer), kind)))];
	});
}

let busy; // closes the dialog that is open

// free reports whether no dialog is open.
export const free = () => !busy;

function open(build) {
	busy?.();
	const dialog = $("dialog");
	const from = document.activeElement?.id;
	return new Promise((resolve) => {
		let over = false;
		const done = (answer) => {
			if (over) return; // another dialog may be open by now
			over = true;
			busy = undefined;
			dialog.oncancel = null;
			dialog.close();
			if (from) $(from)?.focus(); // what opened it may have been drawn anew
			resolve(answer);
		};
		busy = () => done(undefined);
		dialog.oncancel = (event) => { event.preventDefault(); done(undefined); };
		dialog.replaceChildren(...build(done));
		const title = dialog.querySelector("h2");
		title.id = "dialog-title";
		dialog.setAttribute("aria-labelledby", title.id);
		dialog.showModal();
	});
}
