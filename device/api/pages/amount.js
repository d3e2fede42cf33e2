// The amount as it is keyed. Digits alone fill up from the cents (2865 is
// 28.65); a point is a point (5.5 is 5.50). Whatever else was keyed stays to be
// seen, and is no amount: nothing is guessed from it.

const most = 999999999; // cents, as posd takes them
const longest = 14; // characters

// add takes one more key.
export const add = (keyed, ch) => (keyed + (ch === "," ? "." : ch)).slice(0, longest);

// cents is what keyed stands for, undefined if that is no amount.
export function cents(keyed) {
	const m = /^(\d*)(?:(\.)(\d{0,2}))?$/.exec(keyed);
	if (!m || !keyed || keyed === ".") return undefined;
	const n = m[2] ? Number(m[1]) * 100 + Number(m[3].padEnd(2, "0")) : Number(m[1]);
	return n <= most ? n : undefined;
}

// shown is how keyed is written while it is being keyed.
export function shown(keyed) {
	const n = cents(keyed);
	return /^\d+$/.test(keyed) && n !== undefined ? (n / 100).toFixed(2) : keyed;
}

// from writes cents as they would be keyed.
export const from = (n) => (n / 100).toFixed(2);

// written reads an amount that was written elsewhere: 28.65, 28,65, $1,234.50.
// Without its cents it is not clear, and undefined.
export function written(text) {
	const m = /^[^\d-]{0,4}(\d{1,3}(?:[ ,\u00a0\u202f]\d{3})+|\d{1,7})[.,](\d{1,2})[^\d]{0,5}$/.exec(text.trim());
	const n = m && Number(m[1].replace(/\D/g, "")) * 100 + Number(m[2].padEnd(2, "0"));
	return m && n <= most ? n : undefined;
}
