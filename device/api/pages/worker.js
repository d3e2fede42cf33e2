// Keeps a copy of the pages for the moment when posd is not there: a reload then
// still brings a page, which says so and connects again by itself. What posd
// serves always comes first, so that no page is older than its posd.

const name = "posd";
const patience = 4000; // ms that posd may take before the copy is shown

const ours = (url) => url.origin === location.origin && (url.pathname.startsWith("/assets/") || ["/", "/display", "/manager"].includes(url.pathname));

addEventListener("install", () => skipWaiting());
addEventListener("activate", (event) => event.waitUntil(clients.claim()));

addEventListener("fetch", (event) => {
	if (event.request.method === "GET" && ours(new URL(event.request.url))) event.respondWith(serve(event.request));
});

async function serve(request) {
	const copies = await caches.open(name);
	try {
		const answer = await fetch(request, { signal: AbortSignal.timeout(patience) });
		if (answer.ok) await copies.put(request, answer.clone());
		return answer;
	} catch (err) {
		const copy = await copies.match(request);
		if (copy) return copy;
		throw err;
	}
}
