// The log-in: the page gets the rights of a token by a cookie that no script can read.

import { $ } from "./dom.js";
import { once } from "./ask.js";
import { languages, speak } from "./words.js";

const language = (navigator.languages || []).map((l) => (/^zh-(hant|tw|hk|mo)/i.test(l) ? "zh-Hant" : /^zh/i.test(l) ? "zh-Hans" : l.slice(0, 2))).find((l) => languages.includes(l)) || "en";
const say = speak(language);

document.documentElement.lang = language;
$("label").textContent = say("loginToken");
$("go").textContent = say("loginGo");
$("token").focus();

$("login").addEventListener("submit", async (e) => {
	e.preventDefault();
	$("go").disabled = true;
	const { status } = await once("/v1/login", { token: $("token").value.trim() });
	$("go").disabled = false;
	$("token").value = "";
	if (status === 200 || status === 409) location.reload(); // 409: no token was made, everything is open
	else $("words").textContent = say(status === 0 ? "loginAway" : "loginRefused");
});
