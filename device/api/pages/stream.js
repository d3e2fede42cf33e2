// What posd tells, for one page.

import { listen } from "./events.js";

// The copy that a reload shows while posd is away (see worker.js). The first
// visit leaves one too, before the worker has taken over.
keep().catch(() => {}); // without it all else works

async function keep() {
	await navigator.serviceWorker.register("/worker.js");
	if (navigator.serviceWorker.controller) return; // it keeps what it serves
	const parts = performance.getEntriesByType("resource").map((e) => new URL(e.name).pathname).filter((p) => p.startsWith("/assets/"));
	await (await caches.open("posd")).addAll([...new Set([location.pathname, ...parts, "/assets/feed.js"])]);
}

// follow calls on(event, data) for everything posd tells and gone() when the
// stream is lost, for ever.
export function follow(on, gone) {
	let version;
	const hear = (event, data) => {
		if (event === "snapshot") {
			if (version !== undefined && version !== data.shop.version) location.reload();
			version = data.shop.version;
		}
		on(event, data);
	};
	if (!globalThis.SharedWorker) {
		listen(hear, gone);
		return;
	}
	join(hear, gone);
}

// join hears what the browser's one stream hears. A feed that falls silent is
// left: the page listens for itself then.
function join(hear, gone) {
	const { port } = new SharedWorker("/assets/feed.js", { type: "module", name: "posd" });
	let quiet = 12.5, timer;
	const leave = () => {
		clearTimeout(timer);
		port.postMessage("leave");
		port.close();
	};
	const heard = () => {
		clearTimeout(timer);
		timer = setTimeout(() => { leave(); gone(); listen(hear, gone); }, (2 * quiet + 1) * 1000);
	};
	heard();
	port.onmessage = ({ data: said }) => {
		heard();
		if (said.event === "snapshot") quiet = said.data.shop.quietSeconds;
		if (said.event) hear(said.event, said.data);
		if (said.gone) gone();
	};
	addEventListener("pagehide", leave, { once: true });
	// A page that was kept for the way back joins again.
	addEventListener("pageshow", (e) => { if (e.persisted) join(hear, gone); }, { once: true });
}
