// One stream for all pages of a browser, which has only six connections to a
// server. A page that joins begins the stream anew, so that it, too, begins
// with a snapshot; the others take the snapshot as after a lost line.

import { listen } from "./events.js";

const ports = new Set();
let version, anew;

const tell = (message) => ports.forEach((port) => port.postMessage(message));

onconnect = ({ ports: [port] }) => {
	ports.add(port);
	port.onmessage = () => ports.delete(port); // it says only that it leaves
	if (anew) anew();
	else anew = listen(on, () => tell({ gone: true }), () => tell({}));
};

function on(event, data) {
	tell({ event, data });
	if (event !== "snapshot") return;
	// The pages load themselves again for another posd; they want a new feed, too.
	if (version !== undefined && version !== data.shop.version) close();
	version = data.shop.version;
}
