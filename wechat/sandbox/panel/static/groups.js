// Groups of other platforms: what their robots said, and what was refused, looked at once a second.

import { $, ask, el, keepLooking } from "/look/static/page.js";

const KINDS = { wecom: "企业微信", dingtalk: "钉钉", feishu: "飞书", weibo: "微博" };

function when(at) {
  return new Date(at).toLocaleString("zh-CN", { dateStyle: "short", timeStyle: "medium", timeZone: "Asia/Shanghai" });
}

function message(one) {
  const refused = one.code ? el("p", { className: "refused" }, `平台没有收下：${one.code} ${one.said}`) : "";
  return el("li", {}, el("small", {}, when(one.at)), refused, el("p", { className: "said" }, one.words));
}

function group(one) {
  const messages = one.messages.length
    ? el("ol", { "aria-label": `${one.name}里的消息` }, ...one.messages.map(message))
    : el("p", { className: "hint" }, "还没有人说话。");
  return el("section", { "aria-label": one.name }, el("h2", {}, `${one.name}（${KINDS[one.kind] || one.kind}）`), messages);
}

let before = "";
keepLooking(async () => {
  const groups = await ask("groups");
  if (JSON.stringify(groups) === before) return;
  before = JSON.stringify(groups);
  $("groups").replaceChildren(...groups.map(group));
  $("none").hidden = groups.length > 0;
});
