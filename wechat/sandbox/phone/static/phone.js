// The web phone: draws what /sandbox/chat says, once a second, and sends what the member does to /sandbox/<action>.

import { $, KINDS, ask, el, post, toast } from "/look/static/page.js";

const QUIET_MINUTES = 5;
const POLL_EVERY = 1000;
const POLL_SOON = 150;

const state = { accounts: [], members: [], openid: "", change: 0, menu: null, lastTime: 0, soonUntil: 0, drawn: new Map() };

// ---------------------------------------------------------------- talking to the stand-in

async function act(action, more = {}) {
  const openid = state.openid;
  try {
    await post(action, { openid, ...more });
    soon();
    return true;
  } catch (fault) {
    toast(fault instanceof TypeError ? "发送失败" : fault.message);
    return false;
  }
}

// ---------------------------------------------------------------- small pieces of page

// WeChat knows whose phone opens a page; here the page that asks is told so for a moment.
function opening() {
  document.cookie = `sandbox_shown=${encodeURIComponent(state.openid)}; path=/connect; max-age=60; samesite=lax`;
}

const isWeb = (url) => /^https?:\/\//i.test(url || "");
const link = (url, words) => el("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, words);

function face(name, seed) {
  const tint = [...seed].reduce((sum, char) => sum + char.codePointAt(0), 0) % 6;
  return el("span", { className: `face c${tint}`, "aria-hidden": "true" }, ([...name][0] || "·").toUpperCase());
}

// Words with the links WeChat makes tappable: bare addresses, <a href>, and weixin://bizmsgmenu items.
function rich(words) {
  const found = /<a\s[^>]*?href=["']([^"']*)["'][^>]*>([\s\S]*?)<\/a>|https?:\/\/[^\s<>"'，。；！？、（）《》]+/gi;
  const pieces = [];
  let end = 0;
  for (const match of words.matchAll(found)) {
    pieces.push(words.slice(end, match.index), anchor(match));
    end = match.index + match[0].length;
  }
  return [...pieces, words.slice(end)];
}

function anchor([whole, href, shown]) {
  if (href === undefined) return link(whole, whole);
  const address = href.replaceAll("&amp;", "&");
  if (isWeb(address)) return link(address, shown);
  const item = /^weixin:\/\/bizmsgmenu\?(.*)$/.exec(address);
  if (!item) return whole;
  const query = new URLSearchParams(item[1]);
  return offer(query.get("msgmenuid") || "", query.get("msgmenucontent") || shown, shown);
}

const offer = (id, words, shown) =>
  el("button", { className: "item", type: "button", onclick: () => act("say", { text: words, menu_id: id }) }, shown);

// ---------------------------------------------------------------- lines of the chat

const bubble = (...children) => el("div", { className: "said" }, ...children);
const media = (line) => `/mmbiz/${encodeURIComponent(line.media_id)}`;

function card(url, ...children) {
  if (!isWeb(url)) return el("div", { className: "card" }, ...children);
  return el("a", { className: "card", href: url, target: "_blank", rel: "noopener noreferrer" }, ...children);
}

function article({ title, description, url, picurl }) {
  const picture = isWeb(picurl) ? el("img", { src: picurl, alt: "", loading: "lazy" }) : "";
  const go = isWeb(url) ? el("span", { className: "go" }, "阅读全文") : "";
  return card(url, picture, el("h3", {}, title), description ? el("p", {}, description) : "", go);
}

const articles = (line) => el("div", {}, ...line.articles.map(article));

function notice(line) {
  const rows = line.fields.flatMap(({ label, value }) => [el("dt", {}, label), el("dd", {}, value)]);
  const from = line.via === "notice" ? "订阅通知" : "服务通知";
  const go = isWeb(line.url) ? el("span", { className: "go" }, "查看详情") : "";
  return card(line.url, el("p", { className: "from" }, from), el("h3", {}, line.title), el("dl", {}, ...rows), go);
}

const DRAW = {
  text: (line) => bubble(...rich(line.content)),
  image: (line) => el("a", { className: "shot", href: media(line), target: "_blank", rel: "noopener" },
    el("img", { src: media(line), alt: "图片", onload: keepDown })),
  voice: (line) => bubble("语音 ", el("audio", { controls: "", preload: "none", src: media(line) })),
  video: (line) => el("div", { className: "shot" }, el("video", { controls: "", preload: "metadata", src: media(line) })),
  music: (line) => card(line.url, el("h3", {}, line.title || "音乐"), el("p", {}, line.description || "")),
  location: (line) => card("", el("h3", {}, line.title || "位置"), el("p", {}, line.content)),
  msgmenu: (line) => bubble(line.head_content,
    el("div", { className: "items" }, ...line.list.map((item) => offer(item.id, item.content, item.content))), line.tail_content),
  miniprogrampage: (line) => card("", el("img", { src: media(line), alt: "" }), el("h3", {}, line.title), el("p", {}, "小程序")),
  link: articles,
  news: articles,
  notice,
};

const WIDE = new Set(["notice", "news", "link", "music", "miniprogrampage"]);
const SYSTEM = { transfer_customer_service: "已转接人工客服" };

function lineNode(line) {
  if (line.who === "system") {
    const tone = line.type === "fault" ? "system fault" : "system";
    return el("li", { className: tone }, el("span", {}, line.content || SYSTEM[line.type] || ""));
  }
  const mine = line.who === "member";
  const body = (DRAW[line.type] || ((other) => bubble(other.text || `（${other.type}）`)))(line);
  if (!mine && WIDE.has(line.type)) return el("li", { className: "wide" }, body);
  const name = mine ? current().nickname : accountOf(current()).title || current().account;
  return el("li", { className: mine ? "mine" : "theirs" }, face(name, mine ? state.openid : name), body, ...stateOf(line));
}

function stateOf(line) {
  if (line.state === "sending") return [el("span", { className: "state" }, "发送中")];
  if (line.state === "failed") return [el("span", { className: "state failed", role: "alert" }, "发送失败")];
  return [];
}

function timeNode(at) {
  const now = new Date();
  const clock = at.toLocaleTimeString("zh-CN", { hour: "2-digit", minute: "2-digit", hour12: false });
  const sameDay = at.toDateString() === now.toDateString();
  return el("li", { className: "time" }, sameDay ? clock : `${at.getMonth() + 1}月${at.getDate()}日 ${clock}`);
}

function draw(line) {
  const node = lineNode(line);
  const before = state.drawn.get(line.id);
  state.drawn.set(line.id, node);
  if (before) return before.replaceWith(node);
  const at = new Date(line.at);
  if (at - state.lastTime > QUIET_MINUTES * 60000) $("talk").append(timeNode(at));
  state.lastTime = at;
  $("talk").append(node);
}

const goDown = () => { $("lines").scrollTop = $("lines").scrollHeight; };
let reading = false; // the member has scrolled up to read

function keepDown() { if (!reading) goDown(); }

function scrolled() {
  const below = $("lines").scrollHeight - $("lines").scrollTop - $("lines").clientHeight;
  reading = below > 80;
  if (!reading) $("newer").hidden = true;
}

function drawAll(lines) {
  if (lines.some((line) => line.who === "member")) reading = false;
  lines.forEach(draw);
  keepDown();
  $("newer").hidden = !reading;
  if (lines.some((line) => line.via === "notice")) loadTemplates();
}

function unsent(words) {
  const again = () => { node.remove(); say(words); };
  const failed = el("button", { className: "state failed", type: "button", onclick: again }, "发送失败，点此重试");
  const node = el("li", { className: "mine" }, face(current().nickname, state.openid), bubble(words), failed);
  $("talk").append(node);
  goDown();
}

// ---------------------------------------------------------------- looking every second

async function look() {
  const openid = state.openid;
  const seen = await ask(`chat?openid=${encodeURIComponent(openid)}&after=${state.change}`);
  if (openid !== state.openid) return;
  state.change = seen.change;
  if (seen.lines.length) drawAll(seen.lines);
  const title = titleOf(accountOf(current()));
  $("title").textContent = seen.typing ? "对方正在输入…" : title;
  $("first").hidden = !isProgram(current()) || state.drawn.size > 0;
  showRelation(seen.followed || isProgram(current()), seen.followed);
  if (seen.menu !== state.menu) drawMenu(seen.menu);
}

function showRelation(mayWrite, followed) {
  $("foot").hidden = !mayWrite;
  $("stranger").hidden = mayWrite;
  $("relation").textContent = followed ? "已关注公众号" : "未关注公众号";
  $("unfollow").hidden = !followed;
  if (current().followed !== followed) {
    current().followed = followed;
    drawMembers();
  }
}

async function keepLooking() {
  try {
    if (state.openid) await look();
    $("offline").hidden = true;
  } catch (fault) {
    if (!(fault instanceof TypeError)) toast(fault.message);
    else $("offline").hidden = false;
  }
  keepLooking.timer = setTimeout(keepLooking, Date.now() < state.soonUntil ? POLL_SOON : POLL_EVERY);
}

// After an action the answer is near: look more often for a while.
function soon() {
  state.soonUntil = Date.now() + 2000;
  if (keepLooking.timer === undefined) return;
  clearTimeout(keepLooking.timer);
  keepLooking.timer = undefined;
  keepLooking();
}

// ---------------------------------------------------------------- menu of the account

function drawMenu(text) {
  state.menu = text;
  const buttons = JSON.parse(text);
  $("buttons").replaceChildren(...buttons.map(choice));
  $("to-menu").hidden = !buttons.length;
  showMenu(buttons.length > 0);
}

function choice(button) {
  const below = button.sub_button || [];
  if (!below.length) return el("div", { className: "choice" }, el("button", { onclick: () => tap(button) }, button.name));
  const list = el("ul", { hidden: "" }, ...below.map((leaf) =>
    el("li", {}, el("button", { onclick: () => { closeMenus(); tap(leaf); } }, leaf.name))));
  const toggle = el("button", { "aria-haspopup": "true", "aria-expanded": "false" }, button.name);
  toggle.addEventListener("click", () => {
    const opening = list.hidden;
    closeMenus();
    list.hidden = !opening;
    toggle.setAttribute("aria-expanded", String(opening));
  });
  return el("div", { className: "choice" }, toggle, list);
}

function closeMenus() {
  for (const list of document.querySelectorAll(".choice ul")) list.hidden = true;
  for (const toggle of document.querySelectorAll(".choice [aria-haspopup]")) toggle.setAttribute("aria-expanded", "false");
}

function tap(button) {
  if (button.type === "view") {
    opening();
    if (isWeb(button.url)) window.open(button.url, "_blank", "noopener");
    return act("tap", { url: button.url });
  }
  if (button.type === "click") return act("tap", { key: button.key });
  if (button.type.startsWith("scancode")) return openScan((scanned) => act("tap", { key: button.key, scanned }));
  return toast("沙箱手机暂不支持这种按钮");
}

function showMenu(shown) {
  $("menu").hidden = !shown;
  $("keys").hidden = shown;
  closeMenus();
}

// ---------------------------------------------------------------- members and accounts

const current = () => state.members.find((one) => one.openid === state.openid) || { nickname: "", account: "" };
const titleOf = (account) => `${account.title || account.name} · ${KINDS[account.kind] || account.kind}`;
const isProgram = (member) => accountOf(member).kind === "miniprogram";
const accountOf = (member) => state.accounts.find((one) => one.name === member.account) || {};

function drawMembers() {
  const shown = state.members.filter((one) => one.account === $("account").value);
  $("nobody").hidden = shown.length > 0;
  $("members").replaceChildren(...shown.map((one) => el("li", {},
    el("button", { "aria-current": String(one.openid === state.openid), onclick: () => choose(one.openid) },
      face(one.nickname, one.openid),
      el("span", {}, one.nickname, el("small", {}, relationOf(one)))))));
}

const relationOf = (member) => isProgram(member) ? "小程序的用户" : member.followed ? "已关注" : "未关注";

async function loadMembers() {
  state.members = await ask("members");
  drawMembers();
}

async function choose(openid) {
  Object.assign(state, { openid, change: 0, menu: null, lastTime: 0, drawn: new Map() });
  history.replaceState(null, "", `#${openid}`);
  $("wire").href = `/panel/wire?${new URLSearchParams({ openid })}`;
  $("talk").replaceChildren();
  reading = false;
  $("newer").hidden = true;
  $("welcome").hidden = true;
  $("tools").hidden = false;
  $("program").hidden = !isProgram(current());
  $("following").hidden = isProgram(current());
  $("code").hidden = true;
  $("first").hidden = true;
  $("account").value = current().account;
  drawMembers();
  go("chat");
  soon();
  await loadTemplates();
}

async function create(event) {
  event.preventDefault();
  try {
    const { openid } = await post("members", { account: $("account").value, nickname: $("nickname").value });
    $("nickname").value = "";
    await loadMembers();
    await choose(openid);
  } catch (fault) {
    toast(fault.message);
  }
}

const go = (view) => { document.body.dataset.view = view; };

// ---------------------------------------------------------------- notices and broadcasts

async function loadTemplates() {
  const openid = state.openid;
  const listed = await ask(`templates?openid=${encodeURIComponent(openid)}`);
  if (openid === state.openid) $("templates").replaceChildren(...listed.map(templateRow));
}

const KEPT = { accept: "，总是允许", reject: "，总是拒绝", "": "" };

function templateRow(template) {
  if (isProgram(current())) return promptRow(template);
  const answer = (accept) => async () => {
    if (await act("consent", { template_id: template.id, accept })) toast(accept ? "已同意接收一条" : "已拒绝");
    await loadTemplates();
  };
  const about = el("span", {}, template.title, el("small", {}, `还可接收 ${template.credits} 条`));
  const button = (words, accept) => el("button", { onclick: answer(accept), "aria-label": `${words}${template.title}` }, words);
  return el("li", { className: "row" }, about, el("span", { className: "pair" }, button("同意", true), button("拒绝", false)));
}

// wx.requestSubscribeMessage: a popup, but where the member keeps their choice.
function promptRow(template) {
  const about = el("span", {}, template.title, el("small", {}, `还可接收 ${template.credits} 条${KEPT[template.kept]}`));
  const ask = async () => {
    const { choice } = await post("asked", { openid: state.openid, template_id: template.id });
    if (!choice) return openAsk(template);
    toast(choice === "accept" ? "没有弹窗：总是允许" : "没有弹窗：总是拒绝");
    return loadTemplates();
  };
  return el("li", { className: "row" }, about,
    el("button", { onclick: () => ask().catch((fault) => toast(fault.message)), "aria-label": `询问${template.title}` }, "询问"));
}

let asking = null;
function openAsk(template) {
  asking = template;
  $("asked-for").textContent = template.title;
  $("keep").checked = false;
  $("ask").returnValue = "";
  $("ask").showModal();
}

async function askAnswered() {
  const answer = $("ask").returnValue;
  if (!answer) return;
  const accept = answer === "accept";
  if (await act("consent", { template_id: asking.id, accept, keep: $("keep").checked })) toast(accept ? "已允许一条" : "已拒绝");
  await loadTemplates();
}

async function takeCode(purpose) {
  const scope = purpose === "phone" ? "13800138000" : "";
  try {
    const { code } = await post("codes", { openid: state.openid, for: purpose, scope });
    $("code").textContent = `五分钟内用一次：${code}`;
    $("code").hidden = false;
  } catch (fault) {
    toast(fault.message);
  }
}

async function loadBroadcasts() {
  const listed = await ask("broadcasts");
  $("pushes").hidden = listed.length === 0;
  $("broadcasts").replaceChildren(...listed.map(broadcastRow));
}

function broadcastRow({ key, title }) {
  const send = async ({ currentTarget: button }) => {
    button.disabled = true;
    try {
      toast(`已开始推送：${(await post("broadcasts", { key })).said}`);
      soon();
    } catch (fault) {
      toast(fault.message);
    }
    button.disabled = false;
  };
  return el("li", { className: "row" }, el("span", {}, title),
    el("button", { className: "primary", "aria-label": `立即推送${title}`, onclick: send }, "立即推送"));
}

// ---------------------------------------------------------------- what the member does

async function say(words) {
  try {
    await post("say", { openid: state.openid, text: words });
    soon();
  } catch {
    unsent(words);
  }
}

function sayTyped(event) {
  event?.preventDefault();
  const words = $("words").value.trim();
  if (!words) return;
  $("words").value = "";
  grow();
  say(words);
}

function grow() {
  $("words").style.height = "auto";
  $("words").style.height = `${$("words").scrollHeight + 2}px`;
}

async function sendPicture() {
  const file = $("picture").files[0];
  $("picture").value = "";
  if (file) await sendFile("picture", file);
}

async function sendFile(kind, file) {
  const form = new FormData();
  form.append("openid", state.openid);
  form.append(kind, file);
  try {
    await ask(kind, { method: "POST", body: form });
    soon();
  } catch (fault) {
    toast(fault.message);
  }
}

const SILENT_FRAME = [0x7c]; // of AMR: 20 ms in which nothing was recorded

function silence(seconds) {
  const frames = new Uint8Array(Array(seconds * 50).fill(SILENT_FRAME).flat());
  return new File(["#!AMR\n", frames], "silence.amr", { type: "audio/amr" });
}

async function voiceChosen() {
  if ($("voice").returnValue !== "ok") return;
  const file = $("spoken").files[0] ?? silence(3);
  $("spoken").value = "";
  await sendFile("voice", file);
}

let scanned = null;
function openScan(then) {
  scanned = then;
  $("scan").returnValue = "";
  $("scan").showModal();
}

const OPEN = {
  scan: () => openScan((seen) => act("scan", isWeb(seen) ? { code: seen } : { scene: seen })),
  voice: () => { $("voice").returnValue = ""; $("voice").showModal(); },
  place: () => { $("place").returnValue = ""; $("place").showModal(); },
};

function placeChosen() {
  if ($("place").returnValue !== "ok") return;
  act("location", { latitude: Number($("latitude").value), longitude: Number($("longitude").value), label: $("label").value });
}

function setExtras(shown) {
  $("extras").hidden = !shown;
  $("plus").setAttribute("aria-expanded", String(shown));
}

async function advance(seconds) {
  try {
    await post("clock", { advance_seconds: Number(seconds) });
    toast("时间已往前走");
  } catch (fault) {
    toast(fault.message);
  }
}

// ---------------------------------------------------------------- wiring

function pressed(event) {
  if (event.target.closest("a[href]")) opening();
  const button = event.target.closest("button");
  if (!event.target.closest(".choice")) closeMenus();
  if (!button) return;
  const { go: view, dialog, pick, advance: seconds, code } = button.dataset;
  if (view) go(view);
  if (dialog) OPEN[dialog]();
  if (pick) $(pick).click();
  if (seconds) advance(seconds);
  if (code) takeCode(code);
  if (button.closest("#extras")) setExtras(false);
}

function wire() {
  document.addEventListener("click", pressed);
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") closeMenus(); });
  $("new-member").addEventListener("submit", create);
  $("account").addEventListener("change", drawMembers);
  $("say").addEventListener("submit", sayTyped);
  $("words").addEventListener("input", grow);
  $("words").addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) sayTyped(event);
  });
  $("enter").addEventListener("click", () => { act("enter"); go("chat"); });
  $("ask").addEventListener("close", askAnswered);
  $("follow").addEventListener("click", () => act("follow"));
  $("unfollow").addEventListener("click", () => { if (window.confirm("取消关注这个公众号？")) act("unfollow"); });
  $("to-menu").addEventListener("click", () => showMenu(true));
  $("to-keys").addEventListener("click", () => { showMenu(false); $("words").focus(); });
  $("plus").addEventListener("click", () => setExtras($("extras").hidden));
  $("picture").addEventListener("change", sendPicture);
  $("newer").addEventListener("click", goDown);
  $("lines").addEventListener("scroll", scrolled);
  new ResizeObserver(keepDown).observe($("lines"));
  $("scan").addEventListener("close", () => { if ($("scan").returnValue === "ok") scanned($("scene").value.trim()); });
  $("place").addEventListener("close", placeChosen);
  $("voice").addEventListener("close", voiceChosen);
}

async function start() {
  wire();
  state.accounts = await ask("accounts");
  $("account").replaceChildren(...state.accounts.map((one) =>
    el("option", { value: one.name }, titleOf(one))));
  await loadMembers();
  await loadBroadcasts();
  $("add").disabled = false; // before this there is no account to join
  const remembered = decodeURIComponent(location.hash.slice(1));
  if (state.members.some((one) => one.openid === remembered)) await choose(remembered);
  keepLooking();
}

start().catch(() => {
  $("offline").hidden = false;
  setTimeout(() => location.reload(), 3000);
});
