// The keyboard. A scanner that pretends to be one types faster than a person
// can: what it types is a code, never an amount, and its Enter presses nothing.

const fast = 40; // ms between two keys of a scanner, at most
const least = 5; // keys in a row at that pace are no person's
const pause = 300; // ms of silence after which a code without Enter is whole
const wallets = /^(1[0-5]\d{16}|(2[5-9]|30)\d{14,22}|62\d{17})$/;

// isWallet reports whether a code is that of a customer's wallet.
export const isWallet = (code) => wallets.test(code);

let down = ""; // the key that is down

// pressed reports whether text comes from a key that was seen: a telephone's
// keyboard writes without one.
export const pressed = (text) => text === down;

// watch calls typed(event) for a person's keys, before anything else sees them,
// and scanned(code) for a scanner's. The first keys of a code cannot be told
// from a person's: before() returns what undoes them.
export function watch({ typed, scanned, before }) {
	let keys = "", last = -Infinity, undo, scanning = false, timer;

	const finish = () => {
		clearTimeout(timer);
		const code = keys;
		keys = "";
		scanning = false;
		scanned(code);
	};
	const stop = (event) => {
		event.preventDefault();
		event.stopImmediatePropagation();
	};

	addEventListener("keydown", (event) => {
		down = event.key;
		if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
		const near = event.timeStamp - last < fast;
		if (event.key === "Enter" || event.key === "Tab") {
			if (near && keys.length >= 3 && !scanning) undo(); // a short code
			if (scanning || (near && keys.length >= 3)) {
				stop(event);
				finish();
			} else {
				typed(event);
			}
			return;
		}
		if (event.key.length !== 1 || event.repeat) {
			if (event.key !== "Shift") typed(event);
			return;
		}
		if (!scanning && !near) {
			keys = "";
			undo = before();
		}
		keys = (keys + event.key).slice(0, 128);
		last = event.timeStamp;
		if (!scanning && keys.length >= least) {
			scanning = true;
			undo();
		}
		if (!scanning) {
			typed(event);
			return;
		}
		stop(event);
		clearTimeout(timer);
		timer = setTimeout(finish, pause);
	}, true);

	// A button is pressed by a key that is let go, too.
	addEventListener("keyup", (event) => {
		down = "";
		if (scanning || (event.timeStamp - last < fast && event.key === " ")) event.preventDefault();
	}, true);
}
