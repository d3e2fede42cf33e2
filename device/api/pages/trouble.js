// What is wrong with a device, and the next step, in words.

import { known, capital } from "./words.js";

// trouble says a device's trouble, named by posd in a word.
export function trouble(say, name, code) {
	if (code === "not-asked") return "";
	const key = "t" + capital(name), one = key + capital(code || "");
	return say([one, "t" + capital(code || ""), key].find(known) || "tOther");
}
