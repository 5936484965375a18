// Faults and time: draws what can go wrong from /sandbox/presets, and once a second what is going wrong now.

import { $, ask, el, failed, keepLooking, post, toast } from "/look/static/page.js";

const ANY = "*";
const WEBHOOK = "webhook";
const WHERE = { [ANY]: "全部接口", [WEBHOOK]: "消息推送" };
const shown = new Map(); // a group's title and its section
let paths = [];
let lookAgain = () => {};

// ---------------------------------------------------------------- what can go wrong

function input(preset, { name, label, value }) {
  if (name === "path") {
    const options = value === ANY ? [ANY, ...paths] : paths;
    const choices = options.map((path) => el("option", { value: path, selected: path === value }, WHERE[path] || path));
    return el("label", { className: "wide" }, label, el("select", { name }, ...choices));
  }
  const steps = name === "value" ? "any" : "1";
  const least = name === "value" ? undefined : "0";
  return el("label", {}, label, el("input", { name, type: "number", required: "", step: steps, min: least, value }));
}

function preset(one) {
  const turn = async (event) => {
    event.preventDefault();
    const given = Object.fromEntries(new FormData(event.target));
    try {
      await post("knobs", { preset: one.id, ...given });
      toast(`已打开：${one.title}`);
      lookAgain();
    } catch (fault) {
      failed(fault);
    }
  };
  const form = el("form", { className: "asks", onsubmit: turn }, ...one.asks.map((each) => input(one, each)),
    el("button", { className: "primary", "aria-label": `打开${one.title}` }, "打开"));
  return el("details", {}, el("summary", {}, el("span", {}, one.title), el("small", {}, one.says)), form);
}

function group(title) {
  if (!shown.has(title)) {
    shown.set(title, el("section", {}, el("h2", {}, title)));
    $("presets").append(shown.get(title));
  }
  return shown.get(title);
}

// ---------------------------------------------------------------- what is going wrong now

function about(knob) {
  const words = [WHERE[knob.path] || knob.path];
  if (knob.after) words.push(`先放过 ${knob.after} 次`);
  if (knob.effect === "quota") words.push(`每天 ${knob.value} 次`);
  else words.push(knob.times ? `还有 ${knob.times} 次` : "一直如此");
  if (knob.hits) words.push(`已发生 ${knob.hits} 次`);
  return words.join(" · ");
}

function active(knob) {
  const off = async () => {
    try {
      await ask(`knobs/${knob.id}`, { method: "DELETE" });
      lookAgain();
    } catch (fault) {
      failed(fault);
    }
  };
  return el("li", { className: "row" }, el("span", {}, knob.title, el("small", {}, about(knob))),
    el("button", { onclick: off, "aria-label": `关闭${knob.title}` }, "关闭"));
}

// ---------------------------------------------------------------- what the account's admin is asked

function waiting(job) {
  const says = async (confirm) => {
    try {
      await post(`mass/${job.id}`, { confirm });
      lookAgain();
    } catch (fault) {
      failed(fault);
    }
  };
  return el("li", { className: "row" }, el("span", {}, job.says, el("small", {}, job.account)),
    el("button", { className: "primary", onclick: () => says(true) }, "确认"),
    el("button", { onclick: () => says(false) }, "拒绝"));
}

let jobsBefore = "";
function askAdmin(jobs) {
  if (JSON.stringify(jobs) === jobsBefore) return;
  jobsBefore = JSON.stringify(jobs);
  $("jobs").replaceChildren(...jobs.map(waiting));
  $("waiting").hidden = jobs.length === 0;
}

// ---------------------------------------------------------------- the card that a page offered last

let cardBefore = 0;
function showCard(card) {
  if (!card || card.id === cardBefore) return;
  cardBefore = card.id;
  $("card").replaceChildren(el("h3", {}, card.title), el("p", {}, card.summary),
    el("a", { href: card.link, target: "_blank", rel: "noopener" }, card.link));
  if (card.picture) $("card").prepend(el("img", { src: card.picture, alt: "" }));
  $("offered").hidden = false;
}

let before = "";
async function look() {
  const [knobs, clock, jobs, cards] = await Promise.all([ask("knobs"), ask("clock"), ask("mass"), ask("cards")]);
  askAdmin(jobs);
  showCard(cards.find((card) => card.way === "message"));
  const now = new Date(clock.now * 1000);
  $("now").textContent = now.toLocaleString("zh-CN", { dateStyle: "long", timeStyle: "medium", timeZone: "Asia/Shanghai" });
  if (JSON.stringify(knobs) === before) return;
  before = JSON.stringify(knobs);
  $("active").replaceChildren(...knobs.map(active));
  $("calm").hidden = knobs.length > 0;
  $("clear").hidden = knobs.length < 2;
}

async function clear() {
  try {
    await ask("knobs", { method: "DELETE" });
    lookAgain();
  } catch (fault) {
    failed(fault);
  }
}

async function advance(event) {
  const seconds = event.target.dataset.advance;
  if (!seconds) return;
  try {
    await post("clock", { advance_seconds: Number(seconds) });
    toast(`时间往前走了${event.target.textContent}`);
    lookAgain();
  } catch (fault) {
    failed(fault);
  }
}

const offered = await ask("presets");
paths = offered.paths;
for (const one of offered.presets) group(one.group).append(preset(one));
$("clear").addEventListener("click", clear);
document.addEventListener("click", advance);
lookAgain = keepLooking(look);
