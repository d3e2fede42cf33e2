// Keying a bill: the amount, its number, the ways to pay, and the keyboard.

import { name, point } from "./words.js";
import { $, el, button } from "./dom.js";
import * as amount from "./amount.js";
import * as keys from "./keys.js";
import { cannot } from "./pills.js";
import { sell } from "./sell.js";
import { putAway } from "./cashier.js";
import { state, say, cents, language, draw, complain } from "./state.js";

const functionKeys = ["F1", "F2", "F3", "F4", "F6", "F7"];
const pad = ["7", "8", "9", "4", "5", "6", "1", "2", "3", ".", "0", "00", "del"];

export function drawKeying(render) {
	const input = $("amount"), right = !state.keyed || cents() !== undefined;
	input.value = amount.shown(state.keyed).replace(".", point(language()));
	input.setAttribute("aria-invalid", String(!right));
	$("amount-label").textContent = say("amount");
	$("reference-label").textContent = say("reference");
	$("how").textContent = say("howPaid");
	$("complaint").textContent = state.complaint || (right ? "" : say("badAmount"));
	$("keypad").setAttribute("aria-label", say("keypad"));
	render("keypad", language(), () => pad.map((k) =>
		button({ id: "key-" + k, "aria-label": k === "del" ? say("deleteDigit") : k === "." && say("point"), onclick: () => key(k) }, k === "del" ? "⌫" : k === "." ? point(language()) : k)));
	const gone = !state.here || state.selling;
	const ways = state.shop.methods.map((m) => [m, cannot(m)]);
	render("methods", [ways, gone, language()], () => ways.map(([m, why], i) => {
		const way = button({ id: "method-" + m, class: "method", "data-method": m, disabled: gone, "aria-disabled": why ? "true" : false, onclick: () => sell(m) },
			el("span", {}, name(say, "m", m), why && el("small", {}, why)), functionKeys[i] && el("kbd", { "aria-hidden": "true" }, functionKeys[i]));
		return m === "card" ? el("div", { class: "card" }, way, button({ id: "hold", disabled: gone || Boolean(why), onclick: () => sell(m, { hold: true }) }, say("hold"))) : way;
	}));
}

// key takes one key of the pad or the keyboard.
function key(k) {
	if (state.selling || state.current?.state === "waiting") return;
	if (state.current) putAway(); // the next digit begins the next sale
	if (k === "del") state.keyed = state.keyed.slice(0, -1);
	else if (k === "clear") state.keyed = "";
	else for (const ch of k) state.keyed = amount.add(state.keyed, ch);
	state.complaint = "";
	draw();
}

const writing = (e) => e?.matches?.("input, select, textarea") && e.id !== "amount";

// The amount is written by hand only; a phone's keyboard and a paste come this way.
$("amount").addEventListener("beforeinput", (event) => {
	event.preventDefault();
	const text = event.data ?? event.dataTransfer?.getData("text/plain");
	if (event.inputType.startsWith("delete")) {
		if (keys.pressed("Backspace") || keys.pressed("Delete")) return;
		const all = event.target.selectionEnd - event.target.selectionStart === event.target.value.length;
		key(event.inputType.includes("Content") && !all ? "del" : "clear");
	} else if (/Paste|Drop/.test(event.inputType)) {
		paste(text ?? "");
	} else if (text && !keys.pressed(text)) {
		for (const ch of text) key(ch);
	}
});

addEventListener("paste", (event) => {
	if (writing(event.target) || $("dialog").open || !state.shop || state.current?.state === "waiting") return;
	event.preventDefault();
	paste(event.clipboardData.getData("text/plain"));
});

function paste(text) {
	if (state.current) putAway();
	const n = amount.written(text);
	if (n === undefined) return complain(say("badPaste"));
	state.keyed = amount.from(n);
	state.complaint = "";
	draw();
}

// What a scanner reads goes to where it belongs, whatever has the focus.
function scanned(code) {
	const dialog = $("dialog");
	if (dialog.open) {
		const field = dialog.querySelector("[data-code]");
		if (!field) return;
		field.value = code;
		field.form.requestSubmit();
		return;
	}
	if (!state.shop || state.selling || state.current?.state === "waiting") return complain(say("scanBusy"));
	if (state.current) putAway();
	if (!keys.isWallet(code)) {
		$("reference").value = code.slice(0, 64);
		$("amount").focus();
		return complain("");
	}
	if (!state.shop.methods.includes("scan")) return complain(say("scanNot"));
	if (!cents()) return complain(say("scanFirst"));
	sell("scan", { code: { authCode: code } });
}

// before remembers what the first keys of a code change until they are known as such.
function before() {
	const { keyed, current, complaint } = state;
	const field = writing(document.activeElement) && document.activeElement, value = field?.value;
	return () => {
		Object.assign(state, { keyed, current, complaint });
		if (field) field.value = value;
		draw();
	};
}

function typed(event) {
	if ($("dialog").open || !state.shop) return;
	const method = state.shop.methods[functionKeys.indexOf(event.key)];
	const way = event.key === "Enter" && event.target.id === "amount" ? state.shop.methods[0] : method;
	if (writing(event.target) && !method) {
		if (event.key !== "Enter" || event.target.id !== "reference") return;
		$("amount").focus();
	} else if (state.current) {
		ended(event);
		return;
	} else if (way) sell(way);
	else if (event.key === "Enter" && event.target === document.body) sell(state.shop.methods[0]);
	else if (event.key === "Backspace" || event.key === "Delete") key(event.target.id === "amount" && whole(event.target) ? "clear" : "del");
	else if (event.key === "Escape") key("clear");
	else if (event.key.length === 1 && event.key !== " ") key(whole(event.target) ? restart(event.key) : event.key);
	else return;
	event.preventDefault();
}

// whole reports whether all of the amount is selected: the next key replaces it.
const whole = (e) => e.id === "amount" && e.value !== "" && e.selectionEnd - e.selectionStart === e.value.length;

function restart(k) {
	state.keyed = "";
	return k;
}

// ended takes a key while a sale is on the page: one that has ended makes room.
function ended(event) {
	if (state.current.state === "waiting") return;
	if (event.key === "Escape") putAway();
	else if (/^[0-9.,]$/.test(event.key)) key(event.key);
	else return;
	event.preventDefault();
}

keys.watch({ typed, scanned, before });

