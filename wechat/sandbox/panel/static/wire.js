// The transcript: a live list that can be searched, and one exchange opened as fields or as it was.

import { $, ask, el, failed, keepLooking, post, refusal, toast } from "/look/static/page.js";

const PAGE = 50;
const WELL = new Set(["0", "ok"]);
const WAYS = { out: "推送给机器人", in: "调用接口" };
const state = { newest: 0, oldest: 0, search: 0 };

const filter = () => [...new FormData($("filter"))].filter(([, value]) => value);
const query = (more = {}) => new URLSearchParams([...filter(), ...Object.entries(more)]).toString();
const clock = (at) => new Date(at).toLocaleTimeString("zh-CN", { hour12: false, timeZone: "Asia/Shanghai" });

// ---------------------------------------------------------------- the list

function row(entry) {
  const tone = WELL.has(entry.status) ? "status" : "status bad";
  const path = entry.path.split("?")[0].replace("/cgi-bin/", "");
  const words = entry.direction === "out" ? [entry.nickname || "某成员", entry.about]
    : [path, [entry.about, entry.nickname].filter(Boolean).join(" → ")];
  return el("li", { dataset: { id: entry.id } }, el("button", { type: "button", onclick: () => open(entry.id) },
    el("span", { className: `way ${entry.direction}`, title: WAYS[entry.direction], "aria-label": WAYS[entry.direction] },
      entry.direction === "out" ? "推" : "调"),
    el("span", { className: "words" }, words[0], el("small", {}, words[1])),
    el("span", { className: "aside" }, el("time", { datetime: entry.at }, clock(entry.at)), el("small", { className: tone }, entry.status))));
}

async function look() {
  const meant = state.search;
  const found = await ask(`wire?${query(state.newest ? { after: state.newest } : { limit: PAGE })}`);
  if (meant !== state.search) return;
  if (found.length) {
    state.oldest ||= found[0].id;
    state.newest = found.at(-1).id;
    $("entries").prepend(...found.reverse().map(row));
    $("older").hidden = $("entries").children.length < PAGE;
  }
  $("none").hidden = $("entries").children.length > 0;
}

async function older() {
  const found = await ask(`wire?${query({ before: state.oldest, limit: PAGE })}`);
  $("entries").append(...found.reverse().map(row));
  if (found.length) state.oldest = found.at(-1).id;
  $("older").hidden = found.length < PAGE;
}

let lookAgain = () => {};
function search() {
  Object.assign(state, { newest: 0, oldest: 0, search: state.search + 1 });
  $("entries").replaceChildren();
  $("older").hidden = true;
  $("export").href = `/sandbox/transcript?${query()}`;
  const openid = $("filter").elements.openid.value;
  $("dialog").hidden = !openid;
  $("dialog").href = `/sandbox/dialog?${new URLSearchParams({ openid })}`;
  lookAgain();
}

// ---------------------------------------------------------------- one exchange

function tree(value) {
  if (Array.isArray(value)) return el("ol", { className: "tree" }, ...value.map((one) => el("li", {}, tree(one))));
  if (value === null || typeof value !== "object") return el("span", {}, String(value ?? ""));
  const rows = Object.entries(value).flatMap(([name, inner]) => [el("dt", {}, name), el("dd", {}, tree(inner))]);
  return el("dl", { className: "tree" }, ...rows);
}

function body(title, raw, fields) {
  if (!raw) return el("div", { className: "body" }, el("h3", {}, title), el("p", { className: "hint" }, "没有内容"));
  const shown = fields === null ? el("pre", { tabindex: "0" }, raw) : tree(fields);
  const word = el("pre", { hidden: "", tabindex: "0" }, raw);
  const turn = (event) => {
    word.hidden = !word.hidden;
    shown.hidden = !shown.hidden;
    event.currentTarget.textContent = word.hidden ? "看原文" : "看字段";
  };
  const toggle = fields === null ? "" : el("button", { type: "button", onclick: turn }, "看原文");
  return el("div", { className: "body" }, el("div", { className: "row" }, el("h3", {}, title), toggle), shown, word);
}

// What an answer says, without what is new each time.
function meaning(entry) {
  const { CreateTime, errmsg, ...rest } = entry.answered_fields || {};
  return JSON.stringify(entry.answered_fields ? rest : entry.answered);
}

async function again(entry, fresh, { currentTarget: button }) {
  button.disabled = true;
  try {
    const made = await post(`wire/${entry.id}/again`, { fresh });
    if (!made) return toast("已经做了，但没有留下记录");
    const next = await open(made.id);
    toast(meaning(next) === meaning(entry) ? "应答与那一次相同" : "应答与那一次不同");
    lookAgain();
  } catch (fault) {
    failed(fault);
  } finally {
    button.disabled = false;
  }
}

function actions(entry) {
  const button = (words, fresh, hint) => el("button", { type: "button", title: hint, onclick: (event) => again(entry, fresh, event) }, words);
  if (entry.direction === "in") return [button("再调一次", false, "用现在的令牌重做这次调用")];
  return [
    button("再推一次", false, "同一条消息，像平台没等到应答那样"),
    button("作为新消息", true, "换一个 MsgId，像成员又说了一遍"),
  ];
}

async function open(id) {
  const entry = await ask(`wire/${id}`);
  for (const item of $("entries").children) item.toggleAttribute("data-open", Number(item.dataset.id) === id);
  const about = {
    方向: WAYS[entry.direction], 账号: entry.account || "未知", 成员: entry.nickname, 路径: entry.path.split("?")[0],
    结果: `${entry.status}，${entry.millis} 毫秒`, 时间: new Date(entry.at).toLocaleString("zh-CN", { timeZone: "Asia/Shanghai" }),
  };
  const facts = Object.entries(about).filter(([, value]) => value).flatMap(([name, value]) => [el("dt", {}, name), el("dd", {}, value)]);
  show(entry.about || entry.path.split("?")[0],
    el("dl", { className: "facts" }, ...facts),
    el("p", { className: "actions" }, ...actions(entry)),
    Object.keys(entry.query).length ? el("div", { className: "body" }, el("h3", {}, "地址里的参数"), tree(entry.query)) : "",
    body(entry.direction === "out" ? "平台推送" : "机器人的请求", entry.sent, entry.sent_fields),
    body(entry.direction === "out" ? "机器人的应答" : "平台的应答", entry.answered, entry.answered_fields));
  return entry;
}

function show(title, ...children) {
  const close = () => { $("detail").hidden = true; document.body.removeAttribute("data-detail"); };
  $("detail").replaceChildren(
    el("div", { className: "row" }, el("h2", {}, title), el("button", { type: "button", onclick: close }, "关闭")), ...children);
  $("detail").hidden = false;
  document.body.dataset.detail = "";
  $("detail").scrollTop = 0;
}

// ---------------------------------------------------------------- playing a file

function difference(step) {
  const lines = (words) => el("pre", {}, words.join("\n") || "（什么也没有）");
  const said = step.left_out ? [el("p", { className: "hint" }, `这里做不了：${step.left_out}`)]
    : [el("h4", {}, "应该是"), lines(step.expected), el("h4", {}, "实际是"), lines(step.got)];
  return el("li", { className: "different" }, el("strong", {}, step.did), el("small", {}, step.member), ...said);
}

async function play(file) {
  const response = await fetch("/sandbox/replay", { method: "POST", body: await file.text() });
  if (!response.ok) throw new Error(refusal(await response.json().catch(() => ({}))));
  const bar = el("progress", { value: 0, max: 1, "aria-label": "进度" });
  const verdict = el("p", { role: "status" }, "正在回放……");
  const list = el("ol", {});
  show(file.name, bar, verdict, list);
  let rest = "";
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
    const lines = (rest + piece.value).split("\n");
    rest = lines.pop();
    for (const step of lines.filter(Boolean).map((line) => JSON.parse(line))) {
      if ("steps" in step) bar.max = Math.max(step.steps, 1);
      else if ("done" in step) verdict.textContent = step.different ? `共 ${step.done} 步，${step.different} 步不一样。` : `共 ${step.done} 步，全都一样。`;
      else {
        bar.value += 1;
        if (!step.same) list.append(difference(step));
      }
    }
  }
  lookAgain();
}

// ---------------------------------------------------------------- wiring

const quietly = (act) => async (event) => { try { await act(event); } catch (fault) { failed(fault); } };

$("filter").addEventListener("submit", (event) => event.preventDefault());
$("filter").addEventListener("input", () => { clearTimeout(search.timer); search.timer = setTimeout(search, 250); });
$("older").addEventListener("click", quietly(older));
$("play").addEventListener("click", () => $("file").click());
$("file").addEventListener("change", quietly(async () => {
  const [file] = $("file").files;
  $("file").value = "";
  if (file) await play(file);
}));
const [accounts, members] = await Promise.all([ask("accounts"), ask("members")]);
const option = (value, words) => el("option", { value }, words);
$("filter").elements.account.append(...accounts.map((one) => option(one.name, one.title || one.name)));
$("which").hidden = accounts.length < 2;
$("filter").elements.openid.append(...members.map((one) => option(one.openid, one.nickname)));
const asked = new URLSearchParams(location.search).get("openid");
if (members.some((one) => one.openid === asked)) $("filter").elements.openid.value = asked;
lookAgain = keepLooking(look);
search();
