"use strict";
// The hub's page: it asks for lists and shows them. Everything from outside is set as
// text, never as markup.

const byId = id => document.getElementById(id);
const money = cents => (cents < 0 ? "-" : "") + Math.floor(Math.abs(cents) / 100) + "." + String(Math.abs(cents) % 100).padStart(2, "0");
const clock = at => at ? new Date(at).toLocaleString() : "";

async function ask(path) {
  const r = await fetch(path);
  if (r.status === 401) { location.href = "login.html"; throw new Error("log in"); }
  if (!r.ok) throw new Error((await r.text()).trim());
  return r.json();
}

// cell makes a table cell; {text, kind, head} or a plain text.
function cell(c) {
  const o = typeof c === "object" && c !== null ? c : {text: c};
  const e = document.createElement(o.head ? "th" : "td");
  if (o.head) e.scope = "row";
  if (o.kind) e.className = o.kind;
  if (o.node) e.append(o.node); else e.textContent = o.text ?? "";
  return e;
}

function fill(table, rows, none) {
  const body = table.tBodies[0];
  body.replaceChildren();
  for (const r of rows) {
    const tr = document.createElement("tr");
    tr.append(...r.map(cell));
    body.append(tr);
  }
  if (!rows.length) {
    const td = cell({text: none, kind: "none"});
    td.colSpan = table.tHead.rows[0].cells.length;
    const tr = document.createElement("tr");
    tr.append(td);
    body.append(tr);
  }
}

function bar(share) {
  const ns = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(ns, "svg"), rect = document.createElementNS(ns, "rect");
  svg.setAttribute("class", "bar");
  svg.setAttribute("viewBox", "0 0 100 10");
  svg.setAttribute("preserveAspectRatio", "none");
  svg.setAttribute("aria-hidden", "true");
  rect.setAttribute("width", Math.max(0, Math.round(share * 100)));
  rect.setAttribute("height", "10");
  svg.append(rect);
  return svg;
}

const count = n => ({text: n, kind: n > 0 ? "n bad" : "n"});

function devices(health) {
  const bad = (health?.devices ?? []).filter(d => !d.ok);
  const backup = (health?.devices ?? []).find(d => d.name === "backup");
  const words = bad.map(d => d.name + ": " + d.words);
  if (backup?.ok) words.push(backup.words);
  if (!health) return {text: "nothing heard"};
  return {text: words.join("; ") || "all well", kind: bad.length ? "bad" : ""};
}

async function showState() {
  const hub = await ask("api/hub");
  byId("title").textContent = document.title = "Books of " + hub.title;
  const s = byId("state");
  s.textContent = hub.trouble ? "Nothing is booked: " + hub.trouble : hub.behind ? hub.behind + " messages behind" : "Up to date";
  s.className = hub.trouble ? "bad" : "";
  byId("hub").textContent = "poshub " + hub.version + (hub.findings.length ? ". Of the stream: " + hub.findings.join("; ") : "");
  byId("logout").hidden = !hub.session;
  for (const f of document.querySelectorAll("input[type=date][required]")) if (!f.value) f.value = hub.today;
}

async function showTills() {
  const all = await ask("api/tills");
  fill(byId("tills"), all.map(t => [{text: t.till, head: true}, clock(t.lastWord), {text: t.bookedUpTo, kind: "n"}, count(t.lag + t.held), count(t.unsure), count(t.incidents),
    {text: money(t.unreportedCents), kind: t.unreportedCents ? "n bad" : "n"}, t.health?.version ?? "", devices(t.health)]), "No till has published anything yet.");
}

async function showAlarms() {
  const all = await ask("api/alarms");
  byId("alarms-section").hidden = !all.length;
  fill(byId("alarms"), all.map(a => [{text: a.till, head: true}, {text: a.commit, kind: "n"}, {text: a.kind, kind: "bad"}, a.words, clock(a.at)]), "None.");
}

async function showTakings() {
  const q = new URLSearchParams(new FormData(byId("span")));
  const all = await ask("api/takings?" + q);
  const top = Math.max(1, ...all.map(t => t.netCents));
  const sums = {};
  for (const t of all) sums[t.currency] = (sums[t.currency] ?? 0) + t.netCents;
  byId("takings-sum").textContent = "Net " + (Object.entries(sums).map(([c, n]) => money(n) + " " + c).join(", ") || "0.00");
  byId("takings-csv").href = "api/takings?format=csv&" + q;
  const of = q.get("by") === "hour" ? t => String(t.of).padStart(2, "0") + ":00" : t => t.of;
  if (q.get("by") === "hour") all.sort((a, b) => a.of - b.of);
  fill(byId("takings"), all.map(t => [{text: of(t) + (Object.keys(sums).length > 1 ? " " + t.currency : ""), head: true}, {text: t.sales, kind: "n"}, {text: money(t.takenCents), kind: "n"}, {text: money(t.backCents), kind: "n"}, {text: money(t.netCents), kind: "n"}, {node: bar(t.netCents / top)}]), "Nothing was sold in these days.");
}

async function showOpen() {
  const all = await ask("api/open");
  fill(byId("open"), all.map(s => [{text: s.till, head: true}, clock(s.at), s.id, s.method, {text: s.state, kind: s.state === "unsure" ? "bad" : ""}, {text: money(s.askedCents), kind: "n"}, s.reported, [s.incident, s.attention].filter(Boolean).join("; ")]), "Nothing waits for a person.");
}

async function find(e) {
  e.preventDefault();
  const words = byId("find-words"), table = byId("found");
  try {
    const all = await ask("api/sales?" + new URLSearchParams(new FormData(byId("find"))));
    words.textContent = all.length === 0 ? "No such sale is in the books." : all.length + (all.length === 1 ? " sale" : " sales");
    table.hidden = all.length === 0;
    fill(table, all.map(s => [{text: s.till, head: true}, clock(s.at), s.id, s.method, s.state, {text: money(s.askedCents), kind: "n"}, s.last4 && "…" + s.last4, s.reference]), "");
  } catch (err) { words.textContent = err.message; table.hidden = true; }
}

// lines of a Z report that are not empty, in its own order.
function lines(books) {
  const list = document.createElement("ul");
  const line = (words, count, cents) => {
    const li = document.createElement("li");
    li.textContent = words + ": " + count + ", " + money(cents);
    list.append(li);
  };
  const plain = name => name.replace(/[A-Z]/g, c => " " + c.toLowerCase());
  for (const [name, v] of Object.entries(books)) {
    if (Array.isArray(v)) for (const g of v) line(g.name, g.paid.count, g.net);
    else if (v?.count) line(plain(name), v.count, v.cents);
  }
  return list;
}

// amounts are the columns of a Z report, or of several added up.
function amounts(all) {
  const sum = f => all.reduce((n, b) => n + (b.total ? f(b.total) : 0), 0);
  const cents = f => ({text: money(sum(f)), kind: "n"});
  return [{text: sum(t => t.paid.count), kind: "n"}, cents(t => t.paid.cents), cents(t => t.refunds.cents + t.voids.cents), cents(t => t.net)];
}

async function showDays(e) {
  e?.preventDefault();
  const q = new URLSearchParams(new FormData(byId("day")));
  const [all, sum] = await Promise.all([ask("api/days?" + q), ask("api/takings?by=method&from=" + q.get("date") + "&to=" + q.get("date"))]);
  byId("days-csv").href = "api/days?format=csv&" + q;
  byId("days-sum").textContent = all.length + (all.length === 1 ? " report" : " reports") + "; all tills took, by method: " + (sum.map(t => t.of + " " + money(t.netCents) + " " + t.currency).join(", ") || "nothing");
  const rows = all.map(d => {
    const fold = document.createElement("details"), head = document.createElement("summary");
    head.textContent = "Z" + d.no;
    fold.append(head, lines(d.books));
    return [{text: d.till, head: true}, {node: fold}, clock(d.closedAt), d.by, ...amounts([d.books])];
  });
  for (const currency of new Set(all.map(d => d.books.currency))) rows.push([{text: "Sum, " + currency, head: true}, "", "", "", ...amounts(all.map(d => d.books).filter(b => b.currency === currency))]);
  fill(byId("days"), rows, "No till has closed this day yet.");
}

async function refresh() {
  try {
    await showState();
    await Promise.all([showTills(), showAlarms(), showTakings(), showOpen()]);
  } catch (err) {
    byId("state").textContent = "The hub does not answer: " + err.message;
    byId("state").className = "bad";
  }
}

byId("span").addEventListener("submit", e => { e.preventDefault(); showTakings(); });
byId("find").addEventListener("submit", find);
byId("day").addEventListener("submit", showDays);
refresh().then(() => showDays()).catch(() => {});
setInterval(refresh, 5000);
