// How large the letters are: 100, 125 or 150 %, kept for this browser.

import { $, el } from "./dom.js";

const kept = "posd.size", sizes = [1, 1.25, 1.5];

// sized puts the choice into force and names its button.
export function sized(say) {
	const now = sizes.includes(Number(localStorage.getItem(kept))) ? Number(localStorage.getItem(kept)) : 1;
	const root = document.documentElement;
	root.style.setProperty("--size", now);
	if (now === 1) delete root.dataset.size;
	else root.dataset.size = now;
	$("size").replaceChildren(`A ${now * 100} %`, el("span", { class: "unseen" }, ": " + say("textSize")));
	$("size").onclick = () => {
		localStorage.setItem(kept, sizes[(sizes.indexOf(now) + 1) % sizes.length]);
		sized(say);
	};
}
