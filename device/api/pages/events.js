// The event stream, read piece by piece: every byte is a sign of life, and
// silence for longer than posd promised means that it is gone.

const again = 1000; // ms until the next try

// listen calls on(event, data) for everything posd tells, gone() when the stream
// is lost, and beat() at every sign of life; it connects again by itself, for
// ever. The result begins the stream anew, without a word about it: a new stream
// begins with a snapshot.
export function listen(on, gone, beat = () => {}) {
	let cut, wanted = false;
	const anew = () => { wanted = true; cut?.abort(); };
	run();
	return anew;

	async function run() {
		let quiet = 12.5; // s, until the snapshot says otherwise
		for (;;) {
			cut = new AbortController();
			wanted = false;
			let timer;
			const heard = () => {
				beat();
				clearTimeout(timer);
				timer = setTimeout(() => cut.abort(), quiet * 1000);
			};
			try {
				heard();
				const answer = await fetch("/v1/events", { signal: cut.signal, cache: "no-store" });
				if (!answer.ok) throw new Error("status " + answer.status);
				await read(answer.body, heard, (event, data) => {
					if (event === "snapshot") quiet = data.shop.quietSeconds;
					on(event, data);
				});
			} catch {
				// Lost, refused or silent: all the same to a page.
			}
			clearTimeout(timer);
			if (wanted) continue;
			cut.abort();
			gone();
			await new Promise((done) => setTimeout(done, again));
		}
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
