// What the pages say, by language; {name} is replaced by a value. Every page
// speaks all four: a word stands in one line in English, French and simplified
// Chinese; the traditional one is made from that (words-hant.js).

import glass from "./words-glass.js";
import till from "./words-till.js";
import office from "./words-office.js";
import { traditional } from "./words-hant.js";

const words = { ...glass, ...till, ...office };
const locales = { en: "en-CA", fr: "fr-CA", "zh-Hans": "zh-Hans-CA", "zh-Hant": "zh-Hant-CA" };

export const languages = Object.keys(locales);

// known reports whether there is such a word.
export const known = (key) => key in words;

// word is a word in a language, as it is written down.
export function word(key, language) {
	const [en, fr, hans] = words[key];
	return { fr, "zh-Hans": hans, "zh-Hant": language === "zh-Hant" && traditional(key, hans) }[language] || en;
}

// all lists the names of all words.
export const all = Object.keys(words);

// speak returns the function that says a word in a language.
export function speak(language) {
	return (key, values = {}) => (known(key) ? word(key, language) : key).replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
}

// money writes cents as a person of the language writes them.
export function money(cents, currency, language) {
	const value = (cents || 0) / 100;
	try {
		return new Intl.NumberFormat(locales[language] || "en-CA", { style: "currency", currency: currency, currencyDisplay: "narrowSymbol" }).format(value);
	} catch {
		return value.toFixed(2) + " " + (currency || "");
	}
}

// point is what stands before the cents.
export const point = (language) => new Intl.NumberFormat(locales[language]).format(0.5)[1];

// span writes seconds as 1:05.
export function span(seconds) {
	const s = Math.max(0, Math.ceil(seconds));
	return Math.floor(s / 60) + ":" + String(s % 60).padStart(2, "0");
}

let zone; // the shop's time zone; that of the browser until it is known

// liveIn says in which time zone every time is written.
export function liveIn(name) {
	try {
		zone = new Intl.DateTimeFormat("en", { timeZone: name || undefined }).resolvedOptions().timeZone;
	} catch {
		zone = undefined; // a browser that does not know it
	}
}

// date writes the shop's day of a moment as 2026-11-21.
export const date = (time = Date.now()) => new Date(time).toLocaleDateString("sv-SE", { timeZone: zone });

// hour is the shop's hour of a moment, 0 to 23.
export const hour = (time) => Number(new Date(time).toLocaleTimeString("en-GB", { timeZone: zone, hour: "2-digit" }).slice(0, 2));

// clock writes a moment as the shop's hour of the day, with the day unless it is today.
export function clock(time, language) {
	const day = date(time) === date() ? {} : { month: "short", day: "numeric" };
	return new Date(time).toLocaleString(locales[language] || "en-CA", { ...day, hour: "2-digit", minute: "2-digit", timeZone: zone });
}

export const capital = (s) => s.split("-").map((p) => p.charAt(0).toUpperCase() + p.slice(1)).join("");

// name says a method (m), state (s), printed (p), reported (r) or movement (mv).
export const name = (say, kind, value) => (value ? say(kind + capital(value)) : "");

// monthName writes 2026-11 as a person of the language says it, dayName the n-th day
// of a week that begins on Sunday.
export const monthName = (month, language) => new Date(month + "-15T12:00Z").toLocaleDateString(locales[language], { month: "long", year: "numeric", timeZone: "UTC" });
export const dayName = (n, language) => new Date(Date.UTC(2026, 10, 1 + n)).toLocaleDateString(locales[language], { weekday: "narrow", timeZone: "UTC" });
