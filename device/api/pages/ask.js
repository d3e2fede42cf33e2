// Requests to posd. A POST gets its own Idempotency-Key, remembered for this
// tab before it leaves, and is repeated under it until posd answers: also after
// a reload in between.

const store = "posd.pending";
const pause = (ms, signal) => new Promise((done) => {
	setTimeout(done, ms);
	signal?.addEventListener("abort", done);
});

function pendingList() {
	try {
		return JSON.parse(sessionStorage.getItem(store)) || [];
	} catch {
		return [];
	}
}

const save = (list) => sessionStorage.setItem(store, JSON.stringify(list));
const forget = (key) => save(pendingList().filter((p) => p.key !== key));

// pending returns the requests that were sent and never answered.
export const pending = pendingList;

// prepare makes a request for repeat.
export const prepare = (path, body) => ({ key: crypto.randomUUID(), path, body });

// post sends a new request. secret is sent but not remembered: posd does not
// need it again to recognise the key.
export function post(path, body, { secret = {}, trouble } = {}) {
	return repeat(prepare(path, body), { secret, trouble });
}

// These answers say that posd did nothing and will soon be able to.
const soon = ["starting", "too-many"];
// These say that it did nothing and why.
const nothingDone = ["unavailable", "no-scanner"];

// repeat sends a request until it is answered. trouble is called with a
// function that stops the asking each time there was no answer, and with
// nothing when it is over. signal gives the request up, limit is the time in ms
// that one answer may take. The result is {status, body}, status 0 if stopped.
export async function repeat(request, { secret = {}, trouble = () => {}, signal, limit = 20000 } = {}) {
	let stopped = false;
	let approval; // somebody's word for this one request
	save([...pendingList().filter((p) => p.key !== request.key), request]);
	for (let n = 0; !stopped && !signal?.aborted; n++) {
		let status = 0, body = {};
		try {
			const answer = await fetch(request.path, {
				method: "POST",
				headers: { "Content-Type": "application/json", "Idempotency-Key": request.key, ...approval },
				body: JSON.stringify({ ...request.body, ...secret }),
				signal: AbortSignal.any([AbortSignal.timeout(limit), signal].filter(Boolean)),
			});
			status = answer.status;
			body = await answer.json();
		} catch {
			status = 0; // no answer, or not one of posd's
		}
		if (body.type === "pin-needed" && !approval && (approval = await permitted(request.path))) continue;
		if (status > 0 && !soon.includes(body.type) && (status < 500 || nothingDone.includes(body.type))) {
			forget(request.key);
			trouble();
			return { status, body };
		}
		if (signal?.aborted) break;
		trouble(() => { stopped = true; });
		await pause(Math.min(5000, 500 * 2 ** n), signal);
	}
	forget(request.key);
	trouble();
	return { status: 0, body: {} };
}

// get reads JSON; the result is {status, body}, status 0 if there was no answer.
export async function get(path) {
	try {
		const answer = await fetch(path, { cache: "no-store", signal: AbortSignal.timeout(20000) });
		return { status: answer.status, body: await answer.json() };
	} catch {
		return { status: 0, body: {} };
	}
}

// once sends a request that no key protects, so it is never repeated by itself.
// The result is {status, body}, status 0 if there was no answer within limit ms.
export async function once(path, body = {}, limit = 20000) {
	const first = await bare(path, body, limit);
	const approval = first.body.type === "pin-needed" && await permitted(path);
	return approval ? bare(path, body, limit, approval) : first;
}

// What asks for the PIN of somebody who may; people.js has it.
let permit = async () => undefined;
export const permits = (f) => { permit = f; };

async function permitted(path) {
	const approval = await permit(path);
	return approval && { "Posd-Approval": approval };
}

// bare is once without a question for a PIN.
export async function bare(path, body = {}, limit = 20000, more = {}) {
	try {
		const answer = await fetch(path, {
			method: "POST",
			headers: { "Content-Type": "application/json", ...more },
			body: JSON.stringify(body),
			signal: AbortSignal.timeout(limit),
		});
		return { status: answer.status, body: await answer.json() };
	} catch {
		return { status: 0, body: {} };
	}
}

// text reads plain text; the result is {ok, words, problem}, problem being the
// refusal if it is not ok, empty if there was no answer.
export async function text(path) {
	try {
		const answer = await fetch(path, { cache: "no-store", signal: AbortSignal.timeout(20000) });
		return answer.ok ? { ok: true, words: await answer.text() } : { ok: false, problem: await answer.json() };
	} catch {
		return { ok: false, problem: {} };
	}
}
