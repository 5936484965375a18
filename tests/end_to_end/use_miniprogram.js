// A member uses the example mini-program; what they saw is printed as JSON.

"use strict";

const { aPage, aPhone, control, tap } = require("./wx.js");

const [, , web, sandbox, openid, picture, host, guest] = process.argv;

async function quiz(phone) {
  const page = aPage("quiz");
  await page.onShow();
  const before = page.data.standing;
  await page.begin(tap({ of: "today" }));
  const { total } = page.data.round;
  const looks = [];
  for (let number = 0; number < total; number += 1) {
    picks(page);
    if (number === 0) phone.lost = 1; // the answer is counted, and the phone doesn't hear of it
    await page.answer();
    looks.push(page.data.verdict?.explanation.length > 0);
    if (page.data.verdict?.round.question) await page.next();
  }
  const { verdict, fault } = page.data; // none, where the server would not have it
  await page.again();
  return { before, total, looks, ended: verdict?.round.question === null, fault, after: page.data.standing };
}

/** Read a bank through and keep one of it, say what one thinks of it, and do what one keeps. */
async function reading(phone) {
  aPage("quiz").read();
  const page = aPage("read");
  await page.onLoad();
  const [bank] = page.data.banks;
  await page.pick(tap({ bank: bank.id, title: bank.title }));
  await page.more();
  const { total, items } = page.data;
  const second = items[1];
  const told = items.every((each) => each.told.length > 0);
  await page.keep(tap({ id: second.id, at: 1 }));
  await page.rate(tap({ id: second.id, at: 1, useful: true }));
  const regarded = [page.data.items[1].kept, page.data.items[1].useful];
  await page.rate(tap({ id: second.id, at: 1, useful: true }));
  const takenBack = page.data.items[1].useful;
  page.leave();
  await page.pick(tap({}));
  const kept = page.data.items.map(({ id }) => id);
  const quiz = aPage("quiz");
  await quiz.begin(tap({ of: "kept" }));
  const asked = quiz.data.question?.id;
  await page.keep(tap({ id: second.id, at: 0 }));
  page.leave();
  await page.pick(tap({}));
  return {
    went: phone.went.at(-1), questions: bank.questions, total, listed: items.length, told, second: second.id, regarded,
    takenBack, kept, asked, left: page.data.total, fault: page.data.fault || quiz.data.fault,
  };
}

async function digest(phone) {
  const list = aPage("digest");
  await list.onLoad();
  const kinds = list.data.items.map(({ kind }) => kind);
  await list.pick(tap({ kind: "policy" }));
  await list.more();
  list.open(tap({ slug: list.data.items[0].slug }));
  const reading = aPage("reading");
  await reading.onLoad({ slug: new URL(`http://phone${phone.went.at(-1)}`).searchParams.get("slug") });
  const { title, source, parts } = reading.data.digest;
  const missing = aPage("reading");
  await missing.onLoad({ slug: "no-such" });
  return {
    kinds, listed: list.data.items.length, total: list.data.total, title, source,
    voices: parts.map(({ voice }) => voice), missing: missing.data.fault,
  };
}

async function opinion(phone) {
  const page = aPage("opinion");
  await page.onLoad();
  page.setWords(tap({}, "好"));
  await page.send();
  const tooShort = page.data.fault;
  phone.picked = [picture];
  page.addPictures();
  await until(() => !page.data.busy);
  const pictures = page.data.pictures.length;
  phone.place = { name: "一号楼", address: "", latitude: 31.2304, longitude: 121.4737 };
  page.choosePlace(); // as who wanted to sign it first
  page.setWords(tap({}, "食堂晚上能不能晚一点关门。"));
  phone.lost = 1;
  await page.send();
  const anonymous = page.data.receipt;
  page.setTyped(tap({}, anonymous));
  await page.look();
  const { status } = page.data;
  page.setWay(tap({}, true));
  page.setName(tap({}, "王小明"));
  page.addPictures();
  await until(() => !page.data.busy);
  page.setWords(tap({}, "这张图里的栏杆松了。"));
  page.choosePlace();
  const { place } = page.data;
  await page.send();
  const bodies = phone.sent.filter(({ path, method }) => path === "/api/v1/opinion" && method === "POST");
  const places = bodies.map(({ body }) => JSON.parse(body).place?.label);
  return {
    tooShort, pictures, anonymous, named: page.data.receipt, status, place, places, left: page.data.place,
    fault: page.data.fault,
  };
}

async function survey(phone) {
  const page = aPage("survey");
  await page.onShow();
  for (let tries = 0; tries < 100 && !has(page, "biaojue"); tries += 1) { // its file is new
    await new Promise((resolve) => { setTimeout(resolve, 200); });
    await page.onShow();
  }
  await page.begin(tap({ key: "biaojue" }));
  page.choose(tap({ question: "hao", id: "1" }));
  page.choose(tap({ question: "hao", id: "1" }));
  page.choose(tap({ question: "gai", id: "ty" }));
  const { questions } = page.data.open;
  phone.lost = 1; // the form's way there was fine, the ballot is kept, and the phone doesn't hear of it
  await page.handIn();
  const heard = page.data.fault || page.data.kept;
  page.leave();
  await page.onShow();
  return {
    chosen: questions.map(({ chosen }) => chosen), heard, left: has(page, "biaojue"),
    results: page.data.results.length, fault: page.data.fault,
  };
}

function has(page, wanted) {
  return page.data.surveys.some(({ key }) => key === wanted);
}

async function subscription(phone) {
  const page = aPage("subscription");
  await page.onShow();
  const [first] = page.data.topics;
  await page.set(tap({ id: first.id }, true));
  const subscribed = page.data.topics.filter((each) => each.subscribed).map(({ id }) => id);
  await page.mine();
  const data = page.data.data;
  await page.link();
  phone.storage["zhibu.token"] = "x".repeat(43); // as after a week
  await page.mine();
  return { first: first.id, subscribed, data, code: page.data.code, fault: page.data.fault, logins: phone.logins };
}

async function prompts(phone) {
  const page = aPage("subscription");
  await page.onShow();
  const before = page.data.prompts;
  await page.set(tap({ id: "xuexi-tixing" }, true));
  await page.set(tap({ id: "zhengce" }, true));
  const asked = page.data.prompts;
  phone.choices["notice-digest"] = "reject";
  for (const wanted of [1, 2]) {
    page.allow();
    await until(() => page.data.prompts.some(({ left }) => left === wanted) || page.data.fault);
  }
  phone.mainSwitchOff = true;
  page.allow();
  return { before, asked, after: page.data.prompts, fault: page.data.fault };
}

async function number() {
  const page = aPage("subscription");
  await page.onShow();
  const { purpose } = page.data.phone;
  await page.bindPhone({ detail: { errMsg: "getPhoneNumber:fail user deny" } });
  const denied = page.data.phone.number;
  const { code } = await control(sandbox, "codes", { openid, for: "phone", scope: "13800138000" });
  await page.bindPhone({ detail: { code } });
  const bound = page.data.phone.number;
  await page.dropPhone();
  return { purpose, denied, bound, dropped: page.data.phone.number, fault: page.data.fault };
}

async function until(fact) {
  for (let tries = 0; !fact() && tries < 500; tries += 1) await new Promise((resolve) => { setTimeout(resolve, 10); });
}

async function erasure(phone) {
  const page = aPage("subscription");
  await page.onShow();
  page.erase();
  await until(() => !page.data.busy);
  return { toasts: phone.toasts, fault: page.data.fault, token: phone.storage["zhibu.token"] };
}

/** Two members, each with their own phone: one invites and is done, the other takes it up. */
async function duel() {
  const inviting = aPhone({ web, sandbox, openid: host });
  const mine = aPage("quiz");
  await mine.onShow();
  await mine.take();
  const nothingTyped = mine.data.fault;
  mine.setNamed(tap({}, true));
  await mine.invite();
  const nameless = mine.data.fault;
  mine.setNamed(tap({}, false));
  inviting.lost = 1; // the duel is begun, and the phone doesn't hear of it
  await mine.invite();
  const { code } = mine.data.round.duel;
  await playsOut(mine);
  const waiting = mine.data.over;
  await mine.again();
  const listed = mine.data.duels;

  aPhone({ web, sandbox, openid: guest });
  const theirs = aPage("quiz");
  await theirs.onShow();
  theirs.setCode(tap({}, "AAAAAA"));
  await theirs.take();
  const unknown = theirs.data.fault;
  theirs.setCode(tap({}, code.toLowerCase()));
  await theirs.take();
  const { total } = theirs.data.round;
  await playsOut(theirs, -1);
  const told = theirs.data.over;

  aPhone({ web, sandbox, openid: host });
  const again = aPage("quiz");
  await again.onShow();
  await again.goOn(tap({ code }));
  return {
    nothingTyped, nameless, code, waiting, listed, unknown, total, told, ended: again.data.over, fault: again.data.fault,
  };
}

/** Take a choice, the first if no other, or write something into each blank, whatever is right. */
function picks(page, choice = 0) {
  const { blanks, choices } = page.data.question;
  for (let at = 0; at < blanks; at += 1) page.fill(tap({ at }, "一"));
  if (!blanks) page.choose(tap({ id: choices.at(choice).id }));
}

/** Answer all of a round. */
async function playsOut(page, choice = 0) {
  while (page.data.question) {
    picks(page, choice);
    await page.answer();
    if (!page.data.verdict?.round.question) return;
    await page.next();
  }
}

async function main() {
  const phone = aPhone({ web, sandbox, openid });
  const parts = { quiz, reading, digest, opinion, survey, subscription, prompts, number, erasure };
  const seen = {};
  for (const [name, part] of Object.entries(parts)) seen[name] = await part(phone);
  const keys = phone.sent.filter(({ path }) => path.endsWith("/answers")).map(({ header }) => header["Idempotency-Key"]);
  console.log(JSON.stringify({ ...seen, duel: await duel(), keys }));
}

main().catch((fault) => {
  console.error(fault);
  process.exit(1);
});
