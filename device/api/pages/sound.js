// Two sounds: paid, and look. A browser plays none before somebody has touched
// the page.

let context;

function play(notes) {
	try {
		context ??= new AudioContext();
		context.resume();
		let at = context.currentTime;
		for (const [hertz, seconds] of notes) {
			const tone = context.createOscillator(), loud = context.createGain();
			tone.frequency.value = hertz;
			loud.gain.setValueAtTime(0.2, at);
			loud.gain.exponentialRampToValueAtTime(0.001, at + seconds);
			tone.connect(loud).connect(context.destination);
			tone.start(at);
			tone.stop(at += seconds);
		}
	} catch {
		// A counter without sound sells all the same.
	}
}

export const paid = () => play([[660, 0.12], [880, 0.25]]);
export const look = () => play([[330, 0.2], [330, 0.2], [262, 0.35]]);
