// What the till's page knows: everything here follows from what posd tells,
// but the amount being keyed.

import { speak, money, liveIn } from "./words.js";
import * as amount from "./amount.js";
import { late } from "./tell.js";

export const state = {
	shop: undefined, // until the first snapshot
	here: false, // whether the stream is up
	current: undefined, // the sale on the page
	unsure: [],
	outcomes: [], // how unsure sales ended, until a person has put it away
	devices: [],
	screen: { kind: "offline" },
	queue: { queued: 0, setAside: 0 },
	link: "up",
	told: new Map(), // by ID, what this stream said last of a sale
	skew: 0, // posd's clock less ours, ms
	selling: false, // a sale was asked for and not answered yet
	stop: undefined, // stops the request that gets no answer
	keyed: "", // the amount, see amount.js
	complaint: "",
};

export const language = () => state.shop?.language || "en";
export const cents = () => amount.cents(state.keyed);
export let say = speak("en");
export const cash = (n, currency = state.shop.currency) => money(n, currency, language());

let arrived; // tells that the shop is known
export const shopKnown = new Promise((done) => { arrived = done; });

// enter takes in the place the page is opened in.
export function enter(shop) {
	state.shop = shop;
	say = speak(language());
	liveIn(shop.timeZone);
	arrived();
}

let drawing = () => {};

// drawnBy says what draws the page; draw draws it as things stand now.
export function drawnBy(f) { drawing = f; }
export const draw = () => drawing();

// hear remembers what the stream said of a sale; the oldest are let go.
export function hear(sale) {
	state.told.delete(sale.id);
	state.told.set(sale.id, sale);
	if (state.told.size > 100) state.told.delete(state.told.keys().next().value);
}

// latest is the newer of an answer and what the stream said: an answer may
// have been overtaken by the stream, never the other way round for long.
export const latest = (sale) => state.told.get(sale.id) || sale;

// know takes in a sale as it now stands.
export function know(sale) {
	state.unsure = state.unsure.filter((s) => s.id !== sale.id);
	if (sale.state === "unsure") state.unsure.unshift(sale);
	const mine = state.current?.id === sale.id;
	const news = !mine && (late(sale) || sale.state === "waiting");
	if (mine || (news && state.current?.state !== "waiting")) state.current = sale;
}

// trouble is told by a request that gets no answer, and again when it is over.
export function trouble(stop) {
	if (Boolean(stop) === Boolean(state.stop)) return;
	state.stop = stop;
	draw();
}

export function complain(words) {
	state.complaint = words;
	draw();
}
