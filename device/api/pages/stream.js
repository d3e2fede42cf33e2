// The event stream, read piece by piece: every byte is a sign of life, and
// silence for longer than posd promised means that it is gone.

const again = 1000; // ms until the next try

// The copy that a reload shows while posd is away (see worker.js). The first
// visit leaves one too, before the worker has taken over.
keep().catch(() => {}); // without it all else works

async function keep() {
	await navigator.serviceWorker.register("/worker.js");
	const parts = performance.getEntriesByType("resource").map((e) => new URL(e.name).pathname).filter((p) => p.startsWith("/assets/"));
	await (await caches.open("posd")).addAll([...new Set([location.pathname, ...parts])]);
}

// follow calls on(event, data) for everything posd tells and gone() when the
// stream is lost; it connects again by itself, for ever.
export async function follow(on, gone) {
	let version;
	let quiet = 12.5; // s, until the snapshot says otherwise
	let cut;
	// A page that is left gives its connection back: the browser has few per
	// server, and may keep the page for the way back.
	addEventListener("pagehide", () => cut.abort());
	for (;;) {
		cut = new AbortController();
		let timer;
		const heard = () => {
			clearTimeout(timer);
			timer = setTimeout(() => cut.abort(), quiet * 1000);
		};
		try {
			heard();
			const answer = await fetch("/v1/events", { signal: cut.signal, cache: "no-store" });
			if (!answer.ok) throw new Error("status " + answer.status);
			await read(answer.body, heard, (event, data) => {
				if (event === "snapshot") {
					quiet = data.shop.quietSeconds;
					if (version !== undefined && version !== data.shop.version) location.reload();
					version = data.shop.version;
				}
				on(event, data);
			});
		} catch {
			// Lost, refused or silent: all the same to a page.
		}
		clearTimeout(timer);
		cut.abort();
		gone();
		await new Promise((done) => setTimeout(done, again));
	}
}

// read splits the stream into events until it ends.
async function read(body, heard, on) {
	const reader = body.pipeThrough(new TextDecoderStream()).getReader();
	let rest = "";
	for (;;) {
		const { value, done } = await reader.read();
		if (done) return;
		heard();
		const blocks = (rest + value).split("\n\n");
		rest = blocks.pop();
		for (const block of blocks) {
			let event = "", data = "";
			for (const line of block.split("\n")) {
				if (line.startsWith("event: ")) event = line.slice(7);
				if (line.startsWith("data: ")) data = line.slice(6);
			}
			if (event && data) on(event, JSON.parse(data));
		}
	}
}
