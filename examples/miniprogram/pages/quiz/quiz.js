const telling = require("../../telling");

const { base } = require("../../settings");

const { api } = getApp();

Page({
  data: {
    base, busy: false, fault: "", standing: null, duels: [], code: "", named: false,
    round: null, question: null, chosen: [], choices: [], filled: [], points: false, verdict: null, over: null,
  },

  onShow() {
    return this.data.round ? undefined : this.look();
  },

  look() {
    return telling(this, async () => {
      this.duelKey = await api.newKey(); // of the duel to be begun: pressed twice it is one
      const [standing, { items }] = await Promise.all([api.quiz.standing(), api.quiz.duels()]);
      this.setData({ standing, duels: items.map((each) => ({ ...each, told: told(each), by: day(each.ends_at) })) });
    });
  },

  begin({ currentTarget }) {
    return telling(this, async () => this.show(await api.quiz.begin(currentTarget.dataset.of)));
  },

  read() {
    wx.navigateTo({ url: "/pages/read/read" });
  },

  setCode({ detail }) {
    this.setData({ code: detail.value });
  },

  setNamed({ detail }) {
    this.setData({ named: detail.value });
  },

  invite() {
    return this.duel({});
  },

  take() {
    if (!this.data.code.trim()) return this.setData({ fault: "请先填对方给您的邀请码。" });
    return this.duel({ id: this.data.code });
  },

  goOn({ currentTarget }) {
    return this.duel({ id: currentTarget.dataset.code });
  },

  duel(wanted) {
    const { named } = this.data;
    return telling(this, async () => {
      await this.show(await api.quiz.begin("duel", { ...wanted, named }, wanted.id ? undefined : this.duelKey));
      this.setData({ code: "" });
    });
  },

  async show(round) {
    this.key = await api.newKey(); // of the answer to come: pressed twice it counts once
    const { question } = round;
    const filled = Array(question ? question.blanks : 0).fill("");
    this.setData({ round, question, over: question ? null : ended(round), verdict: null, chosen: [], choices: marked(question, []), filled, points: false });
  },

  fill({ currentTarget, detail }) {
    this.setData({ [`filled[${currentTarget.dataset.at}]`]: detail.value });
  },

  seePoints() {
    this.setData({ points: true });
  },

  choose({ currentTarget }) {
    if (this.data.verdict) return;
    const { id } = currentTarget.dataset;
    const { chosen, question } = this.data;
    const others = question.type === "multi" ? chosen.filter((each) => each !== id) : [];
    const now = chosen.includes(id) ? others : [...others, id];
    this.setData({ chosen: now, choices: marked(question, now) });
  },

  answer() {
    const { chosen, filled, question, round } = this.data;
    const answer = question.blanks ? { filled } : { chosen };
    if (!chosen.length && !filled.some((each) => each.trim())) return this.setData({ fault: "请先答题，再提交。" });
    return telling(this, async () => {
      const said = { position: question.position, look: question.look, ...answer };
      const verdict = await api.quiz.answer(round.id, said, this.key);
      this.setData({ verdict, over: verdict.round.question ? null : ended(verdict.round) });
    });
  },

  next() {
    return this.show(this.data.verdict.round);
  },

  again() {
    this.setData({ round: null, question: null, verdict: null, over: null });
    return this.look();
  },
});

function marked(question, chosen) {
  return question ? question.choices.map((each) => ({ ...each, chosen: chosen.includes(each.id) })) : [];
}

/** What a round came to. */
function ended(round) {
  return { title: `答完了：${round.total} 题答对 ${round.right} 题`, duel: round.duel && told(round.duel) };
}

/** How a duel stands, for the one of the two who looks. */
function told({ right, theirs, ahead, taken, name, code, ends_at: ends }) {
  const other = name || "对方";
  if (ahead !== null) {
    const more = ahead > 0 ? `您多 ${ahead} 题` : ahead < 0 ? `对方多 ${-ahead} 题` : "一样多";
    return `您答对 ${right} 题，${other}答对 ${theirs} 题，${more}`;
  }
  if (!taken) return `邀请码 ${code}，请发给想一起答的人，${day(ends)}前有效，只能一个人用`;
  return right === null ? "您还没答完" : "对方还没答完";
}

/** A day as members here count them, whatever the phone's zone. */
function day(moment) {
  const there = new Date(Date.parse(moment) + 8 * 60 * 60 * 1000);
  return `${there.getUTCMonth() + 1}月${there.getUTCDate()}日`;
}
